"""The reason of an adjustment in the words of a reader: its code and numbers in a sentence."""

from collections.abc import Mapping
from typing import Any

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.points.reasons import reason_formula
from drgpay.report.wording import formula_said, named

_REASONS = Wording("reasons")


def reason_said(row: Mapping[str, Any], language: Language) -> str:
    """Why points change. row: of adjustments.parquet; a code not known here says itself."""
    code = row["code"] or ""
    formula = reason_formula(row)
    key = "deductions_alone" if code == "deductions" and not formula else code
    if not _REASONS.has_own(key):
        return code
    case_class = row["case_class"] or ""
    if language == "zh":
        formula, case_class = formula_said(formula, "zh"), named("class", case_class, "zh")
    return _REASONS.said(
        key,
        language,
        formula=formula,
        case_class=case_class,
        drg=row["drg"] or "-",
        **{name: row[name] for name in ("number", "quota", "days", "period")},
    )
