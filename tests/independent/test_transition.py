"""A transition from 1.1 to 2.0 computed a second time: neutral factors, migration, hospitals, quality."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from drgpay.grouper.reference import Stay as Asked
from drgpay.grouper.reference import group_stay
from drgpay.grouper.scheme import load_scheme
from drgpay.policy.load import load_policy
from drgpay.policy.points import Points
from drgpay.transition.outcome import Transition, transition
from drgpay.transition.tables import machine_tables
from tests.transition.history import small_history, transition_file

from .files import GroupedRecords
from .recomputation.calibration import Catalogue, calibrate, kept_of
from .recomputation.classes import CasePoints, points_of
from .recomputation.records import Stay
from .recomputation.rounding import half_up

SCHEMES = {"old": "chs-drg-1.1", "new": "chs-drg-2.0"}
WITHOUT_GROUP = ("fee", "bed_day", "ambiguous", "ungrouped")


@dataclass(frozen=True)
class Both:
    """A stay as both schemes group and price it."""

    old: Stay
    new: Stay
    before: CasePoints
    after: CasePoints
    at_cost: bool

    @property
    def counts(self) -> bool:
        """Whether both schemes give it points of a group."""
        return not {self.before.case_class, self.after.case_class} & {*WITHOUT_GROUP}

    def neutral(self, k: dict[str, Decimal]) -> Fraction:
        """Points of the new scheme, times k where they are not on the scale of costs."""
        points = Fraction(self.after.points_before)
        return points if self.at_cost else points * Fraction(k[self.new.account])


@pytest.fixture(scope="module")
def found(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Transition:
    folder = small_history(sample_data, tmp_path_factory.mktemp("again") / "history")
    return transition(transition_file(folder))


@pytest.fixture(scope="module")
def stays(found: Transition) -> list[Both]:
    """The valid stays, grouped by the plain evaluator and priced by the recomputation."""
    folder = found.job.path.parent
    policy = load_policy(folder / "policy.toml").policy
    records = GroupedRecords(folder, SCHEMES["new"], policy)
    valid = {stay.case_id: stay for stay in records.stays("history")}
    sides: dict[str, dict[str, Stay]] = {}
    for side, name in SCHEMES.items():
        scheme = load_scheme(name)
        sides[side] = {}
        for row in pq.read_table(folder / "history").to_pylist():
            if row["case_id"] in valid:
                group = group_stay(scheme, Asked.of(row))
                sides[side][row["case_id"]] = replace(
                    valid[row["case_id"]],
                    status=group.status,
                    drg=group.drg or "",
                    complete=row["complete"] is not False,
                )
    catalogues = {
        side: calibrate(of_side.values(), policy.calibration) for side, of_side in sides.items()
    }
    return [
        Both(
            old,
            new := sides["new"][case],
            points_of(old, catalogues["old"], policy.points),
            after := points_of(new, catalogues["new"], policy.points),
            is_at_cost(after, new, catalogues["new"], policy.points),
        )
        for case, old in sides["old"].items()
    ]


def is_at_cost(case: CasePoints, stay: Stay, catalogue: Catalogue, points: Points) -> bool:
    """Points that no scheme changes: the formulas of 03-points that name no group."""
    if case.case_class in WITHOUT_GROUP:
        return True
    few = points.few_cases_rule == "at_cost"
    measured = case.stability in ("stable", "unstable_cv") and case.base is not None
    return {
        "few_cases": few,
        "incomplete": few and not measured,
        "low": points.low_formula == "at_cost",
        "high": points.high_formula == "at_cost" and points.high_floor == "none",
    }.get(case.case_class, False)


def factors(stays: Iterable[Both]) -> dict[str, Decimal]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for stay in stays:
        if stay.counts:
            sums[stay.new.account][0] += stay.before.points_before
            sums[stay.new.account][1] += stay.after.points_before
    return {
        account: half_up(Fraction(old) / Fraction(new), 6) for account, (old, new) in sums.items()
    }


def test_neutral_factors(found: Transition, stays: list[Both]) -> None:
    table = {row["account"]: row for row in machine_tables(found)["factors"].to_dicts()}
    assert {account: row["k"] for account, row in table.items()} == factors(stays)
    counted = Counter(stay.new.account for stay in stays if stay.counts)
    assert {account: row["cases"] for account, row in table.items()} == counted
    assert all(k != 1 for k in factors(stays).values())


def test_migration(found: Transition, stays: list[Both]) -> None:
    expected: dict[tuple[str, str], dict[str, Any]] = {}
    whole: Counter[str] = Counter()
    k = factors(stays)
    for stay in stays:
        if stay.new.payment_unit != "drg":
            continue
        whole[stay.old.drg] += 1
        row = expected.setdefault(
            (stay.old.drg, stay.new.drg),
            {
                "cases": 0,
                "cost": Decimal(0),
                "old": Decimal(0),
                "new": Decimal(0),
                "k": Fraction(0),
            },
        )
        row["cases"] += 1
        row["cost"] += stay.new.total_cost
        row["old"] += stay.before.points_before
        row["new"] += stay.after.points_before
        row["k"] += stay.neutral(k)
    table = machine_tables(found)["migration"]
    assert table.height == len(expected)
    for row in table.to_dicts():
        wanted = expected[row["from_drg"], row["to_drg"]]
        assert row["cases"] == wanted["cases"]
        assert row["total_cost"] == wanted["cost"]
        assert (row["points_old"], row["points_new"]) == (wanted["old"], wanted["new"])
        assert row["points_neutral"] == half_up(wanted["k"], 4)
        share = Fraction(wanted["cases"], whole[row["from_drg"]])
        assert row["from_share"] == half_up(share, 4)
    assert table["cases"].is_sorted(descending=True)


def test_hospitals(found: Transition, stays: list[Both]) -> None:
    k = factors(stays)
    before: dict[str, Fraction] = defaultdict(Fraction)
    after: dict[str, Fraction] = defaultdict(Fraction)
    bases: dict[str, list[Decimal]] = defaultdict(list)
    for stay in stays:
        before[stay.old.hospital_id] += Fraction(stay.before.points_before)
        after[stay.old.hospital_id] += stay.neutral(k)
        if stay.after.base_points is not None:
            bases[stay.new.hospital_id].append(stay.after.base_points)
    table = machine_tables(found)["hospitals"].to_dicts()
    assert {row["hospital_id"] for row in table} == {*before}
    for row in table:
        old, new = before[row["hospital_id"]], after[row["hospital_id"]]
        assert row["points_old"] == old
        assert row["points_neutral"] == half_up(new, 4)
        assert row["change_rate"] == half_up((new - old) / old, 4)
        mix = bases[row["hospital_id"]]
        assert row["case_mix_new"] == half_up(Fraction(sum(mix)) / len(mix) / 100, 4)
    beyond = {one for one, old in before.items() if abs(after[one] - old) * 100 > 3 * old}
    assert {*found.gate.hospitals["hospital_id"]} == beyond
    assert beyond


def explained(stays: list[Stay]) -> Decimal:
    """R2 = 1 - within / whole sum of squares."""
    groups: dict[str, list[Decimal]] = defaultdict(list)
    for stay in stays:
        groups[stay.drg].append(stay.total_cost)

    def squares(costs: list[Decimal]) -> Fraction:
        mean = Fraction(sum(costs)) / len(costs)
        return sum(((Fraction(cost) - mean) ** 2 for cost in costs), Fraction(0))

    within = sum((squares(costs) for costs in groups.values()), Fraction(0))
    return half_up(1 - within / squares([stay.total_cost for stay in stays]), 4)


@pytest.mark.parametrize("side", SCHEMES)
def test_quality(found: Transition, stays: list[Both], side: str) -> None:
    policy = found.rules.policy
    of_side: list[Stay] = [getattr(stay, side) for stay in stays]
    by_drg = [stay for stay in of_side if stay.payment_unit == "drg"]
    rows = {
        row["year"]: row
        for row in machine_tables(found)["quality"].to_dicts()
        if row["side"] == side
    }
    eligible: dict[str, list[Stay]] = defaultdict(list)
    for stay in by_drg:
        if (
            stay.status == "grouped"
            and stay.complete
            and stay.length_of_stay <= policy.calibration.max_los_days
            and stay.total_cost >= policy.calibration.min_cost_yuan
        ):
            eligible[stay.drg].append(stay)
    kept = [stay for group in eligible.values() for stay in kept_of(group, policy.calibration)]
    years = {str(stay.discharge_date.year) for stay in by_drg}
    assert rows.keys() == {*years, "all"}
    assert len(years) > 1
    for year, row in rows.items():
        among = [s for s in by_drg if year == "all" or str(s.discharge_date.year) == year]
        grouped = [stay for stay in among if stay.status == "grouped"]
        ambiguous = [stay for stay in among if stay.status == "ambiguous"]
        assert (row["cases"], row["grouped"]) == (len(among), len(grouped))
        assert row["ambiguous"] == len(ambiguous)
        assert row["grouped_rate"] == half_up(Fraction(len(grouped), len(among)), 4)
        assert row["explained"] == explained(grouped)
        within = [s for s in kept if year == "all" or str(s.discharge_date.year) == year]
        assert row["explained_trimmed"] == explained(within)
