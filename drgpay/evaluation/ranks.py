"""Ranks among peers, and how sure they are: 200 blocks of stays drawn anew with replacement.

The stream of a hospital is PCG64 of (seed, SHA-256 of its id). What is no sum over blocks, and which indicators
are scored, stay as they are; quantiles of peers are those of the draw. Sums of blocks are whole numbers, so
that they are the same whatever adds them up; simulation is in floats, never booked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from drgpay.evaluation.file import IndicatorFile
from drgpay.evaluation.material import BLOCKS
from drgpay.evaluation.scorecard import Scorecard, Sums

_LOW, _HIGH = 5, 95


@dataclass(frozen=True)
class Rank:
    """The rank among peers of the same level and kind that are rated; interval: 5% and 95%, in 1/10,000."""

    rank: int | None
    peers: int
    low: int | None
    high: int | None


def ranks(card: Scorecard, draws: int, seed: int) -> Mapping[str, Rank]:
    """The rank of every hospital; equal totals share the better rank. Not rated: none."""
    drawn = _drawn_totals(card, draws, seed)
    found: dict[str, Rank] = {}
    groups: dict[tuple[str, str], list[int]] = {}
    for place, hospital in enumerate(card.hospitals):
        groups.setdefault(card.kinds[hospital], []).append(place)
    for places in groups.values():
        rated = [place for place in places if card.totals[card.hospitals[place]] is not None]
        totals = [card.totals[card.hospitals[place]] or 0 for place in rated]
        for place in places:
            found[card.hospitals[place]] = Rank(None, len(rated), None, None)
        if not rated:
            continue
        mine = drawn[:, rated]
        for number, place in enumerate(rated):
            better = sum(total > totals[number] for total in totals)
            of_draws = 1 + (mine > mine[:, [number]]).sum(axis=1)
            low, high = np.percentile(of_draws, [_LOW, _HIGH])
            found[card.hospitals[place]] = Rank(
                better + 1, len(rated), _units(float(low)), _units(float(high))
            )
    return found


def _units(rank: float) -> int:
    return int(np.floor(rank * 10_000 + 0.5))


def stream(seed: int, hospital: str) -> np.random.Generator:
    """The stream of a hospital."""
    key = int.from_bytes(sha256(hospital.encode()).digest()[:16], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key])))


def _counts(seed: int, hospital: str, draws: int) -> np.ndarray:
    """draws x blocks: how often a block is drawn."""
    taken = stream(seed, hospital).integers(0, BLOCKS, size=(draws, BLOCKS))
    flat = taken + np.arange(draws)[:, None] * BLOCKS
    return np.bincount(flat.ravel(), minlength=draws * BLOCKS).reshape(draws, BLOCKS)


def _drawn_totals(card: Scorecard, draws: int, seed: int) -> np.ndarray:
    """draws x hospitals: totals, rounded to 2 places as the real ones are."""
    places = {hospital: place for place, hospital in enumerate(card.hospitals)}
    drawn = [one for one in card.sums if one.rules.weight > 0]
    numbers = [place for place, one in enumerate(card.sums) if one.rules.weight > 0]
    values = _drawn_values(card, drawn, draws, seed)
    weighted = np.zeros((draws, len(card.hospitals)))
    weights = np.zeros(len(card.hospitals))
    for number, sums, (value, n, rates) in zip(numbers, drawn, values, strict=True):
        scored = [card.scored[hospital][number] for hospital in card.hospitals]
        for peers, members in _peer_groups(scored, places).items():
            group = list(peers)
            used = _shrunk(value[:, group], n[:, group], rates, group, sums)
            fixed = [scored[place].claimed for place in group]
            held = np.array([(scored[place].value or 0) / 1e6 for place in group])
            used = np.where(np.array(fixed), held, used)
            own = [group.index(place) for place in members]
            points = _scores(used, own, sums.rules)
            weighted[:, members] += points * float(sums.rules.weight)
            weights[members] += float(sums.rules.weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        totals = weighted / weights
    return np.floor(np.nan_to_num(totals) * 100 + 0.5) / 100


_Values = tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]


def _drawn_values(card: Scorecard, drawn: Sequence[Sums], draws: int, seed: int) -> list[_Values]:
    """Of each indicator draws x hospitals: values, n, and both sums."""
    hospitals = len(card.hospitals)
    sums = [np.zeros((3, draws, hospitals)) for _ in drawn]
    for place, hospital in enumerate(card.hospitals):
        counts = _counts(seed, hospital, draws)
        for into, one in zip(sums, drawn, strict=True):
            if one.cells is None:
                continue
            cells = one.cells[place]
            added = counts @ cells if one.indicator.in_blocks else np.repeat(cells, draws, axis=0)
            into[:, :, place] = added.T
    found: list[_Values] = []
    for number, (into, one) in enumerate(zip(sums, drawn, strict=True)):
        with np.errstate(invalid="ignore", divide="ignore"):
            value = into[1] / into[2] * float(one.indicator.times) + one.indicator.plus
        place_of = card.sums.index(one)
        held = np.array(
            [(card.scored[hospital][place_of].value or 0) / 1e6 for hospital in card.hospitals]
        )
        given = np.array(
            [
                card.scored[hospital][place_of].denominator in (None, 0)
                for hospital in card.hospitals
            ]
        )
        value = np.where(given | ~np.isfinite(value), held, value)
        found.append((value, into[0], (into[1], into[2])))
        del number
    return found


def _peer_groups(
    scored: Sequence[object], places: Mapping[str, int]
) -> dict[tuple[int, ...], list[int]]:
    """Places of peers -> places of the scored hospitals that are compared with them."""
    found: dict[tuple[int, ...], list[int]] = {}
    for place, one in enumerate(scored):
        if one.score is not None:  # type: ignore[attr-defined]
            peers = tuple(places[peer] for peer in one.peers)  # type: ignore[attr-defined]
            found.setdefault(peers, []).append(place)
    return found


def _shrunk(
    value: np.ndarray,
    n: np.ndarray,
    sums: tuple[np.ndarray, np.ndarray],
    group: Sequence[int],
    of: Sums,
) -> np.ndarray:
    k = of.rules.shrink
    if k:
        numerator, denominator = (one[:, group].sum(axis=1, keepdims=True) for one in sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = numerator / denominator * float(of.indicator.times) + of.indicator.plus
        value = (n * value + k * np.nan_to_num(rate)) / (n + k)
    return np.floor(value * 1e6 + 0.5) / 1e6


def _scores(values: np.ndarray, own: Sequence[int], rules: IndicatorFile) -> np.ndarray:
    """draws x own: the scores of some columns of draws x peers, rounded to 2 places."""
    x = values[:, own]
    match rules.method:
        case "percentile":
            low, high = np.percentile(values, [10, 90], axis=1)[:, :, None]
            with np.errstate(invalid="ignore", divide="ignore"):
                part = np.clip((x - low) / (high - low), 0, 1)
            up = 50 + 50 * part
            scores = np.where(low == high, 75.0, 150 - up if rules.way == "down" else up)
        case "linear":
            lo, hi = float(rules.lo or 0), float(rules.hi or 0)
            part = np.clip((x - lo) / (hi - lo), 0, 1) * 100
            scores = 100 - part if rules.way == "down" else part
        case "band":
            away = np.maximum(np.maximum(float(rules.a or 0) - x, x - float(rules.b or 0)), 0)
            scores = np.maximum(1 - away / float(rules.d or 1), 0) * 100
        case "step":
            scores = np.zeros(x.shape)
            for step in reversed(rules.steps):
                scores = np.where(x >= float(step.least), float(step.score), scores)
        case "deduct":
            scores = np.maximum(100 - float(rules.per or 0) * x, 0)
        case "given":
            scores = np.clip(x, 0, 100)
    return np.floor(scores * 100 + 0.5) / 100
