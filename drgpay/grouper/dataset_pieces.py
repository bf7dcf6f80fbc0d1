"""Group the pieces of a dataset, and count rows whose codes seem joined to one.

Only the distinct texts that a scheme does not name are looked at, and rows only where some of those
look like several codes: other records take no time.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.unknown_texts import UnknownTexts
from drgpay.records.arrays import numbers_array, numbers_of
from drgpay.records.codes import Ints
from drgpay.records.columns import is_text
from drgpay.records.dataset import Dataset, PlacedPiece
from drgpay.records.joined_codes import separator_in
from drgpay.records.meaning.faults import shown
from drgpay.records.meaning.lists import as_lists, ends_of, rows_of
from drgpay.records.parquet_source import BATCH_ROWS
from drgpay.records.reading_report import Finding, Problem


def grouped_batches(
    compiled: CompiledScheme,
    dataset: Dataset,
    placed: PlacedPiece,
    columns: Iterable[str],
    coded: Iterable[str],
    reasons: bool,
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """The batches of a piece, `columns` of them, each with its groups (group_batch).

    Codes that seem joined are counted in the report of the dataset, which says them in the end. Raises DrgpayError as reading and group_batch do.
    """
    row = placed.first_row
    for batch in _in_parts(placed.piece.batches(columns, coded), reasons):
        texts = UnknownTexts()
        groups = group_batch(compiled, batch, reasons, texts)
        dataset.report_findings(placed, row, joined_findings(batch, texts, row))
        yield batch, groups
        row += batch.num_rows


def _in_parts(batches: Iterable[pa.RecordBatch], reasons: bool) -> Iterator[pa.RecordBatch]:
    """The batches; for reasons in parts of BATCH_ROWS: a file of results stores the codes of reasons
    with the dictionaries of these parts, so that its bytes depend on them.
    """
    for batch in batches:
        if reasons:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield batch.slice(start, BATCH_ROWS)
        else:
            yield batch


def joined_findings(batch: pa.RecordBatch, texts: UnknownTexts, first_row: int) -> list[Finding]:
    """Rows of a batch with codes that seem joined, by column.

    texts: what grouping the batch collected. first_row: of the batch in its file, from 0.
    """
    return [
        finding._replace(row=first_row + finding.row)
        for column, (values, places) in texts.columns.items()
        for finding in _of_column(column, batch.column(column), values, places)
    ]


def _of_column(
    column: str, whole: pa.Array, values: pa.DictionaryArray, places: Ints
) -> Iterator[Finding]:
    words = values.dictionary.take(numbers_array(places)).to_pylist()
    joined = [
        place
        for place, word in zip(places.tolist(), words, strict=True)
        if word is not None and separator_in(word)
    ]
    if not joined:
        return
    marked = np.zeros(len(values.dictionary) + 1, dtype=np.bool_)  # the last one of nulls
    marked[joined] = True
    of_each = numbers_of(values.indices, null=len(values.dictionary))
    positions = np.flatnonzero(np.take(marked, of_each))
    if len(positions):
        rows = np.unique(_rows(whole, positions))
        example = shown(values[int(positions[0])].as_py())
        yield Finding(column, Problem.SEEMS_JOINED, len(rows), example, int(rows[0]))


def _rows(column: pa.Array, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of texts; where the column holds lists, those of items one behind the other."""
    if is_text(column.type):
        return positions
    ends, _ = ends_of(as_lists(column))
    return rows_of(ends, positions)
