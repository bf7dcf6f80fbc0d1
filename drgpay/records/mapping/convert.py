"""Text becomes numbers, amounts, dates and flags: each distinct text once, money never a float."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.exact import MONEY, as_decimal
from drgpay.records.columns import Kind
from drgpay.records.mapping.model import ColumnRule, Mapping
from drgpay.records.mapping.report import Finding, Problem

_TRUE = ("1", "true", "t", "yes", "y", "是")
_FALSE = ("0", "false", "f", "no", "n", "否")
_FIRST_YEAR = 1850  # %Y also reads two digits: 26-10-01 is no date of the year 26


@dataclass(frozen=True)
class Texts:
    """A column of texts, each distinct one once: row i has distinct[rows[i]].

    Texts are stripped of white space; what the mapping calls missing is null.
    """

    distinct: pl.Series
    rows: NDArray[np.int64]

    def spread(self, values: pl.Series) -> pa.Array:
        """One value for each distinct text, as one for each row."""
        return pc.take(values.to_arrow(), pa.array(self.rows))

    def lost(self, values: pl.Series) -> NDArray[np.bool_]:
        """The rows that have a text and no value."""
        return (self.distinct.is_not_null() & values.is_null()).to_numpy()[self.rows]


def texts_of(values: pa.Array, missing: tuple[str, ...]) -> Texts:
    """Any column of texts, numbers, dates or booleans as texts."""
    if not pa.types.is_dictionary(values.type):
        values = as_text(values).dictionary_encode()
    words = pl.Series(values.dictionary.cast(pa.large_string()), dtype=pl.String)
    words = words.str.strip_chars()
    words = words.set(words.is_in(["", *missing]), None)
    words = pl.concat([words, pl.Series([None], dtype=pl.String)])
    rows = pc.fill_null(values.indices.cast(pa.int64()), len(words) - 1)
    return Texts(words, rows.to_numpy(zero_copy_only=False))


def as_text(values: pa.Array) -> pa.Array:
    """Values written as text; a whole double as an integer."""
    if pa.types.is_floating(values.type):
        numbers = pl.Series(values)
        whole = numbers.cast(pl.Int64, strict=False)
        text = pl.select(
            pl.when(whole.cast(pl.Float64) == numbers)
            .then(whole.cast(pl.String))
            .otherwise(numbers.cast(pl.String))
        ).to_series()
        return text.to_arrow()
    return pc.cast(values, pa.large_string())


def converted(
    column: str, values: pa.Array, kind: Kind, rule: ColumnRule | None, mapping: Mapping
) -> tuple[pa.Array, list[Finding]]:
    """A column of texts in its kind, and what was lost."""
    texts = texts_of(values, mapping.missing)
    words = texts.distinct
    if rule and rule.default is not None:
        words = words.fill_null(rule.default)
        texts = Texts(words, texts.rows)
    problems: list[tuple[Problem, pl.Series]] = []
    if rule and rule.values:
        kept = words if rule.others == "keep" else pl.Series([None], dtype=pl.String)
        mapped = words.replace_strict(
            list(rule.values), list(rule.values.values()), default=kept, return_dtype=pl.String
        )
        problems.append((Problem.NOT_IN_VALUES, words.is_not_null() & mapped.is_null()))
        words = mapped
    formats = (rule.formats if rule else ()) or mapping.dates.formats
    result = _CONVERSIONS[kind](words, formats)
    if kind in _PROBLEMS:
        problems.append((_PROBLEMS[kind], words.is_not_null() & result.is_null()))
    findings = [
        finding
        for problem, lost in problems
        for finding in _found(column, problem, lost.to_numpy()[texts.rows], texts)
    ]
    return texts.spread(result), findings


def summed(
    column: str, addends: list[pa.Array], rule: ColumnRule, mapping: Mapping
) -> tuple[pa.Array, list[Finding]]:
    """The sum of columns of amounts: an empty cell adds nothing, a wrong one spoils the sum."""
    findings: list[Finding] = []
    total = pl.Series(np.zeros(len(addends[0]), dtype=np.int64))
    some = np.zeros(len(total), dtype=np.bool_)
    wrong = np.zeros(len(total), dtype=np.bool_)
    for values in addends:
        texts = texts_of(values, mapping.missing)
        fen = _fen(texts.distinct)
        lost = texts.lost(fen)
        findings += _found(column, Problem.NOT_AN_AMOUNT, lost & ~wrong, texts)
        wrong |= lost
        some |= texts.distinct.is_not_null().to_numpy()[texts.rows]
        total = total + fen.fill_null(0).gather(texts.rows)
    empty = pl.Series([rule.default], dtype=pl.String)
    default = _fen(empty)[0]
    if findings:
        first = min(findings, key=lambda finding: finding.row)
        findings = [replace(first, rows=int(wrong.sum()))]
    amounts = pl.select(
        fen=pl.when(pl.Series(~wrong)).then(
            pl.when(pl.Series(some)).then(total).otherwise(pl.lit(default, dtype=pl.Int64))
        )
    ).select(as_decimal("fen", 2))
    return amounts.to_series().to_arrow(), findings


def joined(parts: list[pa.Array], mapping: Mapping) -> pa.Array:
    """Texts joined by "-"; null where a part is missing."""
    texts = [texts_of(values, mapping.missing) for values in parts]
    columns = {str(n): text.distinct.gather(text.rows) for n, text in enumerate(texts)}
    return pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator="-"))["0"].to_arrow()


def constant(text: str, kind: Kind, mapping: Mapping, rows: int) -> pa.Array:
    """A column with one value; null if the text does not fit the kind."""
    value = _CONVERSIONS[kind](pl.Series([text], dtype=pl.String), mapping.dates.formats)
    return pc.take(value.to_arrow(), pa.array(np.zeros(rows, dtype=np.int64)))


def _found(column: str, problem: Problem, lost: NDArray[np.bool_], texts: Texts) -> list[Finding]:
    rows = np.flatnonzero(lost)
    if not len(rows):
        return []
    example = str(texts.distinct[int(texts.rows[rows[0]])])
    return [Finding(column, problem, len(rows), example, int(rows[0]))]


_Conversion = Callable[[pl.Series, tuple[str, ...]], pl.Series]


def _numbers(words: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    plain = words.str.contains(r"^[+-]?(\d+\.?\d*|\.\d+)$")
    return words.set(~plain.fill_null(False), None).cast(pl.Float64)


def _amounts(words: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    return _fen(words).to_frame("fen").select(as_decimal("fen", 2)).to_series()


# At most 16 digits of yuan fit decimal(18,2); only zeros may follow the fen.
_AMOUNT = r"^([+-]?)0*(\d{0,16})(?:\.(\d{0,2})0*)?$"
_GROUPED = r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$"


def _fen(words: pl.Series) -> pl.Series:
    """Amounts in text as fen (Int64); null where the text is no whole number of fen."""
    word = pl.col("word")
    plain = pl.when(word.str.contains(_GROUPED)).then(word.str.replace_all(",", "")).otherwise(word)
    some_digit = pl.col("plain").str.contains(r"\d")
    part = pl.col("part").struct
    yuan = part.field("2").replace("", "0").cast(pl.Int64)
    fen = part.field("3").fill_null("").str.pad_end(2, "0").cast(pl.Int64)
    sign = pl.when(part.field("1") == "-").then(-1).otherwise(1)
    return (
        pl.DataFrame({"word": words})
        .select(plain=plain)
        .with_columns(part=pl.col("plain").str.extract_groups(_AMOUNT))
        .select(pl.when(some_digit).then(sign * (yuan * 100 + fen)).cast(pl.Int64))
        .to_series()
    )


def _dates(words: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    found = pl.Series([None], dtype=pl.Date).new_from_index(0, len(words))
    for form in formats:
        rest = words.set(found.is_not_null(), None)
        if rest.null_count() == len(rest):
            break
        if "%H" in form:
            read = rest.str.to_datetime(form, strict=False).dt.date()
        else:
            read = rest.str.to_date(form, strict=False)
        found = found.zip_with(found.is_not_null(), read)
    return found.set((found.dt.year() < _FIRST_YEAR).fill_null(False), None)


def _flags(words: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    truth = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return words.str.to_lowercase().replace_strict(truth, default=None, return_dtype=pl.Boolean)


def _same(words: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    return words


_CONVERSIONS: dict[Kind, _Conversion] = {
    Kind.TEXT: _same,
    Kind.NUMBER: _numbers,
    Kind.MONEY: _amounts,
    Kind.DATE: _dates,
    Kind.FLAG: _flags,
}
_PROBLEMS = {
    Kind.NUMBER: Problem.NOT_A_NUMBER,
    Kind.MONEY: Problem.NOT_AN_AMOUNT,
    Kind.DATE: Problem.NOT_A_DATE,
    Kind.FLAG: Problem.NOT_A_FLAG,
}

ARROW_TYPES = {
    Kind.TEXT: pa.large_string(),
    Kind.TEXTS: pa.large_list(pa.large_string()),
    Kind.NUMBER: pa.float64(),
    Kind.MONEY: pa.decimal128(MONEY.precision or 18, MONEY.scale),
    Kind.DATE: pa.date32(),
    Kind.FLAG: pa.bool_(),
}
"""The type that a converted column of each kind has."""
