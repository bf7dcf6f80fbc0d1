"""Months that know each other, by the recomputation alone: together they are one run over all stays.

03a, "Test": the points and the deducted points of months, summed by line, are those of one run over
all stays, whatever the order of settlement; after corrections; and so are those of clearings.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from drgpay.policy.load import load_policy

from .policies import changed
from .random_months import Plan, Planned, catalogue, history, random_plan
from .random_runs import BASE
from .recomputation.earlier import (
    CASE,
    RETURN,
    By,
    Change,
    EarlierRow,
    Run,
    brought,
    earlier_minus,
    make_run,
)
from .recomputation.earned_cases import cases_of, minus_of, taken_of
from .recomputation.records import Filed, Stay, Violation
from .recomputation.rounding import half_up
from .recomputation.settlement import LineKey, Taking, lines_of, pools_of

NUMBERS = range(int(os.environ.get("DRGPAY_RANDOM_REGIONS", "210")))
SEEN: Counter[str] = Counter()
NOTED: set[int] = set()
"""The plans that this process has noted: processes of the tests share them out."""
WANTED = (
    *("readmission_earlier", "deduction_earlier", "given back", "rows that cancel"),
    *("withdrawn", "other line", "split stay", "tcm", "clearing row", "fewer"),
    *("corrected", "across years", "repeated", "settled later, reduced at the case"),
    "minus of a stay paid item by item",
)
Sums = dict[LineKey, tuple[Decimal, Decimal]]


@pytest.mark.parametrize("number", NUMBERS)
def test_months_are_one_run_over_all_stays(number: int) -> None:
    plan = random_plan(number)
    runs = runs_of(plan)
    note(plan, runs)
    NOTED.add(number)
    if plan.layout == "fewer named":
        return
    if plan.layout in ("cleared", "two years"):
        check_sum(plan, runs, [plan.cleared[year] for year in sorted(plan.cleared)])
    standing = [name for month, name in plan.standing.items() if month[0] not in plan.cleared]
    cleared = [name for year, name in plan.cleared.items() if year < max(plan.standing)[0]]
    if standing and len(plan.cleared) < 2:
        check_sum(plan, runs, [*cleared, *standing])


def test_the_plans_have_everything() -> None:
    """After the others: what never occurs was not compared. Plans of other processes are noted here."""
    if len(NUMBERS) < 210:
        pytest.skip("too few plans were drawn")
    for number in sorted({*NUMBERS} - NOTED):
        plan = random_plan(number)
        note(plan, runs_of(plan))
    assert not [what for what in WANTED if SEEN[what] < (2 if what == "other line" else 10)], SEEN


def runs_of(plan: Plan) -> dict[str, Run]:
    """Every run, made when its turn comes."""
    made: dict[str, Run] = {}
    for planned in plan.runs:
        named = [made[name] for name in planned.previous]
        made[planned.name] = make_run(planned.stays, plan.by(planned), planned.filed, named)
    return made


def check_sum(plan: Plan, runs: dict[str, Run], names: list[str]) -> None:
    """These runs together against one over all of their stays with all of their filings."""
    planned = [plan.by_name[name] for name in names]
    stays = [stay for one in planned for stay in one.stays]
    known = {stay.case_id for stay in stays}
    filed = Filed(
        tuple(row for one in planned for row in one.filed.reviews),
        tuple(row for row in brought(one.filed for one in planned) if row.case_id in known),
        tuple(row for one in planned for row in one.filed.technologies),
    )
    by = runs[names[-1]].by
    whole = sums_of([make_run(stays, by, filed)])
    parts = sums_of(runs[name] for name in names)
    assert parts == whole, {
        key: (parts.get(key), whole.get(key))
        for key in {*parts, *whole}
        if parts.get(key) != whole.get(key)
    }


def sums_of(runs: Iterable[Run]) -> Sums:
    """By line the points and the deducted points; zeros left out, and lines that are paid without."""
    sums: Sums = {}
    for run in runs:
        policy, stays = run.by.policy, [*run.stays]
        cases = cases_of(stays, run.earned)
        minus = [*minus_of(run.earned), *earlier_minus(run.rows)]
        account_of = {case.case_id: case.account for case in cases}
        taking = Taking(minus, taken_of(run.earned, policy), {})
        for pool, accounts in pools_of(policy).items():
            mine = [case for case in cases if case.account in accounts]
            rows = [
                row
                for row in minus
                if (row.earlier[1] if row.earlier else account_of[row.case_id]) in accounts
            ]
            for key, line in lines_of(pool, mine, rows, taking, policy.settlement).items():
                points, deducted = sums.get(key, (Decimal(0), Decimal(0)))
                sums[key] = (points + line.points, deducted + line.deducted_points)
    return {key: both for key, both in sums.items() if any(both) and key[3] == "points"}


def note(plan: Plan, runs: dict[str, Run]) -> None:
    """What occurs."""
    listed: set[tuple[str, str]] = set()
    for planned in plan.runs:
        run = runs[planned.name]
        SEEN["corrected"] += planned.corrects is not None
        SEEN["fewer"] += plan.layout == "fewer named" and bool(run.rows)
        of_run = {(row.case_id, row.kind) for row in planned.filed.violations}
        SEEN["repeated"] += len(of_run & listed)
        listed |= of_run
        own = {stay.case_id for stay in planned.stays}
        SEEN["settled later, reduced at the case"] += sum(
            later.case_id not in own for later in run.returned.values()
        )
        named = {
            stay.case_id: (runs[name], stay)
            for name in planned.previous
            for stay in runs[name].stays
        }
        _note_rows(planned, run, named)


def _note_rows(planned: Planned, run: Run, named: Mapping[str, tuple[Run, Stay]]) -> None:
    split = {row.case_id for row in run.violations if row.kind == "split_stay"}
    tcm = run.by.policy.points.tcm
    by_case: dict[str, list[EarlierRow]] = {}
    for row in run.rows:
        SEEN[row.kind] += 1
        SEEN["clearing row"] += planned.clears
        SEEN["given back"] += row.points > 0 and row.part == RETURN
        SEEN["across years"] += row.month[0] != planned.months[-1][0]
        SEEN["split stay"] += row.by is not None and row.by.case_id in split and row.points > 0
        SEEN["withdrawn"] += row.case_id not in named
        if tcm and row.part == RETURN and row.case_id in named:
            SEEN["tcm"] += named[row.case_id][1].drg in tcm.groups
        by_case.setdefault(row.case_id, []).append(row)
    for case_id, rows in by_case.items():
        SEEN["rows that cancel"] += len(rows) == 2 and not rows[0].points + rows[1].points
        SEEN["other line"] += len({row.key[2:] for row in rows}) > 1
        parts = {row.part for row in rows}
        if case_id in named and case_id in named[case_id][0].by_item:
            SEEN["minus of a stay paid item by item"] += bool(parts - {RETURN, CASE})


# ----------------------------------------------------------------------------- a changed catalogue


def course(drg: str, *days: int) -> list[Stay]:
    """Stays of a day of one person, so many days after the 20th of December."""
    first = next(stay for stay in history() if stay.drg == drg and stay.hospital_id == "H2")
    found = []
    for place, after in enumerate(days):
        day = date(2026, 12, 20) + timedelta(days=after)
        stay = replace(first, case_id=f"C{place}", person_id="N", admission_date=day)
        found.append(replace(stay, discharge_date=day, settlement_date=day))
    return found


def scaled(scale: str, scheme: str = "") -> By:
    """By the illustrative policy, its points on a scale."""
    policy = changed(load_policy(BASE).policy, {"points.readmission.days": 15})
    return By(catalogue(), policy, (), scheme, scale)


def test_points_of_another_scale_d6() -> None:
    """k 1.020408; 50 points of 2026 are 49.0000 points of 2027, once."""
    stays = course("AA11", 0, 13, 14)
    old = make_run(stays[:1], scaled("2026"), Filed())
    whole = old.earned.points["C0"]
    change = Change(k={("2026", "employee"): Fraction("1.020408")})
    january = make_run(stays[1:2], scaled("2027"), Filed(), [old], change)
    half = half_up(Fraction(whole) / 2, 4)
    (row,) = january.rows
    assert (row.case_id, row.evidence) == ("C0", ("C1",))
    assert row.points == -half_up(Fraction(whole - half) / Fraction("1.020408"), 4)
    assert half_up(Fraction(50) / Fraction("1.020408"), 4) == Decimal("49.0000")
    february = make_run(stays[2:], scaled("2027"), Filed(), [old, january], change)
    assert [row.case_id for row in february.rows] == ["C1"]
    phased_in = make_run(stays[1:2], scaled("2026"), Filed(), [old])
    assert [row.points for row in phased_in.rows] == [half - whole]
    split = Filed(violations=(Violation("C1", "split_stay", serious=False),))
    later = make_run(stays[2:], scaled("2027"), split, [old, phased_in], change)
    assert [row.points for row in later.rows if row.case_id == "C0"] == [
        half_up(Fraction(whole - half) / Fraction("1.020408"), 4)
    ]


def test_two_schemes_are_compared_by_the_earlier_one() -> None:
    """The return is of another group by the new scheme, of the same by that of the earlier stay."""
    stays = course("AA11", 0, 13)
    back = [replace(stays[1], drg="XX11")]
    old = make_run(stays[:1], scaled("", "2.0"), Filed())
    for drg, taken in (("AA11", 1), ("BB11", 0)):
        change = Change(drgs={("2.0", "C1"): drg})
        assert len(make_run(back, scaled("", "3.0"), Filed(), [old], change).rows) == taken
    exempt = replace(old, by=replace(old.by, exempt=("AA11",)))
    change = Change(drgs={("2.0", "C1"): "AA11"})
    assert not make_run(back, scaled("", "3.0"), Filed(), [exempt], change).rows
