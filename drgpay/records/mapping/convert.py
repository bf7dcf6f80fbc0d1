"""What a mapping does to values: other texts in their place, texts joined, amounts added up.

What a value means is read afterwards, as of any file (records/meaning).
"""

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.arrays import numbers_array
from drgpay.records.columns import Kind, is_text
from drgpay.records.mapping.model import ColumnRule, Mapping
from drgpay.records.meaning.column import findings_of, read_column
from drgpay.records.meaning.rules import PLAIN_READING
from drgpay.records.meaning.texts import Texts, texts_of, trimmed
from drgpay.records.reading_report import Finding, Problem


def plain_texts(values: pa.Array, missing: tuple[str, ...]) -> Texts:
    """Any column of texts, numbers, dates or booleans as texts.

    They are trimmed; what the mapping calls missing is null.
    """
    if not is_text(values.type):
        values = as_text(values)
    texts, _ = texts_of(values)
    words = trimmed(texts.words)
    if missing:
        words = words.set(words.is_in([*missing]).fill_null(False), None)
    return Texts(words, texts.rows)


def with_undecodable(made: pa.Array, values: pa.Array) -> pa.Array:
    """A column made of texts with the bytes that are no text in their places again.

    They are faults, and no missing values, to whoever reads the column.
    """
    faults = texts_of(values)[1] if is_text(values.type) else []
    if not faults:
        return made
    undecodable = np.zeros(len(values), dtype=np.bool_)
    for fault in faults:
        undecodable[fault.rows] = True
    given, plain = (
        (array.dictionary_decode() if pa.types.is_dictionary(array.type) else array)
        for array in (values, made)
    )
    bytes_ = pa.large_binary()
    return pc.if_else(pa.array(undecodable), given.cast(bytes_), plain.cast(bytes_))


def as_text(values: pa.Array) -> pa.Array:
    """Values written as text; a whole double as an integer."""
    if pa.types.is_null(values.type) or pa.types.is_floating(values.type):
        return read_column("", values, Kind.TEXT, PLAIN_READING).values
    return values.cast(pa.large_string())


def rewritten(
    column: str, values: pa.Array, kind: Kind, rule: ColumnRule | None, mapping: Mapping
) -> tuple[pa.Array, list[Finding]]:
    """A column with other texts in the place of its own, and what the rule has no value for."""
    formats = (rule.formats if rule else ()) or mapping.dates.formats
    dated = bool(formats) and kind is Kind.DATE and is_text(values.type)
    valued = rule is not None and (bool(rule.values) or rule.default is not None)
    if not (dated or valued or mapping.missing):
        return values, []
    if not valued and not is_text(values.type):
        return values, []
    texts = plain_texts(values, mapping.missing)
    words, findings = texts.words, list[Finding]()
    if rule and rule.values:
        kept = words if rule.others == "keep" else pl.Series([None], dtype=pl.String)
        words = words.replace_strict(
            list(rule.values), list(rule.values.values()), default=kept, return_dtype=pl.String
        )
        lost = texts.words.is_not_null() & words.is_null()
        findings = findings_of(column, Problem.NOT_IN_VALUES, texts, lost)
    if dated:
        words = _dates(words, formats)
    made = texts.coded(words)
    if rule is not None and rule.default is not None:
        made = _filled(made, rule.default)
    return with_undecodable(made, values), findings


def _filled(values: pa.DictionaryArray, default: str) -> pa.Array:
    words = pl.Series(values.dictionary, dtype=pl.String).append(pl.Series([default]))
    rows = pl.Series(values.indices).fill_null(len(words) - 1).cast(pl.Int32).to_numpy()
    return pa.DictionaryArray.from_arrays(numbers_array(rows), words.rechunk().to_arrow())


def _dates(words: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """Dates in formats of the mapping as 2026-10-01; other words stay what they are."""
    found = pl.Series([None], dtype=pl.Date).new_from_index(0, len(words))
    for form in formats:
        rest = words.set(found.is_not_null(), None)
        if rest.null_count() == len(rest):
            break
        if "%H" in form:
            read = rest.str.to_datetime(form, strict=False).dt.date()
        else:
            read = rest.str.to_date(form, strict=False)
        # %Y also reads two digits: 26-10-01 is no date of the year 26.
        read = read.set((read.dt.year() < 1000).fill_null(False), None)
        found = found.zip_with(found.is_not_null(), read)
    return found.cast(pl.String).zip_with(found.is_not_null(), words)


def summed(addends: list[pa.Array], rule: ColumnRule, mapping: Mapping) -> pa.Array:
    """The sum of columns of amounts: an empty cell adds nothing, a wrong one stands for the sum."""
    rows = len(addends[0])
    total = pl.Series(np.zeros(rows, dtype=np.int64)).cast(pl.Int128)
    some = np.zeros(rows, dtype=np.bool_)
    wrong: dict[int, str] = {}
    for values in addends:
        given = values
        if is_text(values.type):
            texts = plain_texts(values, mapping.missing)
            given = texts.coded(texts.words)
        read = read_column("", given, Kind.MONEY, PLAIN_READING)
        amounts = pl.Series(read.values)
        for fault in read.faults:
            for row, value in zip(fault.rows.tolist(), fault.values, strict=True):
                wrong.setdefault(row, value)
        some |= amounts.is_not_null().to_numpy()
        total = total + amounts.to_physical().cast(pl.Int128).fill_null(0)
    made = total.to_frame("fen").select(pl.col("fen").reinterpret(dtype=pl.Decimal(38, 2)))
    sums = made.to_series()
    if not some.all():
        nothing = pl.Series([rule.default], dtype=pl.String).cast(pl.Decimal(38, 2), strict=False)
        sums = sums.zip_with(pl.Series(some), nothing.new_from_index(0, rows))
    return _with_texts(sums, wrong)


def _with_texts(sums: pl.Series, wrong: dict[int, str]) -> pa.Array:
    if not wrong:
        return sums.to_arrow()
    return sums.cast(pl.String).scatter([*wrong], [*wrong.values()]).to_arrow()


def joined(parts: list[pa.Array], mapping: Mapping) -> pa.Array:
    """Texts joined by "-"; null where a part is missing."""
    texts = [plain_texts(values, mapping.missing) for values in parts]
    columns = {
        str(n): pl.Series(text.spread(text.words), dtype=pl.String) for n, text in enumerate(texts)
    }
    return pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator="-"))["0"].to_arrow()


def constant(text: str, rows: int) -> pa.Array:
    """A column with one text."""
    zeros: NDArray[np.int32] = np.zeros(rows, dtype=np.int32)
    return pa.DictionaryArray.from_arrays(numbers_array(zeros), pa.array([text], pa.large_string()))
