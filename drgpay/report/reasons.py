"""The reason of an adjustment in the words of a reader: its code and numbers in a sentence."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.points.reasons import reason_formula
from drgpay.policy.adjustment_rows import REASON_SCHEMA
from drgpay.report.wording import formula_said, named
from drgpay.results.columns import columns_of

_REASONS = Wording("reasons")

_OF_REASON = [column.name for column in columns_of("adjustments") if column.scaled in REASON_SCHEMA]
"""The columns of adjustments.parquet that a sentence is made of."""


def reasons_said(adjustments: pl.DataFrame, language: Language) -> pl.Series:
    """`reason_said` of every row of adjustments.parquet.

    Most rows have a reason that others have too: each sentence is made once.
    """
    different = adjustments.select(_OF_REASON).unique(maintain_order=True)
    said = [reason_said(row, language) for row in different.iter_rows(named=True)]
    sentences = different.with_columns(reason=pl.Series(said, dtype=pl.String))
    rows = adjustments.select(_OF_REASON)
    found = rows.join(sentences, on=_OF_REASON, how="left", nulls_equal=True, maintain_order="left")
    return found["reason"]


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
