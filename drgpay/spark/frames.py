"""DataFrames of Spark as the rest of the program sees a table: names and Arrow types, no rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import TYPE_CHECKING

import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.records.columns import Kind
from drgpay.records.plain_batch import require_columns, require_type
from drgpay.spark.session import require_pyspark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

_ERRORS = Sentences("errors/spark")


def arrow_schema(
    frame: DataFrame,
    needed: Iterable[str],
    optional: Iterable[str],
    kinds: Mapping[str, Kind],
    table: Words,
) -> pa.Schema:
    """The Arrow schema of some columns of a DataFrame, those of `optional` that it has among them.

    Nothing is computed. Raises DrgpayError for what is no DataFrame of Spark, for missing and
    doubled columns, and for types that cannot be read or that Spark cannot hand over.
    """
    require_frame(frame, table)
    needed, optional = [*dict.fromkeys(needed)], [*dict.fromkeys(optional)]
    wanted = [name for name in dict.fromkeys([*needed, *optional]) if name in frame.columns]
    fields = [
        pa.field(field.name, _arrow_type(field, kinds.get(field.name), table))
        for field in frame.schema.fields
        if field.name in wanted
    ]
    schema = pa.schema(fields)
    require_columns(schema, needed, optional, kinds, table)
    return pa.schema([schema.field(name) for name in wanted])


def require_frame(frame: object, table: Words) -> None:
    """Refuse what is no DataFrame of Spark, also of Spark Connect (DrgpayError)."""
    require_pyspark()
    if not (hasattr(frame, "mapInArrow") and hasattr(frame, "schema")):
        raise DrgpayError(*_ERRORS("no_frame", table=table, found=type(frame).__name__))


def quoted(name: str) -> str:
    """A column's name as Spark takes it for just that: a dot in it is no way into a struct."""
    return f"`{name.replace('`', '``')}`"


def spark_schema(schema: pa.Schema, as_given: StructType) -> StructType:
    """An Arrow schema as one of Spark; columns that are named in `as_given` keep their field there."""
    from pyspark.sql.pandas.types import from_arrow_type
    from pyspark.sql.types import StructField, StructType

    given = {field.name: field for field in as_given.fields}
    return StructType(
        [
            given.get(field.name) or StructField(field.name, from_arrow_type(field.type))
            for field in schema
        ]
    )


def _arrow_type(field: object, kind: Kind | None, table: Words) -> pa.DataType:
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_type
    from pyspark.sql.types import StructField

    assert isinstance(field, StructField)
    # From pyspark 4 on it asks for the zone of times; which one says nothing about their kind.
    zoned = "timezone" in signature(to_arrow_type).parameters
    try:
        return to_arrow_type(field.dataType, **({"timezone": "UTC"} if zoned else {}))
    except PySparkException:
        found = field.dataType.simpleString()
        if kind is not None:
            require_type(field.name, found, kind, table)
        said = {"table": table, "column": field.name, "found": found}
        raise DrgpayError(*_ERRORS("type_not_handed_over", **said)) from None
