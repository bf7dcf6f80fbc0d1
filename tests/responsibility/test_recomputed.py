"""Random regions: the identities hold, and a second computation agrees to the fen."""

import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.responsibility.county import CountyYear
from drgpay.responsibility.file import (
    AdjustmentFile,
    CascadeFile,
    ResponsibilityFile,
    ResponsibilityJob,
    SharesFile,
    TablesFile,
)
from drgpay.responsibility.given import Given
from drgpay.responsibility.responsibility import AccountYear, account_year
from tests.responsibility.recomputed import year as recomputed

_REGIONS = 300


def region(seed: int) -> tuple[list[dict[str, Any]], dict[str, Any], pl.DataFrame]:
    """Counties of a made-up region in fen, what the file says of it, and its spend by age."""
    draw = random.Random(seed)
    scale = draw.choice([50, 10_000, 10**10])
    rows, ages = [], []
    bands = ["a", "b", "c"]
    for place in range(draw.randint(1, 7)):
        budget = draw.choice([0, draw.randint(0, scale), scale])
        premium = draw.randint(0, scale)
        name = f"C{place}"
        rows.append(
            {
                "county": name,
                "budget": budget,
                "premium": premium,
                "collected": draw.randint(premium * 9 // 10, premium * 11 // 10),
                "target": draw.randint(0, scale),
                "paid": draw.randint(0, scale // 2),
                "other": draw.randint(-scale // 50, scale // 50),
                "spend": draw.randint(budget * 8 // 10, budget * 13 // 10 + 2),
                "approved": draw.randint(-scale // 50, scale // 30),
                "own": draw.choice([0, draw.randint(-scale // 50, scale // 30)]),
                "before": draw.randint(-scale // 10, scale // 5),
                "score": draw.choice([None, Decimal(draw.randint(0, 1_000_000)).scaleb(-4)]),
            }
        )
        ages += [
            {
                "year": 2026,
                "account": "employee",
                "county": name,
                "age_band": band,
                "heads": draw.randint(1, 5000),
                "spend_fen": draw.randint(1, scale),
            }
            for band in bands
        ]
    about: dict[str, Any] = {
        "base": draw.choice(["budget", "expected"]),
        "premium_only": draw.random() < 0.3,
        "signed": draw.random() < 0.5,
        "own_first": draw.random() < 0.5,
        "design": draw.choice(["none", "after", "before"]),
        "balance": draw.randint(0, scale),
        "fund": draw.randint(0, scale // 20),
        "investments": draw.randint(0, scale // 20) * 100,
        "limits": {
            payer: draw.randint(0, scale // 4)
            for payer in ["city", *(row["county"] for row in rows)]
            if draw.random() < 0.4
        },
    }
    about["fund"] = about["fund"] * 100
    return rows, about, pl.DataFrame(ages)


def computed(rows: list[dict[str, Any]], about: dict[str, Any], ages: pl.DataFrame) -> AccountYear:
    """The same region by the program."""
    counties = [
        CountyYear(
            year=2026,
            account="employee",
            county=row["county"],
            heads=int(ages.filter(pl.col("county") == row["county"])["heads"].sum()),
            income_target_fen=row["target"],
            premium_target_fen=row["premium"],
            premium_collected_fen=row["collected"],
            fiscal_due_fen=0,
            fiscal_paid_fen=row["paid"],
            other_income_fen=row["other"],
            budget_fen=row["budget"],
            balance_before_fen=row["before"],
            spend_fen=row["spend"],
            outside_fen=None,
            approved_fen=row["approved"],
            own_fen=row["own"],
            score=None if row["score"] is None else int(row["score"] * 10_000),
        )
        for row in rows
    ]
    given = Given(
        counties=pl.DataFrame({"county": [row["county"] for row in rows]}),
        years=counties,
        ages=ages,
        balances={(2025, "employee"): about["balance"]},
        claims={},
        findings={},
        limits={"employee": about["limits"]},
        item_spend=pl.DataFrame(),
    )
    file = ResponsibilityFile(
        name="r",
        year="2026",
        tables=TablesFile(counties="c", county_fund="f", pool_balances="b"),
        shares=SharesFile(
            base=about["base"],
            signed=about["signed"],
            collection="premium" if about["premium_only"] else "whole",
        ),
        cascade=CascadeFile(
            own_balances_first=about["own_first"],
            investments={"employee": Decimal(about["investments"]).scaleb(-2)},
        ),
        adjustment=AdjustmentFile(
            design=about["design"], fund={"employee": Decimal(about["fund"]).scaleb(-2)}
        ),
    )
    job = ResponsibilityJob(Path("r.toml"), file, 2026, {}, None, None, {})
    return account_year("employee", counties, given, job)


@pytest.mark.parametrize("first", range(0, _REGIONS, 50))
def test_a_second_computation_agrees_to_the_fen(first: int) -> None:
    for seed in range(first, first + 50):
        rows, about, ages = region(seed)
        found = computed(rows, about, ages)
        for row in rows:
            row["expected"] = found.structures[row["county"]].expected
        again = recomputed(rows, about)
        assert [one.share_fen for one in found.shares] == again["shares"], seed
        assert [one.pool_fen for one in found.shares] == again["pools"], seed
        steps: Counter[str] = Counter()
        for step in found.cascade.steps:
            steps[step.step] += step.paid_fen
        assert dict(steps) == again["steps"], seed
        assert [one.paid_fen for one in found.contributions] == again["contributions"], seed
        if about["design"] == "after":
            assert list(found.cascade.payouts) == again["payouts"], seed
        assert [one.reward_fen for one in found.rewards] == again["rewards"], seed
        assert found.balances.get("pool", 0) == again["closing"], seed


@pytest.mark.parametrize("first", range(0, _REGIONS, 50))
def test_the_identities_of_a_region(first: int) -> None:
    for seed in range(first, first + 50):
        rows, about, ages = region(seed)
        found = computed(rows, about, ages)
        for share in found.shares:
            gap = share.gap
            assert gap.gap_fen == gap.overrun_fen + gap.planned_fen + gap.collection_fen
            assert gap.overrun_fen == gap.of.approved_fen + gap.of.own_fen + gap.management_fen
            assert share.share_fen + share.pool_fen == gap.gap_fen
            assert share.share_fen <= share.cap_fen
        assert sum(share.gap.budget_fen for share in found.shares) == sum(
            row["budget"] for row in rows
        ) or not any(row["budget"] for row in rows)
        assert sum(one.paid_fen for one in found.cascade.steps) == found.cascade.need_fen
        assert all(one.paid_fen >= 0 for one in found.cascade.steps)
        assert not sum(one.net_fen for one in found.nets)
        assert not sum(found.balances.values())
        structures = [found.structures[row["county"]] for row in rows]
        assert sum(one.structure for one in structures) == 0
        assert sum(one.expected for one in structures) == int(ages["spend_fen"].sum())


def test_the_order_of_the_rows_changes_nothing() -> None:
    for seed in range(20):
        rows, about, ages = region(seed)
        found = computed(rows, about, ages)
        again = computed(rows, about, ages.sort("spend_fen"))
        assert found.balances == again.balances
