"""Grouped stays for tests of calibration, as `calibrate` gets them."""

from typing import Any

import polars as pl

STAY: dict[str, Any] = {
    "hospital_id": "H1",
    "level": "2A",
    "status": "grouped",
    "drg": "BB11",
    "payment_unit": "drg",
    "complete": True,
    "bed_day_class": None,
    "length_of_stay": 8,
    "total_fen": 1_000_000,
}


def stays(*changes: dict[str, Any]) -> pl.DataFrame:
    """One stay a change of the standard stay."""
    return pl.DataFrame(
        [{**STAY, **change} for change in changes], schema_overrides={"bed_day_class": pl.String}
    )


def costs(drg: str, *fen: int, **change: Any) -> list[dict[str, Any]]:
    """Stays of a group with these costs."""
    return [{"drg": drg, "total_fen": cost, **change} for cost in fen]
