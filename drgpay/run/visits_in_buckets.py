"""Visits with points as settlement takes them, bucket by bucket: no more than a bucket is held at once.

Of a month the buckets are those that were grouped, of a year the visits of its months in one order
(docs/decisions/0043). Nothing is adjusted of visits, so that no visit asks anything of others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.results.part import VISITS
from drgpay.run.results import write_cases
from drgpay.settle.capitation import added_contracts, contract_sums
from drgpay.settle.narrow import GrowingCases, NarrowCases, OrderOfIds
from drgpay.settle.walk import PaidCases

Buckets = Callable[[], Iterable[pl.DataFrame]]
"""Gives visits as the cases of settlement, in ranges of case_id, one behind the other; anew each time."""


def narrow_visits(buckets: Buckets) -> NarrowCases:
    """What settlement asks of visits."""
    growing = GrowingCases()
    for cases in buckets():
        growing.add(cases)
    return growing.finished(_NO_MINUS_ROWS)


_NO_MINUS_ROWS = OrderOfIds(pl.Series("case_id", [], pl.String))
"""An order that nobody asks for: where a case stands matters to adjustments of others alone."""


@dataclass(frozen=True)
class WrittenVisits:
    """Where the visits of a period were written. contracts: of `contract_sums` of all of them."""

    path: Path
    contracts: pl.DataFrame


def write_paid_visits(
    buckets: Buckets,
    paid: PaidCases,
    year: bool,
    folder: Path,
    coded: Mapping[str, pl.Enum] | None = None,
) -> WrittenVisits:
    """Write visits.parquet of visits in buckets, each with what it is paid.

    coded: the columns of a month that are kept as numbers of texts, with all their texts.
    """
    contracts = []
    if coded:
        coded = {**coded, "payment": pl.Enum(paid.payments.cast(pl.String).unique().sort())}

    def of_buckets() -> Iterator[pl.DataFrame]:
        first = 0
        for cases in buckets():
            bucket = paid.paid(cases, first)
            contracts.append(contract_sums(bucket))
            first += cases.height
            yield bucket

    path = write_cases(VISITS, year, of_buckets(), folder, coded)
    return WrittenVisits(path, added_contracts(contracts))
