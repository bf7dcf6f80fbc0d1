"""Whether a ledger balances and books what the results of its run say."""

from collections.abc import Sequence

import polars as pl

from drgpay.base.language import Words
from drgpay.results.run_tables import RunTables
from drgpay.run.comparison import WORDS, disagreement, unequal
from drgpay.settle.ledger import ACCOUNTS

_ACCOUNT = ["pool", "account", "hospital_id"]
_OF_HOSPITALS = ("hospital", "withheld", "deducted")
"""Accounts with a balance of their own for each hospital."""


def ledger_disagreement(tables: RunTables, booked: Sequence[pl.DataFrame]) -> Words | None:
    """The first entry that is none, or the first account whose balance the results contradict.

    booked: the ledgers that this run's goes on with. All of them together say: the fund gave its
    budget, what home funds add to it and the lines paid item by item; each hospital got what it is
    prepaid (after the clearing: what is payable); the rest of its fund amount is withheld; what the
    fund keeps for deducted points is in deducted; the remainder is in the reserve; rounding is
    closed.
    """
    ledger = tables.ledger
    found = _no_entry(ledger)
    if found:
        return found
    balances = _balances(pl.concat([*booked, ledger]))
    return disagreement(
        balances, _expected(tables), _ACCOUNT, ["balance"], "ledger", WORDS.words("finding.results")
    )


def _no_entry(ledger: pl.DataFrame) -> Words | None:
    """Entries are numbered from 1, of a positive amount, from one account to another."""
    numbered = ledger.with_row_index("place", offset=1)
    right = (
        (pl.col("entry") == pl.col("place"))
        & (pl.col("amount") > 0)
        & (pl.col("debit") != pl.col("credit"))
        & pl.col("debit").is_in(ACCOUNTS)
        & pl.col("credit").is_in(ACCOUNTS)
    )
    wrong = numbered.filter(~right.fill_null(False))
    if not wrong.height:
        return None
    row = wrong.row(0, named=True)
    entry = f"{row['debit']} / {row['credit']} {row['amount']}"
    return unequal(f"ledger {row['place']}: entry", row["entry"], "debit / credit", entry)


def _balances(ledger: pl.DataFrame) -> pl.DataFrame:
    """Debits less credits of each account."""
    sides = [
        ledger.select("pool", "hospital_id", account=side, balance=sign * pl.col("amount"))
        for side, sign in (("debit", 1), ("credit", -1))
    ]
    own = pl.when(pl.col("account").is_in(_OF_HOSPITALS)).then("hospital_id")
    return (
        pl.concat(sides)
        .with_columns(hospital_id=own)
        .group_by(_ACCOUNT)
        .agg(pl.col("balance").sum())
    )


def _expected(tables: RunTables) -> pl.DataFrame:
    """The balance of each account by the statements and the pools."""
    lines = tables.statements.with_columns(
        due=pl.when("paid_here").then("fund_amount").otherwise(pl.lit(0).cast(pl.Decimal(18, 2)))
    )
    paid = "payable" if tables.manifest.is_clearing else "prepayment"
    hospitals = [
        lines.select("pool", "hospital_id", account=pl.lit(account), balance=balance)
        for account, balance in (
            ("hospital", pl.col(paid)),
            ("withheld", pl.col("due") - pl.col(paid)),
            ("deducted", pl.col("kept")),
        )
    ]
    items = lines.filter(~pl.col("in_pool")).select("pool", balance=-pl.col("due"))
    pools = [
        (tables.pools.select("pool", balance=-pl.col("available")), "fund"),
        (tables.pools.select("pool", balance=-pl.col("from_home_funds")), "fund"),
        (items, "fund"),
        (tables.pools.select("pool", balance=pl.col("remainder")), "reserve"),
    ]
    nobody = pl.lit(None, pl.String)
    of_pools = [
        frame.with_columns(hospital_id=nobody, account=pl.lit(account)) for frame, account in pools
    ]
    columns = [*_ACCOUNT, pl.col("balance").cast(pl.Decimal(38, 2))]
    return (
        pl.concat([frame.select(columns) for frame in (*hospitals, *of_pools)])
        .group_by(_ACCOUNT)
        .agg(pl.col("balance").sum())
    )
