"""What a check of a run says, and how two tables are compared exactly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from drgpay.language import Words
from drgpay.settle.lines import LINE

Status = Literal["right", "wrong", "unknown"]
NO_FINDING = Words("", "")


@dataclass(frozen=True)
class Check:
    """One thing that was checked of a run.

    `key` names it for machines; `compared` counts what was compared (files, rows, figures);
    `finding` says what is wrong or why it cannot be checked, and may note what is right.
    """

    key: str
    title: Words
    status: Status
    compared: int
    finding: Words = NO_FINDING


class CannotCheckError(Exception):
    """Something that a check needs is not there; the reason in words."""

    def __init__(self, reason: Words) -> None:
        super().__init__(reason.en)
        self.reason = reason


def first_of(findings: Iterable[Words]) -> Words | None:
    """The first finding; None if there is none."""
    return next(iter(findings), None)


def unequal(left: str, said: object, right: str, found: object, more: int = 0) -> Words:
    """The finding that two figures differ which should be equal, and in how many more places."""
    zh = f"{left} = {said}，而 {right} = {found}"
    en = f"{left} = {said}, but {right} = {found}"
    if more:
        return Words(f"{zh}（另有 {more} 处）", f"{en} (and {more} more)")
    return Words(zh, en)


def disagreement(
    said: pl.DataFrame,
    found: pl.DataFrame,
    keys: Sequence[str],
    columns: Sequence[str],
    said_name: str,
    found_name: str,
) -> Words | None:
    """The first key, in order, at which two tables differ in a column; None if they agree.

    A key that one of them lacks counts as zeros. Keys may be null and occur once in each table.
    """
    both = said.select(*keys, *columns).join(
        found.select(*keys, *(pl.col(name).alias(_other(name)) for name in columns)),
        on=list(keys),
        how="full",
        coalesce=True,
        nulls_equal=True,
    )
    zeros = both.with_columns(pl.exclude(*keys).fill_null(0))
    differs = [pl.col(name) != pl.col(_other(name)) for name in columns]
    wrong = zeros.filter(pl.any_horizontal(*differs)).sort(keys)
    if not wrong.height:
        return None
    row = wrong.row(0, named=True)
    column = next(name for name in columns if row[name] != row[_other(name)])
    left = f"{place_of(row, keys)}: {said_name}.{column}"
    right = f"{found_name}.{column}"
    return unequal(left, row[column], right, row[_other(column)], wrong.height - 1)


def place_of(row: Mapping[str, Any], keys: Sequence[str] = LINE) -> str:
    """The key of a row as one reads it: `H01 employee local points`."""
    words = (_word(key, row[key]) for key in keys if row[key] is not None)
    return " ".join(words)


def _word(key: str, value: object) -> str:
    if key == "out_of_area":
        return "outside" if value else "local"
    return str(value)


def _other(name: str) -> str:
    return f"found:{name}"
