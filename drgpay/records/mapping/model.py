"""The keys of a mapping file (docs/mappings.md)."""

import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from drgpay.base.errors import UnfitError
from drgpay.base.words import Sentences
from drgpay.records.columns import KNOWN_COLUMNS, Kind

_ERRORS = Sentences("errors/records")

_RUNNING_NUMBER = re.compile(r"\{n(:0\d)?\}")

Names = tuple[str, ...]
_OneOrMore = str | Names
_Text = str | bool | int
"""What stands in a file for a text: a value of a record may look like a number."""


class Part(BaseModel):
    """A table of a mapping file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _texts(value: Any) -> Any:
    """Numbers and booleans of a TOML file as the texts that a record would have."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


class ColumnRule(Part):
    """Where one column comes from: the first name of `from` that the file has, else `join`."""

    names: Names = Field(default=(), alias="from")
    join: Names = ()
    sum: Names = ()
    values: dict[str, str] = {}
    others: Literal["null", "keep"] = "null"
    formats: Names = ()
    default: str | None = None

    _lists = field_validator(
        "names", "join", "sum", "formats", mode="before", json_schema_input_type=_OneOrMore
    )(_listed)

    @field_validator("values", mode="before", json_schema_input_type=dict[str, _Text])
    @classmethod
    def _plain_values(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {key: _texts(value) for key, value in values.items()}

    @field_validator("default", mode="before", json_schema_input_type=_Text)
    @classmethod
    def _plain_default(cls, value: Any) -> Any:
        return _texts(value)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.sum and (self.names or self.join):
            raise UnfitError(_ERRORS.words("mapping.two_sources"))
        if not (self.names or self.join or self.sum) and self.default is None:
            raise UnfitError(_ERRORS.words("mapping.no_source"))
        return self


class CodeListRule(Part):
    """Where a list of codes comes from: records, one column, or one column for each code.

    The first that the file has is taken, in that order.
    """

    records: Names = ()
    code: Names = ()
    list: Names = ()
    delimiter: str | None = Field(default=None, min_length=1)
    columns: Names = ()
    count: int = Field(default=40, ge=1, le=200)
    main: Names = ()
    main_values: Names = ("1",)
    leave_out: dict[str, Names] = {}
    without_main: Literal["null", "first"] = "null"

    _lists = field_validator(
        "records",
        "code",
        "list",
        "columns",
        "main",
        "main_values",
        mode="before",
        json_schema_input_type=_OneOrMore,
    )(_listed)

    @field_validator("columns")
    @classmethod
    def _numbered(cls, columns: Names) -> Names:
        for name in columns:
            rest = _RUNNING_NUMBER.sub("", name, count=1)
            if "{" in rest or "}" in rest:
                raise UnfitError(_ERRORS.words("mapping.running_number"))
        return columns

    @model_validator(mode="after")
    def _some_source(self) -> Self:
        if not (self.records or self.list or self.columns):
            raise UnfitError(_ERRORS.words("mapping.no_list"))
        if self.records and not self.code:
            raise UnfitError(_ERRORS.words("mapping.no_code"))
        if self.columns and self.main and not (self.records or self.list):
            raise UnfitError(_ERRORS.words("mapping.main_of_columns"))
        return self

    def column_names(self) -> Names:
        """The names that `columns` stands for."""
        return tuple(
            name.format(n=n)
            for name in self.columns
            for n in range(1, self.count + 1 if "{" in name else 2)
        )


def with_short_forms(columns: Any) -> Any:
    """Names of source columns as the rules that they stand for."""
    if not isinstance(columns, dict):
        return columns
    return {
        target: {"from": rule} if isinstance(rule, str | list | tuple) else rule
        for target, rule in columns.items()
    }


class SideRule(Part):
    """A table beside the list: a sheet of its workbook, or a file beside its file.

    key: its id of the stay, by default that of the list; order: the number of a row in the stay.
    name, amount: of fees, which become a column for each name; without them each column of theirs is
    a fee.
    """

    sheet: str | None = None
    file: str | None = None
    key: Names = ()
    order: str | None = None
    name: str | None = None
    amount: str | None = None

    _lists = field_validator("key", mode="before", json_schema_input_type=_OneOrMore)(_listed)

    @property
    def called(self) -> str:
        """What its columns are told from others by."""
        return self.sheet or self.file or ""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not (self.sheet or self.file):
            raise UnfitError(_ERRORS.words("mapping.no_side_table"))
        if bool(self.name) != bool(self.amount):
            raise UnfitError(_ERRORS.words("mapping.fee_without_amount"))
        return self


class SheetRules(Part):
    """[sheets]: the list of stays and the tables beside it, joined by `key`."""

    key: Names = Field(min_length=1)
    list: str | None = None
    diagnoses: SideRule | None = None
    operations: SideRule | None = None
    fees: SideRule | None = None

    _lists = field_validator("key", mode="before", json_schema_input_type=_OneOrMore)(_listed)

    @field_validator(
        "diagnoses", "operations", "fees", mode="before", json_schema_input_type=str | SideRule
    )
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"sheet": value} if isinstance(value, str) else value

    @property
    def beside(self) -> tuple[SideRule, ...]:
        """The tables beside the list."""
        named = (self.diagnoses, self.operations, self.fees)
        return tuple(rule for rule in named if rule is not None)


class CsvRules(Part):
    """[csv]: how CSV files are written."""

    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    list_delimiter: str | None = Field(default=None, min_length=1)
    encoding: str | None = None


class DateRules(Part):
    """[dates]: formats of dates that no file would be read by otherwise, tried in order."""

    formats: Names = ()


_DESCRIBED: list[JsonValue] = [
    name for name, kind in KNOWN_COLUMNS.items() if kind is not Kind.TEXTS
]


class Mapping(Part):
    """A whole mapping. Columns that it does not name are taken by their own names."""

    name: str = ""
    missing: Names = ()
    sheet: str | None = None
    sheets: SheetRules | None = None
    csv: CsvRules = CsvRules()
    dates: DateRules = DateRules()
    columns: dict[str, ColumnRule] = Field(
        default={}, json_schema_extra={"propertyNames": {"enum": _DESCRIBED}}
    )
    diagnoses: CodeListRule | None = None
    procedures: CodeListRule | None = None

    _short_forms = field_validator(
        "columns", mode="before", json_schema_input_type=dict[str, _OneOrMore | ColumnRule]
    )(with_short_forms)

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, ColumnRule]) -> dict[str, ColumnRule]:
        for target, rule in columns.items():
            kind = KNOWN_COLUMNS.get(target)
            if kind is None:
                raise UnfitError(_ERRORS.words("mapping.no_column", column=target))
            if kind is Kind.TEXTS:
                raise UnfitError(_ERRORS.words("mapping.is_list", column=target))
            if rule.join and kind is not Kind.TEXT:
                raise UnfitError(_ERRORS.words("mapping.is_no_text", column=target))
            if rule.sum and kind is not Kind.MONEY:
                raise UnfitError(_ERRORS.words("mapping.is_no_amount", column=target))
        return columns

    @model_validator(mode="after")
    def _one_principal(self) -> Self:
        if self.diagnoses and self.diagnoses.main and "principal_diagnosis" in self.columns:
            raise UnfitError(_ERRORS.words("mapping.two_principals"))
        return self
