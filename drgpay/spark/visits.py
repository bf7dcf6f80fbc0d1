"""Visits of Spark DataFrames with their service lines: entries, and what was refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from drgpay.grouper.apg import CompiledApg, load_apg
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.columns import ITEM_COLUMNS, VISIT_COLUMNS, Kind
from drgpay.records.meaning.texts import BLANKS
from drgpay.records.plain_batch import require_type, table_words
from drgpay.records.visits.tables import LINE_VALUES, VISIT_VALUES
from drgpay.spark.frames import arrow_schema, quoted, spark_schema
from drgpay.spark.visit_task import (
    ENTRY_FIELDS,
    FINDING_FIELDS,
    IS_LINE,
    KEY,
    LINE,
    VISIT,
    VisitTask,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def group_visits(
    visits: DataFrame,
    items: DataFrame,
    scheme: str | Path | CompiledApg,
    policy: str | Path | Policy,
) -> DataFrame:
    """The entries of valid visits, lazily: nothing is computed before Spark is asked for rows.

    visits, items: tables of visits and of their service lines, named and typed as in docs/files.md.
    scheme: of kind apg, an id, a folder, or what `load_visit_scheme` gave. policy: an id, a file, or
    what `load_policy` gave; values are read and rows are checked as it says. Both are loaded here and
    sent to the executors. Returns the columns of entries.parquet (docs/files.md) as `drgpay
    group-visits` without catalogue and hospitals writes them: visit_id, class, family, apg, reason
    (string), numbers as decimals; a visit and its lines meet in one task, whose memory holds some
    hundred thousand rows at a time. What is refused is in `visit_findings`. Raises DrgpayError,
    before any job starts, for missing columns, wrong types and a policy without [outpatient]; while
    it runs, an executor ends with the sentence of a finding that the policy stops at. Source:
    docs/outpatient.md; docs/howto-spark.md.
    """
    return _each_visit(visits, items, scheme, policy, "entries", ENTRY_FIELDS)


def visit_findings(
    visits: DataFrame,
    items: DataFrame,
    scheme: str | Path | CompiledApg,
    policy: str | Path | Policy,
) -> DataFrame:
    """What was found about visits and lines, lazily; arguments and errors as of `group_visits`.

    Returns table (visits, lines), kind (quarantine, warning), visit_id, hospital_id (of visits),
    item_code (of lines), column, code, message: text. Each row that is no part of `group_visits` is
    here as quarantine. Source: docs/files.md, "Checks".
    """
    return _each_visit(visits, items, scheme, policy, "findings", FINDING_FIELDS)


def _each_visit(
    visits: DataFrame,
    items: DataFrame,
    scheme: str | Path | CompiledApg,
    policy: str | Path | Policy,
    made: Literal["entries", "findings"],
    fields: pa.Schema,
) -> DataFrame:
    columns = [
        _columns(visits, "visits", VISIT_VALUES, VISIT_COLUMNS),
        _columns(items, "items", LINE_VALUES, ITEM_COLUMNS),
    ]
    from pyspark.sql.types import StructType

    compiled = scheme if isinstance(scheme, CompiledApg) else load_apg(str(scheme))
    rules = policy if isinstance(policy, Policy) else load_policy(policy).policy
    task = VisitTask.of(compiled, rules, made)
    rows = _together(visits, items, *columns)
    return rows.mapInArrow(task, spark_schema(fields, StructType([])))


def _columns(
    frame: DataFrame, called: str, needed: tuple[str, ...], kinds: dict[str, Kind]
) -> list[str]:
    """The columns that are read of a table."""
    table = table_words(called)
    schema = arrow_schema(frame, needed, kinds, kinds, table)
    type_ = schema.field("visit_id").type
    # Spark writes a number with a fraction in a way of its own: the same id would be two.
    if pa.types.is_floating(type_):
        require_type("visit_id", str(type_), Kind.TEXT, table)
    return list(schema.names)


def _together(
    visits: DataFrame, items: DataFrame, of_visits: list[str], of_lines: list[str]
) -> DataFrame:
    """Both tables in one, the rows of a visit_id after one another in one partition."""
    from pyspark.sql import functions as f

    def rows(frame: DataFrame, columns: list[str], is_line: bool) -> DataFrame:
        ids = f.btrim(f.col("visit_id").cast("string"), f.lit(BLANKS))
        return frame.select(
            f.coalesce(ids, f.lit("")).alias(KEY),
            f.lit(is_line).alias(IS_LINE),
            f.struct(*map(quoted, columns)).alias(LINE if is_line else VISIT),
        )

    both = rows(visits, of_visits, False).unionByName(
        rows(items, of_lines, True), allowMissingColumns=True
    )
    key: list[Column] = [f.col(KEY)]
    return both.repartition(*key).sortWithinPartitions(KEY, IS_LINE)
