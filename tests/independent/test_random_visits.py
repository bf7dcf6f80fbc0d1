"""Visits of random regions from their raw lines on: refunds, entries, points, money, contractors.

By default 40 regions; the environment variable DRGPAY_RANDOM_REGIONS asks for more of them.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import polars as pl
import pytest

import drgpay
from drgpay.api.visits import SettledVisits
from drgpay.grouper.apg import CompiledApg, load_apg
from tests.spread import spread

from .comparing import compare
from .random_runs import month_budgets
from .random_visits import (
    ENROLLED,
    HOSPITALS,
    ITEMS,
    PACKAGED,
    PERIOD,
    PHARMACIES,
    RandomVisits,
    catalogue_of,
    random_visits,
    write_scheme,
)
from .recomputation.rounding import half_up, mean
from .recomputation.settlement import Case, Settled, settle
from .recomputation.visits import (
    Charge,
    Entry,
    Group,
    Left,
    PlainVisit,
    entries_of,
    left_of,
    points_of,
    unit_costs,
)

REGIONS = int(os.environ.get("DRGPAY_RANDOM_REGIONS", "40"))
PROVIDERS = pl.DataFrame(
    [
        (name, name, level, "pharmacy" if name in PHARMACIES else "general")
        for name, level in HOSPITALS.items()
    ],
    schema=["hospital_id", "name", "level", "kind"],
    orient="row",
)
ENROLMENT = pl.DataFrame(
    [(contractor, account, 30) for contractor, account in ENROLLED],
    schema=["contractor_id", "account", "heads"],
    orient="row",
)


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> CompiledApg:
    return load_apg(str(write_scheme(tmp_path_factory.mktemp("schemes") / "random-apg")))


@dataclass(frozen=True)
class Recomputed:
    """A region with what its visits come to; valid: its visits that are not refused."""

    region: RandomVisits
    left: dict[str, Left]
    valid: dict[str, PlainVisit]
    entries: dict[str, list[Entry]]
    points: dict[str, Decimal]
    settled: Settled


@cache
def recomputed(number: int) -> Recomputed:
    """The region of a number."""
    region = random_visits(number)
    policy = region.policy.for_outpatient()
    rules = policy.outpatient
    assert rules
    left = {visit.visit_id: left_of(visit.charges) for visit in region.visits}
    valid = {visit.visit_id: visit for visit in region.visits if visit.total_cost >= 0}
    entries = {
        name: entries_of(visit, group_of, PACKAGED, region.prices, rules)
        for name, visit in sorted(valid.items())
    }
    points = {name: points_of(valid[name], entries[name], region.prices) for name in valid}
    item = {row.visit_type for row in rules.visit_types if row.payment == "item_by_item"}
    cases = [
        Case(
            case_id=name,
            case_class="fee" if valid[name].visit_type in item else "normal",
            points=points[name],
            **{key: region.rows[name][key] for key in _OF_CASE},
        )
        for name in valid
    ]
    settled = settle(cases, [], policy, month_budgets(policy, 10))
    return Recomputed(region, left, valid, entries, points, settled)


_OF_CASE = (
    *("hospital_id", "account", "out_of_area"),
    *("total_cost", "fund_cost", "patient_cost", "other_cost"),
)


def group_of(line: Charge) -> Group:
    return ITEMS[line.item_code, line.item_kind]


def drgpay_settles(region: RandomVisits, scheme: CompiledApg) -> SettledVisits:
    return drgpay.settle_visits(
        region.visits_frame,
        region.items_frame,
        scheme,
        region.policy,
        catalogue_of(region.prices, scheme.id, scheme.scheme.content_hash),
        PROVIDERS,
        PERIOD,
        enrolment=ENROLMENT,
    )


@pytest.mark.parametrize("number", spread(range(REGIONS), 8))
def test_every_number_of_a_random_region(scheme: CompiledApg, number: int) -> None:
    expected = recomputed(number)
    found = drgpay_settles(expected.region, scheme)
    _compare_records(found, expected)
    _compare_entries(found, expected)
    _compare_money(found, expected)
    _compare_contractors(found, expected)


def _compare_records(found: SettledVisits, expected: Recomputed) -> None:
    region, valid = expected.region, expected.valid
    refused = sorted(visit.visit_id for visit in region.visits if visit.visit_id not in valid)
    assert found.quarantine["visit_id"].sort().to_list() == refused
    below = {name: len(left.refused) for name, left in expected.left.items() if left.refused}
    codes = found.line_quarantine.group_by("visit_id", "code").len().rows()
    by_code: dict[str, dict[str, int]] = defaultdict(dict)
    for name, code, lines in codes:
        by_code[code][name] = lines
    assert by_code.pop("cost_negative", {}) == below
    others = {
        name: len(visit.charges) - below.get(name, 0)
        for name, visit in ((visit.visit_id, visit) for visit in region.visits)
        if name in refused and len(visit.charges) > below.get(name, 0)
    }
    assert by_code.pop("visit_refused", {}) == others
    assert not by_code
    unequal = {
        name
        for name, visit in valid.items()
        for stays, wanted in [expected.left[name].compared(visit.total_cost)]
        if abs(stays - wanted) > Decimal("0.01")
    }
    warned = found.warnings.filter(pl.col("code") == "lines_differ_from_cost")
    assert set(warned["visit_id"]) == unequal


def _compare_entries(found: SettledVisits, expected: Recomputed) -> None:
    rows = found.entries.drop("coefficient").rows()
    wanted = [
        (
            name,
            expected.region.rows[name]["hospital_id"],
            expected.region.rows[name]["account"],
            *vars(entry.group).values(),
            len(entry.lines),
            entry.own,
            entry.base,
            entry.factor,
            entry.cost,
            entry.reason,
        )
        for name, entries in expected.entries.items()
        for entry in entries
    ]
    assert rows == wanted
    for row in found.entries.iter_rows(named=True):
        level = expected.valid[row["visit_id"]].level
        own = expected.region.prices.coefficient(row["apg"], level)
        assert row["coefficient"] == (1 if row["reason"] == "at_cost" else own)
    assert dict(found.visits.select("visit_id", "points").iter_rows()) == expected.points
    counts = {name: len(entries) for name, entries in expected.entries.items()}
    assert dict(found.visits.select("visit_id", "entries").iter_rows()) == counts


def _compare_money(found: SettledVisits, expected: Recomputed) -> None:
    settled = expected.settled
    for row in found.values.iter_rows(named=True):
        value = settled.values[row["pool"]]
        for name in ("budget", "points", "point_value", "fund_amount", "remainder"):
            assert row[name] == getattr(value, name), (row["pool"], name)
    names = ("cases", "points", "standard_amount", "fund_amount", "total_cost", "fund_cost")
    compare(
        found.statements.iter_rows(named=True),
        {key: {n: getattr(line, n) for n in names} for key, line in settled.lines.items()},
        ("hospital_id", "account", "out_of_area", "payment"),
    )
    compare(
        found.visits.iter_rows(named=True),
        {
            (name,): {"standard_amount": case.standard_amount, "fund_amount": case.fund_amount}
            for name, case in settled.cases.items()
        },
        ("visit_id",),
    )


def _compare_contractors(found: SettledVisits, expected: Recomputed) -> None:
    """Who is charged with what; a contractor that the enrolment does not name keeps its id."""
    assert found.capitation is not None
    charged: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    apart: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for name in expected.valid:
        row, fund = expected.region.rows[name], expected.settled.cases[name].fund_amount
        contractor, account = row["contractor_id"], row["account"]
        if row["out_of_area"]:
            apart["out_of_area", contractor, account] += fund
        elif contractor is None:
            apart["no_contract", None, account] += fund
        elif (contractor, account) not in ENROLLED:
            apart["not_enrolled", contractor, account] += fund
        else:
            charged[contractor, account] += fund
    accounts = found.capitation.accounts.select("contractor_id", "account", "charged").rows()
    assert {row[:2]: row[2] for row in accounts} == {key: charged[key] for key in ENROLLED}
    rows = found.capitation.apart.select("reason", "contractor_id", "account", "fund_amount").rows()
    assert {row[:3]: row[3] for row in rows} == dict(apart)


@pytest.mark.parametrize("number", spread(range(REGIONS), 8))
def test_the_catalogue_of_a_random_region(scheme: CompiledApg, number: int) -> None:
    region = recomputed(number).region
    outpatient = region.policy.for_outpatient().outpatient
    assert outpatient
    for prices in (None, region.prices):
        costs = defaultdict(list)
        everything = []
        for name, visit in recomputed(number).valid.items():
            entries = entries_of(visit, group_of, PACKAGED, prices, outpatient)
            found = unit_costs(visit, entries, prices, outpatient)
            if found is not None:
                left = recomputed(number).left[name].lines
                everything.append(sum((line.amount for line in left), Decimal(0)))
                for apg, cost in found:
                    costs[apg].append(cost)
        previous = catalogue_of(prices, scheme.id, scheme.scheme.content_hash) if prices else None
        made = drgpay.calibrate_visits(
            region.visits_frame,
            region.items_frame,
            scheme,
            region.policy,
            PROVIDERS,
            previous=previous,
        )
        over_all = mean(everything)
        assert made.all_mean_fen == over_all * 100
        assert dict(made.groups.select("drg", "cases").iter_rows()) == {
            apg: len(own) for apg, own in costs.items()
        }
        base = {
            apg: int(half_up(Fraction(half_up(mean(own), 2)) / over_all * 100, 4) * 10_000)
            for apg, own in costs.items()
        }
        assert dict(made.groups.select("drg", "base_points").iter_rows()) == base


WANTED: dict[str, Callable[[Recomputed], int]] = {
    "refused items": lambda r: sum(bool(left.refused) for left in r.left.values()),
    "refused visits": lambda r: len(r.region.visits) - len(r.valid),
    "visits without entry": lambda r: sum(not entries for entries in r.entries.values()),
    "procedures at cost": lambda r: _count(r, lambda e: e.reason == "at_cost", "PROC"),
    "drugs at cost": lambda r: _count(r, lambda e: e.reason == "at_cost", "DRUG"),
    "a part of what is packaged": lambda r: _count(
        r, lambda e: e.cost is not None and e.cost > e.own
    ),
    "lowered lines": lambda r: sum(
        _lowered(visit, r.left[name]) for name, visit in r.valid.items()
    ),
    "zero lines": lambda r: sum(not line.amount for v in r.valid.values() for line in v.charges),
    "prescriptions": lambda r: sum(
        visit.pharmacy and not any(e.group.group_class == "MED" for e in r.entries[name])
        for name, visit in r.valid.items()
    ),
    "pharmacies like others": lambda r: sum(
        visit.pharmacy and any(e.group.group_class == "MED" for e in r.entries[name])
        for name, visit in r.valid.items()
    ),
    **{
        reason: lambda r, reason=reason: _count(r, lambda e: e.reason == reason)  # type: ignore[misc]
        for reason in (
            *("discounted", "repeat_discounted", "consolidated", "not_in_catalogue"),
            *("packaged_incidental", "packaged_medical", "packaged_list", "item_by_item"),
        )
    },
}


def _count(found: Recomputed, fits: Callable[[Entry], bool], group_class: str = "") -> int:
    return sum(
        fits(entry) and group_class in ("", entry.group.group_class)
        for entries in found.entries.values()
        for entry in entries
    )


def _lowered(visit: PlainVisit, left: Left) -> int:
    charged = Counter((line.item_code, line.item_kind, line.amount) for line in visit.charges)
    return sum((line.item_code, line.item_kind, line.amount) not in charged for line in left.lines)


@pytest.mark.slow
def test_the_regions_have_everything() -> None:
    """The comparison above is blind to what never occurs: count it over all regions."""
    seen = {
        what: sum(count(recomputed(n)) for n in range(REGIONS)) for what, count in WANTED.items()
    }
    assert not {what: times for what, times in seen.items() if times < 20}
