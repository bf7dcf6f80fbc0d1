"""Stays of tests: what a row does not say is usual."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from drgpay.evaluation.material import STAYS, Material, block_of, coded

USUAL: dict[str, Any] = {
    "hospital_id": "H1",
    "payment_unit": "drg",
    "status": "grouped",
    "adrg": "AA1",
    "drg": "AA11",
    "case_class": "normal",
    "base_points": 1_000_000,
    "points": 1_000_000,
    "deducted": 0,
    "deductible": 1_000_000,
    "length_of_stay": 5,
    "admission_date": date(2026, 3, 1),
    "discharge_date": date(2026, 3, 6),
    "discharge_type": 1.0,
    "total_fen": 1_000_000,
    "patient_fen": 300_000,
    "exempt": False,
}


def frame(rows: Sequence[Mapping[str, Any]], prefix: str = "S") -> pl.DataFrame:
    """Stays of rows; case_id and person are numbered unless a row says them."""
    made = []
    for number, row in enumerate(rows):
        case = row.get("case_id", f"{prefix}{number:06d}")
        whole = {**dict.fromkeys(STAYS), **USUAL, "case_id": case, "person": number, **row}
        made.append({**whole, "block": block_of(case)})
    return pl.DataFrame(made, schema=STAYS).sort("case_id")


def material(
    rows: Sequence[Mapping[str, Any]],
    *,
    before: Sequence[Mapping[str, Any]] = (),
    tables: Mapping[str, pl.DataFrame] | None = None,
    risk: Mapping[str, str] | None = None,
    clues: pl.DataFrame | None = None,
    kinds: Mapping[str, tuple[str, str]] | None = None,
) -> Material:
    """Material of some stays of 2026 and of the year before."""
    stays, last = coded(frame(rows), frame(before, "P"))
    ids = sorted({*stays["hospital_id"], *last["hospital_id"]})
    of = kinds or {}
    return Material(
        year=2026,
        stays=stays,
        last=last,
        tables=tables or {},
        hospitals=pl.DataFrame(
            {
                "hospital_id": ids,
                "name": ids,
                "level": [of.get(one, ("3A", ""))[0] for one in ids],
                "kind": [of.get(one, ("", "general"))[1] for one in ids],
            }
        ),
        risk=risk,
        clues=clues,
        deducts=False,
    )
