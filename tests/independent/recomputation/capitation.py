"""The accounts of contractors: what they have for their persons, what these cost, who bears it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from drgpay.policy.outpatient import Capitation

from .clearing import banded
from .settlement import NOTHING, Case, Settled


@dataclass(frozen=True)
class Enrolled:
    """So many persons of an account have a contract."""

    contractor_id: str
    account: str
    age_band: str | None
    heads: int


@dataclass
class Account:
    """The account of a contractor for the persons of one account of the fund."""

    heads: int = 0
    capitation: Decimal = NOTHING
    visits: int = 0
    charged: Decimal = NOTHING
    charged_elsewhere: Decimal = NOTHING
    balance: Decimal = NOTHING
    retained: Decimal = NOTHING
    shared: Decimal = NOTHING
    settled: Decimal = NOTHING


@dataclass
class Apart:
    """Visits that no contractor is charged with."""

    visits: int = 0
    fund_amount: Decimal = NOTHING


@dataclass
class TieOut:
    """What contractors and others make of a pool."""

    contracted: Decimal = NOTHING
    uncontracted: Decimal = NOTHING
    item_contracted: Decimal = NOTHING
    item_uncontracted: Decimal = NOTHING
    home_funds: Decimal = NOTHING


@dataclass(frozen=True)
class Accounts:
    """By contractor and account; by reason, contractor and account; by pool."""

    accounts: Mapping[tuple[str, str], Account]
    apart: Mapping[tuple[str, str | None, str], Apart]
    tie_out: Mapping[str, TieOut]


def accounts_of_year(
    visits: Iterable[Case],
    contracts: Mapping[str, str | None],
    settled: Settled,
    enrolment: Sequence[Enrolled],
    rules: Capitation,
) -> Accounts:
    """Each visit is charged to the contractor of its person, wherever it was."""
    accounts: dict[tuple[str, str], Account] = {}
    for row in enrolment:
        account = accounts.setdefault((row.contractor_id, row.account), Account())
        account.heads += row.heads
        rate = next(
            rate.yuan_a_year
            for rate in rules.rates
            if rate.account == row.account and rate.age_band in (None, row.age_band)
        )
        account.capitation += row.heads * rate
    apart: dict[tuple[str, str | None, str], Apart] = {}
    tie_out = {pool: TieOut() for pool in settled.values}
    for visit in visits:
        contractor, amounts = contracts[visit.case_id], settled.cases[visit.case_id]
        fund = amounts.fund_amount
        key = (visit.hospital_id, visit.account, visit.out_of_area, amounts.payment)
        line = settled.lines[key]
        reason = None
        if visit.out_of_area:
            reason = "out_of_area"
        elif contractor is None:
            reason = "no_contract"
        elif (contractor, visit.account) not in accounts:
            reason = "not_enrolled"
        if reason is None and contractor is not None:
            account = accounts[contractor, visit.account]
            account.visits += 1
            account.charged += fund
            account.charged_elsewhere += fund if visit.hospital_id != contractor else NOTHING
        elif reason:
            left = apart.setdefault((reason, contractor, visit.account), Apart())
            left.visits += 1
            left.fund_amount += fund
        of_pool = tie_out[line.pool]
        if not line.paid_here:
            of_pool.home_funds += fund
        else:
            beside = "" if line.in_pool else "item_"
            name = beside + ("uncontracted" if reason else "contracted")
            setattr(of_pool, name, getattr(of_pool, name) + fund)
    for account in accounts.values():
        _settle(account, rules)
    return Accounts(accounts, apart, tie_out)


def _settle(account: Account, rules: Capitation) -> None:
    """Of a surplus the contractor keeps its share; of an overrun the fund bears its share."""
    whole = rules.band_rule == "whole"
    account.balance = account.capitation - account.charged
    if account.balance > 0:
        account.retained = banded(
            account.balance, account.capitation, rules.surplus_retained, whole
        )
        account.settled = account.retained
    else:
        overrun = -account.balance
        account.shared = banded(overrun, account.capitation, rules.overrun_shared, whole)
        account.settled = account.shared - overrun
