"""Group a dataset of any size: row groups are read and grouped by threads, written in order."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.grouper.batch import RESULT_COLUMNS
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.dataset_pieces import grouped_batches
from drgpay.grouper.reasons import REASON_COLUMNS
from drgpay.records.columns import CODE_COLUMNS, Kind
from drgpay.records.dataset import Dataset, PlacedPiece
from drgpay.records.folder import refuse_overwriting
from drgpay.records.in_order import in_order
from drgpay.records.writing import staged_file, write_batches

_ERRORS = Sentences("errors/grouper")

Progress = Callable[[int], None]
"""Is told how many more rows are done."""

_NAMES = pa.dictionary(pa.int16(), pa.string())
_RESULT_FIELDS = [pa.field(name, _NAMES) for name in RESULT_COLUMNS]
_CODES = pa.dictionary(pa.int32(), pa.string())
_REASON_FIELDS = [
    pa.field(name, _CODES if name in ("severity_code", "ungrouped_reason") else pa.int16())
    for name in REASON_COLUMNS
]


def group_dataset(
    dataset: Dataset,
    compiled: CompiledScheme,
    out: Path,
    with_input: bool = False,
    reasons: bool = False,
    progress: Progress = lambda rows: None,
    threads: int | None = None,
) -> int:
    """Write case_id, status, mdc, adrg, drg, severity of every stay to a Parquet file.

    Rows keep the order of the input (files by name). `with_input` puts the input's columns first,
    `reasons` adds REASON_COLUMNS.
    Returns the number of stays. The bytes do not depend on `threads`.
    """
    refuse_overwriting(out, [dataset.path, dataset.mapping.path if dataset.mapping else None])
    needed = compiled.columns
    dataset.require(["case_id", *needed])
    kept = dataset.column_names if with_input else ["case_id"]
    results = [*_RESULT_FIELDS, *(_REASON_FIELDS if reasons else [])]
    clash = sorted(set(kept) & {field.name for field in results})
    if clash:
        raise DrgpayError(*_ERRORS("result_column", path=dataset.path, columns=listed(clash)))
    read = list(dict.fromkeys([*kept, *needed]))
    coded = [] if with_input else [column for column in CODE_COLUMNS if column in needed]
    schema = pa.schema([*_kept_fields(dataset, kept), *results])
    coded_results = [field.name for field in results if pa.types.is_dictionary(field.type)]

    def grouped(piece: PlacedPiece) -> list[pa.RecordBatch]:
        batches = []
        for batch, groups in grouped_batches(compiled, dataset, piece, read, coded, reasons):
            columns = [_as_field(batch, field) for field in schema][: len(schema) - len(results)]
            columns += [_as_result(groups.column(field.name), field) for field in results]
            batches.append(pa.RecordBatch.from_arrays(columns, schema=schema))
        return batches

    with staged_file(out) as staged:
        batches = in_order(grouped, dataset.placed_pieces(), threads)
        write_batches(_counted(batches, progress), schema, staged, coded=coded_results)
    return dataset.rows


def _counted(batches: Iterable[pa.RecordBatch], progress: Progress) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch
        progress(batch.num_rows)


def _kept_fields(dataset: Dataset, names: list[str]) -> list[pa.Field]:
    fields = []
    for name in names:
        types = {file.type_of(name) for file in dataset.files} - {None}
        known = sorted((type_ for type_ in types if not pa.types.is_null(type_)), key=str)
        if all(map(_is_plain_text, known)):
            known = known[:1]  # large, if one is
        elif dataset.kinds.get(name) is Kind.NUMBER:
            known = [pa.float64()] if len(known) > 1 else known  # as text is read as one
        if len(known) > 1:
            said = {"column": name, "first": known[0], "second": known[1]}
            raise DrgpayError(*_ERRORS("two_types", path=dataset.path, **said))
        fields.append(pa.field(name, known[0] if known else pa.string()))
    return fields


def _is_plain_text(type_: pa.DataType) -> bool:
    """Whether a type holds texts: large or not depends on the program that wrote the file."""
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _as_field(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(field.name)
    return column if column.type == field.type else column.cast(field.type, safe=False)


def _as_result(column: pa.Array, field: pa.Field) -> pa.Array:
    if not pa.types.is_dictionary(field.type) or column.type == field.type:
        return column
    indices = column.indices.cast(field.type.index_type)
    return pa.DictionaryArray.from_arrays(indices, column.dictionary)
