"""Who a case belongs to, read again from the records: results never hold a person."""

from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.dataset import Dataset
from drgpay.records.shelves import Shelves

_ERRORS = Sentences("errors/records")


def persons_of_cases(dataset: Dataset) -> pl.DataFrame:
    """The columns case_id and person_id of a dataset, each case once, sorted by case_id.

    A case that several files hold (a corrected month beside the first) must have one person.
    Raises DrgpayError where it has two.
    """
    return _each_once(pl.concat(_persons(dataset)), dataset)


def persons_of_ranges(
    dataset: Dataset, boundaries: Sequence[str], shelves: Shelves
) -> Iterator[tuple[pl.DataFrame, str | None]]:
    """`persons_of_cases` in ranges of case_id, rising; each with where the next begins, None at the end.

    boundaries: where ranges begin, rising; the first begins before all. shelves: where they wait.
    """
    ids = pl.Series("case_id", boundaries, pl.String)
    for rows in _persons(dataset):
        part = ids.search_sorted(rows["case_id"], side="right").alias("part")
        parts = rows.hstack([part]).partition_by("part", include_key=False, as_dict=True)
        for (number,), mine in parts.items():
            shelves.put(int(number), mine)
    there = set(shelves.shelves)
    nothing = pl.DataFrame(schema=dict.fromkeys(_WANTED, pl.String))
    for number, bound in enumerate([*boundaries, None]):
        found = shelves.take(number) if number in there else nothing
        shelves.clear(number)
        yield _each_once(found, dataset), bound


_WANTED = ["case_id", "person_id"]


def _persons(dataset: Dataset) -> Iterator[pl.DataFrame]:
    dataset.require(_WANTED)
    for piece in dataset.pieces():
        for batch in piece.batches(_WANTED):
            rows = pl.DataFrame(pa.table(batch)).select(pl.col(_WANTED).cast(pl.String))
            yield rows.drop_nulls()


def _each_once(rows: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    persons = rows.unique().sort(_WANTED)
    twice = persons.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        case = twice["case_id"][0]
        raise DrgpayError(*_ERRORS("two_persons", path=dataset.path, case=case))
    return persons
