"""Years of visits of small random regions: every line, pool, ledger entry and contractor's account.

Values, lines, parts of visits and the clearing by the recomputation of stays, with the outpatient
sections of the policy; the accounts of contractors by one of their own.
"""

import random
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest

from drgpay.base.period import Period
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.results.results import capitation_frames
from drgpay.settle.capitation import capitation_accounts
from drgpay.settle.ledger import ledger_of_clearing, ledger_of_month

from . import by_drgpay
from .comparing import compare, compare_ledger, compare_month, compare_year
from .policies import changed
from .random_policy import CHOICES, POLICIES, budget_of_cost, choices
from .random_runs import BASE, month_budgets, year_budgets
from .recomputation import ledger
from .recomputation.capitation import Accounts, Enrolled, accounts_of_year
from .recomputation.clearing import Year, clear
from .recomputation.prepayment import Month, settle_month
from .recomputation.settlement import Case

YEAR, MONTHS, VISITS = 2026, (1, 2, 3), 90
PROVIDERS = ("H1", "H2", "H3", "P1")
LEVELS = {"H1": "3A", "H2": "2A", "H3": "1", "P1": "0"}
CONTRACTORS = ("H1", "H1", "H2", "C9", "X", None)
"""C9 is no provider, X has no enrolment."""
ACCOUNTS = ("employee", "resident")
BANDS: list[list[dict[str, Any]]] = [
    [{"share": "0.85"}],
    [{"up_to": "0.05", "share": "0.6"}, {"up_to": "0.3333", "share": "0.3001"}, {"share": 0}],
]


@dataclass(frozen=True)
class VisitYear:
    """A random year of visits, and what the recomputation makes of it."""

    policy: Policy
    visits: dict[int, list[Case]]
    contracts: dict[str, str | None]
    enrolment: list[Enrolled]
    scores: dict[str, Decimal]
    months: dict[int, Month]
    budgets: dict[str, tuple[Decimal, Decimal]]
    year: Year
    accounts: Accounts

    @property
    def all_visits(self) -> list[Case]:
        return [visit for month in self.visits.values() for visit in month]


@cache
def visit_year(number: int) -> VisitYear:
    """The year of a number."""
    rng = random.Random(f"visits {number}")
    visits = {month: [_visit(rng, month, place) for place in range(VISITS)] for month in MONTHS}
    everything = [visit for month in visits.values() for visit in month]
    contracts = {visit.case_id: rng.choice(CONTRACTORS) for visit in everything}
    enrolment = [
        Enrolled(contractor, account, band, rng.randint(1, 40))
        for contractor in ("C9", "H1", "H2")
        for account in ACCOUNTS
        for band in ((None, "60+") if account == "employee" and contractor != "C9" else (None,))
        if (contractor, account) != ("C9", "resident")
    ]
    policy = _policy(number, everything, rng)
    months = {
        month: settle_month(mine, [], policy, month_budgets(policy, month), levels=LEVELS)
        for month, mine in visits.items()
    }
    scores = {name: Decimal(rng.randrange(550, 1001)).scaleb(-1) for name in PROVIDERS}
    budgets = year_budgets(policy, MONTHS)
    year = clear(everything, [], months.values(), policy, budgets, scores, levels=LEVELS)
    assert policy.outpatient and policy.outpatient.capitation
    accounts = accounts_of_year(
        everything, contracts, year.settled, enrolment, policy.outpatient.capitation
    )
    return VisitYear(policy, visits, contracts, enrolment, scores, months, budgets, year, accounts)


def _visit(rng: random.Random, month: int, place: int) -> Case:
    total = Decimal(rng.randint(100, 60_000)) / 100
    patient = (total * rng.randint(0, 8) / 10).quantize(Decimal("0.01"))
    other = min(total - patient, Decimal(rng.choice([0, 0, 0, 1, 25])))
    return Case(
        case_id=f"V{month}{rng.randint(0, 999):03d}{place:03d}",
        hospital_id=rng.choice(PROVIDERS),
        account=rng.choice(ACCOUNTS),
        out_of_area=rng.random() < 0.15,
        case_class="fee" if rng.random() < 0.1 else "normal",
        points=Decimal(0) if rng.random() < 0.05 else Decimal(rng.randint(1, 2_000_000)) / 10_000,
        total_cost=total,
        fund_cost=total - patient - other,
        patient_cost=patient,
        other_cost=other,
    )


def _policy(number: int, visits: list[Case], rng: random.Random) -> Policy:
    """A random settlement, budget and clearing in the outpatient sections; capitation beside."""
    chosen = choices(number)
    sections = ("settlement.", "budget.")
    changes = {
        f"outpatient.{key}": value for key, value in chosen.items() if key.startswith(sections)
    }
    annual = {
        account: str(
            (
                sum(v.fund_cost for v in visits if v.account == account and not v.out_of_area)
                * 4
                * Decimal(budget_of_cost(number))
            ).quantize(Decimal("0.01"))
        )
        for account in ACCOUNTS
    }
    changes["outpatient.budget.annual_yuan"] = annual
    changes["outpatient.budget.month_yuan"] = rng.choice([{}, {"2026-02": {"resident": "9999.99"}}])
    changes["outpatient.capitation"] = {
        "rates": [
            {"account": "employee", "age_band": "60+", "yuan_a_year": "151.37"},
            {"account": "employee", "yuan_a_year": "77.77"},
            {"account": "resident", "yuan_a_year": "120"},
        ],
        "band_rule": rng.choice(["marginal", "whole"]),
        "surplus_retained": rng.choice(BANDS),
        "overrun_shared": rng.choice(BANDS),
    }
    changes |= {key: value for key, value in chosen.items() if key.startswith("clearing.")}
    base = load_policy(BASE).policy
    # The inpatients' money must not matter.
    changes["budget.annual_yuan"] = {"employee": "1", "resident": "1"}
    return changed(base, changes).for_outpatient()


@pytest.mark.parametrize("number", range(POLICIES))
def test_every_number_of_a_year_of_visits(number: int) -> None:
    expected = visit_year(number)
    policy = expected.policy
    months, ledgers = [], []
    for month, visits in expected.visits.items():
        period = Period(YEAR, month)
        settled = by_drgpay.settled(
            by_drgpay.bare_points(visits, []), policy, period, levels=LEVELS
        )
        compare_month(by_drgpay.month_tables(settled, policy), expected.months[month])
        months.append(settled)
        ledgers.append(ledger_of_month(period, settled))
    points = by_drgpay.bare_points(expected.all_visits, [])
    cleared = by_drgpay.cleared(
        points, months, policy, expected.budgets, expected.scores, levels=LEVELS
    )
    compare_year(by_drgpay.year_tables(cleared, policy), expected.year)
    booked = by_drgpay.entries_of(ledger_of_clearing(YEAR, pl.concat(ledgers), cleared))
    compare_ledger(booked, ledger.of_clearing(expected.year, expected.months.values()))

    contracts = pl.DataFrame(
        {"case_id": list(expected.contracts), "contractor_id": list(expected.contracts.values())},
        schema={"case_id": pl.String, "contractor_id": pl.String},
    )
    accounts = capitation_accounts(
        cleared.cases.join(contracts, on="case_id", how="left", maintain_order="left"),
        cleared.lines,
        cleared.pools,
        pl.DataFrame(list(map(vars, expected.enrolment)), ENROLMENT_SCHEMA).sample(
            fraction=1, shuffle=True, seed=number
        ),
        policy,
        None,
    )
    _compare_accounts(accounts, expected)


def _compare_accounts(accounts: Any, expected: VisitYear) -> None:
    names = pl.DataFrame(schema={"hospital_id": pl.String, "name": pl.String})
    made, wanted = capitation_frames(accounts, names, pl.DataFrame()), expected.accounts
    compare(
        made["capitation"].iter_rows(named=True),
        {key: vars(account) for key, account in wanted.accounts.items()},
        ("contractor_id", "account"),
    )
    compare(
        made["capitation_apart"].iter_rows(named=True),
        {key: vars(apart) for key, apart in wanted.apart.items()},
        ("reason", "contractor_id", "account"),
    )
    tie_out = {
        (pool,): {
            **vars(of_pool),
            "budget": expected.year.pools[pool].budget_final,
            "from_home_funds": expected.year.settled.values[pool].from_home_funds,
            "remainder": expected.year.settled.values[pool].remainder,
            "fund_amount": of_pool.contracted + of_pool.uncontracted,
            "item_fund_amount": of_pool.item_contracted + of_pool.item_uncontracted,
        }
        for pool, of_pool in wanted.tie_out.items()
    }
    compare(made["capitation_tie_out"].iter_rows(named=True), tie_out, ("pool",))
    for row in made["capitation_tie_out"].iter_rows(named=True):
        available = row["budget"] + row["from_home_funds"]
        assert available == row["contracted"] + row["uncontracted"] + row["remainder"]


def test_the_years_have_everything() -> None:
    """The comparison above is blind to what never occurs: count it over all years."""
    seen: Counter[str] = Counter()
    for number in range(POLICIES):
        found = visit_year(number)
        for account in found.accounts.accounts.values():
            seen["account with surplus"] += account.balance > 0
            seen["account with overrun"] += account.balance < 0
            seen["retained"] += account.retained > 0
            seen["overrun shared"] += account.shared > 0
            seen["elsewhere"] += account.charged_elsewhere != 0
        for reason, _, _ in found.accounts.apart:
            seen[reason] += 1
        for of_pool in found.accounts.tie_out.values():
            seen["item contracted"] += of_pool.item_contracted != 0
            seen["home funds"] += of_pool.home_funds != 0
        for pool in found.year.pools.values():
            seen["surplus"] += pool.surplus > 0
            seen["overrun"] += pool.overrun > 0
        for due in found.year.due.values():
            seen["withheld"] += due.assessment > 0
            seen["redistributed"] += due.redistributed != 0
            seen["pays back"] += due.clearing < 0
            seen["home fund"] += due.home_fund_clearing != 0
    wanted = {
        *("account with surplus", "account with overrun", "retained", "overrun shared"),
        *("elsewhere", "no_contract", "not_enrolled", "out_of_area", "item contracted"),
        *("home funds", "surplus", "overrun", "withheld", "redistributed", "pays back"),
        "home fund",
    }
    assert not {what: seen[what] for what in wanted if seen[what] < 4}
    methods = {visit_year(number).policy.settlement.method for number in range(POLICIES)}
    assert methods == set(CHOICES["settlement.method"])
