"""What a month-end run books: the month, or of a correction its differences to what was paid."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.period import Period
from drgpay.settle.differences import Differences, PaidMonth, differences_of
from drgpay.settle.ledger import ledger_of_correction, ledger_of_month
from drgpay.settle.settled import Settled


@dataclass(frozen=True)
class Booked:
    """The ledger of a run (settle/ledger.py); of a correction also what it changes, else None."""

    ledger: pl.DataFrame
    differences: Differences | None = None


def booked_month(
    period: Period,
    settled: Settled,
    paid: PaidMonth | None = None,
    ledgers: Sequence[pl.DataFrame] = (),
) -> Booked:
    """Book a settled month of stays or of visits.

    paid: of a correction the run that it corrects, as the money stands now. ledgers: of a
    correction what that run and those before it booked. Raises UnbalancedError like the ledgers.
    """
    if paid is None:
        return Booked(ledger_of_month(period, settled))
    ledger = ledger_of_correction(period, pl.concat(ledgers), settled)
    return Booked(ledger, differences_of(paid, settled))
