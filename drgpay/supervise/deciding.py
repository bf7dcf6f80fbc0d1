"""`drgpay supervise-decide`: decisions on the clues of a supervision, checked, and what they book.

The folder holds the filed table of deductions for the job of the month that books them, what is decided for
the next supervision, the steps with what is due, and the money by hospital and kind.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Language
from drgpay.base.words import Sentences
from drgpay.records.writing import write_frame
from drgpay.results.manifest import DECISIONS, PROGRAM
from drgpay.run.result_folder import leave_result
from drgpay.supervise.confirmed import deductions_of, money_of, payments_of, with_filed
from drgpay.supervise.decided import DECIDED, EVIDENCE
from drgpay.supervise.decisions import (
    CONFIRMED,
    STEPS,
    Decisions,
    checked_decisions,
    refuse_refused,
)
from drgpay.supervise.kept_tables import kept_table, open_supervision
from drgpay.supervise.output import RULES
from drgpay.supervise.rulebook import Rulebook, load_rulebook
from drgpay.supervise.tables import as_declared, as_scaled
from drgpay.supervise.tables_given import table_given

_ERRORS = Sentences("errors/supervise")
DEDUCTIONS = "deductions.csv"


@dataclass(frozen=True)
class Booked:
    """What was decided on the clues of a supervision. tables: by name, with their names in memory."""

    source: Path
    decisions_path: Path
    on: date | None
    decisions: Decisions
    deductions: pl.DataFrame
    tables: dict[str, pl.DataFrame]
    basis: dict[str, Any]


def decide(
    folder: Path,
    decisions_path: Path,
    language: Language,
    *,
    on: date | None = None,
    filed: Path | None = None,
    accept_refused: bool = False,
) -> Booked:
    """Check decisions on the clues of a supervision's folder and make what they book.

    filed: a table of deductions that the month has already: its rows come first, and what it deducts of a
    stay by a kind is not deducted again. on: the day by which steps are overdue; None: nothing is called
    overdue. accept_refused: leave refused rows out, which stand in the table decisions_refused. Raises
    DrgpayError for a folder that is no supervision and for refused rows that are not accepted.
    """
    manifest = open_supervision(folder)
    rulebook = load_rulebook(folder / RULES)
    clues, stays = kept_table(folder, "clues"), kept_table(folder, "clue_stays")
    kinds = {one.name: one.card.kind for one in rulebook.rulings}
    of_rule = clues.select("clue_id", kind=pl.col("rule").replace_strict(kinds))
    given = table_given("decisions", decisions_path)
    known = manifest.content["kinds"]
    decisions = checked_decisions(given, of_rule, known, two_persons=rulebook.review.two_persons)
    if not accept_refused:
        refuse_refused(decisions, decisions_path)
    stays = as_scaled("clue_stays", stays).join(clues.select("clue_id", "rule"), on="clue_id")
    final = decisions.final
    decided = _decided(final, clues)
    return Booked(
        folder,
        decisions_path,
        on,
        decisions,
        with_filed(
            deductions_of(final, stays, language), payments_of(final, stays, language), filed
        ),
        {
            DECIDED: decided,
            EVIDENCE: kept_table(folder, "evidence")
            .join(decided.select("clue_id"), on="clue_id")
            .rename({"source_table": "table", "source_column": "column"}),
            "decision_steps": _steps(decisions, rulebook, on),
            "decisions_refused": decisions.refused.rename({"kind": "deduction_kind"}),
            "supervision_money": money_of(final, stays, rulebook.fines).rename(
                {"kind": "deduction_kind"}
            ),
            "rule_decisions": _learned(decided, rulebook),
        },
        {
            "kind": DECISIONS,
            "program": PROGRAM,
            "period": manifest.content["period"],
            "language": language,
            "on": on.isoformat() if on else None,
            "supervision": manifest.run_id,
            "inputs": {
                "decisions": _named(decisions_path),
                **({"deductions": _named(filed)} if filed else {}),
                "clues": {"file": "clues.parquet", "sha256": file_hash(folder / "clues.parquet")},
            },
        },
    )


def _named(path: Path) -> dict[str, str]:
    return {"file": path.name, "sha256": file_hash(path)}


def day_given(text: str | None) -> date | None:
    """A day as 2026-12-01; raises DrgpayError for another text."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DrgpayError(*_ERRORS("no_day", text=text)) from None


def write_decided(decided: Booked, out: Path | None = None) -> Path:
    """Leave the folder of decisions, whole or not at all; for its owner alone.

    Without `out` it is `decisions/<id>` beside decisions.csv, where the same one may lie already.
    """
    counts = {
        "steps": decided.decisions.steps.height,
        "refused": decided.decisions.refused.height,
        "decided": decided.tables[DECIDED].height,
        "deductions": decided.deductions.height,
    }

    def fill(folder: Path) -> None:
        for table, frame in decided.tables.items():
            write_frame(as_declared(table, frame), folder / f"{table}.parquet")
        decided.deductions.write_csv(folder / DEDUCTIONS, include_bom=True)

    return leave_result(
        decided.basis, decided.decisions_path.parent / "decisions", out, fill, counts
    )


def _decided(final: pl.DataFrame, clues: pl.DataFrame) -> pl.DataFrame:
    about = clues.select("clue_id", "evidence_hash", "rule", "hospital_id")
    return (
        final.join(about, on="clue_id")
        .rename({"date": "decided_on", "by": "decided_by", "kind": "deduction_kind"})
        .sort("clue_id")
    )


def _steps(decisions: Decisions, rulebook: Rulebook, on: date | None) -> pl.DataFrame:
    """The newest step of each clue, which step comes next, until when, and whether that day is past."""
    days = rulebook.review.days
    following = dict(pairwise(STEPS))
    newest = (
        decisions.steps.sort("clue_id", "date", "row")
        .unique("clue_id", keep="last", maintain_order=True)
        .join(decisions.final.select("clue_id", final=pl.lit(value=True)), on="clue_id", how="left")
    )
    rows = []
    for clue, step, made, final in newest.select("clue_id", "step", "date", "final").iter_rows():
        # A decision left open waits for a decision again.
        after = None if final else following.get(step, STEPS[-1])
        due = made + timedelta(days=days[after]) if after else None
        overdue = None if on is None else due is not None and due < on
        rows.append((clue, step, made, after, due, overdue))
    schema = {
        "clue_id": pl.String,
        "step": pl.String,
        "step_on": pl.Date,
        "next_step": pl.String,
        "due_on": pl.Date,
        "overdue": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _learned(decided: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """Of each rule how many clues were decided and confirmed, and the share beside w once they are enough."""
    weights = {one.name: float(one.card.w) for one in rulebook.rulings}
    enough = pl.col("decided_count") >= rulebook.review.decisions_to_learn
    return (
        decided.group_by("rule")
        .agg(decided_count=pl.len(), confirmed=(pl.col("result") == CONFIRMED).sum().cast(pl.Int64))
        .with_columns(
            w=pl.col("rule").replace_strict(weights, return_dtype=pl.Float64),
            confirmed_share=pl.when(enough).then(pl.col("confirmed") / pl.col("decided_count")),
        )
        .sort("rule")
    )
