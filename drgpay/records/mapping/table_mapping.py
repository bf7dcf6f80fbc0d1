"""The mapping of a small table lies beside it: hospitals.mapping.toml beside hospitals.xlsx."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.policy.load import read_keys
from drgpay.records.columns import Kind
from drgpay.records.mapping.mapped import MappedSource
from drgpay.records.mapping.model import (
    ColumnRule,
    CsvRules,
    DateRules,
    Mapping,
    Names,
    Part,
    with_short_forms,
)
from drgpay.records.reading_report import ReadingReport
from drgpay.records.source import SourceFile

_ERRORS = Sentences("errors/records")
_ENDING = ".mapping.toml"


class TableMapping(Part):
    """Where the columns of a small table come from; those that it does not name have their own names."""

    name: str = ""
    missing: Names = ()
    sheet: str | None = None
    csv: CsvRules = CsvRules()
    dates: DateRules = DateRules()
    columns: dict[str, ColumnRule] = Field(default={})

    _short_forms = field_validator("columns", mode="before")(with_short_forms)

    def rules(self) -> Mapping:
        """As a mapping of records."""
        about: dict[str, Any] = dict(self)
        return Mapping.model_construct(**about)


def table_mapping_path(path: Path) -> Path | None:
    """The mapping that lies beside a small table, if one does."""
    beside = path.with_name(path.stem + _ENDING)
    return beside if beside.is_file() else None


def load_table_mapping(path: Path, columns: list[str]) -> tuple[TableMapping, Path | None]:
    """The mapping beside a table with some columns; raises DrgpayError for what it may not say."""
    found = table_mapping_path(path)
    if found is None:
        return TableMapping(), None
    what, remedy = _ERRORS.words("mapping.what"), _ERRORS.words("mapping.wrong_keys")
    mapping = read_keys(found, TableMapping, what, remedy)
    unknown = [name for name in mapping.columns if name not in columns]
    if unknown:
        said = {"path": found, "columns": listed(unknown), "known": listed(columns)}
        raise DrgpayError(*_ERRORS("unknown_columns_of_table", **said))
    return mapping, found


def mapped_table(
    source: SourceFile, mapping: TableMapping, kinds: dict[str, Kind], report: ReadingReport
) -> SourceFile:
    """A small table seen through its mapping."""
    return MappedSource(source, mapping.rules(), report, 0, kinds)
