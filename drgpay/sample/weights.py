"""Relative weights of groups: an example table for chs-drg-2.0, drawn ones for other schemes."""

import csv
from importlib.resources import files

import numpy as np

from drgpay.grouper.scheme import Adrg, Scheme

# Of the first, second ... group of an ADRG: rules ask for the graver complication first.
_BY_RANK = (1.5, 1.15, 0.9, 0.8)
_MEDICAL, _SURGICAL = 0.75, 1.5
_SPREAD = 0.5


def group_weights(scheme: Scheme, surgical: frozenset[str], seed: int) -> dict[str, float]:
    """A weight for every group; `surgical` names the groups whose stays have a procedure."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    adrgs = [adrg for mdc in scheme.mdcs for adrg in mdc.adrgs]
    published = _published(scheme.info.id)
    drawn = {code: weight for adrg in adrgs for code, weight in _drawn(adrg, surgical, rng).items()}
    return {code: published.get(code, weight) for code, weight in drawn.items()}


def _drawn(adrg: Adrg, surgical: frozenset[str], rng: np.random.Generator) -> dict[str, float]:
    operated = any(drg.code in surgical for drg in adrg.drgs)
    centre = (_SURGICAL if operated else _MEDICAL) * float(np.exp(rng.normal(0, _SPREAD)))
    ranks = _BY_RANK if len(adrg.drgs) > 1 else (1.0,)
    return {
        drg.code: centre * ranks[min(rank, len(ranks) - 1)] for rank, drg in enumerate(adrg.drgs)
    }


def _published(scheme_id: str) -> dict[str, float]:
    table = files("drgpay.sample").joinpath(f"{scheme_id}-example-weights.csv")
    if not table.is_file():
        return {}
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return {row["drg"]: float(row["weight"]) for row in rows}
