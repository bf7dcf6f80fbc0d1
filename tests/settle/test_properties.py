"""What must always hold: months and years of random regions balance to the fen."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drgpay.base.period import Period
from drgpay.policy.model import Policy
from drgpay.settle.budget import annual_reserve_fen
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.differences import PaidMonth, differences_of
from drgpay.settle.ledger import (
    UnbalancedError,
    balances,
    ledger_of_clearing,
    ledger_of_correction,
    ledger_of_month,
    proof,
)
from drgpay.settle.lines import LINE
from drgpay.settle.month import settle_month
from drgpay.settle.pools import pools_of
from drgpay.settle.settled import Settled
from tests.settle.region import ANCHOR_POINTS, HOSPITALS, Region, regions, scores_of
from tests.settle.slow_settlement import (
    Key,
    SlowLine,
    SlowPool,
    pools_by_account,
    slow_clear,
    slow_lines,
    slow_price,
)
from tests.settle.test_values import case, policy, settle
from tests.spread import drawn

OCTOBER, NOVEMBER = Period(2026, 10), Period(2026, 11)
SCORES = ("95", "75", "30.5")
some = drawn(15)


def settled_month(region: Region, period: Period = OCTOBER) -> Settled:
    return settle_month(region.cases, region.adjustments, region.policy, period, region.payments)


def year_of(region: Region, months: list[Settled], payments: pl.DataFrame | None = None) -> Settled:
    """Clear the region with the budgets of its settled months."""
    budget = region.policy.budget
    assert budget is not None
    values = pl.concat([month.pools for month in months])
    budgets = {
        pool.name: YearBudget(
            int(values.filter(pl.col("pool") == pool.name)["budget_fen"].sum()),
            sum(annual_reserve_fen(budget, account) for account in pool.accounts),
        )
        for pool in pools_of(region.policy)
    }
    return clear_year(
        region.cases,
        region.adjustments,
        pl.concat([month.lines for month in months]),
        budgets,
        scores_of(region.policy, *SCORES),
        region.policy,
        2026,
        region.payments.clear() if payments is None else payments,
    )


def yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen) / 100


def parts_of(settled: Settled | Settled) -> dict[str, Decimal | None]:
    """The standard of each case by its id and of each minus row by its case and number."""
    by_points = settled.cases.filter(pl.col("payment") == "points")
    found = dict(by_points.select("case_id", "standard_fen").rows())
    counted: dict[str, int] = {}
    for case_id, standard in settled.adjustments.select("case_id", "standard_fen").rows():
        number = counted[case_id] = counted.get(case_id, -1) + 1
        found[f"{case_id} minus {number}"] = standard
    return {name: yuan(fen) for name, fen in found.items()}


def assert_agrees(
    frame: pl.DataFrame,
    parts: dict[str, Decimal | None],
    values: pl.DataFrame,
    slow: dict[str, SlowPool],
    policy: Policy,
    columns: dict[str, Callable[[SlowLine], Any]],
) -> None:
    """Every line, case, minus row and value is what the slow way says."""
    expected = {key: line for pool in slow.values() for key, line in pool.lines.items()}
    rows = {tuple(row[key] for key in LINE): row for row in frame.rows(named=True)}
    # Lines without anything of their own carry a deduction or what a month has paid.
    assert set(expected) <= set(rows)
    for key, row in rows.items():
        line = expected.get(key, SlowLine())
        assert (row["cases"], Decimal(row["points"]) / 10_000) == (line.cases, line.points)
        for column, of_line in columns.items():
            assert yuan(row[column]) == of_line(line), (key, column)
    assert parts == {name: part for line in expected.values() for name, part in line.parts.items()}
    for row in values.rows(named=True):
        pool = slow[row["pool"]]
        places = policy.settlement.value_places
        value = row["point_value"]
        assert (None if value is None else Decimal(value).scaleb(-places)) == pool.value
        assert yuan(row["remainder_fen"]) == pool.remainder


def lines_by_pool(region: Region) -> dict[str, dict[Key, SlowLine]]:
    pool_of = pools_by_account(region.policy)
    lines = slow_lines(region.cases, region.adjustments, region.policy)
    return {
        name: {key: line for key, line in lines.items() if pool_of[key[1]] == name}
        for name in pool_of.values()
    }


@some
@given(regions())
def test_a_month_is_what_the_slow_way_says(region: Region) -> None:
    settled = settled_month(region)
    budgets = dict(settled.pools.select("pool", "budget_fen").rows())
    slow = {
        name: slow_price(lines, Decimal(budgets.get(name, 0)) / 100, region.policy)
        for name, lines in lines_by_pool(region).items()
    }
    columns = {
        "standard_fen": lambda line: line.standard,
        "fund_amount_fen": lambda line: line.fund,
        "kept_fen": lambda line: line.kept,
    }
    parts = parts_of(settled)
    assert_agrees(settled.lines, parts, settled.pools, slow, region.policy, columns)


@some
@given(regions())
def test_a_clearing_is_what_the_slow_way_says(region: Region) -> None:
    cleared = year_of(region, [settled_month(region)])
    scores = dict(zip(HOSPITALS, map(Decimal, SCORES), strict=True))
    deductions: dict[Key, Decimal] = {
        (row["hospital_id"], row["account"], row["out_of_area"], row["payment"]): Decimal(
            row["deduction_fen"]
        )
        / 100
        for row in cleared.lines.filter(pl.col("deduction_fen") > 0).rows(named=True)
    }
    assert sum(deductions.values()) * 100 == region.payments["amount_fen"].sum()
    slow = {}
    rows = {row["pool"]: row for row in cleared.pools.rows(named=True)}
    for name, lines in lines_by_pool(region).items():
        mine = {
            k: v for k, v in deductions.items() if pools_by_account(region.policy)[k[1]] == name
        }
        for key in mine:
            lines.setdefault(key, SlowLine())
        budget, reserve = (Decimal(rows[name][key]) / 100 for key in ("budget_fen", "reserve_fen"))
        slow[name] = slow_clear(lines, budget, reserve, scores, mine, region.policy)
        assert yuan(rows[name]["budget_final_fen"]) == slow[name].final_budget
    columns = {
        "standard_fen": lambda line: line.standard,
        "fund_amount_fen": lambda line: line.fund,
        "kept_fen": lambda line: line.kept,
        "payable_fen": lambda line: line.payable,
        "home_fund_bill_fen": lambda line: line.bill,
    }
    parts = parts_of(cleared)
    assert_agrees(cleared.lines, parts, cleared.pools, slow, region.policy, columns)


@some
@given(regions())
def test_a_month_balances(region: Region) -> None:
    settled = settled_month(region)
    lines, values = settled.lines, settled.pools
    for row in values.rows(named=True):
        inside = lines.filter((pl.col("pool") == row["pool"]) & pl.col("in_pool"))
        assert row["fund_amount_fen"] == inside["fund_amount_fen"].sum()
        assert row["budget_fen"] + row["from_home_funds_fen"] == (
            row["fund_amount_fen"] + row["kept_fen"] + row["remainder_fen"]
        )
        assert row["kept_fen"] == inside["kept_fen"].sum()
    borne = settled.adjustments.select(
        *LINE, "points", "standard_fen", case_fund_fen="standard_fen"
    )
    cases = settled.cases.select(*LINE, "points", "standard_fen", "case_fund_fen")
    sums = pl.concat([cases, borne]).group_by(LINE).agg(pl.all().sum())
    of_lines = lines.filter((pl.col("cases") > 0) | (pl.col("points") != 0)).select(
        *LINE, "points", "standard_fen", case_fund_fen="fund_amount_fen"
    )
    assert_frame_equal(sums.sort(LINE), of_lines.sort(LINE))
    assert (lines["prepayment_fen"] >= 0).all()
    assert lines["deduction_fen"].sum() == region.payments["amount_fen"].sum()
    carried = pl.when("paid_here").then(pl.min_horizontal("fund_amount_fen", 0)).otherwise(0)
    not_taken = pl.col("deduction_fen") - pl.col("deducted_fen")
    assert lines.select((pl.col("carried_fen") == carried - not_taken).all()).item()
    ledger_of_month(OCTOBER, settled)


@some
@given(regions(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(region: Region, random: Any) -> None:
    """Cases and minus rows come sorted; the rest may come in any order."""
    settled = settled_month(region)
    order = list(range(region.payments.height))
    random.shuffle(order)
    shuffled = Region(region.cases, region.adjustments, region.payments[order], region.policy)
    again = settled_month(shuffled)
    for name in ("pools", "lines", "cases", "adjustments"):
        assert_frame_equal(getattr(settled, name), getattr(again, name))
    rows = pl.concat([settled.lines, settled_month(region, NOVEMBER).lines])
    places = list(range(rows.height))
    random.shuffle(places)
    budgets = {pool.name: YearBudget(10**9, 10**7) for pool in pools_of(region.policy)}
    scores = scores_of(region.policy, *SCORES)
    cleared = [
        clear_year(region.cases, region.adjustments, months, budgets, table, region.policy, 2026)
        for months, table in (
            (rows, scores),
            (rows[places], None if scores is None else scores.reverse()),
        )
    ]
    for name in ("pools", "lines", "cases", "adjustments", "assessment"):
        assert_frame_equal(getattr(cleared[0], name), getattr(cleared[1], name))


@some
@given(regions(), regions())
def test_a_year_balances(first: Region, second: Region) -> None:
    """Payable, withheld and remainder are the final budget; the ledger says the same."""
    policy = first.policy
    october = settled_month(first)
    later = Region(
        second.cases.with_columns(case_id="n" + pl.col("case_id")),
        second.adjustments.with_columns(case_id="n" + pl.col("case_id")),
        second.payments,
        policy,
    )
    november = settled_month(later, NOVEMBER)
    both = Region(
        pl.concat([first.cases, later.cases]).sort("case_id"),
        pl.concat([first.adjustments, later.adjustments]).sort("case_id", "step"),
        first.payments,
        policy,
    )
    cleared = year_of(both, [october, november], payments=second.payments)
    lines = cleared.lines
    for row in cleared.pools.rows(named=True):
        final = row["budget_final_fen"] + row["from_home_funds_fen"]
        kept = row["kept_fen"] + row["remainder_fen"]
        assert final == row["payable_fen"] + row["withheld_fen"] + kept
        assert row["clearing_fen"] == row["payable_fen"] - row["prepaid_fen"]
        assert min(row["surplus_fen"], row["overrun_fen"]) == 0
        if not policy.clearing or not policy.clearing.overrun_beyond_reserve:
            assert row["shared_fen"] <= row["reserve_fen"]
    months = pl.concat([october.lines, november.lines])
    assert lines["prepaid_fen"].sum() == months["prepayment_fen"].sum()
    deductions = [first.payments, second.payments, second.payments]
    assert lines["deduction_fen"].sum() == pl.concat(deductions)["amount_fen"].sum()
    if policy.clearing and policy.clearing.assessment:
        if policy.clearing.assessment.withheld == "redistribute":
            kept = cleared.pools["assessment_fen"] - cleared.pools["redistributed_fen"]
            assert all(amount == 0 or not (lines["fund_amount_fen"] > 0).any() for amount in kept)
        else:
            assert lines["redistributed_fen"].sum() == 0
    booked = pl.concat([ledger_of_month(OCTOBER, october), ledger_of_month(NOVEMBER, november)])
    ledger = pl.concat([booked, ledger_of_clearing(2026, booked, cleared)])
    assert balances(ledger)["balance_fen"].sum() == 0
    assert (ledger["amount_fen"] > 0).all()
    rounding = balances(ledger).filter(pl.col("account") == "rounding")
    assert (rounding["balance_fen"] == 0).all()


@some
@given(regions(), st.data())
def test_corrections_add_up(region: Region, data: st.DataObject) -> None:
    """Case differences are the statements' differences; the ledgers together are the new month's."""
    paid = settled_month(region)
    kept = region.cases.filter(
        pl.Series(
            [
                points == ANCHOR_POINTS or data.draw(st.integers(0, 4)) > 0
                for points in region.cases["points"]
            ]
        )
    )
    changed = kept.with_columns(
        points=pl.when((pl.col("case_class") == "normal") & (pl.col("points") < ANCHOR_POINTS))
        .then(pl.col("points") + data.draw(st.integers(0, 3)))
        .otherwise("points"),
        hospital_id=pl.when(pl.int_range(pl.len()) == data.draw(st.integers(0, 5)))
        .then(pl.lit("H3"))
        .otherwise("hospital_id"),
    )
    minus = region.adjustments.drop("hospital_id").join(
        changed.select("case_id", "hospital_id"), on="case_id", how="inner", maintain_order="left"
    )
    now_region = Region(
        changed, minus.select(region.adjustments.columns), region.payments, region.policy
    )
    now = settled_month(now_region)
    compared = PaidMonth(paid.lines, paid.cases, paid.adjustments)
    found = differences_of(compared, now)
    with patch("drgpay.settle.differences._AT_ONCE", 2):
        assert_frame_equal(differences_of(compared, now).cases, found.cases)

    measures = ["points_difference", "standard_difference_fen", "fund_amount_difference_fen"]
    sums = found.cases.group_by(LINE).agg(pl.col(measures).sum())
    joined = found.statements.join(sums, on=LINE, how="left", suffix="_of_cases")
    for name in measures:
        assert (joined[name] == joined[f"{name}_of_cases"].fill_null(0)).all()
    before = set(region.cases["case_id"])
    assert set(found.cases.filter(pl.col("change") == "withdrawn")["case_id"]) == (
        before - set(changed["case_id"])
    )
    back = differences_of(PaidMonth(now.lines, now.cases, now.adjustments), paid)
    assert set(back.cases.filter(pl.col("change") == "late")["case_id"]) == (
        before - set(changed["case_id"])
    )
    for one, other in zip(found.cases[measures], back.cases[measures], strict=True):
        assert (one == -other).all()

    first = ledger_of_month(OCTOBER, paid)
    second = ledger_of_correction(OCTOBER, first, now)
    third = ledger_of_correction(OCTOBER, pl.concat([first, second]), paid)
    together = balances(pl.concat([first, second])).filter(pl.col("balance_fen") != 0)
    alone = balances(ledger_of_month(OCTOBER, now)).filter(pl.col("balance_fen") != 0)
    columns = ["pool", "account", "hospital_id", "balance_fen"]
    assert_frame_equal(together[columns], alone[columns])
    proof(pl.concat([first, second, third]), paid)


@some
@given(regions())
def test_nothing_changed_nothing_differs(region: Region) -> None:
    settled = settled_month(region)
    found = differences_of(PaidMonth(settled.lines, settled.cases, settled.adjustments), settled)
    assert found.cases.is_empty()
    assert found.statements["prepayment_difference_fen"].sum() == 0
    first = ledger_of_month(OCTOBER, settled)
    assert ledger_of_correction(OCTOBER, first, settled).is_empty()


@some
@given(regions())
def test_a_year_as_planned_pays_what_the_month_withheld(region: Region) -> None:
    """F = B, one month, nobody assessed: the clearing pays the fund amounts less prepayments."""
    clearing = region.policy.clearing
    assert clearing is not None
    plain = region.policy.model_copy(
        update={"clearing": clearing.model_copy(update={"assessment": None})}
    )
    month = settle_month(region.cases, region.adjustments, plain, OCTOBER, region.payments)
    local = month.lines.filter(pl.col("in_pool") & ~pl.col("out_of_area"))
    spent = dict(local.group_by("pool").agg(pl.col("fund_fen").sum()).rows())
    budget = plain.budget
    assert budget is not None
    accounts = [pool.accounts for pool in pools_of(plain) if spent.get(pool.name)]
    amounts = {
        name: Decimal(part) / 100
        for names in accounts
        for name, part in zip(
            names, [spent["+".join(names)] - len(names) + 1, *[1] * 9], strict=False
        )
    }
    planned = plain.model_copy(
        update={"budget": budget.model_copy(update={"month_yuan": {"2026-10": amounts}})}
    )
    month = settle_month(region.cases, region.adjustments, planned, OCTOBER, region.payments)
    cleared = year_of(Region(region.cases, region.adjustments, region.payments, planned), [month])
    keys = [*LINE, "points", "standard_fen", "fund_amount_fen"]
    in_plan = pl.col("pool").is_in(list(spent))
    assert_frame_equal(
        cleared.lines.filter(in_plan).select(keys),
        month.lines.filter(in_plan).select(keys),
    )
    due = cleared.lines.filter(in_plan & pl.col("paid_here"))
    assert (
        due["clearing_fen"] == due["fund_amount_fen"] - due["deduction_fen"] - due["prepaid_fen"]
    ).all()
    assert (cleared.lines.filter(in_plan)["home_fund_clearing_fen"] == 0).all()


def test_a_ledger_that_does_not_balance_is_an_error_of_the_program() -> None:
    settled = settle(policy("1000.00"), case(1, "3"), case(2, "4", hospital_id="H2"))
    ledger = ledger_of_month(OCTOBER, settled)
    with pytest.raises(UnbalancedError, match="the ledger of the pool employee books"):
        proof(ledger[1:], settled)
