"""An input that is named in a database instead of a file: a table, or a query with parameters."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from drgpay.base.errors import DrgpayError, UnfitError
from drgpay.base.file_hash import bytes_hash
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.databases.statement import Statement, of_query, of_table
from drgpay.tables.inputs import input_tables

_ERRORS = Sentences("errors/databases")

_FILE = re.compile(r"[^\s;()]+\.sql", re.IGNORECASE)
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


class DatabaseInput(BaseModel):
    """`{ database = "NAME", table = "schema.table" }`, or `query` with `parameters` instead of `table`.

    query: SQL, or the path of a file that ends in .sql. parameters: values for its `:name`s.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: _Name
    table: _Name | None = None
    query: Annotated[str, StringConstraints(min_length=1)] | None = None
    parameters: dict[str, str | int | bool | date] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_both(self) -> "DatabaseInput":
        if (self.table is None) == (self.query is None):
            raise UnfitError(_ERRORS.words("table_or_query"))
        if self.parameters and self.query is None:
            raise UnfitError(_ERRORS.words("parameters_of_table"))
        return self

    def statement(self, here: Path, quote: str, mark: str) -> Statement:
        """What is asked of the database. here: where the path of a .sql file starts.

        quote, mark: as in `drgpay.databases.statement`. Raises DrgpayError for a query that cannot be
        read, a parameter that it does not have, and one that nobody gives.
        """
        if self.table is not None:
            return of_table(self.table, quote)
        return of_query(self.text(here), self.parameters, mark)

    def text(self, here: Path) -> str:
        """The query, out of its file if it is in one; of a table its name."""
        if self.query is None:
            return self.table or ""
        if not _FILE.fullmatch(self.query):
            return self.query
        path = here / self.query
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise DrgpayError(*_ERRORS("no_query_file", path=path)) from None
        except (OSError, UnicodeDecodeError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "UTF-8"
            raise DrgpayError(*_ERRORS("unreadable_query", path=path, reason=reason)) from None

    def query_hash(self, here: Path) -> str:
        """The sha256 of what is asked: a table's name, or a query's text."""
        kind = "table" if self.table is not None else "query"
        return bytes_hash(f"{kind}\n{self.text(here)}".encode())

    def parameters_said(self) -> dict[str, Any]:
        """The parameters as JSON has them."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in sorted(self.parameters.items())
        }


def _kind_of(given: Any) -> str:
    return "database" if isinstance(given, dict | DatabaseInput) else "file"


InputEntry = Annotated[
    Annotated[str, Tag("file")] | Annotated[DatabaseInput, Tag("database")],
    Discriminator(_kind_of),
]
"""An input of a job: the path of a file or folder, or what is read from a database."""


class FetchFile(BaseModel):
    """[fetch]: where the snapshots of what is read from databases lie."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Annotated[str, StringConstraints(min_length=1)] = "fetched"


_KEYS: Mapping[str, tuple[str, ...]] = {
    "stays": ("case_id",),
    "visits": ("visit_id",),
    "items": ("visit_id",),
    "hospitals": ("hospital_id",),
    "enrolment": ("contractor_id", "account", "age_band"),
    "reviews": ("case_id",),
    "deductions": ("case_id", "kind"),
    "technologies": ("case_id", "technology"),
    "groups": ("case_id",),
    "assessment": ("hospital_id",),
}
_OTHER_NAMES = {"groups": ("drg",)}
"""Columns that a table may have in the place of a declared one."""


def key_of(table: str) -> tuple[str, ...]:
    """The columns that a snapshot of an input is sorted by before all others."""
    return _KEYS[table]


def known_columns(table: str) -> tuple[str, ...]:
    """The columns of an input that the program knows; none where any may be meant."""
    declared = input_tables().get(table)
    return (*declared.columns, *_OTHER_NAMES.get(table, ())) if declared else ()


def needed_columns(table: str) -> tuple[str, ...]:
    """The columns that an input must have; those that have another name too are not asked for."""
    declared = input_tables().get(table)
    if declared is None:
        return ()
    others = {"group"} if table == "groups" else set()
    return tuple(
        name
        for name, column in declared.columns.items()
        if column.need in ("value", "column") and name not in others
    )
