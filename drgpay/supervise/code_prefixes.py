"""Codes that begin as a code of a list does."""

from collections.abc import Iterable

import polars as pl


def begins_with_any(codes: pl.Expr, prefixes: Iterable[str]) -> pl.Expr:
    """Whether each code begins with one of the prefixes; null codes do not.

    Asked by the lengths of the prefixes, so that a list of ten thousand costs a few look-ups.
    """
    by_length: dict[int, list[str]] = {}
    for prefix in prefixes:
        by_length.setdefault(len(prefix), []).append(prefix)
    asked = [
        codes.str.slice(0, length).is_in(pl.Series(sorted(group), dtype=pl.String).implode())
        for length, group in sorted(by_length.items())
    ]
    return pl.any_horizontal(*asked).fill_null(value=False) if asked else pl.lit(value=False)
