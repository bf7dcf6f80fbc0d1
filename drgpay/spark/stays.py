"""Stays of a Spark DataFrame with their groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.plain import KEPT, plain_schema
from drgpay.grouper.sent import SentGrouping
from drgpay.records.columns import STAY_COLUMNS
from drgpay.records.plain_batch import table_words
from drgpay.spark.frames import arrow_schema, quoted, spark_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType


def group(
    stays: DataFrame,
    scheme: str | Path | CompiledScheme,
    keep: Sequence[str] = KEPT,
    reasons: bool = False,
) -> DataFrame:
    """The groups of stays, lazily: nothing is computed before Spark is asked for rows.

    stays: the columns `keep` and those that the scheme reads (`load_scheme(scheme).columns`), named
    and typed as in docs/files.md. scheme: an id, a folder, or what `load_scheme` gave; it is loaded
    here and sent to the executors. keep: columns of the stays that stand before the groups, those of
    docs/files.md in the meaning in which files are read. Returns keep, status, mdc, adrg, drg,
    severity (string), with reasons the columns of `drgpay group --reasons`; the groups are those of
    `drgpay group`. The rows have no order, as in all of Spark. Raises DrgpayError, before any job
    starts, for missing columns and wrong types. Source: the rules of the scheme,
    docs/rule-language.md; docs/howto-spark.md.
    """
    compiled = scheme if isinstance(scheme, CompiledScheme) else load_compiled(str(scheme))
    keep = tuple(dict.fromkeys(keep))
    columns = list(dict.fromkeys([*keep, *compiled.columns]))
    given = arrow_schema(stays, columns, (), STAY_COLUMNS, table_words("stays"))
    made = spark_schema(plain_schema(compiled, given, keep, reasons), _passing(stays, keep))
    grouping = SentGrouping.of(compiled, keep, reasons)
    return stays.select(*map(quoted, columns)).mapInArrow(grouping, made)


def _passing(stays: DataFrame, keep: Sequence[str]) -> StructType:
    """The kept columns that no meaning is known of: they go through as they are."""
    from pyspark.sql.types import StructType

    unknown = [name for name in keep if name not in STAY_COLUMNS]
    return StructType([field for field in stays.schema.fields if field.name in unknown])
