"""Material of a few written stays: what a row does not say is usual."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.grouper.compiled import CompiledScheme
from drgpay.points.catalogue import Catalogue
from drgpay.policy.model import Policy
from drgpay.records.arrow_files import write_arrow
from drgpay.supervise.material import (
    LINE_SCHEMA,
    NUMBERED,
    STAY_SCHEMA,
    VISIT_SCHEMA,
    Material,
    Rated,
    numbers_file,
)

USUAL: dict[str, Any] = {
    "person": 1,
    "month": "2026-03",
    "current": True,
    "run": 0,
    "hospital_id": "H1",
    "level": "3A",
    "kind": "general",
    "account": "employee",
    "out_of_area": False,
    "sex": 1.0,
    "age": 50.0,
    "department": "1",
    "discharge_type": 1.0,
    "principal_diagnosis": "J18.900",
    "other_diagnoses": [],
    "procedures": [],
    "payment_unit": "drg",
    "status": "grouped",
    "mdc": "E",
    "adrg": "ES3",
    "drg": "ES35",
    "severity": "5",
    "case_class": "normal",
    "stability": "stable",
    "base_points": 1_000_000,
    "coefficient": 10_000,
    "points": 1_000_000,
    "total_fen": 1_000_000,
    "fund_fen": 600_000,
    "patient_fen": 400_000,
    "other_fen": 0,
    "exam_fen": 0,
}


def stay(case_id: str, admitted: str, discharged: str, **said: Any) -> dict[str, Any]:
    """One stay; dates as 2026-03-01."""
    first, last = date.fromisoformat(admitted), date.fromisoformat(discharged)
    row = {
        **dict.fromkeys(STAY_SCHEMA),
        **USUAL,
        "case_id": case_id,
        "admission_date": first,
        "discharge_date": last,
        "settlement_date": last,
        "length_of_stay": max((last - first).days, 1),
        **said,
    }
    if row["points_before_return"] is None:
        row["points_before_return"] = row["points"]
    return row


USUAL_VISIT: dict[str, Any] = {
    "person": 1,
    "run": 0,
    "current": True,
    "hospital_id": "H2",
    "account": "employee",
    "out_of_area": False,
    "visit_type": "general",
    "department": "2",
    "principal_diagnosis": "I10.x00",
    "other_diagnoses": [],
    "sex": 1.0,
    "age": 50.0,
    "total_fen": 10_000,
    "fund_fen": 6_000,
}


def visit(visit_id: str, day: str, *lines: tuple[Any, ...], **said: Any) -> dict[str, Any]:
    """One visit with its lines (code, kind, amount in fen, quantity)."""
    row = {**USUAL_VISIT, "visit_id": visit_id, "visit_date": date.fromisoformat(day), **said}
    return {**row, "lines": lines}


def _visit_files(folder: Path, visits: Sequence[Mapping[str, Any]]) -> tuple[Path, Path]:
    ordered = sorted(visits, key=lambda one: str(one["visit_id"]))
    frame = pl.DataFrame(
        [
            {**{k: v for k, v in row.items() if k != "lines"}, "visit": number}
            for number, row in enumerate(ordered)
        ],
        schema=VISIT_SCHEMA,
        strict=False,
    )
    lines = [
        (number, line[0], line[1], float(line[3] if len(line) > 3 else 1), line[2])
        for number, row in enumerate(ordered)
        for line in row["lines"]
    ]
    files = folder / "v.arrow", folder / "l.arrow"
    write_arrow(frame, files[0])
    write_arrow(pl.DataFrame(lines, schema=LINE_SCHEMA, orient="row", strict=False), files[1])
    return files


def material_of(
    folder: Path,
    compiled: CompiledScheme,
    rows: Sequence[Mapping[str, Any]],
    *,
    before: Sequence[Mapping[str, Any]] = (),
    tables: Mapping[str, pl.DataFrame] | None = None,
    value: float = 50.0,
    known_from: str = "2025-01-01",
    catalogue: Catalogue | None = None,
    policy: Policy | None = None,
    hospitals: pl.DataFrame | None = None,
    visits: Sequence[Mapping[str, Any]] = (),
) -> Material:
    """Material of the stays `rows` of one run, and of those looked back on. value: of a point."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    rated: list[Rated] = []
    for number, (part, current) in enumerate(((before, False), (rows, True))):
        if not part and not current:
            continue
        said = {"current": current, "run": len(files)}
        frame = pl.DataFrame([{**row, **said} for row in part], schema=STAY_SCHEMA, strict=False)
        files.append(folder / f"{number}.arrow")
        ordered = frame.sort("case_id")
        write_arrow(ordered.drop(NUMBERED), files[-1])
        write_arrow(ordered.select(NUMBERED), numbers_file(files[-1]))
        rated.append(
            Rated(
                f"run{number}",
                "2026-03" if current else "2026-02",
                current,
                compiled,
                catalogue,  # type: ignore[arg-type]
                policy,  # type: ignore[arg-type]
            )
        )
    ids = sorted({row["hospital_id"] for row in [*rows, *before]})
    listed = pl.DataFrame({"hospital_id": ids, "name": ids}).with_columns(
        level=pl.lit("3A"), kind=pl.lit("general")
    )
    values = pl.DataFrame(
        {"hospital_id": [None, None], "account": ["employee", "resident"], "value": [value, value]},
        schema={"hospital_id": pl.String, "account": pl.String, "value": pl.Float64},
    )
    of_visits = _visit_files(folder, visits) if visits else None
    return Material(
        visit_files=of_visits[:1] if of_visits else (),
        line_files=of_visits[1:] if of_visits else (),
        files=tuple(files),
        runs=tuple(rated),
        values=values,
        tables=tables or {},
        hospitals=listed if hospitals is None else hospitals,
        known_from=date.fromisoformat(known_from),
        last_day=max(row["discharge_date"] for row in [*rows, *before]),
    )
