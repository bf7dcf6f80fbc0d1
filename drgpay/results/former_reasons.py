"""adjustments.parquet of programs that wrote reasons as English sentences, in the layout of now.

Runs of drgpay 0.1.0 hold a sentence in `reason`, where a code and its numbers stand now. It is read
here alone, once, and exactly (docs/decisions/0034-reasons-are-codes.md).
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polars as pl

from drgpay.base.language import Words
from drgpay.base.toml_reader import read_toml
from drgpay.policy.adjustment_rows import REASON_SCHEMA
from drgpay.results.columns import Column, columns_of

_FORMER = "reason"


def with_codes(adjustments: pl.LazyFrame) -> pl.LazyFrame:
    """Adjustments as a file has them, with code and numbers where it has sentences."""
    names = adjustments.collect_schema().names()
    if _FORMER not in names or "code" in names:
        return adjustments
    numbers = [column for column in columns_of("adjustments") if column.scaled in REASON_SCHEMA]
    code = pl.coalesce(
        pl.when(pl.col(_FORMER).str.contains(form)).then(pl.lit(code))
        for code, form in _forms().items()
    )
    return adjustments.with_columns(
        (code if column.name == "code" else _number(column)).alias(column.name)
        for column in numbers
    ).drop(_FORMER)


def _number(column: Column) -> pl.Expr:
    """A column out of the sentences that have it."""
    of_type = (
        REASON_SCHEMA[column.scaled] if column.places is None else pl.Decimal(18, column.places)
    )
    sentence = pl.col(_FORMER).str
    found = [
        sentence.extract(form, re.compile(form).groupindex[column.name]).cast(of_type)
        for form in _forms().values()
        if column.name in re.compile(form).groupindex
    ]
    if column.name == "number":
        several = sentence.contains(_forms()["deductions"])
        factors = sentence.count_matches(" * ", literal=True).cast(of_type)
        found.append(pl.when(several).then(factors))
    return pl.coalesce(found)


@cache
def _forms() -> Mapping[str, str]:
    """By code the regular expression of its sentences."""
    path = Path(__file__).with_suffix(".toml")
    what = Words("旧版调整理由的格式文件", "forms of former reasons")
    return {code: f"^(?:{form})$" for code, form in read_toml(path, what)["codes"].items()}
