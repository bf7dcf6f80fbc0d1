"""What an entry is: its classes, its reasons and its columns (docs/outpatient.md)."""

import polars as pl

PROCEDURE = "PROC"
MEDICAL = "MED"
ANCILLARY = "ANC"
DRUG = "DRUG"
INCIDENTAL = "INC"

PAID_REASONS = ("payable", "discounted", "repeat_discounted")
"""Entries that earn base points x factor."""

UNPAID_REASONS = (
    "consolidated",
    "packaged_incidental",
    "packaged_medical",
    "packaged_list",
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
    "reason": pl.Categorical(),
}
"""hospital_id and account keep the type that the visits have them in."""
