"""Capitation accounts: what contractors have for their persons, and what was charged to them.

Providers are paid by points in any case; the balance is settled with the contractor
(docs/outpatient.md, "Capitation").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, scaled
from drgpay.base.language import Words
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.policy.outpatient import Capitation
from drgpay.policy.settlement import Budget
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.settle.bands import shared_by_bands
from drgpay.settle.budget import month_share_fen
from drgpay.settle.lines import LINE

_ERRORS = Sentences("errors/settle")

CONTRACT = ["contractor_id", "account"]

ACCOUNT_SCHEMA: dict[str, pl.DataType] = {
    "contractor_id": pl.String(),
    "account": pl.String(),
    "heads": pl.Int64(),
    "capitation_fen": pl.Int64(),
    "visits": pl.Int64(),
    "charged_fen": pl.Int64(),
    "charged_elsewhere_fen": pl.Int64(),
    "balance_fen": pl.Int64(),
    "retained_fen": pl.Int64(),
    "shared_fen": pl.Int64(),
    "settled_fen": pl.Int64(),
}
APART_SCHEMA: dict[str, pl.DataType] = {
    "reason": pl.String(),
    "contractor_id": pl.String(),
    "account": pl.String(),
    "visits": pl.Int64(),
    "fund_fen": pl.Int64(),
}
TIE_OUT_SCHEMA: dict[str, pl.DataType] = {
    "pool": pl.String(),
    "budget_fen": pl.Int64(),
    "from_home_funds_fen": pl.Int64(),
    "contracted_fen": pl.Int64(),
    "uncontracted_fen": pl.Int64(),
    "fund_amount_fen": pl.Int64(),
    "kept_fen": pl.Int64(),
    "remainder_fen": pl.Int64(),
    "item_contracted_fen": pl.Int64(),
    "item_uncontracted_fen": pl.Int64(),
    "item_fund_amount_fen": pl.Int64(),
    "home_funds_fen": pl.Int64(),
}


@dataclass(frozen=True)
class CapitationAccounts:
    """The accounts of contractors, what is outside them, and the proof; money in fen.

    accounts: ACCOUNT_SCHEMA, one row a contractor and account of the enrolment, sorted.
    capitation_fen: K = heads x rate (of a month its share). charged_fen: the fund part of the
    visits of its persons; charged_elsewhere_fen: of it at other providers than the contractor.
    balance_fen = K - charged. Of a surplus the contractor keeps retained_fen, of an overrun the
    fund bears shared_fen. settled_fen: what the contractor then gets (negative: pays) =
    retained_fen for a surplus, balance_fen + shared_fen for an overrun.
    apart: APART_SCHEMA, sorted: the visits that no contractor is charged with, by reason:
    `no_contract`, `not_enrolled` (the contractor has no row for the account in the enrolment),
    `out_of_area` (insured elsewhere).
    tie_out: TIE_OUT_SCHEMA, one row a pool. In the pool of points
        budget + from_home_funds = contracted + uncontracted + kept + remainder
    with contracted + uncontracted = fund_amount, the providers' fund amounts. Beside it
    item_contracted + item_uncontracted = item_fund_amount (visits paid item by item by the
    region's fund). home_funds_fen is what home funds pay for outside visits beside the pool.
        The charged_fen of all accounts = contracted + item_contracted of all pools.
    """

    accounts: pl.DataFrame
    apart: pl.DataFrame
    tie_out: pl.DataFrame


def capitation_accounts(
    cases: pl.DataFrame,
    statements: pl.DataFrame,
    values: pl.DataFrame,
    enrolment: pl.DataFrame,
    policy: Policy,
    period: Period | None,
) -> CapitationAccounts:
    """Charge the visits of a month, or of a year (period None), to the contractors.

    cases, statements, values: `Settled` of visits, of the year `Settled` (statements, pools).
    cases also have contractor_id (null: none). enrolment: ENROLMENT_SCHEMA (age_band may be
    missing), one row a contractor, account and band. policy: with [outpatient].
    Raises DrgpayError for a policy without [outpatient.capitation], an enrolment that lists
    something twice or has no rate, and where the sums do not tie to the fen.
    """
    sums = contract_sums(cases)
    return accounts_of_sums(sums, statements, values, enrolment, policy, period)


def contract_sums(cases: pl.DataFrame) -> pl.DataFrame:
    """Cases in sums by LINE and contractor_id: visits, fund_fen (of case_fund_fen)."""
    return (
        cases.group_by(_CONTRACT_LINE)
        .agg(visits=pl.len().cast(pl.Int64), fund_fen=pl.col("case_fund_fen").sum())
        .with_columns(pl.col(name).cast(pl.String) for name in _CONTRACT_LINE[1:])
    )


def added_contracts(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The `contract_sums` of all cases from those of some cases each; at least one part."""
    return pl.concat(parts).group_by(_CONTRACT_LINE).agg(pl.col("visits", "fund_fen").sum())


_CONTRACT_LINE = ["out_of_area", "hospital_id", "account", "payment", "contractor_id"]


def accounts_of_sums(
    sums: pl.DataFrame,
    statements: pl.DataFrame,
    values: pl.DataFrame,
    enrolment: pl.DataFrame,
    policy: Policy,
    period: Period | None,
) -> CapitationAccounts:
    """`capitation_accounts` of cases that were summed (`contract_sums`)."""
    rules = policy.outpatient.capitation if policy.outpatient else None
    if policy.outpatient is None or rules is None:
        raise DrgpayError(*_ERRORS("no_capitation", policy=policy.policy.id))
    capitation = _capitation(enrolment, rules, policy.outpatient.budget, period)
    placed = _placed(sums, statements, capitation)
    charged = _charged(placed)
    accounts = capitation.join(
        charged, on=CONTRACT, how="left", maintain_order="left"
    ).with_columns(pl.col("visits", "charged_fen", "charged_elsewhere_fen").fill_null(0))
    rows = [_settled_account(row, rules) for row in accounts.iter_rows(named=True)]
    tie_out = _tie_out(placed, statements, values)
    result = CapitationAccounts(
        pl.DataFrame(rows, schema=ACCOUNT_SCHEMA).sort(CONTRACT), _apart(placed), tie_out
    )
    refuse_untied(result)
    return result


def refuse_untied(result: CapitationAccounts) -> None:
    """Raise DrgpayError unless the accounts, the providers and the budget tie to the fen."""
    for row in result.tie_out.iter_rows(named=True):
        inside = row["contracted_fen"] + row["uncontracted_fen"]
        available = row["budget_fen"] + row["from_home_funds_fen"]
        pool = row["pool"]
        providers = _ERRORS.words("between_pool_and_providers", pool=pool)
        _refuse(inside != row["fund_amount_fen"], providers)
        spent = inside + row["kept_fen"] + row["remainder_fen"]
        _refuse(spent != available, _ERRORS.words("between_pool_and_budget", pool=pool))
        beside = row["item_contracted_fen"] + row["item_uncontracted_fen"]
        _refuse(beside != row["item_fund_amount_fen"], _ERRORS.words("beside_the_pool", pool=pool))
    contracted = sum(
        row["contracted_fen"] + row["item_contracted_fen"]
        for row in result.tie_out.iter_rows(named=True)
    )
    _refuse(result.accounts["charged_fen"].sum() != contracted, _ERRORS.words("of_contractors"))


def _refuse(untied: bool, what: Words) -> None:
    if untied:
        raise DrgpayError(*_ERRORS("untied_capitation", what=what))


def _capitation(
    enrolment: pl.DataFrame, rules: Capitation, budget: Budget | None, period: Period | None
) -> pl.DataFrame:
    """CONTRACT, heads and capitation_fen, sorted; a month has its share of the year by the budget's
    months.
    """
    if "age_band" not in enrolment.columns:
        enrolment = enrolment.with_columns(age_band=pl.lit(None, pl.String))
    table = enrolment.select(
        pl.col(name).cast(dtype) for name, dtype in ENROLMENT_SCHEMA.items()
    ).sort(*CONTRACT, "age_band", nulls_last=False)
    repeated = table.filter(pl.struct(*CONTRACT, "age_band").is_duplicated())
    if repeated.height:
        enrolled = _named(repeated.row(0, named=True))
        raise DrgpayError(*_ERRORS("enrolled_twice", enrolled=enrolled))
    sums: dict[tuple[str, str], list[int]] = {}
    for row in table.iter_rows(named=True):
        added = sums.setdefault((row["contractor_id"], row["account"]), [0, 0])
        added[0] += row["heads"]
        added[1] += row["heads"] * rate_fen(row, rules)
    rows = [
        (*contract, heads, _of_period(year, budget, period))
        for contract, (heads, year) in sums.items()
    ]
    schema = {name: ACCOUNT_SCHEMA[name] for name in (*CONTRACT, "heads", "capitation_fen")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def rate_fen(row: dict[str, Any], rules: Capitation) -> int:
    """The first rate of the account that holds for the row's age band."""
    for rate in rules.rates:
        if rate.account == row["account"] and rate.age_band in (None, row["age_band"]):
            return scaled(rate.yuan_a_year, FEN_PLACES)
    raise DrgpayError(*_ERRORS("no_capitation_rate", enrolled=_named(row)))


def _named(row: dict[str, Any]) -> Words:
    key = "enrolled" if row["age_band"] is None else "enrolled_band"
    said = {"contractor": row["contractor_id"], "account": row["account"]}
    return _ERRORS.words(key, band=row["age_band"], **said)


def _of_period(year_fen: int, budget: Budget | None, period: Period | None) -> int:
    if period is None:
        return year_fen
    if budget is None:
        raise DrgpayError(*_ERRORS("no_outpatient_budget"))
    return month_share_fen(year_fen, budget, period)


def _placed(sums: pl.DataFrame, statements: pl.DataFrame, capitation: pl.DataFrame) -> pl.DataFrame:
    """Sums by line and contractor, and whether they are at the contractor itself.

    Adds in_pool, paid_here and pool of their line, and `reason`: null where a contractor is charged.
    """
    sums = sums.with_columns(
        pl.col(name).cast(statements.schema[name]) for name in LINE
    ).with_columns(elsewhere=pl.col("hospital_id") != pl.col("contractor_id"))
    reason = (
        pl.when("out_of_area")
        .then(pl.lit("out_of_area"))
        .when(pl.col("contractor_id").is_null())
        .then(pl.lit("no_contract"))
        .when(pl.col("heads").is_null())
        .then(pl.lit("not_enrolled"))
    )
    return (
        sums.join(statements.select(*LINE, "in_pool", "paid_here", "pool"), on=LINE, how="left")
        .join(capitation, on=CONTRACT, how="left")
        .with_columns(reason=reason)
    )


def _charged(placed: pl.DataFrame) -> pl.DataFrame:
    return (
        placed.filter(pl.col("reason").is_null())
        .group_by(CONTRACT)
        .agg(
            pl.col("visits").sum(),
            charged_fen=pl.col("fund_fen").sum(),
            charged_elsewhere_fen=pl.col("fund_fen").filter("elsewhere").sum(),
        )
    )


def _settled_account(row: dict[str, Any], rules: Capitation) -> dict[str, Any]:
    """The balance of a contractor in an account, and who keeps or bears it."""
    capitation = row["capitation_fen"]
    balance = capitation - row["charged_fen"]
    surplus, overrun = max(balance, 0), max(-balance, 0)
    retained = shared_by_bands(surplus, capitation, rules.surplus_retained, rules.band_rule)
    shared = shared_by_bands(overrun, capitation, rules.overrun_shared, rules.band_rule)
    return {
        **row,
        "balance_fen": balance,
        "retained_fen": retained,
        "shared_fen": shared,
        "settled_fen": retained - overrun + shared,
    }


def _apart(placed: pl.DataFrame) -> pl.DataFrame:
    keys = ["reason", *CONTRACT]
    return (
        placed.filter(pl.col("reason").is_not_null())
        .group_by(keys)
        .agg(pl.col("visits", "fund_fen").sum())
        .select(pl.col(name).cast(dtype) for name, dtype in APART_SCHEMA.items())
        .sort(keys, nulls_last=False)
    )


def _tie_out(placed: pl.DataFrame, statements: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    charged = pl.col("reason").is_null()
    inside = pl.col("in_pool")
    item = ~inside & pl.col("paid_here")
    fund = pl.col("fund_fen")
    of_cases = placed.group_by("pool").agg(
        contracted_fen=fund.filter(charged & inside).sum(),
        uncontracted_fen=fund.filter(~charged & inside).sum(),
        item_contracted_fen=fund.filter(charged & item).sum(),
        item_uncontracted_fen=fund.filter(~charged & item).sum(),
        home_funds_fen=fund.filter(~pl.col("paid_here")).sum(),
    )
    of_providers = statements.group_by("pool").agg(
        fund_amount_fen=pl.col("fund_amount_fen").filter(inside).sum(),
        item_fund_amount_fen=pl.col("fund_amount_fen").filter(item).sum(),
    )
    sums = pl.selectors.integer()
    # A year is shared out by what bands leave of its budget.
    budget = "budget_final_fen" if "budget_final_fen" in values.columns else "budget_fen"
    return (
        values.select("pool", "from_home_funds_fen", "kept_fen", "remainder_fen", budget_fen=budget)
        .join(of_cases, on="pool", how="left", maintain_order="left")
        .join(of_providers, on="pool", how="left", maintain_order="left")
        .with_columns(sums.fill_null(0))
        .select(pl.col(name).cast(dtype) for name, dtype in TIE_OUT_SCHEMA.items())
    )
