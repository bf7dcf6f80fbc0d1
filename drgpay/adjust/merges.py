"""Neighbouring DRGs of an ADRG whose costs hardly differ."""

from collections.abc import Mapping
from dataclasses import dataclass

from drgpay.adjust.measures import between
from drgpay.adjust.stays import Numbers, Rows
from drgpay.grouper.scheme import Adrg


@dataclass(frozen=True)
class Merging:
    """DRGs of an ADRG, next to each other in the order they are tried.

    `difference`: the highest of their mean costs / the lowest - 1; `lost`: the sum of squares (of
    cost in yuan) that the merged group no longer explains.
    """

    adrg: str
    drgs: tuple[str, ...]
    difference: float
    lost: float


def mergings(
    adrg: Adrg, rows: Mapping[str, Rows], yuan: Numbers, threshold: float, min_cases: int
) -> list[Merging]:
    """The longest runs of DRGs, each of `min_cases`, whose means all differ by less than `threshold`."""
    runs: list[list[str]] = [[]]
    for drg in adrg.drgs:
        own = rows.get(drg.code)
        if own is None or len(own) < min_cases:
            runs.append([])
            continue
        if runs[-1] and _difference([*runs[-1], drg.code], rows, yuan) >= threshold:
            runs.append([])
        runs[-1].append(drg.code)
    return [
        Merging(adrg.code, tuple(run), _difference(run, rows, yuan), _lost(run, rows, yuan))
        for run in runs
        if len(run) > 1
    ]


def _difference(run: list[str], rows: Mapping[str, Rows], yuan: Numbers) -> float:
    means = [float(yuan[rows[code]].mean()) for code in run]
    return max(means) / min(means) - 1


def _lost(run: list[str], rows: Mapping[str, Rows], yuan: Numbers) -> float:
    parts = [rows[code] for code in run]
    cases = sum(map(len, parts))
    mean = sum(float(yuan[part].sum()) for part in parts) / cases
    return between(yuan, parts, mean)
