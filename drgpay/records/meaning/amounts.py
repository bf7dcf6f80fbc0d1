"""Amounts of money: whole fen, or a fault. No amount goes through a float that was not one."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.arrays import numbers_of
from drgpay.records.meaning.faults import Faults, Unread, shown
from drgpay.records.meaning.texts import Texts, folded

if TYPE_CHECKING:
    import polars as pl

AMOUNT_TYPE = pa.decimal128(18, 2)  # MONEY of exact.py, without waiting for polars
_DIGITS = 18
_MOST_FEN = 10**_DIGITS - 1
_EXACT_DOUBLES = 2.0**53
_NEAR = 1e-6
"""Fen: what a float may lie beside a whole one (docs/files.md)."""


def plain_amounts(values: pa.Array) -> tuple[pa.Array, list[Faults]]:
    """Numbers of yuan of any type as decimal(18,2)."""
    if values.type == AMOUNT_TYPE:
        return values, []
    if pa.types.is_floating(values.type):
        return _of_floats(values)
    try:
        # Refuses what does not fit and what has a part of a fen.
        wide = pc.cast(values, pa.decimal128(38, 2)) if _may_be_wide(values) else values
        return pc.cast(wide, AMOUNT_TYPE), []
    except pa.ArrowInvalid:
        return _one_by_one(values)


def _may_be_wide(values: pa.Array) -> bool:
    """An integer takes up to 20 digits before the point, whatever it holds."""
    return not pa.types.is_decimal(values.type)


def _one_by_one(values: pa.Array) -> tuple[pa.Array, list[Faults]]:
    """Only where a column holds an amount that cannot be one."""
    import polars as pl

    from drgpay.base.exact import MONEY

    made: list[Decimal | None] = []
    wrong: dict[Unread, list[tuple[int, str]]] = {}
    for row, value in enumerate(values.to_pylist()):
        problem = None if value is None else _problem_of(Decimal(value))
        if problem is not None:
            wrong.setdefault(problem, []).append((row, shown(value)))
        made.append(None if value is None or problem else Decimal(value))
    faults = [
        Faults(problem, np.array([row for row, _ in found]), [said for _, said in found])
        for problem, found in wrong.items()
    ]
    return pl.Series(made, dtype=MONEY).to_arrow(), faults


def _problem_of(value: Decimal) -> Unread | None:
    if abs(value) * 100 > _MOST_FEN:
        return Unread.AMOUNT_TOO_LONG
    try:
        whole = value == value.quantize(Decimal("0.01"), ROUND_DOWN)
    except InvalidOperation:
        whole = False
    return None if whole else Unread.NOT_AN_AMOUNT


def _of_floats(values: pa.Array) -> tuple[pa.Array, list[Faults]]:
    """A float is the amount in whole fen that it lies beside.

    Beside: within a millionth of a fen, or as far as neighbouring floats of its size lie apart.
    """
    given = numbers_of(pc.cast(values, pa.float64()), null=np.nan)
    long = np.isfinite(given) & (np.abs(given) > _EXACT_DOUBLES / 100)
    # In numpy: polars divides by a constant through its reciprocal, and 69 * 0.01 is not 0.69.
    yuan = np.where(np.isfinite(given) & ~long, given, 0)
    fen = np.round(yuan * 100)
    near = np.abs(yuan * 100 - fen) <= np.maximum(_NEAR, 2 * np.spacing(np.abs(fen)))
    wrong = np.isinf(given) | ~near
    missing = np.isnan(given) | wrong | long
    faults = [
        Faults(
            problem, np.flatnonzero(marked), [shown(given[row]) for row in np.flatnonzero(marked)]
        )
        for problem, marked in ((Unread.NOT_AN_AMOUNT, wrong), (Unread.AMOUNT_TOO_LONG, long))
        if marked.any()
    ]
    return _decimals(np.where(missing, 0, fen).astype(np.int64), missing), faults


def _decimals(fen: NDArray[np.int64], missing: NDArray[np.bool_]) -> pa.Array:
    """Whole fen as decimal(18,2)."""
    import polars as pl

    from drgpay.base.exact import MONEY

    units = pl.Series(fen).cast(pl.Int128).to_frame("fen")
    amounts = units.select(pl.col("fen").reinterpret(dtype=MONEY)).to_series()
    return (amounts.set(pl.Series(missing), None) if missing.any() else amounts).to_arrow()


# The zeros before and behind do not count as digits.
_PLAIN = r"^([+-]?)0*([0-9]{0,16})(?:\.([0-9]{0,2})0*)?$"
_ANY_LENGTH = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"
_GROUPED = r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$"
_NO_AMOUNT = "nan"


def amounts_of_texts(texts: Texts) -> tuple[pa.Array, list[Faults]]:
    """Texts as decimal(18,2), digit by digit; commas may stand between thousands."""
    import polars as pl

    from drgpay.base.exact import MONEY

    words = folded(texts.words)
    words = words.set((words.str.to_lowercase() == _NO_AMOUNT).fill_null(False), None)
    fen = _fen(words)
    amounts = fen.cast(pl.Int128).to_frame("fen").select(pl.col("fen").reinterpret(dtype=MONEY))
    lost = words.is_not_null() & fen.is_null()
    long = lost & (words.str.contains(_ANY_LENGTH) & ~words.str.contains(_PART_OF_A_FEN))
    faults = texts.faults(Unread.NOT_AN_AMOUNT, lost & ~long)
    return texts.spread(amounts.to_series()), faults + texts.faults(Unread.AMOUNT_TOO_LONG, long)


_PART_OF_A_FEN = r"\.[0-9]{2}[0-9]*[1-9]"


def _fen(words: pl.Series) -> pl.Series:
    """Texts as fen (Int64); null where the text is no whole number of fen."""
    import polars as pl

    word = pl.col("word")
    plain = pl.when(word.str.contains(_GROUPED)).then(word.str.replace_all(",", "")).otherwise(word)
    some_digit = pl.col("plain").str.contains("[0-9]")
    part: Any = pl.col("part").struct
    yuan = part.field("2").replace("", "0").cast(pl.Int64)
    fen = part.field("3").fill_null("").str.pad_end(2, "0").cast(pl.Int64)
    sign = pl.when(part.field("1") == "-").then(-1).otherwise(1)
    return (
        pl.DataFrame({"word": words})
        .select(plain=plain)
        .with_columns(part=pl.col("plain").str.extract_groups(_PLAIN))
        .select(pl.when(some_digit).then(sign * (yuan * 100 + fen)).cast(pl.Int64))
        .to_series()
    )
