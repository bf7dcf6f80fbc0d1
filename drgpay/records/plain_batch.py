"""Arrow batches that other engines hand over, their columns read in the one meaning of values.

Files are read by `Dataset`. Here there is no file: a batch comes, and a batch goes back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.records.columns import Kind
from drgpay.records.meaning.column import read_column
from drgpay.records.meaning.numbers import number_type
from drgpay.records.meaning.rules import PLAIN_READING, Reading

_ERRORS = Sentences("errors/records")
_PLAIN_TYPE = {
    Kind.MONEY: pa.decimal128(18, 2),
    Kind.DATE: pa.date32(),
    Kind.FLAG: pa.bool_(),
}


def table_words(key: str) -> Words:
    """What messages call a table that is no file: `stays`, `visits` or `items`."""
    return _ERRORS.words(f"table.{key}")


def require_columns(
    given: pa.Schema,
    needed: Iterable[str],
    optional: Iterable[str],
    kinds: Mapping[str, Kind],
    table: Words,
) -> None:
    """Refuse a table that lacks a column, has it twice, or holds it in a type that cannot be read.

    optional: columns that it may lack. kinds: of the columns that are read by their meaning; others
    may have any type. table: what messages call it.
    """
    wanted = list(dict.fromkeys(needed))
    lacking = [name for name in wanted if name not in given.names]
    if lacking:
        raise DrgpayError(*_ERRORS("no_column", path=table, columns=listed(lacking)))
    for name in [*wanted, *optional]:
        if given.names.count(name) > 1:
            raise DrgpayError(*_ERRORS("column_twice", path=table, column=name))
        if name in given.names and name in kinds:
            require_type(name, given.field(name).type, kinds[name], table)


def require_type(name: str, given: pa.DataType | str, kind: Kind, table: Words) -> None:
    """Refuse a column whose type cannot be read as its kind; a type in words never can."""
    if isinstance(given, str) or not kind.admits(given):
        key = kind.name.lower()
        type_, written = _ERRORS.words(f"type.{key}"), _ERRORS.words(f"written.{key}")
        said = {"column": name, "found": given, "type": type_, "written": written}
        raise DrgpayError(*_ERRORS("type_of_column", path=table, **said))


def read_fields(
    given: pa.Schema, columns: Sequence[str], kinds: Mapping[str, Kind]
) -> list[pa.Field]:
    """The fields of some columns as `read_batch` makes them: plain texts, no dictionaries.

    Columns without a kind stay as they are.
    """
    fields = []
    for name in columns:
        field = given.field(name)
        kind = kinds.get(name)
        fields.append(pa.field(name, _plain_type(kind, field.type)) if kind else field)
    return fields


def read_batch(
    batch: pa.RecordBatch,
    columns: Iterable[str],
    kinds: Mapping[str, Kind],
    reading: Reading = PLAIN_READING,
    coded: Collection[str] = (),
) -> pa.RecordBatch:
    """Some columns of a batch in their kinds, `coded` ones with dictionary-coded texts.

    What cannot be read is null. Raises nothing for any content.
    """
    arrays = {}
    for name in columns:
        values, kind = batch.column(name), kinds.get(name)
        read = None if kind is None else read_column(name, values, kind, reading, name in coded)
        arrays[name] = values if read is None else read.values
    return pa.RecordBatch.from_arrays([*arrays.values()], names=[*arrays])


def as_field(values: pa.Array, field: pa.Field) -> pa.Array:
    """Values of `read_batch`, coded or not, in the type of their field."""
    if values.type == field.type:
        return values
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(field.type)


def _plain_type(kind: Kind, given: pa.DataType) -> pa.DataType:
    if kind is Kind.NUMBER:
        return number_type(given)
    if kind in _PLAIN_TYPE:
        return _PLAIN_TYPE[kind]
    return pa.list_(_text_type(given)) if kind is Kind.TEXTS else _text_type(given)


def _text_type(given: pa.DataType) -> pa.DataType:
    """Texts are as wide as they were; Spark has no wide ones."""
    while hasattr(given, "value_type"):
        given = given.value_type
    wide = (
        pa.types.is_large_string(given)
        or pa.types.is_large_binary(given)
        or pa.types.is_string_view(given)
    )
    return pa.large_string() if wide else pa.string()
