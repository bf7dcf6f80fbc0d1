"""Who a case belongs to, read again from the records: results never hold a person."""

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.dataset import Dataset

_ERRORS = Sentences("errors/records")


def persons_of_cases(dataset: Dataset) -> pl.DataFrame:
    """The columns case_id and person_id of a dataset, each case once, sorted by case_id.

    A case that several files hold (a corrected month beside the first) must have one person.
    Raises DrgpayError where it has two.
    """
    wanted = ["case_id", "person_id"]
    dataset.require(wanted)
    frames = [
        pl.DataFrame(pa.table(batch)).select(pl.col(wanted).cast(pl.String))
        for piece in dataset.pieces()
        for batch in piece.batches(wanted)
    ]
    persons = pl.concat(frames).drop_nulls().unique().sort(wanted)
    twice = persons.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        case = twice["case_id"][0]
        raise DrgpayError(*_ERRORS("two_persons", path=dataset.path, case=case))
    return persons
