"""The fields a rule can name, and the record columns they read.

The names are those of the national configuration workbook: ZYZD principal diagnosis (主要诊断),
QTZD other diagnoses (其他诊断), ZYSS principal procedure (主要手术), QTSS other procedures (其他手术),
KS department (科室), NL age in years (年龄), XB sex (性别), XSRTL newborn's age in days (新生儿天龄),
XSRTZ newborn's weight in grams (新生儿体重); ZYTS length of stay (住院天数) and LYFS discharge type
(离院方式) are our extension. So are those of outpatient schemes (kind apg): XM item code of a service
line (项目), XMLB its kind (项目类别), MZLB visit type (门诊类别).
"""

from enum import StrEnum


class CodeField(StrEnum):
    """A field that holds codes; it can be asked for membership in code sets."""

    PRINCIPAL_DIAGNOSIS = "ZYZD"
    OTHER_DIAGNOSES = "QTZD"
    PRINCIPAL_PROCEDURE = "ZYSS"
    OTHER_PROCEDURES = "QTSS"
    DEPARTMENT = "KS"
    ITEM = "XM"
    ITEM_KIND = "XMLB"
    VISIT_TYPE = "MZLB"


class NumberField(StrEnum):
    """A field that holds one number; it can be compared."""

    AGE = "NL"
    SEX = "XB"
    AGE_DAYS = "XSRTL"
    WEIGHT_G = "XSRTZ"
    LENGTH_OF_STAY = "ZYTS"
    DISCHARGE_TYPE = "LYFS"


DIAGNOSIS_FIELDS = frozenset({CodeField.PRINCIPAL_DIAGNOSIS, CodeField.OTHER_DIAGNOSES})
PROCEDURE_FIELDS = frozenset(
    {CodeField.PRINCIPAL_PROCEDURE, CodeField.OTHER_PROCEDURES}
)  # The fields of a service line, and those that a record of each kind has.
LINE_FIELDS = frozenset({CodeField.ITEM, CodeField.ITEM_KIND})
OUTPATIENT_FIELDS = LINE_FIELDS | {CodeField.VISIT_TYPE}
INPATIENT_FIELDS: frozenset[CodeField | NumberField] = PROCEDURE_FIELDS | {
    NumberField.AGE_DAYS,
    NumberField.WEIGHT_G,
    NumberField.LENGTH_OF_STAY,
    NumberField.DISCHARGE_TYPE,
}

# Sets that no table lists: which diagnoses belong depends on the principal diagnosis of the stay.
SEVERITY_SETS = ("MCC", "CC")


_KINDS = {
    CodeField.PRINCIPAL_DIAGNOSIS: "diagnosis",
    CodeField.OTHER_DIAGNOSES: "diagnosis",
    CodeField.PRINCIPAL_PROCEDURE: "procedure",
    CodeField.OTHER_PROCEDURES: "procedure",
    CodeField.DEPARTMENT: "department",
    CodeField.ITEM: "item",
    CodeField.ITEM_KIND: "item kind",
    CodeField.VISIT_TYPE: "visit type",
}


def kind_of(field: CodeField) -> str:
    """What kind of code a field holds: fields of one kind share their codes."""
    return _KINDS[field]


COLUMN_OF_FIELD: dict[CodeField | NumberField, str] = {
    CodeField.PRINCIPAL_DIAGNOSIS: "principal_diagnosis",
    CodeField.OTHER_DIAGNOSES: "other_diagnoses",
    CodeField.PRINCIPAL_PROCEDURE: "procedures",
    CodeField.OTHER_PROCEDURES: "procedures",
    CodeField.DEPARTMENT: "department",
    CodeField.ITEM: "item_code",
    CodeField.ITEM_KIND: "item_kind",
    CodeField.VISIT_TYPE: "visit_type",
    NumberField.AGE: "age",
    NumberField.SEX: "sex",
    NumberField.AGE_DAYS: "age_days",
    NumberField.WEIGHT_G: "weight_g",
    NumberField.LENGTH_OF_STAY: "length_of_stay",
    NumberField.DISCHARGE_TYPE: "discharge_type",
}
