"""Stays of a Spark DataFrame with their groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.given_groups import carrying_schema
from drgpay.grouper.plain import KEPT, plain_schema
from drgpay.grouper.sent import SentGrouping, SentNarrowing
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.columns import STAY_COLUMNS
from drgpay.records.meaning.rules import Reading
from drgpay.records.plain_batch import table_words
from drgpay.records.stays import REQUIRED
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
    unknown = [name for name in keep if name not in STAY_COLUMNS]
    made = spark_schema(plain_schema(compiled, given, keep, reasons), _fields(stays, unknown))
    grouping = SentGrouping.of(compiled, keep, reasons)
    return stays.select(*map(quoted, columns)).mapInArrow(grouping, made)


def narrow(
    stays: DataFrame,
    scheme: str | Path | CompiledScheme,
    policy: str | Path | Policy,
) -> DataFrame:
    """Stays that carry their groups, lazily, for `drgpay run` with `grouped = true` in the job.

    stays: the columns that a run needs and those that it can use (docs/files.md); others are left out.
    scheme: that of the job, an id, a folder, or what `load_scheme` gave. policy: that of the job, an
    id, a file, or what `load_policy` gave; it says how values are read. Returns the columns of the
    stays as they are, but days in the place of times of a zone, and status, mdc, adrg, drg, severity,
    grouped_by (string): the program, the scheme with its hash, and how values were read. Written to
    Parquet and settled by the job, they give the bytes of a run that groups itself. Raises DrgpayError,
    before any job starts, for missing columns and wrong types. Source: docs/howto-spark.md,
    docs/decisions/0041.
    """
    compiled = scheme if isinstance(scheme, CompiledScheme) else load_compiled(str(scheme))
    rules = policy if isinstance(policy, Policy) else load_policy(policy).policy
    needed = list(dict.fromkeys([*REQUIRED, *_CODES, *compiled.columns]))
    given = arrow_schema(stays, needed, STAY_COLUMNS, STAY_COLUMNS, table_words("stays"))
    made = carrying_schema(compiled, given)
    as_they_are = [name for name in given.names if given.field(name).type == made.field(name).type]
    narrowing = SentNarrowing.of(compiled, Reading.of(rules.records))
    chosen = stays.select(*map(quoted, given.names))
    return chosen.mapInArrow(narrowing, spark_schema(made, _fields(stays, as_they_are)))


_CODES = ("principal_diagnosis", "other_diagnoses", "procedures")


def _fields(stays: DataFrame, names: Sequence[str]) -> StructType:
    """Some fields of a DataFrame: columns that go through as they are."""
    from pyspark.sql.types import StructType

    return StructType([field for field in stays.schema.fields if field.name in names])
