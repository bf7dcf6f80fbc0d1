"""What the sample's offices file for a month: special reviews, violations, a payment held back.

The cases are chosen by what they are (dear ones, and every so many-th), never by chance, so the
same records give the same filings.
"""

from pathlib import Path

import polars as pl

from drgpay.base.exact import FEN_PLACES, as_decimal
from drgpay.policy.load import load_policy
from drgpay.run.job import Job
from drgpay.sample.priced_month import priced_month

_REVIEWS_PER_CASE = 0.003
_REJECTED_EVERY = 4
_UNREASONABLE_SHARE = 50  # a fiftieth of the cost
_VIOLATION_EVERY = 700
_PAYMENT_SHARE = 1000  # of what a hospital's stays cost item by item


def write_filings(job: Job, folder: Path) -> None:
    """Write reviews.csv and deductions.csv of a month, as its job would price the stays."""
    cases = priced_month(job)
    folder.mkdir(parents=True)
    _reviews(cases, job).write_csv(folder / "reviews.csv", include_bom=True)
    _deductions(cases, job).write_csv(folder / "deductions.csv", include_bom=True)


def _reviews(cases: pl.DataFrame, job: Job) -> pl.DataFrame:
    dear = cases.filter(pl.col("case_class") == "high").sort(
        "cost_ratio", "case_id", descending=[True, False]
    )
    filed = dear.head(max(1, round(cases.height * _REVIEWS_PER_CASE))).with_row_index("place")
    approved = pl.col("place") % _REJECTED_EVERY != _REJECTED_EVERY - 1
    unreasonable = pl.col("total_fen") // _UNREASONABLE_SHARE // 100 * 100
    return (
        filed.with_columns(unreasonable_fen=unreasonable)
        .select(
            "case_id",
            filed_at=pl.lit(job.period.days[1]),
            approved=approved,
            unreasonable_cost=as_decimal("unreasonable_fen", FEN_PLACES),
            fixed_points=pl.lit(None, pl.String),
            reason=pl.when(approved)
            .then(pl.lit("危重症，费用合理"))
            .otherwise(pl.lit("未达到特病单议标准")),
        )
        .sort("case_id")
    )


def _deductions(cases: pl.DataFrame, job: Job) -> pl.DataFrame:
    """Violations of some normal stays, the kinds in turn; and money held back from one hospital."""
    kinds = [row.kind for row in load_policy(job.policy).policy.points.deductions]
    ordinary = cases.filter(pl.col("case_class") == "normal").gather_every(_VIOLATION_EVERY)
    rows = [
        {
            "kind": kinds[place % len(kinds)],
            "case_id": case,
            "serious": place % 2 == 0,
            "reason": "病历抽查",
        }
        for place, case in enumerate(ordinary["case_id"])
    ]
    dearest = (
        cases.filter(~pl.col("out_of_area"))
        .group_by("hospital_id", "account")
        .agg(pl.col("fund_fen").sum())
        .sort("fund_fen", "hospital_id", "account", descending=[True, False, False])
        .row(0, named=True)
    )
    rows.append(
        {
            "kind": "payment",
            "hospital_id": dearest["hospital_id"],
            "account": dearest["account"],
            "amount_yuan": str(dearest["fund_fen"] // _PAYMENT_SHARE // 100),
            "reason": "违规收费退回",
        }
    )
    schema = {
        **dict.fromkeys(("kind", "case_id"), pl.String),
        "serious": pl.Boolean,
        **dict.fromkeys(("hospital_id", "account", "amount_yuan", "reason"), pl.String),
    }
    return pl.DataFrame(rows, schema=schema)
