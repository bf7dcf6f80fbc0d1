"""The filings of a run as their files hold them (docs/files.md)."""

from drgpay.results.columns import Column, money, newer, plain, points

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
