"""The columns of the input tables and the kinds of value they hold (docs/files.md)."""

from enum import StrEnum

import pyarrow as pa


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


STAY_COLUMNS: dict[str, Kind] = {
    "case_id": Kind.TEXT,
    "hospital_id": Kind.TEXT,
    "person_id": Kind.TEXT,
    "account": Kind.TEXT,
    "out_of_area": Kind.FLAG,
    "admission_date": Kind.DATE,
    "discharge_date": Kind.DATE,
    "settlement_date": Kind.DATE,
    "sex": Kind.NUMBER,
    "age": Kind.NUMBER,
    "age_days": Kind.NUMBER,
    "weight_g": Kind.NUMBER,
    "department": Kind.TEXT,
    "length_of_stay": Kind.NUMBER,
    "discharge_type": Kind.NUMBER,
    "principal_diagnosis": Kind.TEXT,
    "other_diagnoses": Kind.TEXTS,
    "procedures": Kind.TEXTS,
    "total_cost": Kind.MONEY,
    "fund_cost": Kind.MONEY,
    "patient_cost": Kind.MONEY,
    "other_cost": Kind.MONEY,
    "payment_unit": Kind.TEXT,
    "bed_day_class": Kind.TEXT,
    "complete": Kind.FLAG,
    "drug_cost": Kind.MONEY,
    "material_cost": Kind.MONEY,
    "exam_cost": Kind.MONEY,
}
"""Every column of the stays table that the program knows; others pass through untouched."""

VISIT_COLUMNS: dict[str, Kind] = {
    "visit_id": Kind.TEXT,
    "hospital_id": Kind.TEXT,
    "person_id": Kind.TEXT,
    "account": Kind.TEXT,
    "out_of_area": Kind.FLAG,
    "visit_date": Kind.DATE,
    "sex": Kind.NUMBER,
    "age": Kind.NUMBER,
    "department": Kind.TEXT,
    "visit_type": Kind.TEXT,
    "principal_diagnosis": Kind.TEXT,
    "other_diagnoses": Kind.TEXTS,
    "contractor_id": Kind.TEXT,
    "total_cost": Kind.MONEY,
    "fund_cost": Kind.MONEY,
    "patient_cost": Kind.MONEY,
    "other_cost": Kind.MONEY,
}
"""Every column of the visits table that the program knows."""

ITEM_COLUMNS: dict[str, Kind] = {
    "visit_id": Kind.TEXT,
    "item_code": Kind.TEXT,
    "item_kind": Kind.TEXT,
    "quantity": Kind.NUMBER,
    "amount": Kind.MONEY,
}
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
