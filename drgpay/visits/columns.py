"""What an entry is: its classes, its reasons and its columns (docs/outpatient.md)."""

import polars as pl

PROCEDURE = "PROC"
MEDICAL = "MED"
ANCILLARY = "ANC"
DRUG = "DRUG"
INCIDENTAL = "INC"

AT_COST = "at_cost"
PAID_REASONS = ("payable", "discounted", "repeat_discounted", AT_COST)
"""Entries that earn base points x factor, or, at cost, what they cost."""

PACKAGED_REASONS = ("packaged_incidental", "packaged_medical", "packaged_list")
UNPAID_REASONS = (
    "consolidated",
    *PACKAGED_REASONS,
    "not_in_catalogue",
    "item_by_item",
)
"""Entries with factor 0: what they cost is borne by the paid entries of their visit.

`item_by_item` stands in all entries of a visit whose type is not paid by points.
"""

REASONS = (*PAID_REASONS, *UNPAID_REASONS)

ENTRY_SCHEMA: dict[str, pl.DataType] = {
    "visit_id": pl.String(),
    "hospital_id": pl.String(),
    "account": pl.String(),
    "class": pl.Categorical(),
    "family": pl.Categorical(),
    "apg": pl.Categorical(),
    "quantity": pl.Int64(),
    "lines_fen": pl.Int64(),
    "base_points": pl.Int64(),
    "factor": pl.Int64(),
    "paid_cost_fen": pl.Int64(),
    "reason": pl.Categorical(),
}
"""hospital_id and account keep the type that the visits have them in."""
