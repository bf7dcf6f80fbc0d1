"""The columns of the input tables and the kinds of value they hold (docs/files.md)."""

from enum import StrEnum

import pyarrow as pa

from drgpay.tables.inputs import input_tables


class Kind(StrEnum):
    """What a column holds, whatever the width or the coding of its Arrow type."""

    TEXT = "text"
    TEXTS = "list of text"
    NUMBER = "number"
    MONEY = "decimal(18,2)"
    DATE = "date"
    FLAG = "bool"

    def admits(self, type_: pa.DataType) -> bool:
        """Whether values of an Arrow type can be read as this kind. Text can be read as any."""
        if pa.types.is_null(type_) or is_text(type_):
            return True
        match self:
            case Kind.TEXT:
                return pa.types.is_integer(type_) or pa.types.is_floating(type_)
            case Kind.TEXTS:
                return _is_list(type_) and (
                    is_text(type_.value_type) or pa.types.is_null(type_.value_type)
                )
            case Kind.NUMBER | Kind.MONEY:
                return (
                    pa.types.is_integer(type_)
                    or pa.types.is_floating(type_)
                    or pa.types.is_decimal(type_)
                )
            case Kind.DATE:
                return pa.types.is_date(type_) or pa.types.is_timestamp(type_)
            case Kind.FLAG:
                return bool(pa.types.is_boolean(type_) or pa.types.is_integer(type_))


def is_text(type_: pa.DataType) -> bool:
    """Whether an Arrow type holds text, or bytes that may be text."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return (
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
    )


def _is_list(type_: pa.DataType) -> bool:
    return (
        pa.types.is_list(type_)
        or pa.types.is_large_list(type_)
        or pa.types.is_fixed_size_list(type_)
        or pa.types.is_list_view(type_)
        or pa.types.is_large_list_view(type_)
    )


def _kinds(table: str) -> dict[str, Kind]:
    """The columns of a declared input with their kinds."""
    columns = input_tables()[table].columns
    return {
        name: _DECLARED.get(column.type) or Kind(column.type) for name, column in columns.items()
    }


_DECLARED = {"amount": Kind.MONEY, "flag": Kind.FLAG}
"""Kinds that declarations call otherwise."""

STAY_COLUMNS = _kinds("stays")
"""Every column of the stays table that the program knows; others pass through untouched."""

VISIT_COLUMNS = _kinds("visits")
"""Every column of the visits table that the program knows."""

ITEM_COLUMNS = _kinds("items")
"""Every column of the table of service lines that the program knows."""

KNOWN_COLUMNS: dict[str, Kind] = {**STAY_COLUMNS, **VISIT_COLUMNS, **ITEM_COLUMNS}
"""The columns of all tables; one that several tables have holds the same kind in each."""

CODE_COLUMNS = ("principal_diagnosis", "other_diagnoses", "procedures", "department")
"""Columns with few distinct strings: read dictionary-coded."""

DIAGNOSIS_COLUMNS = ("principal_diagnosis", "other_diagnoses")
"""Columns with codes of diagnoses."""

PROCEDURE_COLUMNS = ("procedures",)
"""Columns with codes of procedures."""

VISIT_TYPES = ("ordinary", "chronic", "special")
"""What `visit_type` of a visit may be."""

ITEM_KINDS = (
    "procedure",
    "lab",
    "imaging",
    "other_test",
    "treatment",
    "drug",
    "material",
    "fee",
)
"""What `item_kind` of a service line may be."""
