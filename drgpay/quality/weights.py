"""Weights of groups: from a catalogue, from a table of weights, or from the stays themselves."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES, POINT_SCALE, divide_half_up, round_half_up, scaled, wide
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_columns

_ERRORS = Sentences("errors/quality")

WEIGHT_SCHEMA: dict[str, pl.DataType] = {"drg": pl.String(), "weight_units": pl.Int64()}
"""Weights in 1/10,000, one row a group, sorted by group."""

_POINTS_PER_WEIGHT = 100  # base points = weight x 100 (docs/points.md)


_NO_WEIGHT = 10**9
"""A weight as large as this is none."""


def read_weights(path: Path) -> pl.DataFrame:
    """WEIGHT_SCHEMA from a catalogue's folder (base points / 100) or a CSV with drg and weight.

    More than four decimal places are rounded. A group that the catalogue has without base points
    has no weight, and no row. Raises DrgpayError for a missing file or column, a weight that is no
    number or negative, and a group that is listed twice.
    """
    if path.is_dir():
        groups = path / "groups.csv"
        points = _read(groups, "base_points").filter(pl.col("base_points").is_not_null())
        return _weights(groups, points, Decimal(_POINTS_PER_WEIGHT))
    return _weights(path, _read(path, "weight"), Decimal(1))


def own_weights(group_sums: pl.DataFrame) -> pl.DataFrame:
    """WEIGHT_SCHEMA from sums by drg (drg, cases, total_fen): mean cost / mean cost over all."""
    cases, total = group_sums["cases"].sum(), group_sums["total_fen"].cast(pl.Int128).sum()
    if not total or total < 0:
        return pl.DataFrame(schema=WEIGHT_SCHEMA)
    part = wide("total_fen") * pl.lit(cases * POINT_SCALE, dtype=pl.Int128)
    whole = wide("cases") * pl.lit(total, dtype=pl.Int128)
    return group_sums.select("drg", weight_units=divide_half_up(part, whole).cast(pl.Int64)).sort(
        "drg"
    )


def _read(path: Path, column: str) -> pl.DataFrame:
    """row (as the file counts, from 2), drg and the column, both as text."""
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_weights_file", path=path))
    columns = {name: Column(Kind.TEXT, required=name == "drg") for name in ("drg", column)}
    table, names = read_columns(path, columns)
    if column not in names:
        said = {"path": path, "column": column}
        raise DrgpayError(*_ERRORS("no_weight_column", **said))
    return table.select("row", "drg", column)


def _weights(path: Path, table: pl.DataFrame, divisor: Decimal) -> pl.DataFrame:
    column = table.columns[-1]
    rows = [
        (drg, _units(text, divisor, path=path, row=number, column=column, drg=drg))
        for number, drg, text in table.iter_rows()
    ]
    weights = pl.DataFrame(rows, schema=WEIGHT_SCHEMA, orient="row").sort("drg")
    repeated = weights.filter(pl.col("drg").is_duplicated())
    if repeated.height:
        raise DrgpayError(*_ERRORS("weight_twice", path=path, drg=repeated["drg"][0]))
    return weights


def _units(text: str | None, divisor: Decimal, **place: object) -> int:
    try:
        weight = Decimal((text or "").strip())
    except InvalidOperation:
        weight = Decimal("NaN")
    if not weight.is_finite() or not 0 <= weight < _NO_WEIGHT:
        raise DrgpayError(*_ERRORS("no_weight", text=text, **place))
    return scaled(round_half_up(weight / divisor, POINT_PLACES), POINT_PLACES)
