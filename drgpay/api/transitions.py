"""The change of a scheme: two schemes over past years, called from Python."""

from pathlib import Path

import polars as pl

from drgpay.api.arguments import checked
from drgpay.base.language import Language, chosen
from drgpay.transition.outcome import Transition
from drgpay.transition.outcome import transition as _transition
from drgpay.transition.output import write_transition
from drgpay.transition.tables import machine_tables


@checked
def compare_over_history(file: str | Path, *, threads: int | None = None) -> Transition:
    """Compare two schemes over the history that the file of a transition names; nothing is written.

    Returns scaled integers (points and rates 1/10,000, k 1/1,000,000, fen); `transition_tables` has
    decimals, `passed` says whether the gate is passed. Raises DrgpayError for every mistake in the
    file and in what it names. Source: docs/transition.md.
    """
    return _transition(Path(file), threads=threads, language=chosen())


@checked
def transition_tables(transition: Transition) -> dict[str, pl.DataFrame]:
    """A transition for readers: its tables by name, as exact decimals.

    factors: account, cases, points, k. quality by year and scheme; hospitals, levels, accounts,
    classes: points of both schemes, change and change_rate; migration, groups, reasons; gate,
    gate_hospitals, gate_notes, explanations. No error. Source: docs/transition.md.
    """
    return machine_tables(transition)


@checked
def save_transition(
    transition: Transition,
    out: str | Path | None = None,
    *,
    language: Language | None = None,
) -> Path:
    """Leave the folder of a transition (catalogues, Parquet, Excel, HTML, policy) and return it.

    By default it lies in `transitions` beside the file. Raises DrgpayError if `out` exists.
    Source: docs/transition.md.
    """
    return write_transition(transition, Path(out) if out else None, language or chosen())
