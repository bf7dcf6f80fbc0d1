"""A catalogue from weights or prices that a city publishes (docs/points.md).

base points = weight x 100; the mean cost of a group is weight x the mean over all, which the table
does not know and the caller gives. Prices by level become coefficients of the levels.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.exact import FEN_PLACES, POINT_SCALE, half_up, scaled, unscaled
from drgpay.grouper.scheme import Scheme
from drgpay.points.calibration_report import group_names
from drgpay.points.catalogue import COEFFICIENT_SCHEMA, GROUP_SCHEMA, Catalogue, CatalogueInfo
from drgpay.points.weight_columns import WeightColumns, weight_columns
from drgpay.records.csv_source import open_csv

MOST_WEIGHT = 100_000
_STABLE = {
    "": True,
    **dict.fromkeys(("true", "1", "yes", "是", "稳定"), True),
    **dict.fromkeys(("false", "0", "no", "否", "不稳定", "非稳定"), False),
}
_GROUPED_DIGITS = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
_NAMED_UNKNOWN = 5


@dataclass(frozen=True)
class WeightOptions:
    """How a table is read.

    columns: name -> heading (weight_columns.NAMES). base: None, "mean" or a level: which price is
    the base points' (None: the weight where there is one, else the mean of the prices by level).
    no_weight: texts of a cell that say that the group has no weight, beside an empty one.
    skip_unknown: leave out groups that the scheme does not have, instead of refusing the table.
    encoding: of the file; None finds UTF-8 or GB18030.
    """

    columns: Mapping[str, str]
    base: str | None = None
    no_weight: Collection[str] = ()
    skip_unknown: bool = False
    encoding: str | None = None


@dataclass(frozen=True)
class PublishedCatalogue:
    """The catalogue; groups of the scheme without weight (drg, name); rows left out.

    skipped: line (of the file), drg, reason (no_weight, not_in_scheme), in the order of the file.
    """

    catalogue: Catalogue
    without_weight: pl.DataFrame
    skipped: pl.DataFrame


@dataclass(frozen=True)
class _Row:
    line: int
    drg: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class _Group:
    """A weighted group: weight 1 is the mean over all; coefficients by level."""

    drg: str
    weight: Fraction
    stable: bool
    coefficients: Mapping[str, Fraction]


def published_catalogue(
    path: Path, scheme: Scheme, all_mean_yuan: Decimal, catalogue_id: str, options: WeightOptions
) -> PublishedCatalogue:
    """Make a catalogue from a CSV of groups with weights, prices, or prices by level.

    `all_mean_yuan` is the mean cost over all cases, in yuan, with at most 2 places. Raises
    DrgpayError for a missing column, a cell that is no positive number, a group that is listed
    twice or that the scheme does not have.
    """
    source = open_csv(path, {}, options.encoding, ",")
    header = [name for name in source.column_names if name]
    columns = weight_columns(path, header, options.columns, options.base)
    all_mean_fen = Fraction(scaled(all_mean_yuan, FEN_PLACES))
    rows = list(_rows(path, source, columns))
    _refuse_repeated(path, rows)
    names = group_names(scheme)
    known = set(names["drg"])
    unknown = [row for row in rows if row.drg not in known]
    if unknown and not options.skip_unknown:
        listed = ", ".join(row.drg for row in unknown[:_NAMED_UNKNOWN])
        more = f" and {len(unknown) - _NAMED_UNKNOWN} more" * (len(unknown) > _NAMED_UNKNOWN)
        raise DrgpayError(
            f"{path}, line {unknown[0].line}: {scheme.info.id} has no groups {listed}{more}",
            "name the scheme of the table, or leave them out with --skip-unknown",
        )
    skipped = {row.line: (row.line, row.drg, "not_in_scheme") for row in unknown}
    groups = []
    for row in rows:
        if row.line not in skipped:
            group = _group(path, row, columns, all_mean_fen, options)
            if group:
                groups.append(group)
            else:
                skipped[row.line] = (row.line, row.drg, "no_weight")
    if not groups:
        raise DrgpayError(f"{path}: no group of {scheme.info.id} has a weight", "see --column")
    catalogue = _catalogue(groups, scheme, all_mean_fen, catalogue_id, path.name)
    schema = {"line": pl.Int64, "drg": pl.String, "reason": pl.String}
    left_out = pl.DataFrame([skipped[line] for line in sorted(skipped)], schema, orient="row")
    without = names.join(catalogue.groups, on="drg", how="anti", maintain_order="left")
    return PublishedCatalogue(catalogue, without, left_out)


def _rows(path: Path, source: Any, columns: WeightColumns) -> Iterator[_Row]:
    """The rows of the file; blank ones are no rows."""
    line = 1
    for piece in source.pieces():
        for batch in piece.batches(columns.all):
            for cells in batch.to_pylist():
                line += 1
                said = {name: (value or "").strip() for name, value in cells.items()}
                if not any(said.values()):
                    continue
                if not said[columns.drg]:
                    raise DrgpayError(f"{path}, line {line}: the group is missing", "fill it in")
                yield _Row(line, said[columns.drg], said)


def _refuse_repeated(path: Path, rows: list[_Row]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.drg in first:
            raise DrgpayError(
                f"{path}, line {row.line}: the group {row.drg} stands in line {first[row.drg]} too",
                "keep one of the rows",
            )
        first[row.drg] = row.line


def _group(
    path: Path, row: _Row, columns: WeightColumns, all_mean_fen: Fraction, options: WeightOptions
) -> _Group | None:
    """The weight and the coefficients of a row; None if it has no weight."""

    def number(heading: str) -> Fraction | None:
        text = row.cells[heading]
        return None if not text or text in options.no_weight else _positive(path, row, heading)

    def by_level(headings: Mapping[str, str]) -> dict[str, Fraction]:
        numbers = {level: number(heading) for level, heading in headings.items()}
        return {level: found for level, found in numbers.items() if found is not None}

    prices = by_level(columns.prices)
    if columns.weight:
        weight = number(columns.weight)
    else:
        price = number(columns.price) if columns.price else _base_price(prices, options.base)
        weight = None if price is None else price * 100 / all_mean_fen
    if weight is None:
        return None
    what = f"{path}, line {row.line}: the weight of {row.drg}"
    if weight > MOST_WEIGHT:
        raise DrgpayError(f"{what} is above {MOST_WEIGHT:,}", "correct it, or the mean over all")
    if not half_up(weight * 100 * POINT_SCALE) or not half_up(weight * all_mean_fen):
        raise DrgpayError(f"{what} is next to nothing", "correct it, or the mean over all")
    coefficients = {level: price * 100 / (weight * all_mean_fen) for level, price in prices.items()}
    said = row.cells[columns.stable].lower() if columns.stable else ""
    if said not in _STABLE:
        raise DrgpayError(
            f"{path}, line {row.line}: {columns.stable} of {row.drg} is {said!r}",
            "write true or false",
        )
    return _Group(row.drg, weight, _STABLE[said], coefficients | by_level(columns.coefficients))


def _base_price(prices: Mapping[str, Fraction], base: str | None) -> Fraction | None:
    if base and base != "mean":
        return prices.get(base)
    return sum(prices.values(), Fraction(0)) / len(prices) if prices else None


def _positive(path: Path, row: _Row, heading: str) -> Fraction:
    text = row.cells[heading]
    plain = text.replace(",", "") if _GROUPED_DIGITS.fullmatch(text) else text
    try:
        found = Decimal(plain)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found <= 0 or abs(found.adjusted()) > 30:
        raise DrgpayError(
            f"{path}, line {row.line}: {heading} of {row.drg} is {text!r}, not a number above 0",
            f"correct it, leave the cell empty, or say --no-weight {text} if that means no weight",
        )
    return Fraction(found)


def _catalogue(
    groups: list[_Group], scheme: Scheme, all_mean_fen: Fraction, catalogue_id: str, source: str
) -> Catalogue:
    info = CatalogueInfo(
        id=catalogue_id,
        kind="published",
        scheme=scheme.info.id,
        scheme_hash=scheme.content_hash,
        policy=None,
        source=source,
        stays_read=0,
        stays_eligible=0,
        stays_trimmed=0,
        all_total_fen=int(all_mean_fen),
        all_cases=1,
        all_mean_yuan=str(unscaled(int(all_mean_fen), FEN_PLACES)),
    )
    rows = [
        {
            "drg": group.drg,
            "mean_fen": half_up(group.weight * all_mean_fen),
            "stable": group.stable,
            "stability": "stable" if group.stable else "stand_in",
            "base_points": half_up(group.weight * 100 * POINT_SCALE),
        }
        for group in groups
    ]
    coefficients = [
        {"drg": group.drg, "level": level, "coefficient": half_up(coefficient * POINT_SCALE)}
        for group in groups
        for level, coefficient in group.coefficients.items()
    ]
    return Catalogue(
        info,
        _frame(rows, GROUP_SCHEMA).sort("drg"),
        _frame(coefficients, COEFFICIENT_SCHEMA).sort("drg", "level"),
    )


def _frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema)
