"""The two kinds of schemes, drg for stays and apg for visits, and what the rules of each may ask.

In a scheme of kind apg the MDCs are classes. The rules of MED are asked of a visit, those of the
other classes of a service line with its visit.
"""

from collections.abc import Mapping
from typing import Literal

from drgpay.base.language import Words
from drgpay.grouper.rules.fields import (
    INPATIENT_FIELDS,
    LINE_FIELDS,
    OUTPATIENT_FIELDS,
    CodeField,
    NumberField,
)
from drgpay.grouper.rules.nodes import Rule, field_names

Kind = Literal["drg", "apg"]

PROCEDURES = "PROC"  # significant procedures and therapies
MEDICAL = "MED"
ANCILLARIES = "ANC"
DRUGS = "DRUG"  # and materials
INCIDENTALS = "INC"
APG_CLASSES = (PROCEDURES, MEDICAL, ANCILLARIES, DRUGS, INCIDENTALS)

_OF_VISITS = Words("只有 apg 类方案才有", "which only a scheme of kind apg has")
_OF_STAYS = Words("只有 drg 类方案才有", "which only a scheme of kind drg has")
_OF_LINES = Words(
    "就诊没有，只有收费明细才有（MED 类的规则针对就诊）",
    "which a visit lacks: the rules of MED are asked of visits, the others of service lines",
)


def foreign_fields(kind: Kind, mdc: str, rule: Rule) -> Mapping[CodeField | NumberField, Words]:
    """The fields that a rule under this MDC or class asks for in vain, each with the reason."""
    foreign: dict[CodeField | NumberField, Words] = {}
    if kind == "drg":
        foreign |= dict.fromkeys(OUTPATIENT_FIELDS, _OF_VISITS)
    else:
        foreign |= dict.fromkeys(INPATIENT_FIELDS, _OF_STAYS)
        foreign |= dict.fromkeys(LINE_FIELDS, _OF_LINES) if mdc == MEDICAL else {}
    return {field: foreign[field] for field in sorted(field_names(rule)) if field in foreign}
