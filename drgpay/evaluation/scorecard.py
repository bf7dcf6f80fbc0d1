"""Every indicator of every hospital: n, numerator, denominator, value, peers, score; and the totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl

from drgpay.base.exact import half_up
from drgpay.evaluation.file import EvaluationFile, IndicatorFile
from drgpay.evaluation.indicator import Indicator
from drgpay.evaluation.material import BLOCKS, Material
from drgpay.evaluation.peers import peers_of
from drgpay.evaluation.score import VALUE, quantile, score_of, shrunk, total_of
from drgpay.evaluation.shipped import GIVEN, INDICATORS

_NO_N = ("given", "deduct")
_TENTH = Fraction(1, 10)
_BESIDE = {"cost_index": "cost_index_sums", "time_index": "time_index_sums"}
"""Both forms of an index are reported, whichever the file weighs."""


@dataclass(frozen=True)
class Scored:
    """An indicator of a hospital. value: in 1/1,000,000, as it is used; score: in 1/100.

    reason: why it is not scored: `missing_input`, `no_value`, `few`; None where it is. peers: ids;
    widened: all for want of 5 of the kind. claimed: an accepted objection gave the value.
    """

    hospital: str
    rules: IndicatorFile
    n: int
    numerator: int | None
    denominator: int | None
    value: int | None
    last_value: int | None
    p10: int | None
    median: int | None
    p90: int | None
    score: int | None
    reason: str | None
    peers: tuple[str, ...]
    widened: bool
    claimed: bool


@dataclass(frozen=True)
class Sums:
    """Sums of an indicator. cells: hospitals x blocks x (n, numerator, denominator), in the order of the
    hospitals; of one that is no sum over blocks a single block.
    """

    indicator: Indicator
    rules: IndicatorFile
    cells: np.ndarray | None

    def of(self, place: int) -> tuple[int, int, int]:
        """n, numerator and denominator of a hospital."""
        if self.cells is None:
            return 0, 0, 0
        n, numerator, denominator = (int(one) for one in self.cells[place].sum(axis=0))
        return n, numerator, denominator


@dataclass(frozen=True)
class Scorecard:
    """All of an evaluation's scores. scored: by hospital, then in the order of the indicators."""

    hospitals: tuple[str, ...]
    kinds: Mapping[str, tuple[str, str]]
    sums: tuple[Sums, ...]
    scored: Mapping[str, Sequence[Scored]]
    totals: Mapping[str, int | None]


def rated_indicators(file: EvaluationFile) -> list[IndicatorFile]:
    """The indicators of the file, and the other form of each index with weight 0."""
    named = {one.id for one in file.indicators}
    found = list(file.indicators)
    for one in file.indicators:
        for name, other in _BESIDE.items():
            missing = {name: other, other: name}.get(one.id)
            if missing and missing not in named:
                found.append(one.model_copy(update={"id": missing, "weight": one.weight * 0}))
    return found


def scorecard(material: Material, file: EvaluationFile, before: Material | None) -> Scorecard:
    """Compute and score. before: the material of the year before, for its values; None without."""
    listed = material.hospitals.select(
        "hospital_id", "level", kind=pl.col("kind").fill_null("general")
    )
    with_stays = set(material.stays["hospital_id"].unique())
    kinds = {
        hospital: (level, kind)
        for hospital, level, kind in listed.iter_rows()
        if hospital in with_stays
    }
    hospitals = tuple(sorted(kinds))
    rules = rated_indicators(file)
    sums = tuple(_sums(material, one, hospitals) for one in rules)
    past = [_past_values(before, one, hospitals) for one in rules]
    claims = _claims(material)
    columns = [
        _column(one, hospitals, kinds, values, material, claims)
        for one, values in zip(sums, past, strict=True)
    ]
    scored = {
        hospital: [column[place] for column in columns] for place, hospital in enumerate(hospitals)
    }
    totals = {
        hospital: total_of([(Fraction(one.rules.weight), one.score) for one in row])
        for hospital, row in scored.items()
    }
    return Scorecard(hospitals, kinds, sums, scored, totals)


def _sums(material: Material, rules: IndicatorFile, hospitals: Sequence[str]) -> Sums:
    indicator = INDICATORS[rules.id]
    frame = indicator.sums(material)
    if frame is None:
        return Sums(indicator, rules, None)
    blocks = BLOCKS if indicator.in_blocks else 1
    cells = np.zeros((len(hospitals), blocks, 3), np.int64)
    places = {hospital: place for place, hospital in enumerate(hospitals)}
    known = frame.filter(pl.col("hospital_id").is_in(list(hospitals)))
    rows = known["hospital_id"].replace_strict(places, return_dtype=pl.Int64).to_numpy()
    block = known["block"].clip(0, None).to_numpy()
    cells[rows, block] = known.select("n", "numerator", "denominator").to_numpy()
    return Sums(indicator, rules, cells)


def _past_values(
    before: Material | None, rules: IndicatorFile, hospitals: Sequence[str]
) -> list[int | None]:
    if before is None or before.stays.is_empty():
        return [None] * len(hospitals)
    sums, given = _sums(before, rules, hospitals), _given(before, rules.id)
    found = []
    for place, hospital in enumerate(hospitals):
        _, numerator, denominator = sums.of(place)
        value = sums.indicator.value(numerator, denominator)
        of_sums = None if value is None else half_up(value * VALUE)
        found.append(given.get(hospital, of_sums))
    return found


def _claims(material: Material) -> dict[tuple[str, str], int]:
    """Values of accepted objections, by hospital and indicator, in 1/1,000,000."""
    table = material.tables.get("objections")
    if table is None:
        return {}
    accepted = table.filter(pl.col("decision") == "accepted").drop_nulls("claimed_value")
    rows = accepted.select("hospital_id", "indicator", "claimed_value").iter_rows()
    return {(hospital, indicator): value * 100 for hospital, indicator, value in rows}


def _given(material: Material, indicator: str) -> dict[str, int]:
    """Values of indicator_values of the year, in 1/1,000,000."""
    table = material.tables.get("indicator_values")
    if table is None:
        return {}
    mine = table.filter((pl.col("year") == material.year) & (pl.col("indicator") == indicator))
    return {
        hospital: value * 100 for hospital, value in mine.select("hospital_id", "value").iter_rows()
    }


def _column(
    sums: Sums,
    hospitals: Sequence[str],
    kinds: Mapping[str, tuple[str, str]],
    past: Sequence[int | None],
    material: Material,
    claims: Mapping[tuple[str, str], int],
) -> list[Scored]:
    """An indicator of all hospitals."""
    rules = sums.rules
    given = _given(material, rules.id)
    counts = {hospital: sums.of(place) for place, hospital in enumerate(hospitals)}
    raw: dict[str, Fraction] = {}
    for hospital in hospitals:
        _, numerator, denominator = counts[hospital]
        found_value = sums.indicator.value(numerator, denominator)
        if found_value is not None:
            raw[hospital] = found_value
        if hospital in given:
            raw[hospital] = Fraction(given[hospital], VALUE)
    is_given = rules.id in GIVEN
    enough = [
        one
        for one in hospitals
        if one in raw and (is_given or rules.method in _NO_N or counts[one][0] >= rules.min_n)
    ]
    groups = {one: peers_of(one, enough, kinds, rules.peers) for one in enough}
    used = {
        one: half_up(
            shrunk(raw[one], counts[one][0], _rate(sums, groups[one][0], counts), rules.shrink)
            * VALUE
        )
        for one in enough
    }
    for one in enough:
        used[one] = claims.get((one, rules.id), used[one])
    found = []
    for place, one in enumerate(hospitals):
        n, numerator, denominator = counts[one]
        missing = sums.cells is None and one not in given
        value = used.get(one)
        if value is None and one in raw:
            value = half_up(raw[one] * VALUE)
        peers, widened = groups.get(one, ([], False))
        values = sorted(used[peer] for peer in peers)
        reason = None
        if one not in used:
            reason = "missing_input" if missing else "few" if one in raw else "no_value"
        found.append(
            Scored(
                hospital=one,
                rules=rules,
                n=n,
                numerator=None if sums.cells is None else numerator,
                denominator=None if sums.cells is None else denominator,
                value=value,
                last_value=past[place],
                p10=half_up(quantile(values, _TENTH)) if values else None,
                median=half_up(quantile(values, Fraction(1, 2))) if values else None,
                p90=half_up(quantile(values, 9 * _TENTH)) if values else None,
                score=score_of(used[one], values, rules) if reason is None else None,
                reason=reason,
                peers=tuple(peers),
                widened=widened,
                claimed=(one, rules.id) in claims and one in used,
            )
        )
    return found


def _rate(sums: Sums, peers: Sequence[str], counts: Mapping[str, tuple[int, int, int]]) -> Fraction:
    """The rate of the peers together: sum of numerators by sum of denominators."""
    numerator = sum(counts[one][1] for one in peers)
    denominator = sum(counts[one][2] for one in peers)
    return sums.indicator.value(numerator, denominator) or Fraction(0)
