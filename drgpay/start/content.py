"""What the content of columns tells: whether values are of their kind, unique, in order, known codes."""

from collections.abc import Iterable
from functools import cache

import numpy as np
import polars as pl

from drgpay.records.columns import KNOWN_COLUMNS, Kind
from drgpay.records.known_codes import codes_in
from drgpay.records.meaning.column import read_column
from drgpay.records.meaning.rules import PLAIN_READING

_CODE_SYSTEM = "insurance-2.0"
_LOOKED_AT = 5_000


def readable_share(column: str, texts: pl.Series) -> float:
    """The share of the cells that say something which are of the kind of a column."""
    told = texts.drop_nulls()
    kind = KNOWN_COLUMNS.get(column, Kind.TEXT)
    if not len(told) or kind in (Kind.TEXT, Kind.TEXTS):
        return 1.0
    read = pl.Series(read_column(column, told.to_arrow(), kind, PLAIN_READING).values)
    return 1 - read.null_count() / len(told)


def identity_share(texts: pl.Series) -> float:
    """The share of cells that look like identity numbers: 17 digits and a sign of check."""
    told = texts.drop_nulls().head(_LOOKED_AT)
    return _share(told.str.contains(r"^[1-9]\d{5}(?:19|20)\d{9}[\dXx]$")) if len(told) else 0.0


_MOST_DAYS_OF_A_MONTH = 31
_MONTHS_OF_A_YEAR = 12
_LEAST_GRAMS = 200
_MOST_KILOGRAMS = 10


def size_of(column: str, texts: pl.Series) -> str | None:
    """The unit that the numbers of a column must be in: days or months, grams or kilograms.

    None where they may be either, or where there are none.
    """
    read = read_column(column, texts.drop_nulls().to_arrow(), Kind.NUMBER, PLAIN_READING)
    numbers = pl.Series(read.values).cast(pl.Float64).drop_nulls()
    numbers = numbers.filter(numbers > 0)
    if not len(numbers):
        return None
    most, middle = float(np.max(numbers.to_numpy())), float(np.median(numbers.to_numpy()))
    if column == "age_days":
        parts = bool((numbers != numbers.floor()).any())
        months = most < _MONTHS_OF_A_YEAR and parts
        return "days" if most > _MOST_DAYS_OF_A_MONTH else "months" if months else None
    return "kilograms" if middle < _MOST_KILOGRAMS else "grams" if middle > _LEAST_GRAMS else None


def days_of(column: str, texts: pl.Series) -> pl.Series:
    """A column as days; null where it is none."""
    read = read_column(column, texts.to_arrow(), Kind.DATE, PLAIN_READING)
    return pl.Series(read.values).cast(pl.Date)


def fen_of(column: str, texts: pl.Series) -> pl.Series:
    """A column as whole fen; null where it is no amount."""
    read = read_column(column, texts.to_arrow(), Kind.MONEY, PLAIN_READING)
    return pl.Series(read.values).to_physical().cast(pl.Int64)


def in_order_share(earlier: pl.Series, later: pl.Series) -> float:
    """The share of rows with both days in which one is not after the other."""
    return _share((earlier <= later).drop_nulls())


def equal_share(one: pl.Series, other: pl.Series) -> float:
    """The share of rows with both days in which they are the same."""
    return _share((one == other).drop_nulls())


def repeated(texts: pl.Series) -> int:
    """How many cells repeat one above or are empty: none in a column of ids."""
    return len(texts) - texts.n_unique() + (1 if texts.null_count() else 0)


def known_share(texts: pl.Series, known: Iterable[str]) -> float:
    """The share of the different values that are among the known ones."""
    different = texts.drop_nulls().unique()
    return _share(different.is_in(list(known)))


def diagnosis_share(texts: pl.Series) -> float:
    """The share of cells whose first code is in the shipped table of diagnoses."""
    return _code_share(texts, "diagnoses")


def procedure_share(texts: pl.Series) -> float:
    """The share of cells whose first code is in the shipped table of procedures."""
    return _code_share(texts, "procedures")


def holds_lists(texts: pl.Series) -> bool:
    """Whether cells hold several codes: what is cut at usual separators leaves known codes."""
    told = texts.drop_nulls().head(_LOOKED_AT)
    return bool(told.str.contains(r"[A-Za-z0-9.]\s*[,;|/、，；]\s*[A-Za-z0-9]").any())


def _code_share(texts: pl.Series, kind: str) -> float:
    told = texts.drop_nulls().head(_LOOKED_AT)
    first = told.str.to_uppercase().str.extract(r"^([A-Z0-9.+*]+)", 1).drop_nulls()
    if not len(first):
        return 0.0
    return _share(first.is_in(_codes(kind).implode())) * len(first) / len(told)


@cache
def _codes(kind: str) -> pl.Series:
    found = codes_in(_CODE_SYSTEM, kind) or frozenset()
    return pl.Series(sorted({code.upper() for code in found}), dtype=pl.String)


def _share(marks: pl.Series) -> float:
    return float(marks.sum()) / len(marks) if len(marks) else 1.0
