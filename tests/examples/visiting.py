"""Examples of visits: grouped lines become entries, and entries the points of a visit."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.points.catalogue import COEFFICIENT_SCHEMA
from drgpay.results.columns import Column, columns_of, money, plain, points
from drgpay.visits.entries import entries_of
from drgpay.visits.points import visit_cases, visit_points
from tests.examples.cells import compare, policy_of, rows_of
from tests.examples.page import Example
from tests.visits.rules import policy, rules

GIVEN = (
    *("policy", "visits", "lines", "medical groups", "base points", "packaging list"),
    "coefficients",
)
EXPECTED = ("entries", "visits")
ALL_MEAN_FEN = Fraction(100_00)
"""The mean over all visits of the catalogue, as the page says."""

_GROUP = plain("visit_id", "class", "family", "apg")


def differences(example: Example) -> list[str]:
    """What of an example is not so, a sentence each."""
    example.refuse_unknown(GIVEN, EXPECTED)
    outpatient = policy_of(example, policy(rules())).outpatient
    assert outpatient is not None
    visits = _table(example, "visits", plain("visit_id", "visit_type", "level")).with_columns(
        hospital_id=pl.lit("H1"), account=pl.lit("employee")
    )
    entries = entries_of(
        visits,
        _table(example, "lines", [*_GROUP, *money("amount")]),
        _table(example, "medical groups", plain("visit_id", "family", "apg")),
        set(_table(example, "packaging list", plain("apg"))["apg"]),
        _table(example, "base points", [*plain("apg"), *points("base_points")]),
        outpatient,
    )
    columns = [*plain("drg", "level"), *points("coefficient")]
    rows = _table(example, "coefficients", columns).to_dicts()
    coefficients = pl.DataFrame(
        [{name: row.get(name) for name in COEFFICIENT_SCHEMA} for row in rows],
        schema=COEFFICIENT_SCHEMA,
    )
    earned = visit_points(entries, visits, coefficients, outpatient, ALL_MEAN_FEN)
    return [
        *compare(
            example,
            "entries",
            earned.entries,
            columns_of("entries"),
            ["visit_id", "apg"],
            whole=True,
        ),
        *compare(example, "visits", visit_cases(earned.visits), columns_of("visits"), ["visit_id"]),
    ]


def _table(example: Example, name: str, columns: Sequence[Column]) -> pl.DataFrame:
    schema: dict[str, Any] = {
        column.scaled: pl.String() if column.places is None else pl.Int64() for column in columns
    }
    return pl.DataFrame(rows_of(example, name, columns, schema), schema=schema)
