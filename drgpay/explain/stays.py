"""The one stay to explain: found in a dataset, and brought into the form that the batch reads."""

from collections.abc import Sequence
from dataclasses import fields

import pyarrow as pa
import pyarrow.compute as pc

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.apg_reference import Visit
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.reference import STAY_LISTS, Stay
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, NumberField
from drgpay.records.dataset import Dataset, Piece
from drgpay.records.in_order import in_order

_ERRORS = Sentences("errors/explain")

_COLUMNS = [field.name for field in fields(Stay)]
_NUMBERS = tuple(COLUMN_OF_FIELD[field] for field in NumberField)


def find_case(dataset: Dataset, compiled: CompiledScheme, case_id: str) -> Stay:
    """The stay with this case_id; of the other columns only its own piece is read.

    Raises DrgpayError if no row or more than one has that id, or a needed column is missing.
    """
    dataset.require(["case_id", *compiled.columns], optional=_COLUMNS)

    def rows_of(piece: Piece) -> list[tuple[Piece, int]]:
        found, start = [], 0
        for batch in piece.batches(["case_id"]):
            column = batch.column("case_id").cast(pa.large_string())
            rows = pc.indices_nonzero(pc.equal(column, case_id))
            found += [(piece, start + row) for row in rows.to_pylist()]
            start += batch.num_rows
        return found

    places = list(in_order(rows_of, dataset.pieces()))
    if not places:
        raise DrgpayError(*_ERRORS("no_case", path=dataset.path, id=case_id))
    if len(places) > 1:
        rows = len(places)
        raise DrgpayError(*_ERRORS("case_twice", path=dataset.path, rows=rows, id=case_id))
    return _read(*places[0])


def batch_of(records: Sequence[Stay | Visit]) -> pa.RecordBatch:
    """Stays, visits or lines as the Arrow batch that grouping reads: one column a field of them.

    records: at least one.
    """
    types = dict.fromkeys(STAY_LISTS, pa.list_(pa.string())) | dict.fromkeys(_NUMBERS, pa.float64())
    return pa.RecordBatch.from_pydict(
        {
            field.name: pa.array(
                [getattr(record, field.name) for record in records],
                types.get(field.name, pa.string()),
            )
            for field in fields(records[0])
        }
    )


def _read(piece: Piece, row: int) -> Stay:
    for batch in piece.batches(_COLUMNS):
        if row < batch.num_rows:
            return Stay.of(batch.slice(row, 1).to_pylist()[0])
        row -= batch.num_rows
    raise AssertionError("the row was counted in this piece")
