"""The fields a rule can name, and the record columns they read.

The names are those of the national configuration workbook: ZYZD principal diagnosis (主要诊断),
QTZD other diagnoses (其他诊断), ZYSS principal procedure (主要手术), QTSS other procedures (其他手术),
KS department (科室), NL age in years (年龄), XB sex (性别), XSRTL newborn's age in days (新生儿天龄),
XSRTZ newborn's weight in grams (新生儿体重); ZYTS length of stay (住院天数) and LYFS discharge type
(离院方式) are our extension.
"""

from enum import StrEnum


class CodeField(StrEnum):
    """A field that holds codes; it can be asked for membership in code sets."""

    PRINCIPAL_DIAGNOSIS = "ZYZD"
    OTHER_DIAGNOSES = "QTZD"
    PRINCIPAL_PROCEDURE = "ZYSS"
    OTHER_PROCEDURES = "QTSS"
    DEPARTMENT = "KS"


class NumberField(StrEnum):
    """A field that holds one number; it can be compared."""

    AGE = "NL"
    SEX = "XB"
    AGE_DAYS = "XSRTL"
    WEIGHT_G = "XSRTZ"
    LENGTH_OF_STAY = "ZYTS"
    DISCHARGE_TYPE = "LYFS"


DIAGNOSIS_FIELDS = frozenset({CodeField.PRINCIPAL_DIAGNOSIS, CodeField.OTHER_DIAGNOSES})
PROCEDURE_FIELDS = frozenset({CodeField.PRINCIPAL_PROCEDURE, CodeField.OTHER_PROCEDURES})

# Sets that no table lists: which diagnoses belong depends on the principal diagnosis of the stay.
SEVERITY_SETS = ("MCC", "CC")


def kind_of(field: CodeField) -> str:
    """What kind of code a field holds: diagnosis, procedure or department."""
    if field in DIAGNOSIS_FIELDS:
        return "diagnosis"
    return "procedure" if field in PROCEDURE_FIELDS else "department"


COLUMN_OF_FIELD: dict[CodeField | NumberField, str] = {
    CodeField.PRINCIPAL_DIAGNOSIS: "principal_diagnosis",
    CodeField.OTHER_DIAGNOSES: "other_diagnoses",
    CodeField.PRINCIPAL_PROCEDURE: "procedures",
    CodeField.OTHER_PROCEDURES: "procedures",
    CodeField.DEPARTMENT: "department",
    NumberField.AGE: "age",
    NumberField.SEX: "sex",
    NumberField.AGE_DAYS: "age_days",
    NumberField.WEIGHT_G: "weight_g",
    NumberField.LENGTH_OF_STAY: "length_of_stay",
    NumberField.DISCHARGE_TYPE: "discharge_type",
}
