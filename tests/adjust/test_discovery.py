"""Drivers are found over all groups, chance is not, and naming a group changes only the count."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from drgpay.adjust import discovery
from drgpay.adjust.discovery import q_values
from drgpay.adjust.features import Feature, GroupFeatures, Pairs
from drgpay.adjust.propose import Choices, propose
from drgpay.adjust.proposed import PROPOSAL_SCHEMA, proposed
from drgpay.adjust.stays import GroupedStays, Numbers, Rows, read_stays
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.records.dataset import open_dataset

CHOICES = Choices(min_cases=40, merge_below=0)
F = 45.0


@pytest.fixture(scope="module")
def region(sample_data: Path) -> tuple[GroupedStays, CompiledScheme]:
    """Two years of the sample region."""
    compiled = load_compiled("chs-drg-2.0")
    return read_stays(open_dataset(sample_data / "history"), compiled), compiled


def _normal(stays: GroupedStays, seed: int) -> Numbers:
    return np.random.default_rng(seed).normal(8.5, 0.6, len(stays))


def _with_costs(stays: GroupedStays, log_cost: Numbers) -> GroupedStays:
    return replace(stays, fen=np.round(np.exp(log_cost) * 100).astype(stays.fen.dtype))


def _planted(y: Numbers, yes: Rows) -> Numbers:
    """Costs of a group of which one question explains exactly what F of 45 says."""
    asked = np.zeros(len(y))
    asked[yes] = 1
    inside = y - np.where(asked == 1, y[asked == 1].mean(), y[asked == 0].mean())
    squares = float((inside**2).sum()) * F / (len(y) - 2)
    wave = asked - asked.mean()
    return y.mean() + inside + wave * (squares / float((wave**2).sum())) ** 0.5


def _groups_of_hundreds(stays: GroupedStays) -> list[tuple[str, Rows, Rows]]:
    """Groups of several hundred stays, and who of them is female."""
    found = []
    for drg, rows in sorted(stays.rows_of_groups().items()):
        yes = np.flatnonzero(stays.numbers["sex"][rows] == 2)
        if 250 <= len(rows) <= 700 and 0.3 * len(rows) < len(yes) < 0.7 * len(rows):
            found.append((drg, rows, yes))
    return found


@pytest.mark.parametrize("seed", range(1, 4))
def test_two_drivers_are_found_over_all_groups(
    region: tuple[GroupedStays, CompiledScheme], seed: int
) -> None:
    stays, compiled = region
    y = _normal(stays, seed)
    chosen = _groups_of_hundreds(stays)[seed : seed + 2]
    assert len(chosen) == 2
    for _, rows, yes in chosen:
        y[rows] = _planted(y[rows], yes)
    costs = _with_costs(stays, y)
    found = propose(costs, compiled.scheme, CHOICES)
    assert found.tested_groups > 50 and found.tests > 5 * found.tested_groups
    named = {drg for drg, _, _ in chosen}
    assert {one.drg for one in found.splits} == named
    for split in found.splits:
        assert split.tested.f == pytest.approx(F, rel=0.01)
        assert "sex" in {feature.kind for feature in split.features}
        # Named alone, the group has the same test; its q is that of one group.
        alone = propose(costs, compiled.scheme, replace(CHOICES, drgs=(split.drg,)))
        [same] = alone.splits
        assert (same.tested, same.parts, same.gain_group_cv) == (
            split.tested,
            split.parts,
            split.gain_group_cv,
        )
        assert (alone.tested_groups, alone.tests) == (1, split.tested.questions)
        assert same.q == same.tested.p
    # What the table keeps.
    table = proposed(found, costs, compiled.scheme, "en").table.filter(kind="split")
    assert list(table.columns) == list(PROPOSAL_SCHEMA)
    assert table["tests"].unique().to_list() == [found.tests]
    assert table["tested_groups"].unique().to_list() == [found.tested_groups]
    assert 0 < table["q"].max() < 1e-4  # type: ignore[operator]


@pytest.mark.slow
def test_without_a_driver_few_regions_have_a_group_beyond_chance(
    region: tuple[GroupedStays, CompiledScheme],
) -> None:
    """Of 12 regions a level of 5 % lets one have one; four or more have a chance of 2 in 1,000."""
    stays, compiled = region
    found = [
        propose(_with_costs(stays, _normal(stays, 100 + seed)), compiled.scheme, CHOICES)
        for seed in range(12)
    ]
    assert sum(one.beyond_chance > 0 for one in found) <= 3
    assert sum(len(one.splits) for one in found) <= 1


def test_the_share_of_false_ones_stays_at_its_level() -> None:
    """Of many groups 30 have a driver; over 200 regions the false ones are a small share."""
    rng = np.random.default_rng(5)
    shares, missed = [], []
    for _ in range(200):
        chances = rng.random(600)
        chances[:30] = 10.0 ** -rng.uniform(3, 9, 30)
        taken = np.flatnonzero(np.array(q_values(list(chances))) <= 0.05)
        shares.append((taken >= 30).sum() / max(len(taken), 1))
        missed.append(30 - (taken < 30).sum())
    assert np.mean(shares) <= 0.05
    assert np.mean(missed) < 5


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    chances = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.74 / 7, 0.216, 0.216, 0.216]
    assert q_values(chances) == pytest.approx(expected)
    assert q_values(chances[::-1]) == pytest.approx(expected[::-1])
    assert q_values([0.5]) == [0.5] and q_values([]) == []


def test_a_question_is_tested_by_its_f() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=300)
    yes = np.flatnonzero(rng.random(300) < 0.4)
    age = rng.integers(1, 90, 300).astype(np.float32)
    features = GroupFeatures(
        [],
        np.empty((300, 0), dtype=np.float32),
        Pairs([Feature("sex", "2")], yes, np.zeros(len(yes), dtype=np.int64)),
    )
    found = discovery.tested(features, y, 20)
    others = np.setdiff1d(np.arange(300), yes)
    f, p = scipy_stats.f_oneway(y[yes], y[others])
    assert found is not None
    assert found.questions == 1
    assert [found.f, found.p] == pytest.approx([f, p])
    with_age = replace(features, numeric_features=[Feature("age")], numeric=age[:, None])
    more = discovery.tested(with_age, y + 0.9 * (age >= 45), 20)
    assert more is not None and more.questions == 8 and more.f > 30
    assert discovery.tested(features, y, 200) is None
    assert discovery.tested(features, np.ones(300), 20) is None
