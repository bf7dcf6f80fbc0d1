"""Group Arrow batches of any engine: a pure function from batch to batch, values read as of files.

Nothing here, nor what it imports, loads the libraries of policies, rules and frames: a process of a
cluster that groups starts with numpy and pyarrow alone. polars comes where a value has to be read
that is not written as docs/files.md asks: blanks around a code, a number in a text.
"""

from collections.abc import Sequence

import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.grouper.batch import RESULT_COLUMNS, group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.reasons import REASON_COLUMNS
from drgpay.records.columns import CODE_COLUMNS, STAY_COLUMNS
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.plain_batch import (
    as_field,
    read_batch,
    read_fields,
    require_columns,
    table_words,
)

_ERRORS = Sentences("errors/grouper")
_TEXTS = ("severity_code", "ungrouped_reason")
KEPT = ("case_id",)


def result_fields(reasons: bool) -> list[pa.Field]:
    """The fields that grouping adds: texts, and with `reasons` whole numbers too (int16)."""
    fields = [pa.field(name, pa.string()) for name in RESULT_COLUMNS]
    if reasons:
        fields += [
            pa.field(name, pa.string() if name in _TEXTS else pa.int16()) for name in REASON_COLUMNS
        ]
    return fields


def plain_schema(
    compiled: CompiledScheme, given: pa.Schema, keep: Sequence[str] = KEPT, reasons: bool = False
) -> pa.Schema:
    """The schema of what `group_plain` makes of batches with the schema `given`.

    The kept columns come first, those of docs/files.md in the type in which they are read, others in
    their own; then status, mdc, adrg, drg, severity (string), with reasons also mdc_sort, adrg_sort,
    drg_sort, retried_procedure (int16), severity_code, ungrouped_reason (string). Raises DrgpayError
    for a column that is missing, there twice or of a type that cannot be read, and for a kept column
    that is called as one of the result. Source: docs/files.md, "groups.parquet".
    """
    table = table_words("stays")
    require_columns(given, [*keep, *compiled.columns], (), STAY_COLUMNS, table)
    results = result_fields(reasons)
    refuse_result_columns(keep, [field.name for field in results])
    return pa.schema([*read_fields(given, list(dict.fromkeys(keep)), STAY_COLUMNS), *results])


def refuse_result_columns(keep: Sequence[str], results: Sequence[str]) -> None:
    """Refuse to keep columns that are called as those of the result (DrgpayError)."""
    clash = sorted(set(keep) & set(results))
    if clash:
        raise DrgpayError(*_ERRORS("kept_result_column", columns=listed(clash)))


def group_plain(
    compiled: CompiledScheme,
    batch: pa.RecordBatch,
    keep: Sequence[str] = KEPT,
    reasons: bool = False,
) -> pa.RecordBatch:
    """Group the stays of an Arrow batch, whichever engine made it: Spark, DuckDB, polars, Daft.

    batch: the columns `keep` and `compiled.columns`, in any type that files may have (docs/files.md);
    values have the meaning that they have in files, what cannot be read is null. Returns, row by row,
    a batch of `plain_schema`: status (`grouped`, `ambiguous`, `ungrouped`, `invalid`), mdc, adrg, drg,
    severity (`MCC`, `CC`, `none`) as of `group_stays`. The same rows give the same groups however
    they are cut into batches. Raises DrgpayError as `plain_schema`. Source: the rules of the scheme,
    docs/rule-language.md.
    """
    schema = plain_schema(compiled, batch.schema, keep, reasons)
    kept = schema.names[: len(schema) - len(result_fields(reasons))]
    columns = list(dict.fromkeys([*kept, *compiled.columns]))
    read = read_stays(batch, columns, compiled)
    groups = group_batch(compiled, read, reasons)
    arrays = [
        as_field((read if number < len(kept) else groups).column(field.name), field)
        for number, field in enumerate(schema)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def read_stays(
    batch: pa.RecordBatch,
    columns: Sequence[str],
    compiled: CompiledScheme,
    reading: Reading = PLAIN_READING,
) -> pa.RecordBatch:
    """Columns of stays by their meaning, what grouping reads of codes dictionary-coded."""
    coded = [name for name in CODE_COLUMNS if name in compiled.columns]
    return read_batch(batch, columns, STAY_COLUMNS, reading, coded)
