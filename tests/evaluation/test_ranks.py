"""Ranks among peers: blocks, streams of hospitals, intervals, and the scores of draws."""

import random
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from drgpay.evaluation.file import EvaluationFile, IndicatorFile
from drgpay.evaluation.material import block_of
from drgpay.evaluation.ranks import _counts, _scores, ranks
from drgpay.evaluation.reading import year_before
from drgpay.evaluation.score import score_of
from drgpay.evaluation.scorecard import Scorecard, scorecard
from tests.evaluation.stays import material


def file(*indicators: dict[str, Any], **said: Any) -> EvaluationFile:
    """A file of indicators alone."""
    return EvaluationFile.model_validate(
        {
            "name": "x",
            "year": "2026",
            "hospitals": "h.csv",
            "months": [{"run": "r", "stays": "s"}],
            "indicators": indicators,
            **said,
        }
    )


def card(spread: int, hospitals: int = 6, stays: int = 80) -> Scorecard:
    """Hospitals of one kind whose costs rise by their number, with noise."""
    draw = random.Random(5)
    rows = [
        {
            "hospital_id": f"H{hospital}",
            "patient_fen": 100_000 + spread * hospital + draw.randint(0, 50_000),
        }
        for hospital in range(hospitals)
        for _ in range(stays)
    ]
    found = material(rows)
    rules = {"id": "burden", "weight": 100, "method": "percentile"}
    return scorecard(found, file(rules), year_before(found))


def test_a_block_is_the_first_8_bytes_of_the_hash() -> None:
    assert block_of("S1") == int(sha256(b"S1").hexdigest()[:16], 16) % 200


def test_a_draw_takes_200_blocks_from_the_stream_of_the_hospital() -> None:
    counts = _counts(1, "H1", 30)
    assert counts.shape == (30, 200)
    assert (counts.sum(axis=1) == 200).all()
    assert (counts == _counts(1, "H1", 30)).all()
    assert (counts != _counts(2, "H1", 30)).any()
    assert (counts != _counts(1, "H2", 30)).any()


def test_clear_differences_give_narrow_intervals_and_noise_gives_wide_ones() -> None:
    clear = ranks(card(100_000), 100, 1)
    assert [clear[f"H{place}"].rank for place in range(6)] == [1, 2, 3, 4, 5, 6]
    assert all(one.low == one.high == (one.rank or 0) * 10_000 for one in clear.values())
    noise = ranks(card(0), 100, 1)
    assert any((one.high or 0) - (one.low or 0) >= 20_000 for one in noise.values())


def test_ranks_depend_on_the_seed_alone() -> None:
    noise = card(0)
    first, again, other = (ranks(noise, 100, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert {one: rank.rank for one, rank in first.items()} == {
        one: rank.rank for one, rank in other.items()
    }


def test_equal_totals_share_the_better_rank() -> None:
    rows = [{"hospital_id": f"H{hospital}"} for hospital in range(5) for _ in range(40)]
    found = material(rows)
    of = scorecard(
        found, file({"id": "burden", "weight": 100, "method": "percentile"}), year_before(found)
    )
    assert set(of.totals.values()) == {75_00}  # P10 = P90
    assert {one.rank for one in ranks(of, 20, 1).values()} == {1}


def test_the_order_of_stays_and_hospitals_changes_nothing() -> None:
    rows = [
        {
            "case_id": f"C{number}",
            "hospital_id": f"H{number % 6}",
            "patient_fen": number * 37 % 1000,
        }
        for number in range(600)
    ]
    rules = file({"id": "burden", "weight": 100, "method": "percentile", "shrink": 50})
    results = []
    for order in (rows, rows[::-1]):
        found = material(order)
        of = scorecard(found, rules, year_before(found))
        results.append((of.totals, ranks(of, 40, 9)))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "rules",
    [
        {"method": "percentile"},
        {"method": "percentile", "direction": "up"},
        {"method": "linear", "lo": "0.1", "hi": "0.7"},
        {"method": "band", "a": "0.2", "b": "0.4", "d": "0.3"},
        {
            "method": "step",
            "steps": [{"least": "0.5", "score": 100}, {"least": "0.2", "score": 60}],
        },
        {"method": "deduct", "per": 12},
        {"method": "given"},
    ],
)
def test_draws_are_scored_as_hospitals_are(rules: dict[str, Any]) -> None:
    one = IndicatorFile.model_validate({"id": "burden", "weight": 100, **rules})
    draw = random.Random(3)
    for _ in range(40):
        values = [draw.randint(0, 1_000_000) for _ in range(draw.randint(1, 9))]
        exact = [score_of(value, sorted(values), one) / 100 for value in values]
        drawn = _scores(np.array([values]) / 1e6, list(range(len(values))), one)[0]
        assert np.allclose(drawn, exact, atol=0.0101)


def test_small_hospitals_are_not_scored_and_their_weight_goes_to_the_others() -> None:
    rows = [{"hospital_id": "H1"}] * 29 + [{"hospital_id": f"H{n}"} for n in range(2, 8)] * 30
    found = material(rows)
    of = scorecard(
        found, file({"id": "burden", "weight": 100, "method": "percentile"}), year_before(found)
    )
    assert (of.scored["H1"][0].reason, of.totals["H1"]) == ("few", None)
    assert ranks(of, 20, 1)["H1"].rank is None
    assert "H1" not in of.scored["H2"][0].peers


def test_fewer_than_5_of_a_kind_are_compared_with_all() -> None:
    kinds = {f"H{n}": ("3A" if n < 3 else "2A", "general") for n in range(9)}
    rows = [{"hospital_id": f"H{n}", "patient_fen": 1000 * n} for n in range(9)] * 30
    found = material(rows, kinds=kinds)
    of = scorecard(
        found, file({"id": "burden", "weight": 100, "method": "percentile"}), year_before(found)
    )
    assert (len(of.scored["H0"][0].peers), of.scored["H0"][0].widened) == (9, True)
    assert (len(of.scored["H5"][0].peers), of.scored["H5"][0].widened) == (6, False)


def test_the_value_of_the_year_before_stands_beside() -> None:
    rows = [{"hospital_id": f"H{n}"} for n in range(5)] * 30
    before = [{"hospital_id": "H1", "patient_fen": 250_000}] * 3
    found = material(rows, before=before)
    of = scorecard(
        found, file({"id": "burden", "weight": 100, "method": "percentile"}), year_before(found)
    )
    assert of.scored["H1"][0].last_value == 250_000
    assert of.scored["H2"][0].last_value is None


def test_random_regions_recomputed_with_fractions() -> None:
    """Values, shrinking, quantiles, scores and totals by other means, on 60 regions."""
    for seed in range(60):
        draw = random.Random(seed)
        hospitals = [f"H{n}" for n in range(draw.randint(5, 9))]
        rows: list[dict[str, Any]] = [
            {
                "hospital_id": hospital,
                "patient_fen": draw.randint(0, 500_000),
                "total_fen": draw.randint(500_000, 2_000_000),
                "base_points": draw.randint(100_000, 3_000_000),
            }
            for hospital in hospitals
            for _ in range(draw.randint(30, 60))
        ]
        k = draw.choice([0, 50])
        weight = draw.randint(1, 99)
        found = material(rows)
        of = scorecard(
            found,
            file(
                {"id": "burden", "weight": weight, "method": "percentile", "shrink": k},
                {"id": "cmi", "weight": 100 - weight, "method": "percentile"},
            ),
            year_before(found),
        )
        shares, mixes = {}, {}
        whole = Fraction(sum(r["patient_fen"] for r in rows), sum(r["total_fen"] for r in rows))
        for one in hospitals:
            mine = [row for row in rows if row["hospital_id"] == one]
            n = len(mine)
            share = Fraction(sum(r["patient_fen"] for r in mine), sum(r["total_fen"] for r in mine))
            shares[one] = _places((n * share + k * whole) / (n + k) if k else share, 6)
            mixes[one] = _places(Fraction(sum(r["base_points"] for r in mine), 1_000_000 * n), 6)
        for one in hospitals:
            first = 150 - _percentile(shares[one], list(shares.values()))
            second = _percentile(mixes[one], list(mixes.values()))
            total = (weight * _places(first, 2) + (100 - weight) * _places(second, 2)) / 100
            assert Decimal(of.totals[one] or 0) == _places(total, 2) * 100, (seed, one)


def _places(value: Fraction, places: int) -> Fraction:
    return Fraction(int(value * 10**places + Fraction(1, 2)), 10**places)


def _percentile(x: Fraction, values: list[Fraction]) -> Fraction:
    ordered = sorted(values)

    def at(share: Fraction) -> Fraction:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    low, high = at(Fraction(1, 10)), at(Fraction(9, 10))
    return min(max(50 + 50 * (x - low) / (high - low), Fraction(50)), Fraction(100))
