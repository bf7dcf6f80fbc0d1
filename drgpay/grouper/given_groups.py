"""Stays that carry their groups: grouped on a cluster, settled here (docs/decisions/0041).

Such rows are records with the columns of grouping behind them, and in each row by what it was grouped.
Like plain.py this is imported where neither frames nor policies are.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drgpay import __version__
from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.grouper.batch import RESULT_COLUMNS, group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.plain import read_stays, refuse_result_columns, result_fields
from drgpay.records.columns import STAY_COLUMNS, Kind, is_text
from drgpay.records.meaning.column import read_column
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.plain_batch import as_field, require_columns, table_words
from drgpay.records.repeated_principal import without_repeated

_ERRORS = Sentences("errors/grouper")
GROUPED_BY = "grouped_by"
"""The column that says by what a row was grouped."""
GIVEN_COLUMNS = (*RESULT_COLUMNS, GROUPED_BY)
_CODES = ("principal_diagnosis", "other_diagnoses", "procedures")
_EVERY = 64
"""One row in so many is grouped again where groups are taken."""
_DAY = pa.date32()


def grouped_by(compiled: CompiledScheme, reading: Reading) -> str:
    """What a row says that was grouped by a scheme: all that its groups depend on but its values."""
    dropped = " drop_repeated_principal" if reading.drop_repeated_principal else ""
    return f"drgpay-{__version__} {compiled.id} {compiled.content_hash}{dropped}"


def is_by(said: str, compiled: CompiledScheme) -> bool:
    """Whether `grouped_by` names a scheme."""
    return compiled.content_hash in said.split()


def carrying_schema(compiled: CompiledScheme, given: pa.Schema) -> pa.Schema:
    """The schema of what `with_groups` makes of stays with the schema `given`.

    The columns of docs/files.md as they are, but times of a zone as days (date32), which is what they
    are read as and what every file keeps; then status, mdc, adrg, drg, severity, GROUPED_BY (string).
    Raises DrgpayError for missing columns and wrong types.
    """
    needed = [*_CODES, *compiled.columns]
    require_columns(given, needed, STAY_COLUMNS, STAY_COLUMNS, table_words("stays"))
    fields = [
        field.with_type(_DAY) if _is_moment(field) else field
        for field in given
        if field.name in STAY_COLUMNS
    ]
    refuse_result_columns([field.name for field in fields], GIVEN_COLUMNS)
    return pa.schema([*fields, *result_fields(reasons=False), pa.field(GROUPED_BY, pa.string())])


def with_groups(
    compiled: CompiledScheme, batch: pa.RecordBatch, reading: Reading
) -> pa.RecordBatch:
    """Stays as they are, with their groups behind them: a batch of `carrying_schema`.

    reading: how the policy that settles them reads values. Raises DrgpayError as `carrying_schema`.
    """
    schema = carrying_schema(compiled, batch.schema)
    columns = list(dict.fromkeys([*_CODES, *compiled.columns]))
    read = read_stays(batch, columns, compiled, reading)
    if reading.drop_repeated_principal:
        read, _, _ = without_repeated(read)
    groups = group_batch(compiled, read)
    said = pa.repeat(pa.scalar(grouped_by(compiled, reading)), batch.num_rows)
    arrays = [
        said
        if field.name == GROUPED_BY
        else as_field(groups.column(field.name), field)
        if field.name in RESULT_COLUMNS
        else _as_days(batch.column(field.name), field, reading)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _is_moment(field: pa.Field) -> bool:
    is_day = STAY_COLUMNS.get(field.name) is Kind.DATE
    return bool(is_day and pa.types.is_timestamp(field.type) and field.type.tz)


def _as_days(values: pa.Array, field: pa.Field, reading: Reading) -> pa.Array:
    """Times of a zone as days of the policy's; everything else as it is."""
    if values.type == field.type or not _is_moment(field.with_type(values.type)):
        return values
    there = values.cast(pa.timestamp("us", reading.time_zone), safe=False)
    return pc.floor_temporal(pc.local_timestamp(there), unit="day").cast(_DAY)


def refuse_no_groups(path: Path, names: Sequence[str], types: Sequence[pa.DataType | None]) -> None:
    """Refuse a file that does not carry its groups as text (DrgpayError)."""
    lacking = [
        name
        for name, type_ in zip(names, types, strict=True)
        if type_ is None or not (is_text(type_) or pa.types.is_null(type_))
    ]
    if lacking:
        raise DrgpayError(*_ERRORS("no_given_groups", path=path, columns=listed(lacking)))


def groups_given(
    compiled: CompiledScheme, batch: pa.RecordBatch, due: str, path: Path
) -> pa.RecordBatch:
    """The groups that stays carry, as `group_batch` gives them: RESULT_COLUMNS, row by row.

    batch: the columns that grouping reads, read by their meaning, and GIVEN_COLUMNS as text. due:
    `grouped_by` of the scheme and the reading of the run. One row in 64 is grouped again. Raises
    DrgpayError where a row was grouped by something else, has a group that the scheme does not know,
    or another one than it should have.
    """
    _refuse_others(batch.column(GROUPED_BY), due, path)
    given = [_coded(name, batch.column(name)) for name in RESULT_COLUMNS]
    groups = pa.RecordBatch.from_arrays(given, names=list(RESULT_COLUMNS))
    _refuse_unknown(compiled, groups, path)
    sample = pa.array(np.arange(0, batch.num_rows, _EVERY))
    again = group_batch(compiled, batch.take(sample))
    for name in RESULT_COLUMNS:
        here, there = again.column(name).to_pylist(), groups.column(name).take(sample).to_pylist()
        for row, mine, theirs in zip(sample.to_pylist(), here, there, strict=True):
            if mine != theirs:
                said = {"case_id": batch.column("case_id")[row], "column": name, "path": path}
                raise DrgpayError(*_ERRORS("other_group_given", given=theirs, due=mine, **said))
    return groups


def _refuse_others(said: pa.Array, due: str, path: Path) -> None:
    for other in pc.unique(_coded(GROUPED_BY, said)).to_pylist():
        if other != due:
            given = other or _ERRORS.words("grouped_by_nothing")
            raise DrgpayError(*_ERRORS("grouped_by_others", path=path, given=given, due=due))


def _refuse_unknown(compiled: CompiledScheme, groups: pa.RecordBatch, path: Path) -> None:
    levels = ("status", "mdc", "adrg", "drg")
    known = {tuple(getattr(leaf, name) for name in levels) for leaf in compiled.leaves}
    known.add(("invalid", None, None, None))
    met = pa.table(groups).group_by([*RESULT_COLUMNS]).aggregate([]).to_pylist()
    for row in met:
        group, severity = tuple(row[name] for name in levels), row["severity"]
        fits = (severity is None) if group[0] == "invalid" else severity in _SEVERITIES
        if group not in known or not fits:
            words = " ".join(str(value) for value in (*group, severity))
            raise DrgpayError(*_ERRORS("no_such_group", path=path, group=words, scheme=compiled.id))


_SEVERITIES = ("none", "CC", "MCC")


def _coded(name: str, values: pa.Array) -> pa.Array:
    """A text by its meaning: an empty one is none."""
    return read_column(name, values, Kind.TEXT, PLAIN_READING, coded=True).values
