"""Arrow batches of any engine, grouped: what Python offers of drgpay.grouper.plain.

Like it, this loads neither polars nor the libraries of policies and rules.
"""

from collections.abc import Sequence

import pyarrow as pa

from drgpay.api.arguments import checked
from drgpay.grouper import plain
from drgpay.grouper.compiled import CompiledScheme


@checked
def plain_schema(
    compiled: CompiledScheme,
    given: pa.Schema,
    keep: Sequence[str] = plain.KEPT,
    reasons: bool = False,
) -> pa.Schema:
    """The schema of what `group_plain` makes of batches with the schema `given`.

    The kept columns come first, those of docs/files.md in the type in which they are read, others in
    their own; then status, mdc, adrg, drg, severity (string), with reasons also mdc_sort, adrg_sort,
    drg_sort, retried_procedure (int16), severity_code, ungrouped_reason (string). Raises DrgpayError
    for a column that is missing, there twice or of a type that cannot be read, and for a kept column
    that is called as one of the result. Source: docs/files.md, "groups.parquet".
    """
    return plain.plain_schema(compiled, given, keep, reasons)


@checked
def group_plain(
    compiled: CompiledScheme,
    batch: pa.RecordBatch,
    keep: Sequence[str] = plain.KEPT,
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
    return plain.group_plain(compiled, batch, keep, reasons)
