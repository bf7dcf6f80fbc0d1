"""Supervision of finished runs, called from Python."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from drgpay.api.arguments import checked
from drgpay.base.language import Language, chosen
from drgpay.supervise.case_file import open_case_file, shown_tables, told
from drgpay.supervise.deciding import Booked, write_decided
from drgpay.supervise.deciding import decide as _decide
from drgpay.supervise.from_jobs import open_supervise
from drgpay.supervise.output import write_supervision
from drgpay.supervise.supervision import Supervision
from drgpay.supervise.supervision import supervise as _supervise
from drgpay.supervise.tables import machine_tables


@checked
def supervise_runs(
    given: str | Path | Sequence[str | Path], *, lookback: Sequence[str | Path] = ()
) -> Supervision:
    """Look for clues in finished runs; nothing is written.

    given: the file of a supervision, or jobs or runs of months. lookback: jobs or runs that are looked back
    on. Clues are suspicions. Raises DrgpayError as `drgpay supervise`. Source: docs/supervision.md.
    """
    paths = [given] if isinstance(given, str | Path) else given
    return _supervise(open_supervise([Path(one) for one in paths], [Path(one) for one in lookback]))


@checked
def supervision_tables(supervision: Supervision) -> dict[str, pl.DataFrame]:
    """A supervision for readers: its tables by name, as exact decimals (docs/files.md).

    clues, evidence, guards, rule_report, stay_risks, clue_stays, by_hospital, hospital_scores,
    audit_sample, clues_decided, and candidates where up_coding was asked. No error.
    Source: docs/supervision.md.
    """
    return machine_tables(supervision)


@checked
def save_supervision(
    supervision: Supervision, out: str | Path | None = None, *, language: Language | None = None
) -> Path:
    """Leave the folder of a supervision (Parquet, Excel, HTML) for its owner alone, and return it.

    By default it lies in `supervision` beside the file. Raises DrgpayError if `out` exists.
    Source: docs/supervision.md.
    """
    return write_supervision(supervision, Path(out) if out else None, language or chosen())


@checked
def explain_clue(
    folder: str | Path, clue_id: str, *, language: Language | None = None
) -> tuple[str, dict[str, pl.DataFrame]]:
    """A clue of a supervision's folder in words, and the tables of its case file by their keys.

    The words: the rule, the sentence, what is at stake, and that it is a suspicion. Raises DrgpayError for
    a folder that is no supervision and a clue that it does not have. Source: docs/supervision.md.
    """
    said = language or chosen()
    file = open_case_file(Path(folder), clue_id)
    return told(file, said), {one.key: one.frame for one in shown_tables(file, said)}


@checked
def decide_clues(
    folder: str | Path,
    decisions: str | Path,
    *,
    on: date | None = None,
    deductions: str | Path | None = None,
    accept_refused: bool = False,
    out: str | Path | None = None,
) -> tuple[Booked, Path]:
    """Check decisions on the clues of a supervision and leave what they book; returns both.

    deductions: a table that the month has already. Raises DrgpayError as `drgpay supervise-decide`.
    Source: docs/supervision.md.
    """
    decided = _decide(
        Path(folder),
        Path(decisions),
        chosen(),
        on=on,
        filed=Path(deductions) if deductions else None,
        accept_refused=accept_refused,
    )
    return decided, write_decided(decided, Path(out) if out else None)
