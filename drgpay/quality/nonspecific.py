"""Diagnoses that say too little to be a good principal diagnosis, by patterns in a small file."""

from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.policy.load import read_keys

_ERRORS = Sentences("errors/quality")

DEFAULT_FILE = Path(__file__).with_name("nonspecific.toml")


class NonspecificKind(BaseModel):
    """One kind: a code is of it when its name or itself fits one of the patterns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Literal["unspecified", "residual"]
    name_patterns: tuple[str, ...] = ()
    code_patterns: tuple[str, ...] = ()


class NonspecificFile(BaseModel):
    """The keys of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[NonspecificKind, ...]


def load_nonspecific(path: Path = DEFAULT_FILE) -> tuple[NonspecificKind, ...]:
    """Read the kinds; raises DrgpayError for a wrong key or a pattern that is no expression."""
    what, remedy = _ERRORS.words("nonspecific_file"), _ERRORS.words("nonspecific_keys")
    kinds = read_keys(path, NonspecificFile, what, remedy).kinds
    for kind in kinds:
        for pattern in (*kind.name_patterns, *kind.code_patterns):
            try:
                pl.Series([""]).str.contains(pattern)
            except pl.exceptions.ComputeError:
                raise DrgpayError(
                    *_ERRORS("no_expression", path=path, pattern=pattern, kind=kind.id)
                ) from None
    return kinds


def nonspecific_codes(diagnoses: pl.DataFrame, kinds: tuple[NonspecificKind, ...]) -> pl.DataFrame:
    """Of a table code, name those that say too little: code, name, nonspecific (the kind's id)."""
    found = pl.coalesce(
        *[
            pl.when(_fits("name", kind.name_patterns) | _fits("code", kind.code_patterns)).then(
                pl.lit(kind.id)
            )
            for kind in kinds
        ],
        pl.lit(None, pl.String),
    )
    table = diagnoses.select("code", "name", nonspecific=found)
    return table.filter(pl.col("nonspecific").is_not_null()).sort("code")


def _fits(column: str, patterns: tuple[str, ...]) -> pl.Expr:
    fits = [pl.col(column).str.contains(pattern).fill_null(False) for pattern in patterns]
    return pl.any_horizontal(*fits, pl.lit(False))
