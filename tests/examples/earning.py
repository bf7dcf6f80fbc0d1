"""Examples of points: stays and a catalogue become points and adjustments."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, POINT_PLACES
from drgpay.points.cases import points_of_stays
from drgpay.points.catalogue import BED_DAY_SCHEMA, COEFFICIENT_SCHEMA, GROUP_SCHEMA
from drgpay.records.filings import DEDUCTION_SCHEMA, REVIEW_SCHEMA, TECHNOLOGY_SCHEMA
from drgpay.results.columns import Column, columns_of, plain
from tests.examples.cells import compare, policy_of, rows_of
from tests.examples.page import Example, Table
from tests.points.standard_stay import CORE, catalogue, filings, stays

GIVEN = (
    *("policy", "standard stay", "groups", "coefficients", "bed days", "stays"),
    *("reviews", "deductions", "technologies"),
)
EXPECTED = ("cases", "adjustments", "refusal")
STAY_SCHEMA: dict[str, pl.DataType] = dict(stays({}).schema)
_SCALED = {
    *("base_points", "cv", "level_factor", "coefficient"),
    *("points", "fixed_points"),
}


def differences(example: Example) -> list[str]:
    """What of an example is not so, a sentence each."""
    example.refuse_unknown(GIVEN, EXPECTED)
    policy = policy_of(example, CORE)
    usual = example.rows("standard stay")[0]
    given = [usual | row for row in example.rows("stays")] or [usual]
    whole = replace(example, given={**example.given, "stays": Table(list(given[0]), given)})
    frame = stays(*rows_of(whole, "stays", _stay_columns(), STAY_SCHEMA))
    of = catalogue(
        *rows_of(example, "groups", _columns(GROUP_SCHEMA), GROUP_SCHEMA),
        coefficients=rows_of(
            example, "coefficients", _columns(COEFFICIENT_SCHEMA), COEFFICIENT_SCHEMA
        ),
        bed_days=rows_of(example, "bed days", _columns(BED_DAY_SCHEMA), BED_DAY_SCHEMA),
    )
    filed = filings(
        rows_of(example, "reviews", _columns(REVIEW_SCHEMA), REVIEW_SCHEMA),
        rows_of(example, "deductions", _columns(DEDUCTION_SCHEMA), DEDUCTION_SCHEMA),
        rows_of(example, "technologies", _columns(TECHNOLOGY_SCHEMA), TECHNOLOGY_SCHEMA),
    )
    try:
        earned = points_of_stays(frame, of, policy.points, filed, exempt=())
    except DrgpayError as error:
        said = example.expected.get("refusal")
        if said and said.rows[0]["said"] in str(error):
            return []
        return [f"{example.where}: it is refused: {error}"]
    names = ["case_id", "kind", "applies_to"]
    wrong = [
        *compare(example, "cases", earned.cases, columns_of("cases"), ["case_id"]),
        *compare(
            example, "adjustments", earned.adjustments, columns_of("adjustments"), names, whole=True
        ),
    ]
    if "refusal" in example.expected:
        wrong.append(f"{example.where}, expected refusal: it is paid")
    return wrong


def _columns(schema: Mapping[str, pl.DataType]) -> list[Column]:
    """The columns of a file of the catalogue or of filings, by what they are in memory."""
    columns = []
    for name in schema:
        if name.endswith("_fen"):
            columns.append(Column(f"{name.removesuffix('_fen')}_yuan", name, FEN_PLACES))
        else:
            columns.append(Column(name, name, POINT_PLACES if name in _SCALED else None))
    return columns


def _stay_columns() -> list[Column]:
    names = [name for name in STAY_SCHEMA if name != "total_fen"]
    return [*plain(*names), Column("total_cost", "total_fen", FEN_PLACES)]
