"""A column of records in its kind: what is clean passes as it is, the rest by distinct value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.records.columns import DIAGNOSIS_COLUMNS, PROCEDURE_COLUMNS, Kind, is_text
from drgpay.records.meaning.amounts import AMOUNT_TYPE, amounts_of_texts, plain_amounts
from drgpay.records.meaning.clock import Clock
from drgpay.records.meaning.codes import CodeKind, joined, needs_no_spelling, spelled
from drgpay.records.meaning.dates import DATE_TYPE, dates_of_texts, plain_dates
from drgpay.records.meaning.faults import Faults, Unread, shown
from drgpay.records.meaning.lists import as_lists, ends_of, rows_of, split, without_missing
from drgpay.records.meaning.numbers import (
    flags_of_texts,
    number_type,
    numbers_of_texts,
    plain_flags,
    plain_numbers,
)
from drgpay.records.meaning.rules import Reading
from drgpay.records.meaning.texts import (
    Texts,
    decodable,
    errors_of_spreadsheets,
    needs_no_reading,
    texts_of,
    too_long,
    trimmed,
)
from drgpay.records.reading_report import Finding, Problem

if TYPE_CHECKING:
    import polars as pl


class Column(NamedTuple):
    """A column as it is understood.

    values: an array of `type_of_kind`, or dictionary-coded texts. findings: what was changed, rows
    counted within the batch from 0.
    """

    values: pa.Array
    faults: list[Faults]
    findings: list[Finding]
    clock: Clock | None = None


def type_of_kind(kind: Kind, given: pa.DataType) -> pa.DataType:
    """The type that a column of a kind is read as, whatever its values."""
    match kind:
        case Kind.TEXT:
            return given if pa.types.is_string(given) else pa.large_string()
        case Kind.TEXTS:
            return pa.large_list(pa.large_string())
        case Kind.NUMBER:
            return number_type(given)
        case Kind.MONEY:
            return AMOUNT_TYPE
        case Kind.DATE:
            return DATE_TYPE
        case Kind.FLAG:
            return pa.bool_()


def read_column(
    name: str, values: pa.Array, kind: Kind, reading: Reading, coded: bool = False
) -> Column:
    """A column of a batch as its kind; `coded` texts come dictionary-coded.

    values: of any type that the kind admits. Raises nothing for any content.
    """
    if pa.types.is_null(values.type) and kind is not Kind.TEXTS:
        return Column(pa.nulls(len(values), _plain_type(kind, values.type, coded)), [], [])
    match kind:
        case Kind.TEXT:
            return _text(name, values, coded)
        case Kind.TEXTS:
            return _text_lists(name, values, coded)
        case Kind.NUMBER:
            return _typed(name, values, plain_numbers, numbers_of_texts)
        case Kind.MONEY:
            return _typed(name, values, plain_amounts, amounts_of_texts)
        case Kind.FLAG:
            return _typed(name, values, plain_flags, flags_of_texts)
        case Kind.DATE:
            if not is_text(values.type):
                days = plain_dates(values, reading)
                return Column(days.days, days.faults, [], days.clock)
            texts, faults, findings = _words(name, values)
            days = dates_of_texts(texts, reading)
            return Column(days.days, faults + days.faults, findings, days.clock)


_CODED = pa.dictionary(pa.int32(), pa.large_string())


def _plain_type(kind: Kind, given: pa.DataType, coded: bool) -> pa.DataType:
    if coded and kind is Kind.TEXT:
        return _CODED
    return type_of_kind(kind, given)


_Plain = Callable[[pa.Array], tuple[pa.Array, list[Faults]]]
_OfTexts = Callable[[Texts], tuple[pa.Array, list[Faults]]]


def _typed(name: str, values: pa.Array, plain: _Plain, of_texts: _OfTexts) -> Column:
    if not is_text(values.type):
        made, faults = plain(values)
        return Column(made, faults, [])
    texts, faults, findings = _words(name, values)
    made, more = of_texts(texts)
    return Column(made, faults + more, findings)


def _words(name: str, values: pa.Array) -> tuple[Texts, list[Faults], list[Finding]]:
    """Trimmed words of a column, those too long left out."""
    texts, faults = texts_of(values)
    words, findings = _trimmed(name, texts)
    long = too_long(words)
    if long.any():
        faults = faults + Texts(words, texts.rows).faults(Unread.TEXT_TOO_LONG, long)
        words = words.set(long.fill_null(False), None)
    wrong = errors_of_spreadsheets(words)
    if wrong.any():
        faults = faults + Texts(words, texts.rows).faults(Unread.ERROR_CELL, wrong)
        words = words.set(wrong, None)
    return Texts(words, texts.rows), faults, findings


def _trimmed(name: str, texts: Texts) -> tuple[pl.Series, list[Finding]]:
    words = trimmed(texts.words)
    changed = words.is_not_null() & (words != texts.words)
    return words, findings_of(name, Problem.BLANKS_TRIMMED, texts, changed)


def findings_of(name: str, problem: Problem, texts: Texts, marked: pl.Series) -> list[Finding]:
    """Words with a problem, counted by the rows that have them."""
    if not marked.any():
        return []
    rows, first = texts.counted(marked)
    if not rows:
        return []
    return [Finding(name, problem, rows, shown(texts.words[int(texts.rows[first])]), first)]


def _text(name: str, values: pa.Array, coded: bool) -> Column:
    if not is_text(values.type):
        values = _numbers_as_text(values)
    kind = _kind_of_codes(name)
    if not pa.types.is_dictionary(values.type):
        if kind is None and not coded:
            return _plain_text(name, values)
        values, faults = decodable(values)
        values = values.dictionary_encode()
    else:
        faults = []
    found = _coded_text(name, values, kind)
    found = found._replace(faults=faults + found.faults)
    return found if coded else found._replace(values=_decoded(found.values))


def _decoded(values: pa.DictionaryArray) -> pa.Array:
    return values.cast(type_of_kind(Kind.TEXT, values.type.value_type))


def _plain_text(name: str, values: pa.Array) -> Column:
    """Texts of which most differ, such as ids."""
    values, undecodable = decodable(values)
    if needs_no_reading(values):
        return Column(values, undecodable, [])
    texts, faults, findings = _words(name, values)
    made = texts.spread(texts.words).cast(type_of_kind(Kind.TEXT, values.type))
    return Column(made, undecodable + faults, findings)


def _coded_text(name: str, values: pa.DictionaryArray, kind: CodeKind | None) -> Column:
    """Texts that repeat, dictionary-coded."""
    strings, undecodable = decodable(values.dictionary)
    as_read = not undecodable and needs_no_reading(strings)
    if as_read and (kind is None or needs_no_spelling(strings)):
        return Column(_coded_by_int32(values, strings), [], [])
    texts, faults, findings = _words(name, values)
    words, more, changes = _spelled(name, texts, kind)
    return Column(texts.coded(words), faults + more, findings + changes)


def _coded_by_int32(values: pa.DictionaryArray, strings: pa.Array) -> pa.DictionaryArray:
    """Coded texts whose words are strings and whose indices are those that pyarrow makes."""
    plain = pa.types.is_int32(values.type.index_type) and strings.type == values.type.value_type
    if plain:
        return values
    return pa.DictionaryArray.from_arrays(values.indices.cast(pa.int32()), strings)


def _spelled(
    name: str, texts: Texts, kind: CodeKind | None
) -> tuple[pl.Series, list[Faults], list[Finding]]:
    if kind is None:
        return texts.words, [], []
    words = spelled(texts.words, kind)
    changed = words.is_not_null() & (words != texts.words)
    return (
        words,
        texts.faults(Unread.JOINED_CODES, joined(words)),
        findings_of(name, Problem.CODE_RESPELLED, texts, changed),
    )


def _kind_of_codes(name: str) -> CodeKind | None:
    if name in DIAGNOSIS_COLUMNS:
        return CodeKind.DIAGNOSIS
    return CodeKind.PROCEDURE if name in PROCEDURE_COLUMNS else None


def _numbers_as_text(values: pa.Array) -> pa.Array:
    """Whole numbers written as text; a whole double without a fraction."""
    import polars as pl

    if not pa.types.is_floating(values.type):
        return values.cast(pa.large_string())
    numbers = pl.Series(values).fill_nan(None)
    whole = numbers.cast(pl.Int64, strict=False)
    same = (whole.cast(pl.Float64) == numbers).fill_null(False)
    return whole.cast(pl.String).zip_with(same, numbers.cast(pl.String)).to_arrow()


def _text_lists(name: str, values: pa.Array, coded: bool) -> Column:
    if is_text(values.type):
        texts, faults, findings = _words(name, values)
        found = _items(name, texts.spread(split(texts.words, None)))
        return _as_coded(
            Column(found.values, faults + found.faults, findings + found.findings), coded
        )
    return _as_coded(_items(name, as_lists(values)), coded)


def _items(name: str, lists: pa.Array) -> Column:
    """The items of lists as texts, those that are missing left out; a missing list is empty."""
    ends, flat = ends_of(lists)
    found = _text(name, flat, coded=True)
    if found.values is flat and not flat.null_count and not lists.null_count:
        return found._replace(values=lists)
    findings = [
        finding._replace(row=_list_of(ends, finding.row)) for finding in found.findings
    ] + _items_missing(name, ends, found.values)
    faults = [
        Faults(fault.problem, rows_of(ends, fault.rows), fault.values) for fault in found.faults
    ]
    return Column(without_missing(ends, found.values), faults, findings)


def _items_missing(name: str, ends: NDArray[np.int64], items: pa.Array) -> list[Finding]:
    if not items.null_count:
        return []
    places = np.flatnonzero(items.is_null().to_numpy(zero_copy_only=False))
    lists = np.unique(rows_of(ends, places))
    return [Finding(name, Problem.ITEMS_MISSING, len(lists), "", int(lists[0]))]


def _list_of(ends: NDArray[np.int64], place: int) -> int:
    return int(rows_of(ends, np.array([place]))[0])


def _as_coded(found: Column, coded: bool) -> Column:
    """Lists of texts, dictionary-coded or not."""
    lists = found.values
    is_coded = pa.types.is_dictionary(lists.type.value_type)
    if coded and not is_coded:
        ends, flat = ends_of(lists)
        lists = without_missing(ends, flat.dictionary_encode())
    elif not coded:
        lists = lists.cast(type_of_kind(Kind.TEXTS, lists.type))
    return found._replace(values=lists)
