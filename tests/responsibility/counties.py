"""Counties of tests: what a test does not say is usual."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from drgpay.responsibility.county import CountyYear
from drgpay.responsibility.county_share import CountyShare, county_share
from drgpay.responsibility.file import SharesFile
from drgpay.responsibility.gap import Gap

MILLION = 100_000_000
"""Fen of a million yuan."""


def county(name: str = "A", **said: Any) -> CountyYear:
    """A county's year; amounts in million yuan, the score as it is written."""
    usual: dict[str, Any] = {
        "heads": 100_000,
        "income_target": 700,
        "premium_target": 500,
        "premium_collected": 480,
        "fiscal_due": 200,
        "fiscal_paid": 200,
        "other_income": 0,
        "budget": 690,
        "balance_before": 0,
        "spend": 720,
        "approved": 0,
        "own": 5,
        "score": None,
    } | said
    score, heads = usual.pop("score"), usual.pop("heads")
    return CountyYear(
        year=2026,
        account="employee",
        county=name,
        heads=heads,
        outside_fen=None,
        score=None if score is None else int(Decimal(str(score)) * 10_000),
        **{f"{key}_fen": fen(value) for key, value in usual.items()},
    )


def fen(million: object) -> int:
    """Million yuan in fen."""
    return int(Decimal(str(million)) * MILLION)


def shared(one: CountyYear, rules: SharesFile | None = None) -> CountyShare:
    """The share of a county by its given budget."""
    return county_share(Gap(one, one.budget_fen), one.score, rules or SharesFile())


TABLES = {
    "counties": "county,name,kind\nA,Alpha,county\nB,Beta,city_district\n",
    "county_fund": (
        "year,account,county,heads,income_target,premium_target,premium_collected,fiscal_due,"
        "fiscal_paid,other_income,budget,balance_before_pooling\n"
        "2025,employee,A,99000,690000000,490000000,480000000,200000000,200000000,0,680000000,0\n"
        "2026,employee,A,100000,700000000,500000000,480000000,200000000,200000000,0,690000000,1000\n"
        "2026,employee,B,80000,600000000,450000000,455000000,150000000,150000000,1000000,595000000,-5\n"
    ),
    "county_spend": (
        "year,account,county,item,spend,outside\n"
        "2025,employee,A,inpatient_local,675000000,\n"
        "2026,employee,A,inpatient_local,500000000,50000000\n"
        "2026,employee,A,outpatient,220000000,\n"
        "2026,employee,B,inpatient_local,580000000,\n"
    ),
    "county_spend_age": (
        "year,account,county,age_band,heads,spend\n"
        "2026,employee,A,0-59,70000,300000000\n2026,employee,A,60+,30000,420000000\n"
        "2026,employee,B,0-59,60000,280000000\n2026,employee,B,60+,20000,300000000\n"
    ),
    "own_policy": "year,account,county,amount,what\n2026,employee,A,5000000,extra benefit\n",
    "approved_changes": (
        "year,account,county,amount,reason,document\n2026,employee,B,1000000,epidemic,No. 3\n"
    ),
    "scores": "year,county,score\n2026,A,88\n2026,B,92.5\n",
    "pool_balances": "year,account,balance_end\n2025,employee,330000000\n",
    "pool_spend": (
        "year,account,item,spend\n2026,employee,inpatient_local,1080000000\n"
        "2026,employee,outpatient,220000000\n"
    ),
    "fiscal_limits": "payer,account,amount\nB,employee,100\n",
    "county_findings": "year,account,county,fund_loss,refuses\n2026,employee,B,0,false\n",
    "claims": "year,account,county,amount\n2026,employee,A,1000000\n",
}

FILE = """
name = "2026"
year = "2026"
[tables]
TABLES
[shares]
county_cap = { value = 0.05, source = "a draft", verified = false }
[cascade]
investments = { employee = 10000 }
[adjustment]
design = "after"
fund = { employee = 20000000 }
"""


def project(
    folder: Path, changed: Mapping[str, str | None] | None = None, file: str = FILE
) -> Path:
    """The file of a year with its tables; `changed` ones have another text, or are left out."""
    tables: dict[str, str | None] = {**TABLES, **(changed or {})}
    named = []
    for name, text in tables.items():
        if text is not None:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
            named.append(f'{name} = "{name}.csv"')
    path = folder / "responsibility.toml"
    path.write_text(file.replace("TABLES", "\n".join(named)), encoding="utf-8")
    return path
