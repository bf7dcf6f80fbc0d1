"""What a database has of runs: tables and views as tables/published.toml declares them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.tables.declared import (
    Field,
    Table,
    own_columns,
    read_declarations,
    read_tables,
    result_tables,
    shared_columns,
    stored_tables,
)

_ERRORS = Sentences("errors/publish")

FILE = "published"
RUNS, EARLIER, LAYOUT_TABLE, LATEST = "runs", "earlier_runs", "layout", "latest_runs"
_PLACE = "place"
_OF_VISITS = "visit_"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}")
USUAL_SCHEMA = "drgpay"


@dataclass(frozen=True)
class Schema:
    """Where the tables lie: `name` has what every reader may see, `restricted` what only some may."""

    name: str = USUAL_SCHEMA

    @property
    def restricted(self) -> str:
        """The schema of the tables that are written only where they are named."""
        return f"{self.name}_restricted"


def schema_named(name: str) -> Schema:
    """A schema by its name; raises DrgpayError for one that would have to be quoted."""
    if not _NAME.fullmatch(name) or name.startswith("pg_"):
        raise DrgpayError(*_ERRORS("no_schema_name", name=name))
    return Schema(name)


@dataclass(frozen=True)
class PublishedTable:
    """A table that takes the rows of a file of runs.

    declared: the table of results whose columns the file has. key: the columns that name a row of a run;
    without one `place`, the number of the row, is written too. chosen_by: the word of `--with` that it is
    written by, None for what is always written. clearing: whether only clearings (True) or only months
    (False) have it. added_up: whether it has the sums of the file's rows by its key; sum_of: the columns of
    the file that are added up under another name, by that name.
    """

    name: str
    file: str
    declared: Table
    key: tuple[str, ...]
    chosen_by: str | None
    clearing: bool | None
    added_up: bool = False
    sum_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> Words:
        """What a row is."""
        rows = self.declared.rows
        of_visits = self.file != self.declared.name and self.file.startswith(_OF_VISITS)
        return _ERRORS.words("of_visits", rows=rows) if of_visits else rows

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its columns, those that name the row's run first."""
        place = [] if self.key else [own_columns(FILE)[_PLACE]]
        return (shared_columns()["run"], *place, *self.own_fields)

    @property
    def own_fields(self) -> tuple[Field, ...]:
        """Its columns without those that name the row's run."""
        return tuple(field for field in self.declared.fields if field.name != "run")

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of the primary key, which are never null."""
        return ("run", *(self.key or (_PLACE,)))

    def schema(self, schema: Schema) -> str:
        """The schema that it lies in."""
        return schema.restricted if self.chosen_by else schema.name


@dataclass(frozen=True)
class PublishedView:
    """A view of the latest runs.

    of: the table whose rows it has, or with `sums` adds up; None where views.sql has it. part: of which
    part of a run. only: SQL that rows must fulfil.
    """

    table: Table
    of: str | None
    sums: bool
    part: str | None
    only: str | None

    @property
    def name(self) -> str:
        """Its name."""
        return self.table.name


def layout_version() -> int:
    """The version of the tables and views."""
    version: int = read_declarations(FILE)["layout"]
    return version


@cache
def published_tables() -> Mapping[str, PublishedTable]:
    """The tables that take files of runs, by name."""
    results = result_tables()
    found = {}
    for name, about in read_declarations(FILE)["published"].items():
        called = name.removeprefix("run_")
        sums_of = about.get("sums_of")
        declared = (
            stored_tables()[name]
            if sums_of
            else results.get(called) or results[called.removeprefix(_OF_VISITS)]
        )
        kind = about.get("of_kind")
        found[name] = PublishedTable(
            name,
            sums_of or about.get("file", called),
            declared,
            tuple(about.get("key", ())),
            about.get("with"),
            None if kind is None else kind == "clearing",
            sums_of is not None,
            about.get("sum_of", {}),
        )
    return found


def tables_of_database() -> Mapping[str, Table]:
    """Tables that the database alone has, and views, by name."""
    return read_tables(FILE)


@cache
def published_views() -> tuple[PublishedView, ...]:
    """The views, in the order in which they are made."""
    raw = read_declarations(FILE)["tables"]
    return tuple(
        PublishedView(
            table,
            raw[name].get("sums_of", raw[name].get("of")),
            "sums_of" in raw[name],
            raw[name].get("part"),
            raw[name].get("only"),
        )
        for name, table in tables_of_database().items()
        if name not in (LAYOUT_TABLE, EARLIER)
    )


def runs_fields() -> tuple[Field, ...]:
    """The columns of the table of runs: as in the results database, and when it was published."""
    return (*stored_tables()[RUNS].fields, own_columns(FILE)["published"])


def groups() -> tuple[str, ...]:
    """The words of `--with`."""
    named = (one.chosen_by for one in published_tables().values())
    return tuple(dict.fromkeys(one for one in named if one))


def checked_groups(given: Sequence[str]) -> tuple[str, ...]:
    """Words of `--with`, each once; raises DrgpayError for an unknown one."""
    for word in given:
        if word not in groups():
            raise DrgpayError(*_ERRORS("no_group", given=word, known=listed(groups())))
    return tuple(dict.fromkeys(given))
