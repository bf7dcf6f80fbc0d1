"""A year's responsibility: every rule of this room over each account, proved by the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_SCALE
from drgpay.base.words import Sentences
from drgpay.responsibility.adjustment_after import (
    Claim,
    Contribution,
    claims,
    contributions,
    payouts,
)
from drgpay.responsibility.adjustment_before import Net, risk_adjusted
from drgpay.responsibility.cascade import Cascade, Means, cascade
from drgpay.responsibility.county import CountyYear
from drgpay.responsibility.county_share import CountyShare, county_share
from drgpay.responsibility.file import ResponsibilityJob
from drgpay.responsibility.gap import Gap
from drgpay.responsibility.given import Given, read_given
from drgpay.responsibility.ledger import Posting, balances, postings, prove
from drgpay.responsibility.rewards import Finding, Reward, reward_alone, rewards
from drgpay.responsibility.structure import Structure, expected_budgets, expected_spend
from drgpay.run.input_files import InputFiles

_ERRORS = Sentences("errors/responsibility")
_T = TypeVar("_T")
_YEARS_SHOWN = 3
_MOST_SCORE = 100 * POINT_SCALE


@dataclass(frozen=True)
class OnePoint:
    """What one more point of score would have changed, in fen: the share, and the reward alone."""

    share_fen: int
    reward_fen: int


@dataclass(frozen=True)
class AccountYear:
    """An account: all lists are of its counties in the order of their ids.

    contributions, claims: of the fund paid afterwards, else empty. nets: of that paid beforehand.
    past: parts of the gaps of earlier years, by county, the newest last.
    """

    account: str
    shares: Sequence[CountyShare]
    structures: Mapping[str, Structure]
    cascade: Cascade
    balance_fen: int
    fund_fen: int
    contributions: Sequence[Contribution]
    claims: Sequence[Claim]
    nets: Sequence[Net]
    rewards: Sequence[Reward]
    one_point: Sequence[OnePoint | None]
    past: Mapping[str, Sequence[Gap]]
    postings: Sequence[Posting]
    balances: Mapping[str, int]


@dataclass(frozen=True)
class Responsibility:
    """The accounts of a year, and what they were made of."""

    job: ResponsibilityJob
    given: Given
    accounts: Sequence[AccountYear]
    files: Mapping[str, str]


def responsibility(job: ResponsibilityJob) -> Responsibility:
    """Who bears the gaps of a year; raises DrgpayError for tables that do not fit together."""
    read = InputFiles()
    given = read_given(job, read)
    accounts = [
        account_year(account, counties, given, job)
        for account, counties in sorted(given.of_year(job.year).items())
    ]
    read.refuse_changed()
    paths = dict(job.tables)
    if job.case_counties:
        paths["case_counties"] = job.case_counties
    files = {name: read.sha256(path) for name, path in sorted(paths.items())}
    return Responsibility(job, given, accounts, files)


def account_year(
    account: str, counties: Sequence[CountyYear], given: Given, job: ResponsibilityJob
) -> AccountYear:
    """The shares of an account's counties, who pays the pool's part, rewards, and the ledger."""
    rules = job.file
    structures = _structures(account, counties, given, job)
    shares = [
        county_share(gap, gap.of.score, rules.shares)
        for gap in _gaps(counties, structures, expected=rules.shares.base == "expected")
    ]
    fund = _fen_of(rules.adjustment.fund, account)
    design = rules.adjustment.design
    paid_in = contributions(counties, fund, rules.adjustment) if design == "after" else []
    asked = (
        claims(shares, _of_account(given.claims, account), rules.adjustment)
        if design == "after"
        else []
    )
    full = fund + sum(one.paid_fen for one in paid_in)
    balance = _balance(account, given, job)
    means = Means(
        balance_fen=balance,
        investments_fen=_fen_of(rules.cascade.investments, account),
        limits=given.limits.get(account, {}),
        adjustment=(lambda needed: payouts(asked, full, needed)) if design == "after" else None,
    )
    found = cascade(shares, means, rules.cascade)
    nets: Sequence[Net] = []
    if design == "before":
        risks = {county: one.risk or Fraction(0) for county, one in structures.items()}
        nets = risk_adjusted(counties, risks, Fraction(rules.adjustment.pooled_ratio))
    findings = _of_account(given.findings, account)
    earned = rewards(shares, findings, rules.incentives)
    made = postings(shares, found, paid_in, nets, earned)
    standing = balances(made)
    prove(account, standing, shares, earned)
    return AccountYear(
        account=account,
        shares=shares,
        structures=structures,
        cascade=found,
        balance_fen=balance,
        fund_fen=fund,
        contributions=paid_in,
        claims=asked,
        nets=nets,
        rewards=earned,
        one_point=[_one_point(one, findings, job) for one in shares],
        past=_past(account, given, job.year),
        postings=made,
        balances=standing,
    )


def _gaps(
    counties: Sequence[CountyYear], structures: Mapping[str, Structure], *, expected: bool
) -> list[Gap]:
    budgets = [one.budget_fen for one in counties]
    if expected:
        budgets = expected_budgets(counties, structures)
    return [Gap(one, budget) for one, budget in zip(counties, budgets, strict=True)]


def _structures(
    account: str, counties: Sequence[CountyYear], given: Given, job: ResponsibilityJob
) -> Mapping[str, Structure]:
    """By county; needed where budgets or payouts go by them."""
    needed = job.file.shares.base == "expected" or job.file.adjustment.design == "before"
    if given.ages is None:
        if needed:
            raise DrgpayError(*_ERRORS("no_ages", path=job.path))
        return {}
    ages = given.ages
    rows = ages.filter((ages["year"] == job.year) & (ages["account"] == account))
    found = expected_spend(rows, account)
    missing = [one.county for one in counties if one.county not in found]
    if missing and (needed or found):
        said = {"path": job.tables["county_spend_age"], "account": account, "year": job.year}
        raise DrgpayError(*_ERRORS("missing_county", county=missing[0], **said))
    return found


def _balance(account: str, given: Given, job: ResponsibilityJob) -> int:
    balance = given.balances.get((job.year - 1, account))
    if balance is None:
        said = {"path": job.tables["pool_balances"], "account": account, "year": job.year - 1}
        raise DrgpayError(*_ERRORS("no_balance", **said))
    return balance


def _one_point(
    share: CountyShare, findings: Mapping[str, Finding], job: ResponsibilityJob
) -> OnePoint | None:
    """None where there is no score, or no point above it."""
    score = share.gap.of.score
    if score is None or score >= _MOST_SCORE:
        return None
    more = min(score + POINT_SCALE, _MOST_SCORE)
    rules, finding = job.file.incentives, findings.get(share.gap.of.county)
    after = county_share(share.gap, more, job.file.shares)
    rewarded = [reward_alone(share, one, finding, rules).before_fen for one in (score, more)]
    return OnePoint(after.share_fen - share.share_fen, rewarded[1] - rewarded[0])


def _past(account: str, given: Given, year: int) -> Mapping[str, Sequence[Gap]]:
    """The gaps of the years shown, by their given budgets."""
    found: dict[str, list[Gap]] = {}
    for one in given.years:
        if one.account == account and year - _YEARS_SHOWN < one.year < year:
            found.setdefault(one.county, []).append(Gap(one, one.budget_fen))
    return found


def _fen_of(given: Mapping[str, object], account: str) -> int:
    return int(Fraction(str(given.get(account, 0))) * 100)


def _of_account(given: Mapping[tuple[str, str], _T], account: str) -> Mapping[str, _T]:
    return {county: one for (of, county), one in given.items() if of == account}
