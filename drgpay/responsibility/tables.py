"""The tables of a year's responsibility as its files have them, and as people are shown them."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.exact import POINT_SCALE, half_up
from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.responsibility.gap import Gap
from drgpay.responsibility.responsibility import AccountYear, Responsibility
from drgpay.responsibility.structure import Structure
from drgpay.results.columns import columns_of_table, written
from drgpay.show.tables import ReportTable
from drgpay.tables.declared import responsibility_tables
from drgpay.tables.schemas import schema_of

WORDS = Wording("responsibility")

_ACCOUNTS = frozenset({"account"})


def machine_tables(found: Responsibility) -> dict[str, pl.DataFrame]:
    """The Parquet files of a year's responsibility, by name."""
    names = dict(found.given.counties.select("county", "name").iter_rows())
    rows = {
        "county_gap": [*_gaps(found, names)],
        "county_share": [*_shares(found, names)],
        "cascade": [*_steps(found)],
        "adjustment": [*_adjustments(found, names)],
        "rewards": [*_rewards(found, names)],
        "ledger": [*_entries(found)],
        "ledger_balances": [
            {"account": one.account, "ledger_account": account, "amount_fen": fen}
            for one in found.accounts
            for account, fen in one.balances.items()
        ],
        "parameters": [
            {
                "parameter": one.key,
                "value": one.value,
                "source": one.source or None,
                "verified": one.verified,
            }
            for one in found.job.parameters()
        ],
    }
    return {name: _written(name, of) for name, of in rows.items()}


def _written(name: str, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    table = responsibility_tables()[name]
    frame = pl.DataFrame(rows, schema=schema_of(table))
    return written(frame, columns_of_table(table))


def _gaps(found: Responsibility, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in found.accounts:
        for share in one.shares:
            county = share.gap.of.county
            for gap in one.past.get(county, ()):
                yield _gap_row(gap, names[county], None)
            yield _gap_row(share.gap, names[county], one.structures.get(county))


def _gap_row(gap: Gap, name: str, structure: Structure | None) -> dict[str, Any]:
    of = gap.of
    outside = (
        half_up(Fraction(of.outside_fen * POINT_SCALE, of.spend_fen))
        if of.outside_fen is not None and of.spend_fen
        else None
    )
    return {
        "year": of.year,
        "account": of.account,
        "county": of.county,
        "county_name": name,
        "heads": of.heads,
        "spend_fen": of.spend_fen,
        "outside_share": outside,
        "income_fen": of.income_fen,
        "income_target_fen": of.income_target_fen,
        "budget_given_fen": of.budget_fen,
        "budget_used_fen": gap.budget_fen,
        "gap_fen": gap.gap_fen,
        "overrun_part_fen": gap.overrun_fen,
        "planned_part_fen": gap.planned_fen,
        "collection_part_fen": gap.collection_fen,
        "approved_fen": of.approved_fen,
        "own_policy_fen": of.own_fen,
        "management_fen": gap.management_fen,
        "expected_fen": half_up(structure.expected) if structure else None,
        "structure_fen": half_up(structure.structure) if structure else None,
        "beyond_structure_fen": half_up(of.spend_fen - structure.expected) if structure else None,
    }


def _shares(found: Responsibility, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in found.accounts:
        for share, point in zip(one.shares, one.one_point, strict=True):
            of = share.gap.of
            yield {
                "account": one.account,
                "county": of.county,
                "county_name": names[of.county],
                "score": of.score,
                "m": half_up(share.m * POINT_SCALE),
                "by_bands_fen": half_up(share.by_bands),
                "collection_borne_fen": share.collection_fen,
                "own_borne_fen": share.own_fen,
                "management_borne_fen": share.management_fen,
                "cap_fen": share.cap_fen,
                "excess_fen": share.excess_fen,
                "county_borne_fen": share.share_fen,
                "pool_borne_fen": share.pool_fen,
                "one_point_borne_fen": point.share_fen if point else None,
                "one_point_reward_fen": point.reward_fen if point else None,
            }


def _steps(found: Responsibility) -> Iterator[dict[str, Any]]:
    for one in found.accounts:
        for order, step in enumerate(one.cascade.steps, start=1):
            yield {
                "account": one.account,
                "order": order,
                "step": step.step,
                "payer": step.payer,
                "step_limit_fen": step.limit_fen,
                "step_paid_fen": step.paid_fen,
                "step_left_fen": step.left_fen,
            }


def _adjustments(found: Responsibility, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in found.accounts:
        for place, share in enumerate(one.shares):
            county = share.gap.of.county
            row = {"account": one.account, "county": county, "county_name": names[county]}
            if one.contributions:
                paid, claim = one.contributions[place], one.claims[place]
                payout = one.cascade.payouts[place]
                yield row | {
                    "design": "after",
                    "contribution_full_fen": paid.full_fen,
                    "contribution_fen": paid.paid_fen,
                    "claim_fen": claim.claim_fen,
                    "eligible": claim.eligible,
                    "claim_counted_fen": claim.counted_fen,
                    "payout_fen": payout,
                    "net_fen": payout - paid.paid_fen,
                }
            elif one.nets:
                net = one.nets[place]
                yield row | {
                    "design": "before",
                    "contribution_full_fen": net.contribution_fen,
                    "contribution_fen": net.contribution_fen,
                    "payout_fen": net.payout_fen,
                    "net_fen": net.net_fen,
                }


def _rewards(found: Responsibility, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in found.accounts:
        for share, reward in zip(one.shares, one.rewards, strict=True):
            yield {
                "account": one.account,
                "county": share.gap.of.county,
                "county_name": names[share.gap.of.county],
                "saving_fen": reward.saving_fen,
                "reward_alone_fen": reward.before_fen,
                "why_not": reward.why_not,
                "reward_fen": reward.reward_fen,
            }


def _entries(found: Responsibility) -> Iterator[dict[str, Any]]:
    for one in found.accounts:
        for number, posting in enumerate(one.postings, start=1):
            for account, fen in posting.entries():
                yield {
                    "account": one.account,
                    "entry": number,
                    "what": posting.what,
                    "county": posting.county,
                    "ledger_account": account,
                    "amount_fen": fen,
                }


def shown_tables(found: Responsibility, language: Language) -> list[ReportTable]:
    """The tables of the workbook and the page, in their order."""
    tables = machine_tables(found)
    gaps, shares = tables["county_gap"], tables["county_share"]
    this_year = gaps.filter(pl.col("year") == found.job.year).drop("year", "county")
    shown = [
        ReportTable(
            "t_shares",
            shares.drop("county"),
            worded=_ACCOUNTS,
            sums=frozenset({"county_borne", "pool_borne"}),
            note="unverified_note",
        ),
        ReportTable(
            "t_gaps",
            this_year.select(_GAP),
            worded=_ACCOUNTS,
            sums=frozenset({"spend", "income", "gap"}),
            note="gap_note",
        ),
        ReportTable(
            "t_cascade",
            tables["cascade"].with_columns(payer=_named_payers(tables["cascade"], found, language)),
            worded=_ACCOUNTS,
            prefixes={"cascade_step": "step"},
        ),
    ]
    if this_year["expected"].is_not_null().any():
        shown.append(
            ReportTable(
                "t_structure",
                this_year.select("account", "county_name", *_STRUCTURE),
                worded=_ACCOUNTS,
                note="structure_note",
            )
        )
    if tables["adjustment"].height:
        shown.append(
            ReportTable(
                "t_adjustment",
                tables["adjustment"]
                .drop("county")
                .with_columns(eligible=_yes_no(pl.col("eligible"), language)),
                worded=_ACCOUNTS,
                prefixes={"design": "design"},
            )
        )
    rewards = tables["rewards"].drop("county")
    shown += [
        ReportTable(
            "t_rewards",
            rewards,
            worded=_ACCOUNTS,
            prefixes={"why_not": "why"},
            sums=frozenset({"reward"}),
            note=f"use_{found.job.file.incentives.use}",
        ),
        ReportTable(
            "t_balances",
            tables["ledger_balances"].with_columns(
                ledger_account=_named_ledger(tables["ledger_balances"], found, language)
            ),
            worded=_ACCOUNTS,
            note="balances_note",
        ),
        ReportTable(
            "t_parameters",
            tables["parameters"].with_columns(verified=_yes_no(pl.col("verified"), language)),
            note="unverified_note",
        ),
    ]
    return shown


_GAP = (
    *("account", "county_name", "heads", "spend", "outside_share", "income", "budget_given"),
    *("gap", "overrun_part", "planned_part", "collection_part", "approved", "own_policy"),
    "management",
)
_STRUCTURE = ("heads", "spend", "expected", "structure", "beyond_structure", "budget_used")


def _yes_no(flag: pl.Expr, language: Language) -> pl.Expr:
    yes, no = (WORDS.word(key, language) for key in ("yes", "no"))
    return pl.when(flag).then(pl.lit(yes)).when(~flag).then(pl.lit(no))


def _named_payers(cascade: pl.DataFrame, found: Responsibility, language: Language) -> pl.Series:
    names = dict(found.given.counties.select("county", "name").iter_rows())
    names["city"] = WORDS.word("payer_city", language)
    return cascade["payer"].replace(names)


def _named_ledger(balances: pl.DataFrame, found: Responsibility, language: Language) -> pl.Series:
    """Ledger accounts in words, with the name of the county that they are of."""
    names = dict(found.given.counties.select("county", "name").iter_rows())
    said = []
    for account in balances["ledger_account"]:
        head, _, county = account.partition(":")
        text = WORDS.word(f"ledger_{head}", language)
        said.append(f"{text} · {names[county]}" if county else text)
    return pl.Series(said, dtype=pl.String)


def unverified(found: Responsibility) -> int:
    """How many parameters nobody compared with a source."""
    return sum(not one.verified for one in found.job.parameters())


def account_sums(one: AccountYear) -> dict[str, int]:
    """The sums of an account that headlines say, in fen."""
    return {
        "gap": sum(share.gap.gap_fen for share in one.shares),
        "counties": sum(share.share_fen for share in one.shares),
        "pool": sum(share.pool_fen for share in one.shares),
        "unfunded": one.cascade.unfunded_fen,
        "rewards": sum(reward.reward_fen for reward in one.rewards),
    }
