"""Finished runs that hold no more than their record needs: a manifest, and who has a statement."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.approval import steps
from drgpay.approval.record import Person
from drgpay.approval.state import History, State, history_of
from drgpay.results.manifest import write_manifest

ASKED: dict[str, Any] = {"days": 5, "silence": "confirmed"}
WANG = Person("王芳")


def at(day: int, hour: int = 9, month: int = 11) -> datetime:
    """A time in the zone of the runs."""
    return datetime.fromisoformat(f"2026-{month:02d}-{day:02d}T{hour:02d}:00:00+08:00")


def small_run(
    runs: Path,
    run_id: str = "2026-10-a",
    confirmation: dict[str, Any] | None = ASKED,
    parts: Sequence[str] = ("stays",),
    corrects: str | None = None,
    hospitals: Sequence[str] = ("H1", "H2", "H3"),
    content: str = "",
    names: bool = False,
) -> Path:
    """A run of October 2026 below `runs`."""
    folder = runs / run_id
    folder.mkdir(parents=True)
    statements = pl.DataFrame({"hospital_id": list(hospitals)})
    if names:
        statements = statements.with_columns(name="医院 " + pl.col("hospital_id"))
    scheme = {"scheme": {"id": "x", "sha256": "0"}}
    for part, file in (("stays", "statements"), ("visits", "visit_statements")):
        if part in parts:
            statements.write_parquet(folder / f"{file}.parquet")
    parameters: dict[str, Any] = {
        "policy": {"id": "p", "region": "r", "year": 2026, "time_zone": "+08:00"},
        "settlement": {"value_places": 4},
        "outpatient": {"settlement": {"value_places": 4}},
        "confirmation": confirmation,
    }
    basis = {
        "kind": "month" if "stays" in parts else "visits",
        "period": "2026-10",
        "program": "drgpay",
        "content": content,
        "policy": {"id": "p", "sha256": "0", "parameters": parameters},
        **(scheme if "stays" in parts else {}),
        **({"outpatient": scheme} if "visits" in parts else {}),
        **({"corrects": {"run": corrects, "evidence": "0"}} if corrects else {}),
    }
    write_manifest(folder, run_id, basis, {}, {})
    return folder


def answers(path: Path, **given: str) -> Path:
    """A file of answers by hospital."""
    rows = [f"{hospital},{answer}," for hospital, answer in given.items()]
    path.write_text("\n".join(["hospital_id,answer,note", *rows]), encoding="utf-8")
    return path


def approved(folder: Path, **settings: Any) -> History:
    """Approve a run that nobody has to confirm."""
    day = settings.pop("day", 2)
    return steps.approve(folder, WANG, "会议纪要", "right", at=at(day), **settings).history


def state_of(folder: Path, day: int = 30) -> State:
    """The state of a run on a day of November."""
    return history_of(folder).state(at(day))
