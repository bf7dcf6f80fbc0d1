"""Capitation accounts: balances by bands, visits apart, and sums that tie to the fen."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.model import Policy
from drgpay.policy.outpatient import Capitation, Outpatient
from drgpay.policy.settlement import Budget
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.settle.capitation import CapitationAccounts, capitation_accounts
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.lines import NO_ADJUSTMENTS
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from tests.settle.region import CASE_SCHEMA, CORE, Region, regions, scores_of
from tests.settle.test_values import case, fen
from tests.spread import drawn

OCTOBER = Period(2026, 10)
MONTHS: dict[str, Any] = {"rule": "weights", "weights": ("1",) * 9 + ("2",) + ("1",) * 2}
BANDS: dict[str, Any] = {
    "band_rule": "marginal",
    "surplus_retained": ({"share": "0.85"},),
    "overrun_shared": (
        {"up_to": "0.05", "share": "0.6"},
        {"up_to": "0.1", "share": "0.5"},
        {"share": "0"},
    ),
}
RATES: tuple[dict[str, Any], ...] = (
    {"account": "employee", "age_band": "60+", "yuan_a_year": "1000"},
    {"account": "employee", "yuan_a_year": "600"},
    {"account": "resident", "age_band": "0-6", "yuan_a_year": "300"},
)


def with_capitation(base: Policy, budget: Budget | None = None, **change: Any) -> Policy:
    """A policy whose visits are settled as its stays are, with capitation."""
    outpatient = Outpatient.model_construct(
        settlement=base.settlement,
        calibration=base.calibration,
        budget=budget or base.budget,
        capitation=Capitation.model_validate({"rates": RATES, **BANDS, **change}),
    )
    return base.model_copy(update={"outpatient": outpatient})


def budget(yuan: str) -> Budget:
    return Budget.model_validate(
        {
            "annual_yuan": {"employee": "1"},
            "reserve_ratio": "0",
            "months": MONTHS,
            "month_yuan": {"2026-10": {"employee": yuan, "resident": yuan}},
        }
    )


def enrolment(*rows: tuple[str, str, str | None, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=ENROLMENT_SCHEMA, orient="row")


def settled(policy: Policy, *visits: dict[str, Any]) -> Settled:
    frame = pl.DataFrame(list(visits), schema={**CASE_SCHEMA, "contractor_id": pl.String()})
    return settle_month(frame, NO_ADJUSTMENTS, policy.for_outpatient(), OCTOBER)


def accounts(
    policy: Policy, month: Settled, table: pl.DataFrame, period: Period | None = OCTOBER
) -> CapitationAccounts:
    return capitation_accounts(month.cases, month.lines, month.pools, table, policy, period)


def visit(number: int, points: str, contractor: str | None, **change: Any) -> dict[str, Any]:
    return {**case(number, points, **change), "contractor_id": contractor}


def row(found: CapitationAccounts, place: int = 0) -> dict[str, Any]:
    return found.accounts.row(place, named=True)


def test_visits_are_charged_wherever_the_persons_went() -> None:
    """A value of 1 yuan; the fee visit has its own fund cost; 100 heads x 600 x 2/13 in October."""
    policy = with_capitation(CORE, budget("1000.00"))
    fee = visit(4, "0", "H1", case_class="fee", total="90", fund="80", patient="10")
    month = settled(
        policy,
        visit(1, "400", "H1"),
        visit(2, "500", "H1", hospital_id="H2"),
        visit(3, "100", None, hospital_id="H2"),
        fee,
    )
    found = accounts(policy, month, enrolment(("H1", "employee", None, 100)))
    account = row(found)
    assert account["capitation_fen"] == 923_077  # 60,000 yuan x 2 / 13 is 9,230.769...
    assert (account["heads"], account["visits"]) == (100, 3)
    assert account["charged_fen"] == fen("980")
    assert account["charged_elsewhere_fen"] == fen("500")
    assert account["balance_fen"] == 923_077 - fen("980")
    assert found.apart.rows() == [("no_contract", None, "employee", 1, fen("100"))]
    tie = found.tie_out.row(0, named=True)
    assert tie == {
        "pool": "employee",
        "budget_fen": fen("1000"),
        "from_home_funds_fen": 0,
        "contracted_fen": fen("900"),
        "uncontracted_fen": fen("100"),
        "fund_amount_fen": fen("1000"),
        "kept_fen": 0,
        "remainder_fen": 0,
        "item_contracted_fen": fen("80"),
        "item_uncontracted_fen": 0,
        "item_fund_amount_fen": fen("80"),
        "home_funds_fen": 0,
    }


def test_a_missing_budget_is_named_by_its_section() -> None:
    policy = with_capitation(
        CORE,
        Budget.model_validate(
            {"annual_yuan": {"employee": "1"}, "reserve_ratio": "0", "months": MONTHS}
        ),
    )
    words = r"\[outpatient\.budget\] .* the account resident; add outpatient\.budget\.annual_yuan"
    with pytest.raises(DrgpayError, match=words):
        settled(policy, visit(1, "400", "H1", account="resident"))


def test_the_year_has_the_whole_capitation_and_bands_share_the_balance() -> None:
    """C16 and C17 for a contractor: 100,000 yuan against 112,000, and against 96,000."""
    rates = ({"account": "employee", "yuan_a_year": "1000"},)
    for charged, expected in (
        ("112000", {"retained_fen": 0, "shared_fen": fen(5500), "settled_fen": fen(-6500)}),
        ("96000", {"retained_fen": fen(3400), "shared_fen": 0, "settled_fen": fen(3400)}),
    ):
        policy = with_capitation(CORE, budget(charged), rates=rates)
        month = settled(policy, visit(1, "1000", "H1"))
        found = accounts(policy, month, enrolment(("H1", "employee", None, 100)), None)
        account = row(found)
        assert account["capitation_fen"] == fen(100_000)
        assert account["charged_fen"] == fen(charged)
        assert {key: account[key] for key in expected} == expected


def test_rates_by_age_band_the_first_that_fits() -> None:
    policy = with_capitation(CORE, budget("1000.00"))
    month = settled(policy, visit(1, "10", "H1"))
    found = accounts(
        policy,
        month,
        enrolment(
            ("H1", "employee", "60+", 10),
            ("H1", "employee", "18-59", 10),
            ("H1", "resident", "0-6", 10),
            ("H2", "employee", None, 1),
        ),
        None,
    )
    columns = ("contractor_id", "account", "heads", "capitation_fen", "visits")
    assert found.accounts.select(columns).rows() == [
        ("H1", "employee", 20, fen(16_000), 1),
        ("H1", "resident", 10, fen(3_000), 0),
        ("H2", "employee", 1, fen(600), 0),
    ]


def test_no_heads_no_capitation_and_the_contractor_bears_the_last_band() -> None:
    policy = with_capitation(CORE, budget("1000.00"))
    month = settled(policy, visit(1, "10", "H1"))
    account = row(accounts(policy, month, enrolment(("H1", "employee", None, 0))))
    assert (account["capitation_fen"], account["balance_fen"]) == (0, fen(-1000))
    assert (account["shared_fen"], account["settled_fen"]) == (0, fen(-1000))


def test_visits_apart() -> None:
    policy = with_capitation(CORE, budget("1000.00"))
    month = settled(
        policy,
        visit(1, "50", "H9"),
        visit(2, "50", "H1", out_of_area=True),
        visit(3, "50", "H1", account="resident"),
        visit(4, "50", None),
    )
    found = accounts(policy, month, enrolment(("H1", "employee", None, 10)))
    assert row(found)["charged_fen"] == 0
    assert [entry[:4] for entry in found.apart.rows()] == [
        ("no_contract", None, "employee", 1),
        ("not_enrolled", "H1", "resident", 1),
        ("not_enrolled", "H9", "employee", 1),
        ("out_of_area", "H1", "employee", 1),
    ]
    assert found.tie_out["home_funds_fen"].to_list() == [fen(500), 0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((("H1", "resident", "60+", 1),), "no rate for the enrolment of H1 in the account"),
        (
            (("H1", "employee", None, 1), ("H1", "employee", None, 2)),
            "lists H1 in the account employee twice",
        ),
        (
            (("H1", "employee", "60+", 1), ("H1", "employee", "60+", 2)),
            "lists H1 in the account employee, age band 60\\+ twice",
        ),
    ],
)
def test_an_enrolment_that_cannot_be_priced(
    rows: tuple[tuple[str, str, str | None, int], ...], message: str
) -> None:
    policy = with_capitation(CORE, budget("1000.00"))
    with pytest.raises(DrgpayError, match=message):
        accounts(policy, settled(policy, visit(1, "10", "H1")), enrolment(*rows))


def test_other_refusals() -> None:
    policy = with_capitation(CORE, budget("1000.00"))
    month = settled(policy, visit(1, "10", "H1"))
    table = enrolment(("H1", "employee", None, 10))
    with pytest.raises(DrgpayError, match=r"has no \[outpatient.capitation\]"):
        accounts(CORE, month, table)
    with pytest.raises(DrgpayError, match=r"has no \[outpatient\]"):
        CORE.for_outpatient()
    other = month.cases.with_columns(pl.col("case_fund_fen") + 1)
    with pytest.raises(DrgpayError, match="do not tie"):
        capitation_accounts(other, month.lines, month.pools, table, policy, OCTOBER)


@drawn(100)
@given(
    region=regions(),
    contractors=st.lists(st.sampled_from([None, "H1", "H2", "H9"]), min_size=16, max_size=16),
    heads=st.lists(st.integers(0, 3_000), min_size=4, max_size=4),
    period=st.sampled_from([None, OCTOBER]),
)
def test_contractors_providers_and_the_rest_tie_to_the_budget(
    region: Region, contractors: list[str | None], heads: list[int], period: Period | None
) -> None:
    policy = with_capitation(region.policy)
    cases = region.cases.with_columns(
        contractor_id=pl.Series(contractors[: region.cases.height], dtype=pl.String)
    )
    month = settle_month(cases, NO_ADJUSTMENTS, policy.for_outpatient(), OCTOBER)
    table = enrolment(
        ("H1", "employee", "60+", heads[0]),
        ("H1", "employee", "18-59", heads[1]),
        ("H2", "employee", None, heads[2]),
        ("H1", "resident", "0-6", heads[3]),
    )
    found = accounts(policy, month, table, period)
    yearly = {
        ("H1", "employee"): heads[0] * 1000 + heads[1] * 600,
        ("H2", "employee"): heads[2] * 600,
        ("H1", "resident"): heads[3] * 300,
    }
    charged: dict[tuple[str, str], int] = dict.fromkeys(yearly, 0)
    apart = 0
    for case_row in month.cases.iter_rows(named=True):
        key = (case_row["contractor_id"], case_row["account"])
        if key in charged and not case_row["out_of_area"]:
            charged[key] += case_row["case_fund_fen"]
        else:
            apart += case_row["case_fund_fen"]
    for account in found.accounts.iter_rows(named=True):
        key = (account["contractor_id"], account["account"])
        assert account["charged_fen"] == charged[key]
        if period is None:
            assert account["capitation_fen"] == yearly[key] * 100
        assert account["balance_fen"] == account["capitation_fen"] - charged[key]
        if account["balance_fen"] >= 0:
            assert account["settled_fen"] == account["retained_fen"] <= account["balance_fen"]
        else:
            assert account["settled_fen"] == account["balance_fen"] + account["shared_fen"] <= 0
    assert found.apart["fund_fen"].sum() == apart
    assert sum(charged.values()) + apart == month.lines["fund_amount_fen"].sum()


@drawn(30)
@given(region=regions(), contractors=st.lists(st.sampled_from([None, "H1"]), min_size=16))
def test_a_cleared_year_ties_to_what_the_bands_leave_of_its_budget(
    region: Region, contractors: list[str | None]
) -> None:
    policy = with_capitation(region.policy)
    cases = region.cases.with_columns(
        contractor_id=pl.Series(contractors[: region.cases.height], dtype=pl.String)
    )
    scores = scores_of(policy, "95", "75", "30.5")
    month = settle_month(cases, NO_ADJUSTMENTS, policy.for_outpatient(), OCTOBER)
    budgets = {pool: YearBudget(10**8, 10**6) for pool in month.pools["pool"]}
    cleared = clear_year(
        cases,
        NO_ADJUSTMENTS,
        month.lines,
        budgets,
        scores,
        policy.for_outpatient(),
        2026,
    )
    table = enrolment(("H1", "employee", None, 70), ("H1", "resident", "0-6", 0))
    found = capitation_accounts(cleared.cases, cleared.lines, cleared.pools, table, policy, None)
    assert found.tie_out["budget_fen"].to_list() == cleared.pools["budget_final_fen"].to_list()
    both = found.tie_out.select(pl.sum_horizontal("contracted_fen", "uncontracted_fen")).to_series()
    assert both.to_list() == cleared.pools["fund_amount_fen"].to_list()


def test_twelve_months_add_up_to_the_year() -> None:
    policy = with_capitation(CORE, budget("1000.00"))
    month = settled(policy, visit(1, "10", "H1"))
    table = enrolment(("H1", "employee", None, 7))
    months = [
        row(accounts(policy, month, table, Period(2026, number)))["capitation_fen"]
        for number in range(1, 13)
    ]
    assert sum(months) == 7 * 600 * 100
    assert Decimal(months[9]) / months[0] == pytest.approx(2, rel=0.001)
