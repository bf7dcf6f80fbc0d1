"""Stays cut into rising ranges of case_id: what a month is worked through in (docs/decisions/0043)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from drgpay.records.in_order import one_each

BUCKET_ROWS = 150_000
"""About how many stays a bucket has; no result depends on it."""


@dataclass(frozen=True)
class StayBuckets:
    """Stays in ranges of case_id, one behind the other, in memory or in files.

    rows: how many there are. schema: of each bucket. makers: give the buckets, each sorted by case_id
    and wholly before the next; a bucket may be empty, there may be none.
    """

    rows: int
    schema: pl.Schema
    makers: Sequence[Callable[[], pl.DataFrame]] = field(repr=False)

    @staticmethod
    def of(frame: pl.DataFrame, rows: int = BUCKET_ROWS) -> "StayBuckets":
        """The stays of a frame with different case_ids, in any order."""
        ordered = frame.sort("case_id")
        places = range(0, ordered.height, rows)
        return StayBuckets(
            ordered.height,
            ordered.schema,
            [lambda at=at: ordered.slice(at, rows) for at in places],  # type: ignore[misc]
        )

    def buckets(self) -> Iterator[pl.DataFrame]:
        """The buckets in order; as often as asked, each read again where it lies in a file, while
        the taker works on those before it.
        """
        yield from one_each(lambda make: make(), self.makers, threads=1)

    def narrow(self, *columns: str) -> pl.DataFrame:
        """Some columns of all stays, sorted by case_id: for few, narrow ones."""
        nothing = pl.DataFrame(schema={name: self.schema[name] for name in columns})
        return pl.concat([nothing, *(bucket.select(columns) for bucket in self.buckets())])
