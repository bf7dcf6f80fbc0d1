"""The ledger: what a month, a correction and a clearing book (docs/settlement.md, "Ledger").

A ledger is a frame of double entries, in the order they are booked:
entry (Int32, from 1), period (2026-10, of a clearing 2026), pool, kind, hospital_id (null where
the entry is the pool's), debit, credit (ACCOUNTS), amount_fen (> 0), text (which statement line).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from drgpay.base.period import Period
from drgpay.settle.settled import Settled

ACCOUNTS = ("fund", "reserve", "hospital", "withheld", "deducted", "rounding")

LEDGER_SCHEMA: dict[str, pl.DataType] = {
    "entry": pl.Int32(),
    "period": pl.String(),
    "pool": pl.String(),
    "kind": pl.String(),
    "hospital_id": pl.String(),
    "debit": pl.String(),
    "credit": pl.String(),
    "amount_fen": pl.Int64(),
    "text": pl.String(),
}


# An entry of these accounts names a hospital, whose own balance it is.
_OF_HOSPITALS = ("hospital", "withheld", "deducted")
# Lines paid item by item take their money from the fund, but not from the pool's budget.
_ITEM = "item_"
_BALANCE = ["pool", "account", "hospital_id"]
_SAME_BOOKING = ["pool", "kind", "hospital_id", "text", "debit", "credit"]


@dataclass(frozen=True)
class _Booking:
    """An amount from credit to debit; a negative one goes the other way."""

    pool: str
    kind: str
    hospital_id: str | None
    debit: str
    credit: str
    amount_fen: int
    text: str = ""


class UnbalancedError(RuntimeError):
    """A proof failed: an error of the program, never of its user."""


def ledger_of_month(period: Period, settled: Settled) -> pl.DataFrame:
    """What a settled month books; proven before it is returned."""
    ledger = _frame(_month_bookings(settled), str(period))
    proof(ledger, settled)
    return ledger


def ledger_of_correction(period: Period, booked: pl.DataFrame, settled: Settled) -> pl.DataFrame:
    """What a correction books: the differences to what the month has booked so far.

    booked: the ledger of the paid run and of the month's earlier corrections, one below the
    other. Afterwards the month's ledgers together balance like ledger_of_month(settled), which
    is proven before the ledger is returned.
    """
    due = _signed(ledger_of_month(period, settled))
    before = _signed(booked).with_columns(amount_fen=-pl.col("amount_fen"))
    differences = (
        pl.concat([due, before])
        .group_by(_SAME_BOOKING)
        .agg(pl.col("amount_fen").sum())
        .sort(_SAME_BOOKING)
    )
    bookings = (_Booking(**row) for row in differences.iter_rows(named=True))
    ledger = _frame(bookings, str(period))
    proof(pl.concat([booked, ledger]), settled)
    return ledger


def ledger_of_clearing(year: int, booked: pl.DataFrame, cleared: Settled) -> pl.DataFrame:
    """What a clearing books.

    booked: the ledgers of all months and corrections of the year, one below the other. Proven
    before it is returned.
    """
    bookings = [*_releases(booked), *_clearing_bookings(cleared)]
    ledger = _frame(iter(bookings), str(year))
    proof(pl.concat([booked, ledger]), cleared)
    return ledger


def balances(ledger: pl.DataFrame) -> pl.DataFrame:
    """The balance of each account: pool, account, hospital_id, debit_fen, credit_fen, balance_fen.

    hospital_id is null except for the accounts hospital, withheld and deducted; balance = debit - credit.
    Sorted by pool, account and hospital_id.
    """
    sides = [
        ledger.select(
            "pool",
            pl.col(side).alias("account"),
            "hospital_id",
            debit_fen="amount_fen" if side == "debit" else pl.lit(0, pl.Int64),
            credit_fen="amount_fen" if side == "credit" else pl.lit(0, pl.Int64),
        )
        for side in ("debit", "credit")
    ]
    of_hospital = pl.col("account").is_in(_OF_HOSPITALS)
    return (
        pl.concat(sides)
        .with_columns(hospital_id=pl.when(of_hospital).then("hospital_id"))
        .group_by(_BALANCE)
        .agg(pl.col("debit_fen", "credit_fen").sum())
        .with_columns(balance_fen=pl.col("debit_fen") - pl.col("credit_fen"))
        .sort(_BALANCE)
    )


def proof(ledger: pl.DataFrame, settled: Settled) -> pl.DataFrame:
    """Prove the ledger of a month with its corrections, or of a whole year with its clearing.

    Returns pool, account, hospital_id, expected_fen, booked_fen, sorted; raises UnbalancedError where
    they differ. In each pool: the fund gave what is available, what home funds add to it and the
    item-by-item lines; each hospital got its prepayments, of a year what is payable; the rest of its
    fund amount is withheld; what the fund keeps for deducted points is in deducted; the remainder is
    in the reserve; rounding is closed.
    """
    due = pl.when("paid_here").then("fund_amount_fen").otherwise(0)
    paid = pl.col("payable_fen" if settled.is_year else "prepayment_fen")
    lines = settled.lines.select(
        "pool",
        "hospital_id",
        "in_pool",
        due_fen=due,
        hospital=paid,
        withheld=pl.col("withheld_fen") if settled.is_year else due - paid,
        deducted="kept_fen",
    )
    return _proven(ledger, lines, settled.pools)


def _month_bookings(settled: Settled) -> Iterator[_Booking]:
    """Per line the prepayment, what is withheld until the clearing and what the fund keeps; per pool
    the remainder.
    """
    for line in settled.lines.iter_rows(named=True):
        if not line["paid_here"]:
            continue
        prepaid = line["prepayment_fen"]
        withheld = line["fund_amount_fen"] - prepaid
        yield _of_line(line, "prepayment", "hospital", "fund", prepaid)
        yield _of_line(line, "withheld", "withheld", "fund", withheld)
        yield _of_line(line, "deducted", "deducted", "fund", line["kept_fen"])
    yield from _remainders(settled.pools)


def _clearing_bookings(cleared: Settled) -> Iterator[_Booking]:
    """Per line what is still to pay and what stays withheld, and why; per pool the remainder."""
    for line in cleared.lines.iter_rows(named=True):
        yield _of_line(line, "clearing", "hospital", "fund", line["clearing_fen"])
        yield _of_line(line, "assessment", "withheld", "fund", line["assessment_fen"])
        yield _of_line(line, "redistribution", "fund", "withheld", line["redistributed_fen"])
        yield _of_line(line, "deduction", "withheld", "fund", line["deduction_fen"])
        yield _of_line(line, "deducted", "deducted", "fund", line["kept_fen"])
    yield from _remainders(cleared.pools)


def _releases(booked: pl.DataFrame) -> Iterator[_Booking]:
    """Give back to the fund what the months withheld, kept and put into the reserve."""
    signed = _signed(booked).with_columns(item=pl.col("kind").str.starts_with(_ITEM))
    for account, kind in (
        ("withheld", "release_withheld"),
        ("deducted", "release_deducted"),
        ("reserve", "release_remainder"),
    ):
        ins = pl.col("amount_fen") * pl.when(pl.col("debit") == account).then(1).otherwise(-1)
        held = (
            signed.filter((pl.col("debit") == account) | (pl.col("credit") == account))
            .group_by("pool", "hospital_id", "text", "item")
            .agg(ins.sum().alias("held_fen"))
            .sort("pool", "hospital_id", "text", "item")
        )
        for row in held.iter_rows(named=True):
            prefix = _ITEM if row["item"] else ""
            yield _Booking(
                row["pool"],
                prefix + kind,
                row["hospital_id"],
                "fund",
                account,
                row["held_fen"],
                row["text"],
            )


def _of_line(line: dict[str, Any], kind: str, debit: str, credit: str, amount_fen: int) -> _Booking:
    place = "outside" if line["out_of_area"] else "local"
    payment = "by points" if line["payment"] == "points" else "item by item"
    prefix = "" if line["in_pool"] else _ITEM
    text = f"{line['account']}, {place}, {payment}"
    hospital = line["hospital_id"]
    return _Booking(line["pool"], prefix + kind, hospital, debit, credit, amount_fen, text)


def _remainders(values: pl.DataFrame) -> Iterator[_Booking]:
    """What rounding left of the budget goes to the reserve."""
    for pool, remainder in values.select("pool", "remainder_fen").iter_rows():
        yield _Booking(pool, "remainder", None, "rounding", "fund", remainder)
        yield _Booking(pool, "remainder", None, "reserve", "rounding", remainder)


def _frame(bookings: Iterator[_Booking], period: str) -> pl.DataFrame:
    """The entries of bookings: nothing of zero, every amount positive."""
    rows = []
    for number, booking in enumerate((b for b in bookings if b.amount_fen), start=1):
        sides = (booking.debit, booking.credit)
        debit, credit = sides if booking.amount_fen > 0 else sides[::-1]
        rows.append(
            {
                "entry": number,
                "period": period,
                "pool": booking.pool,
                "kind": booking.kind,
                "hospital_id": booking.hospital_id,
                "debit": debit,
                "credit": credit,
                "amount_fen": abs(booking.amount_fen),
                "text": booking.text,
            }
        )
    return pl.DataFrame(rows, schema=LEDGER_SCHEMA)


def _signed(ledger: pl.DataFrame) -> pl.DataFrame:
    """The columns of a booking, each pair of accounts in one order and its amount signed."""
    turned = pl.col("debit") > pl.col("credit")
    return ledger.select(
        "pool",
        "kind",
        "hospital_id",
        "text",
        debit=pl.when(turned).then("credit").otherwise("debit"),
        credit=pl.when(turned).then("debit").otherwise("credit"),
        amount_fen=pl.when(turned).then(-pl.col("amount_fen")).otherwise("amount_fen"),
    )


def _proven(ledger: pl.DataFrame, lines: pl.DataFrame, pools: pl.DataFrame) -> pl.DataFrame:
    """Compare the balance of every account with what the results say."""
    of_hospitals = lines.unpivot(
        on=list(_OF_HOSPITALS),
        index=["pool", "hospital_id"],
        variable_name="account",
        value_name="expected_fen",
    )
    items = lines.filter(~pl.col("in_pool")).select(
        "pool",
        account=pl.lit("fund"),
        hospital_id=pl.lit(None, pl.String),
        expected_fen=-pl.col("due_fen"),
    )
    of_pools = [
        pools.select(
            "pool",
            account=pl.lit(account),
            hospital_id=pl.lit(None, pl.String),
            expected_fen=expected,
        )
        for account, expected in {
            "fund": -(pl.col("available_fen") + pl.col("from_home_funds_fen")),
            "reserve": pl.col("remainder_fen"),
            "rounding": pl.lit(0, pl.Int64),
        }.items()
    ]
    columns = [*_BALANCE, "expected_fen"]
    expected = (
        pl.concat(
            [
                of_hospitals.select(columns),
                items.select(columns),
                *(frame.select(columns) for frame in of_pools),
            ]
        )
        .group_by(_BALANCE)
        .agg(pl.col("expected_fen").sum())
    )
    proof = (
        expected.join(
            balances(ledger).select(*_BALANCE, booked_fen="balance_fen"),
            on=_BALANCE,
            how="full",
            coalesce=True,
            nulls_equal=True,
        )
        .with_columns(pl.col("expected_fen", "booked_fen").fill_null(0))
        .sort(_BALANCE)
    )
    for wrong in proof.filter(pl.col("expected_fen") != pl.col("booked_fen")).rows(named=True)[:1]:
        raise UnbalancedError(
            f"the ledger of the pool {wrong['pool']} books {wrong['booked_fen']} fen on "
            f"{wrong['account']} {wrong['hospital_id'] or ''}, the results say "
            f"{wrong['expected_fen']}"
        )
    return proof
