"""What a month, a correction and a clearing book: double entries as plain tuples."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from .clearing import Year
from .prepayment import Month
from .settlement import NOTHING, LineKey


class Entry(NamedTuple):
    """An amount above zero from `credit` to `debit`."""

    pool: str
    kind: str
    hospital_id: str | None
    debit: str
    credit: str
    amount: Decimal


Balances = dict[tuple[str, str, str | None], Decimal]  # by pool, account, hospital


def entry(
    pool: str, kind: str, hospital: str | None, debit: str, credit: str, amount: Decimal
) -> list[Entry]:
    """One entry; a negative amount goes the other way round, nothing is booked of zero."""
    if amount < 0:
        debit, credit, amount = credit, debit, -amount
    return [Entry(pool, kind, hospital, debit, credit, amount)] if amount else []


def of_month(month: Month) -> list[Entry]:
    """Prepayment, what is withheld until the clearing, and the pool's remainder."""
    entries: list[Entry] = []
    for key, line in month.settled.lines.items():
        if not line.paid_here:
            continue
        item = "" if line.in_pool else "item_"
        prepaid = month.prepaid[key].prepayment
        held = line.fund_amount - prepaid
        entries += entry(line.pool, f"{item}prepayment", key[0], "hospital", "fund", prepaid)
        entries += entry(line.pool, f"{item}withheld", key[0], "withheld", "fund", held)
        entries += entry(line.pool, f"{item}deducted", key[0], "deducted", "fund", line.kept)
    for pool, value in month.settled.values.items():
        entries += entry(pool, "remainder", None, "rounding", "fund", value.remainder)
        entries += entry(pool, "remainder", None, "reserve", "rounding", value.remainder)
    return entries


def of_clearing(year: Year, months: Iterable[Month]) -> list[Entry]:
    """What the months held back is released; then what is due is booked."""
    held: dict[tuple[str, str, LineKey], Decimal] = {}
    kept: dict[tuple[str, LineKey], Decimal] = {}
    left: dict[str, Decimal] = {}
    for month in months:
        for key, line in month.settled.lines.items():
            if line.paid_here:
                kind = "release_withheld" if line.in_pool else "item_release_withheld"
                place = (line.pool, kind, key)
                amount = line.fund_amount - month.prepaid[key].prepayment
                held[place] = held.get(place, NOTHING) + amount
                kept[line.pool, key] = kept.get((line.pool, key), NOTHING) + line.kept
        for pool, value in month.settled.values.items():
            left[pool] = left.get(pool, NOTHING) + value.remainder
    entries: list[Entry] = []
    for (pool, kind, key), amount in held.items():
        entries += entry(pool, kind, key[0], "fund", "withheld", amount)
    for (pool, key), amount in kept.items():
        entries += entry(pool, "release_deducted", key[0], "fund", "deducted", amount)
    for pool, amount in left.items():
        entries += entry(pool, "release_remainder", None, "fund", "reserve", amount)
    for key, line in year.settled.lines.items():
        due = year.due[key]
        item = "" if line.in_pool else "item_"
        for kind, debit, credit, amount in (
            ("clearing", "hospital", "fund", due.clearing),
            ("assessment", "withheld", "fund", due.assessment),
            ("redistribution", "fund", "withheld", due.redistributed),
            ("deduction", "withheld", "fund", due.deduction),
            ("deducted", "deducted", "fund", line.kept),
        ):
            if line.paid_here:
                entries += entry(line.pool, item + kind, key[0], debit, credit, amount)
    for pool, value in year.settled.values.items():
        entries += entry(pool, "remainder", None, "rounding", "fund", value.remainder)
        entries += entry(pool, "remainder", None, "reserve", "rounding", value.remainder)
    return entries


def netted(entries: Iterable[Entry]) -> Mapping[tuple[str, str, str | None, str], Decimal]:
    """What each kind moved into each account, by pool and hospital; zeros are left out."""
    moved: Counter[tuple[str, str, str | None, str]] = Counter()
    for one in entries:
        moved[one.pool, one.kind, one.hospital_id, one.debit] += one.amount  # type: ignore[assignment]
        moved[one.pool, one.kind, one.hospital_id, one.credit] -= one.amount  # type: ignore[assignment]
    return {key: Decimal(amount) for key, amount in moved.items() if amount}


def balances(entries: Iterable[Entry]) -> Balances:
    """Debit less credit of each account, of hospital and withheld by hospital; zeros left out."""
    sums: Balances = {}
    for one in entries:
        for account, amount in ((one.debit, one.amount), (one.credit, -one.amount)):
            own = account in ("hospital", "withheld", "deducted")
            key = (one.pool, account, one.hospital_id if own else None)
            sums[key] = sums.get(key, NOTHING) + amount
    return {key: amount for key, amount in sums.items() if amount}
