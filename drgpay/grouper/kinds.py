"""The two kinds of schemes, drg for stays and apg for visits, and what the rules of each may ask.

In a scheme of kind apg the MDCs are classes. The rules of MED are asked of a visit, those of the
other classes of a service line with its visit.
"""

from collections.abc import Mapping
from typing import Literal

from drgpay.base.language import Words
from drgpay.base.words import Wording
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


def foreign_fields(kind: Kind, mdc: str, rule: Rule) -> Mapping[CodeField | NumberField, Words]:
    """The fields that a rule under this MDC or class asks for in vain, each with the reason."""
    foreign: dict[CodeField | NumberField, str] = {}
    if kind == "drg":
        foreign |= dict.fromkeys(OUTPATIENT_FIELDS, "of_visits")
    else:
        foreign |= dict.fromkeys(INPATIENT_FIELDS, "of_stays")
        foreign |= dict.fromkeys(LINE_FIELDS, "of_lines") if mdc == MEDICAL else {}
    return {
        field: Wording("schemes").words(f"reason.{foreign[field]}")
        for field in sorted(field_names(rule))
        if field in foreign
    }
