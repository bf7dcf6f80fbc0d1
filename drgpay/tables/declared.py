"""The declared tables, read from columns.toml and the files of tables beside it.

From the declarations come the columns that results write and read back (results/columns.py), the
tables of the database, headings, and the tables of columns in docs/.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from drgpay.base.language import Words
from drgpay.base.toml_reader import read_toml

TABLES_FOLDER = Path(__file__).resolve().parent
_GROUP = "@"
_OF_POINT_VALUES = "value"
_PART = "part"
_KEYS = ("run", _PART)  # what every row of the database has


@dataclass(frozen=True)
class Kind:
    """What the values of a column are.

    places: decimals, None where there are none or where the policy says how many (`by_policy`).
    memory: what whole numbers in calculations are called, `{}` is the name of the column; None where
    the values are the same there. percent: whether people are shown parts of one in percent. adds_up:
    whether sums of them mean something.
    """

    name: str
    type: str
    sql: str
    unit_name: str | None = None
    unit: Words | None = None
    places: int | None = None
    by_policy: bool = False
    memory: str | None = None
    percent: bool = False
    adds_up: bool = False


@dataclass(frozen=True)
class Field:
    """A column of a table: `title` as reports head it, `meaning` as it is explained.

    memory: its name in calculations. former: SQL of what files of older programs held that lack it.
    added: for readers alone, beside what is read back. person: names one person's stay or visit, or
    tells of the person. said: with what the keys of the words of its values begin; empty where a value
    is its key, None where values stand for themselves.
    """

    name: str
    kind: Kind
    title: Words
    meaning: Words
    memory: str
    former: str | None = None
    added: bool = False
    person: bool = False
    said: str | None = None

    @property
    def type(self) -> str:
        """Its type as documentation says it."""
        if self.kind.type != "decimal":
            return self.kind.type
        return f"decimal(18,{'places' if self.kind.by_policy else self.kind.places})"

    def places(self, value_places: int) -> int | None:
        """Its decimals where calculations have whole numbers, else None; `value_places` of values."""
        if self.kind.memory is None:
            return None
        return value_places if self.kind.by_policy else self.kind.places


@dataclass(frozen=True)
class Table:
    """A table: what a row is, in which files of a run, and whether about one person's stay or visit.

    clearing: only clearings have it, in the place of a month's table of the same file. required: its
    columns that are never null, where it is a table of the database.
    """

    name: str
    rows: Words
    fields: tuple[Field, ...]
    files: tuple[str, ...] = ()
    people: bool = False
    clearing: bool = False
    required: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """The column of a name."""
        return next(one for one in self.fields if one.name == name)


def result_table(name: str) -> Table:
    """A table of a run or a clearing."""
    return result_tables()[name]


def table_of_file(file: str, clearing: bool) -> Table | None:
    """The table that a file of a month or a clearing holds, `file` without its ending; else None."""
    found = [table for table in result_tables().values() if file in table.files]
    return next((table for table in found if table.clearing == clearing), next(iter(found), None))


@cache
def result_tables() -> Mapping[str, Table]:
    """The tables of runs and clearings, by name; what only a clearing has comes last."""
    return read_tables("results")


@dataclass(frozen=True)
class View(Table):
    """A documented view of the database; `like`: the view whose columns it has, `renamed` some.

    of: the stored table or view whose rows it has, or with `sums` adds up; None where SQL of its own makes
    it. part: `stays` or `visits`, of which part of a run; None where its rows are of one.
    """

    like: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    of: str | None = None
    sums: bool = False
    part: str | None = None


def stored_tables() -> Mapping[str, Table]:
    """The tables of the database (schema `stored`), by name."""
    return read_tables("database")


@cache
def database_views() -> Mapping[str, View]:
    """The documented views of the database, by name, in the order in which docs show them."""
    raw = read_declarations("database")
    columns = {**shared_columns(), **_columns(raw)}
    found: dict[str, View] = {}
    for name, declared in raw["views"].items():
        like, renamed = declared.get("like"), declared.get("renamed", {})
        rows = Words(declared["zh"], declared["en"])
        if like:
            fields = tuple(columns.get(renamed.get(one.name), one) for one in found[like].fields)
            part = found[like].part and "visits"
            found[name] = replace(
                found[like],
                name=name,
                rows=rows,
                fields=fields,
                like=like,
                renamed=renamed,
                part=part,
            )
            continue
        of = declared.get("of", declared.get("sums_of"))
        stored = stored_tables()[of].fields if of in stored_tables() else ()
        if "columns" in declared:
            fields = _table(name, declared, columns, raw["groups"]).fields
        else:
            whole = (one for one in stored if one.name != _PART)
            fields = tuple(_said_otherwise(one, declared) for one in whole)
        parted = of is not None and (not stored or any(one.name == _PART for one in stored))
        sums, part = "sums_of" in declared, "stays" if parted else None
        found[name] = View(name, rows, fields, of=of, sums=sums, part=part)
    return found


def scenario_tables() -> Mapping[str, Table]:
    """The tables of a scenario that compare it with its base, by name."""
    return read_tables("scenarios")


def transition_tables() -> Mapping[str, Table]:
    """The tables of a transition, by name."""
    return read_tables("transition")


def supervision_tables() -> Mapping[str, Table]:
    """The tables of a supervision, by name."""
    return read_tables("supervision")


def responsibility_tables() -> Mapping[str, Table]:
    """The tables of a year's responsibility, by name."""
    return read_tables("responsibility")


def evaluation_tables() -> Mapping[str, Table]:
    """The tables of an evaluation, by name."""
    return read_tables("evaluation")


@cache
def read_tables(file: str) -> Mapping[str, Table]:
    """The tables that a file of this folder declares."""
    raw = read_declarations(file)
    columns = {**shared_columns(), **_columns(raw)}
    groups = raw.get("groups", {})
    return {
        name: _table(name, declared, columns, groups) for name, declared in raw["tables"].items()
    }


@cache
def shown_in_percent() -> frozenset[str]:
    """The columns, of whatever table, that are parts of one and shown in percent."""
    kinds = _kinds()
    return frozenset(
        name
        for path in TABLES_FOLDER.glob("*.toml")
        for name, declared in read_declarations(path.stem).get("columns", {}).items()
        if kinds[declared["kind"]].percent
    )


@cache
def shared_columns() -> Mapping[str, Field]:
    """The columns that tables share, by name."""
    return _columns(read_declarations("columns"))


@cache
def own_columns(file: str) -> Mapping[str, Field]:
    """The columns that a file of this folder declares, by name."""
    return _columns(read_declarations(file))


@cache
def read_declarations(file: str) -> Mapping[str, Any]:
    """A file of this folder as it stands."""
    return read_toml(TABLES_FOLDER / f"{file}.toml", Words("表的声明文件", "declaration of tables"))


def _columns(raw: Mapping[str, Any]) -> dict[str, Field]:
    kinds, people = _kinds(), set(raw.get("people", ()))
    found = {}
    for name, declared in raw.get("columns", {}).items():
        kind = kinds[declared["kind"]]
        found[name] = Field(
            name,
            kind,
            Words(declared["zh"], declared["en"]),
            Words(**declared["meaning"]),
            declared.get("memory", (kind.memory or "{}").format(name)),
            _former(declared.get("former"), kind),
            person=name in people,
            said=declared.get("said"),
        )
    return found


@cache
def _kinds() -> Mapping[str, Kind]:
    raw = read_declarations("columns")
    units = {name: Words(**words) for name, words in raw["units"].items()}
    return {name: _kind(name, declared, units) for name, declared in raw["kinds"].items()}


def _kind(name: str, declared: Mapping[str, Any], units: Mapping[str, Words]) -> Kind:
    places = declared.get("places")
    return Kind(
        name,
        declared["type"],
        declared["sql"],
        declared.get("unit"),
        units[declared["unit"]] if "unit" in declared else None,
        None if places == _OF_POINT_VALUES else places,
        places == _OF_POINT_VALUES,
        declared.get("memory"),
        declared.get("percent", False),
        declared.get("adds_up", False),
    )


def _former(sql: str | None, kind: Kind) -> str | None:
    """NULL of the column's type; decimals of scaled integers are cast when they are filled in."""
    typed = sql == "NULL" and kind.memory is None
    return f"CAST(NULL AS {kind.sql})" if typed else sql


def _table(
    name: str,
    declared: Mapping[str, Any],
    columns: Mapping[str, Field],
    groups: Mapping[str, Sequence[str]],
) -> Table:
    fields = (
        _said_otherwise(columns[column], declared)
        for column in expanded(declared["columns"], groups)
    )
    return Table(
        name,
        Words(declared["zh"], declared["en"]),
        tuple(fields),
        tuple(declared.get("files", (name,))),
        declared.get("people", False),
        declared.get("clearing", False),
        tuple(declared.get("required", _KEYS)),
    )


_OVERRIDES = ("kind", "title", "meaning", "memory", "former")


def _said_otherwise(column: Field, declared: Mapping[str, Any]) -> Field:
    """A column as a table has it: what it is there is said beside its columns."""
    name = column.name
    own = {key: declared.get(key, {}) for key in _OVERRIDES}
    kind = _kinds()[own["kind"][name]] if name in own["kind"] else column.kind
    return replace(
        column,
        kind=kind,
        title=Words(**own["title"][name]) if name in own["title"] else column.title,
        meaning=Words(**own["meaning"][name]) if name in own["meaning"] else column.meaning,
        memory=own["memory"].get(name, column.memory),
        former=_former(own["former"][name], kind) if name in own["former"] else column.former,
        added=name in declared.get("added", ()),
    )


def expanded(names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The names of columns, those of a group, which may name others, in the place of @group."""
    for name in names:
        if name.startswith(_GROUP):
            yield from expanded(groups[name.removeprefix(_GROUP)], groups)
        else:
            yield name
