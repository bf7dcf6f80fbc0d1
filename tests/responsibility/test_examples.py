"""R1 to R8 of the specification of responsibility, by their ids."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.responsibility.adjustment_after import (
    Claim,
    Contribution,
    claims,
    contributions,
    payouts,
)
from drgpay.responsibility.adjustment_before import risk_adjusted
from drgpay.responsibility.cascade import Means, cascade
from drgpay.responsibility.file import AdjustmentFile, CascadeFile, IncentivesFile, SharesFile
from drgpay.responsibility.gap import Gap
from drgpay.responsibility.rewards import Finding, rewards
from drgpay.responsibility.structure import expected_spend
from tests.responsibility.counties import county, fen, shared


def test_r1_the_gap_is_overrun_planned_gap_and_collection_gap() -> None:
    one = county()
    gap = Gap(one, one.budget_fen)
    assert one.income_fen == fen(680)
    assert gap.gap_fen == fen(40)
    assert (gap.overrun_fen, gap.planned_fen, gap.collection_fen) == (fen(30), fen(-10), fen(20))
    assert gap.management_fen == fen(25)


def test_r2_management_by_bands_and_score() -> None:
    share = shared(county(score=88))
    assert share.by_bands == fen("5.86")
    assert share.m == Fraction(92, 100)
    assert share.management_fen == fen("5.3912")
    assert share.share_fen == fen("30.3912")
    assert share.pool_fen == fen("9.6088")
    assert (share.cap_fen, share.excess_fen) == (fen("34.5"), 0)


def test_r3_balance_adjustment_fund_and_subsidies() -> None:
    spend = 720
    needy = county(spend=spend, own=0, score=80)
    share = replace(shared(needy), collection_fen=0, management_fen=0, own_fen=fen(-60))
    assert share.pool_fen == fen(100)
    means = Means(
        balance_fen=fen(spend * 3) // 12 + fen(60),
        investments_fen=0,
        limits={},
        adjustment=lambda needed: [min(fen(25), needed)],
    )
    found = cascade([share], means, CascadeFile())
    paid = {step.step: step.paid_fen for step in found.steps}
    assert paid == {
        "pool_balance": fen(60),
        "adjustment": fen(25),
        "investments": 0,
        "city_fiscal": fen("7.5"),
        "county_fiscal": fen("7.5"),
        "unfunded": 0,
    }


def test_r4_the_last_contributions_are_cut_in_proportion() -> None:
    both = [
        county("A", premium_collected=480, spend=300),
        county("B", premium_collected=320, spend=300),
    ]
    found = contributions(both, fen(30), AdjustmentFile())  # one month of 600 a year is 50
    assert found == [Contribution(fen(24), fen(12)), Contribution(fen(16), fen(8))]


def test_r5_claims_above_the_fund_are_cut_in_proportion() -> None:
    both = [
        shared(county("A", premium_collected=490, spend=720, score=70)),
        shared(county("B", premium_collected=490, spend=735, score=70)),
    ]
    assert [one.gap.gap_fen for one in both] == [fen(30), fen(45)]
    asked = claims(both, {"A": fen(30), "B": fen(45)}, AdjustmentFile())
    assert [one.counted_fen for one in asked] == [fen(24), fen(36)]
    assert payouts(asked, fen(30), fen(100)) == [fen(12), fen(18)]


def test_r6_income_is_pooled_beforehand_and_given_back_by_risk() -> None:
    incomes = {"A": 500, "B": 300, "C": 200}
    counties = [
        county(name, premium_collected=income, fiscal_paid=0) for name, income in incomes.items()
    ]
    risks = {"A": Fraction(9, 10), "B": Fraction(1), "C": Fraction(12, 10)}
    found = risk_adjusted(counties, risks, Fraction(3, 10))
    assert sum(one.contribution_fen for one in found) == fen(300)
    shown = [Decimal(one.payout_fen).scaleb(-8).quantize(Decimal("0.01")) for one in found]
    assert shown == [Decimal("87.10"), Decimal("96.77"), Decimal("116.13")]
    nets = [Decimal(one.net_fen).scaleb(-8).quantize(Decimal("0.01")) for one in found]
    assert nets == [Decimal("-62.90"), Decimal("6.77"), Decimal("56.13")]
    assert sum(one.net_fen for one in found) == 0


def test_r7_structure_and_what_is_beyond_it() -> None:
    """City rates 800 and 3,000; of 440,000 people 70,000 are old, so the mean is 1,150."""
    ages = pl.DataFrame(
        {
            "county": ["A", "A", "B", "B"],
            "age_band": ["young", "old", "young", "old"],
            "heads": [80_000, 20_000, 290_000, 50_000],
            "spend_fen": [fen(60), fen(70), fen(236), fen(140)],
        }
    )
    found = expected_spend(ages, "employee")["A"]
    assert found.city_mean == 1_150_00
    assert found.expected == fen(124)
    assert found.structure == fen(9)
    assert fen(130) - found.expected == fen(6)


def test_r7_spend_of_nobody_is_refused() -> None:
    ages = pl.DataFrame({"county": ["A"], "age_band": ["old"], "heads": [0], "spend_fen": [5]})
    with pytest.raises(DrgpayError) as error:
        expected_spend(ages, "employee")
    assert error.value.code == "responsibility.no_heads"


def test_r8_a_reward_is_at_most_a_part_of_the_budget() -> None:
    saver = shared(county("A", own=0, spend=670, premium_collected=500, score=92))
    rich = shared(county("B", own=0, spend=690, premium_collected=760, score=92))
    assert saver.gap.management_fen == fen(-20)
    found = rewards([saver, rich], {}, IncentivesFile())
    assert found[0].saving_fen == fen(20)
    assert found[0].reward_fen == fen("6.9")


def test_r8_no_reward_for_saving_by_not_treating() -> None:
    saver = shared(county(own=0, spend=670, premium_collected=800, score=92))
    whys = {
        "refusal": Finding(0, True),
        "fund_loss": Finding(1, False),
    }
    for why, finding in whys.items():
        found = rewards([saver], {"A": finding}, IncentivesFile())
        assert (found[0].why_not, found[0].reward_fen) == (why, 0)
    low = shared(county(own=0, spend=670, premium_collected=800, score="79.9999"))
    none = shared(county(own=0, spend=670, premium_collected=800))
    assert rewards([low], {}, IncentivesFile())[0].why_not == "low_score"
    assert rewards([none], {}, IncentivesFile())[0].why_not == "no_score"


def test_a_county_without_a_score_gets_nothing_of_the_adjustment_fund() -> None:
    share = shared(county(score=None))
    assert claims([share], {}, AdjustmentFile()) == [Claim(share.pool_fen, False, 0)]


def test_more_collected_than_planned_is_the_pools_unless_signed() -> None:
    more = county(premium_collected=520, own=0, spend=690)
    assert shared(more).share_fen == 0
    assert shared(more, SharesFile(signed=True)).share_fen == fen(-20)
    premium = SharesFile(signed=True, collection="premium")
    late = county(premium_collected=500, fiscal_paid=190, own=0, spend=690)
    assert shared(late, premium).share_fen == 0
    assert shared(late).share_fen == fen(10)


def test_a_budget_of_0_puts_all_into_the_last_band() -> None:
    none = county(budget=0, spend=10, income_target=0, own=0)
    assert shared(none).by_bands == fen(6)
