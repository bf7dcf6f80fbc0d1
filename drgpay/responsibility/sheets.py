"""One sheet a county: the parts of its gap, the formula with its numbers, the years before, one more point."""

from decimal import Decimal
from pathlib import Path

import polars as pl

from drgpay.base.exact import unscaled
from drgpay.base.language import Language
from drgpay.responsibility.responsibility import AccountYear, Responsibility
from drgpay.responsibility.tables import WORDS, machine_tables
from drgpay.show.calculation import Calculation, Step
from drgpay.show.sheets import BookPart, Sheet, SheetBlock, write_book
from drgpay.show.tables import ReportTable

_YEARS = (
    *("year", "spend", "income", "budget_given", "gap", "overrun_part", "planned_part"),
    *("collection_part", "management"),
)


def write_county_sheets(found: Responsibility, path: Path, language: Language) -> None:
    """A workbook with a sheet for each county; the same year gives the same bytes."""
    tables = machine_tables(found)
    sheets = []

    def say(key: str) -> str:
        return names.get(key) or WORDS.word(key, language)

    names = {
        f"county_{county}": name
        for county, name in found.given.counties.select("county", "name").iter_rows()
    }
    for county in found.given.counties["county"]:
        blocks: list[SheetBlock] = []
        for account in found.accounts:
            places = [one.gap.of.county for one in account.shares]
            place = places.index(county)
            blocks.append(_calculation(account, place, language))
            years = tables["county_gap"].filter(
                (pl.col("county") == county) & (pl.col("account") == account.account)
            )
            blocks.append(ReportTable("t_years", years.select(_YEARS)))
            blocks.append(_one_point(tables["county_share"], county, account.account))
        sheets.append(Sheet(f"county_{county}", blocks, notes=["unverified_note"]))
    title = WORDS.said("title", language, name=found.job.file.name, year=found.job.year)
    write_book(path, [BookPart(title, [], sheets, say)], language)


def _one_point(shares: pl.DataFrame, county: str, account: str) -> ReportTable:
    row = shares.filter((pl.col("county") == county) & (pl.col("account") == account))
    return ReportTable(
        "t_one_point",
        row.select("score", "m", "county_borne", "one_point_borne", "one_point_reward"),
    )


def _calculation(account: AccountYear, place: int, language: Language) -> Calculation:
    """From spend and income to the county's share, each line with its formula."""
    share, reward = account.shares[place], account.rewards[place]
    gap, of = share.gap, share.gap.of

    def label(key: str) -> str:
        return WORDS.word(key, language)

    def how(key: str) -> str:
        return WORDS.said(f"how_{key}", language)

    def yuan(fen: int) -> Decimal:
        return unscaled(fen, 2)

    given = (
        ("spend", of.spend_fen),
        ("income", of.income_fen),
        ("income_target", of.income_target_fen),
        ("budget_used", gap.budget_fen),
        ("approved", of.approved_fen),
        ("own_policy", of.own_fen),
    )
    steps = [Step(name, label(name), yuan(fen)) for name, fen in given]
    steps += [
        Step("gap", label("gap"), yuan(gap.gap_fen), "{spend}-{income}"),
        Step("overrun", label("overrun_part"), yuan(gap.overrun_fen), "{spend}-{budget_used}"),
        Step(
            "planned", label("planned_part"), yuan(gap.planned_fen), "{budget_used}-{income_target}"
        ),
        Step(
            "collection",
            label("collection_part"),
            yuan(gap.collection_fen),
            "{income_target}-{income}",
        ),
        Step(
            "management",
            label("management"),
            yuan(gap.management_fen),
            "{overrun}-{approved}-{own_policy}",
        ),
        Step("own_borne", label("own_borne"), yuan(share.own_fen), how=how("own_borne")),
        Step(
            "collection_borne",
            label("collection_borne"),
            yuan(share.collection_fen),
            how=how("collection_borne"),
        ),
        Step("m", label("m"), unscaled(round(share.m * 10_000), 4), how=how("m")),
        Step(
            "management_borne",
            label("management_borne"),
            yuan(share.management_fen),
            how=how("management_borne"),
        ),
        Step("excess", label("excess"), yuan(share.excess_fen), how=how("excess")),
        Step(
            "county_borne",
            label("county_borne"),
            yuan(share.share_fen),
            "{collection_borne}+{own_borne}+{management_borne}-{excess}",
        ),
        Step("pool_borne", label("pool_borne"), yuan(share.pool_fen), "{gap}-{county_borne}"),
        Step("reward", label("reward"), yuan(reward.reward_fen), how=how("reward")),
    ]
    return Calculation(
        account.account,
        WORDS.said("sheet_account", language, account=WORDS.word(account.account, language)),
        tuple(steps),
    )
