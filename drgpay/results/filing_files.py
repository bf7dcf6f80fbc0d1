"""The filings of a run as their files hold them (docs/files.md)."""

import polars as pl

from drgpay.records.filings import Filings
from drgpay.results.columns import Column, money, newer, plain, points, written

FILING_COLUMNS: dict[str, list[Column]] = {
    "reviews": [
        *plain("case_id", "filed_at", "approved"),
        *money("unreasonable_cost", "unreasonable_fen"),
        *points("fixed_points"),
        *plain("reason"),
    ],
    "deductions": [
        *plain("case_id", "kind", "serious", "reason"),
        *newer(plain("document", "clue_id"), "CAST(NULL AS VARCHAR)"),
    ],
    "technologies": plain("case_id", "technology"),
}


def filing_frames(filings: Filings) -> dict[str, pl.DataFrame]:
    """The filings that the points of cases come from: with them they can be reckoned again."""
    return {
        name: written(getattr(filings, name), columns) for name, columns in FILING_COLUMNS.items()
    }
