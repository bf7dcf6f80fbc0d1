"""Statistics of grouped stays: coverage, case mix, consumption, variation, explained variance.

Everything is computed from sums by hospital and group, in whole numbers; ratios are rounded once.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import (
    POINT_PLACES,
    POINT_SCALE,
    divide_half_up,
    root_half_up,
    unscaled,
    wide,
)
from drgpay.base.language import Words, listed
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.quality.grouped_table import collect, fen_of, scan_table, whole_days
from drgpay.quality.shares import SHARE, ratio, share, ten_thousandths
from drgpay.quality.weights import own_weights

_ERRORS = Sentences("errors/quality")

COLUMNS = ("status", "mdc", "adrg", "drg", "total_cost", "hospital_id", "length_of_stay")
STATUSES = ("grouped", "ambiguous", "ungrouped", "invalid")
GROUP_LEVELS = ("mdc", "adrg", "drg")
# Shares of consumption are summed at this scale before they are rounded to four places.
_FINE = 10**8


@dataclass(frozen=True)
class Limits:
    """From when a group counts as one of few cases or of high variation."""

    few_cases: int
    high_cv: Decimal


@dataclass(frozen=True, repr=False)
class Statistics(Shown):
    """The tables of `drgpay stats`; money in yuan, ratios with four places.

    coverage: status, stays, stays_share, total_cost, cost_share.
    explained: grouping_level (mdc, adrg, drg), trim (trim_before or trim_after), stays, groups, r2.
    hospitals: hospital_id, name, level, stays, grouped, grouping_rate, groups, without_weight,
    case_mix_index, cost_index, time_index, mean_cost, mean_days; sorted by hospital.
    levels: the same by level.
    groups: drg, adrg, mdc, cases, cases_share, total_cost, cost_share, mean_cost, mean_days, cv,
    weight, few_cases, high_cv (flags); sorted by group; grouped stays only.
    totals: the last row of hospitals and levels.
    """

    coverage: pl.DataFrame
    explained: pl.DataFrame
    hospitals: pl.DataFrame
    levels: pl.DataFrame
    totals: dict[str, Any]
    groups: pl.DataFrame

    def top(self, column: str, number: int) -> pl.DataFrame:
        """The first groups by a column of `groups`, the largest first."""
        return self.groups.sort(column, "drg", descending=[True, False]).head(number)


def grouped_stays(path: Path) -> pl.LazyFrame:
    """The columns of a table of groups that statistics read, money in fen, lazily.

    status, mdc, adrg, drg, hospital_id (strings), total_fen, length_of_stay (Int64), and level
    where the table has it. Where the table has payment_unit, only stays paid by DRG (drg, or none)
    count: what is paid by bed days or items has a group, but not by it. Raises DrgpayError for a
    missing column or a wrong type.
    """
    frame = scan_table(path, COLUMNS, _remedy())
    schema = frame.collect_schema()
    if "payment_unit" in schema.names():
        unit = pl.col("payment_unit").cast(pl.String).fill_null("drg")
        frame = frame.filter(unit == "drg")
    texts = ["status", "mdc", "adrg", "drg", "hospital_id"]
    texts += [name for name in ("level",) if name in schema.names()]
    return frame.select(
        *[pl.col(name).cast(pl.String) for name in texts],
        total_fen=fen_of("total_cost", schema["total_cost"], path),
        length_of_stay=whole_days("length_of_stay", schema["length_of_stay"], path),
    )


def statistics(
    path: Path,
    hospitals: pl.DataFrame | None = None,
    weights: pl.DataFrame | None = None,
    kept: pl.Expr | None = None,
    limits: Limits | None = None,
) -> Statistics:
    """The statistics of a table of groups.

    `hospitals` (read_hospitals) names them and gives their level; without it a level in the table
    counts. `weights` is WEIGHT_SCHEMA; without it a group's weight is its mean cost in these stays
    over the mean of all grouped stays. `kept` is true of the stays that trimming keeps (over drg
    and total_fen); with it the explained variance is also told after trimming.
    Raises DrgpayError for a missing column, a wrong type or no stay at all.
    """
    limits = limits or Limits(5, Decimal(1))
    stays = grouped_stays(path)
    sums = _sums(stays, path)
    if not sums.height:
        raise DrgpayError(*_ERRORS("no_stay", path=path))
    _refuse_unknown_status(sums, path)
    sums = _levelled(sums, hospitals)
    grouped = sums.filter(pl.col("status") == "grouped")
    by_group = _added(grouped, ["drg"])
    weights = own_weights(by_group) if weights is None else weights
    trimmed = None
    if kept is not None:
        among = stays.filter(pl.col("status") == "grouped").filter(kept)
        trimmed = _sums(among, path)
    measured = _measured(grouped, by_group, weights)
    return Statistics(
        coverage=_coverage(sums),
        explained=_explained(grouped, trimmed),
        hospitals=_indices(sums, measured, ["hospital_id", "name", "level"]),
        levels=_indices(sums, measured, ["level"]),
        totals=_indices(
            sums.with_columns(all=pl.lit(1)), measured.with_columns(all=pl.lit(1)), ["all"]
        ).row(0, named=True),
        groups=_groups(grouped, weights, limits),
    )


def _sums(stays: pl.LazyFrame, path: Path) -> pl.DataFrame:
    """Sums by hospital, level and group: small, whatever the number of stays."""
    by = [name for name in stays.collect_schema().names() if name not in _SUMMED]
    return collect(
        stays.group_by(by).agg(
            cases=pl.len().cast(pl.Int64),
            total_fen=pl.col("total_fen").sum(),
            squares=(wide("total_fen") * wide("total_fen")).sum(),
            days=pl.col("length_of_stay").sum(),
        ),
        path,
    ).sort(by, nulls_last=True)


_SUMMED = ("total_fen", "length_of_stay")


def _added(sums: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    added = sums.group_by(by).agg(pl.col("cases", "total_fen", "squares", "days").sum())
    return added.sort(by, nulls_last=True)


def _refuse_unknown_status(sums: pl.DataFrame, path: Path) -> None:
    unknown = sums.filter(~pl.col("status").is_in(STATUSES).fill_null(False))
    if unknown.height:
        facts = {"path": path, "status": unknown["status"][0], "known": listed(STATUSES)}
        raise DrgpayError(*_ERRORS("unknown_status", remedy=_remedy(), **facts))


def _remedy() -> Words:
    return _ERRORS.words("name_grouped_stays", columns=listed(COLUMNS))


def _levelled(sums: pl.DataFrame, hospitals: pl.DataFrame | None) -> pl.DataFrame:
    if hospitals is not None:
        named = hospitals.select("hospital_id", "name", "level")
        return sums.drop("level", strict=False).join(named, on="hospital_id", how="left")
    if "level" not in sums.columns:
        sums = sums.with_columns(level=pl.lit(None, pl.String))
    return sums.with_columns(name=pl.lit(None, pl.String))


def _coverage(sums: pl.DataFrame) -> pl.DataFrame:
    order = pl.DataFrame({"status": STATUSES})
    counts = sums.group_by("status").agg(stays=pl.col("cases").sum(), fen=pl.col("total_fen").sum())
    return order.join(counts, on="status", how="left", maintain_order="left").select(
        "status",
        pl.col("stays").fill_null(0),
        share(pl.col("stays").fill_null(0), pl.col("stays").sum()).alias("stays_share"),
        _yuan(pl.col("fen").fill_null(0)).alias("total_cost"),
        share(pl.col("fen").fill_null(0), pl.col("fen").sum()).alias("cost_share"),
    )


def _explained(grouped: pl.DataFrame, trimmed: pl.DataFrame | None) -> pl.DataFrame:
    rows = []
    for trim, sums in (("trim_before", grouped), ("trim_after", trimmed)):
        if sums is None:
            continue
        for level in GROUP_LEVELS:
            groups = _added(sums, [level])
            r2 = explained_variance(groups)
            rows.append((level, trim, sums["cases"].sum(), groups.height, r2))
    schema: dict[str, Any] = {"grouping_level": pl.String, "trim": pl.String, "stays": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"groups": pl.Int64, "r2": SHARE}, orient="row")


def explained_variance(groups: pl.DataFrame) -> Decimal | None:
    """R² (reduction in variance) from sums by group: cases, total_fen, squares.

    1 - sum of squares within groups / sum of squares about the mean; None if costs do not vary.
    """
    cases, total = int(groups["cases"].sum()), int(groups["total_fen"].cast(pl.Int128).sum())
    if not cases:
        return None
    about_zero = Fraction(total * total, cases)
    whole = int(groups["squares"].sum()) - about_zero
    between = sum(
        (Fraction(fen * fen, n) for n, fen in groups.select("cases", "total_fen").iter_rows()),
        Fraction(0),
    )
    return ratio(between - about_zero, whole)


def _measured(grouped: pl.DataFrame, by_group: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Sums by hospital and group, with what each contributes to the three indices.

    A hospital's cost index is the mean over its cases of its mean cost of the group / the region's:
    per group that is its cost x the region's cases / the region's cost. Likewise with days.
    """
    region = by_group.select("drg", group_cases="cases", group_fen="total_fen", group_days="days")
    sums = grouped.join(region, on="drg", how="left").join(weights, on="drg", how="left")

    def consumed(own: str, of_group: str) -> pl.Expr:
        positive = pl.when(pl.col(of_group) > 0).then(wide(of_group))
        return divide_half_up(wide(own) * wide("group_cases") * wide(_FINE), positive)

    return sums.with_columns(
        weighted=wide("weight_units") * wide("cases"),
        weighed=pl.when(pl.col("weight_units").is_not_null()).then("cases").otherwise(0),
        cost_parts=consumed("total_fen", "group_fen"),
        time_parts=consumed("days", "group_days"),
        timed=pl.when(pl.col("group_days") > 0).then("cases").otherwise(0),
        costed=pl.when(pl.col("group_fen") > 0).then("cases").otherwise(0),
    )


def _indices(sums: pl.DataFrame, measured: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    everyone = sums.group_by(by).agg(stays=pl.col("cases").sum())
    own = measured.group_by(by).agg(
        grouped=pl.col("cases").sum(),
        groups=pl.col("drg").n_unique().cast(pl.Int64),
        fen=pl.col("total_fen").sum(),
        patient_days=pl.col("days").sum(),
        weighted=pl.col("weighted").sum(),
        weighed=pl.col("weighed").sum(),
        cost_parts=pl.col("cost_parts").sum(),
        costed=pl.col("costed").sum(),
        time_parts=pl.col("time_parts").sum(),
        timed=pl.col("timed").sum(),
    )
    counts = [pl.col(name).fill_null(0) for name in ("grouped", "groups")]
    return (
        everyone.join(own, on=by, how="left", nulls_equal=True)
        .select(
            *by,
            "stays",
            *counts,
            grouping_rate=share(pl.col("grouped").fill_null(0), "stays"),
            without_weight=(pl.col("grouped") - pl.col("weighed")).fill_null(0),
            case_mix_index=ten_thousandths(divide_half_up(wide("weighted"), _some("weighed"))),
            cost_index=_index("cost_parts", "costed"),
            time_index=_index("time_parts", "timed"),
            mean_cost=_yuan(divide_half_up(wide("fen"), _some("grouped"))),
            mean_days=share("patient_days", "grouped"),
        )
        .sort(by, nulls_last=True)
    )


def _index(parts: str, cases: str) -> pl.Expr:
    step = wide(_FINE // POINT_SCALE)
    return ten_thousandths(divide_half_up(wide(parts), _some(cases) * step))


def _groups(grouped: pl.DataFrame, weights: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    sums = _added(grouped, ["drg", "adrg", "mdc"])
    variation = [
        cv(n, fen, squares)
        for n, fen, squares in sums.select("cases", "total_fen", "squares").iter_rows()
    ]
    return (
        sums.with_columns(pl.Series("cv", variation, SHARE))
        .join(weights, on="drg", how="left")
        .select(
            "drg",
            "adrg",
            "mdc",
            "cases",
            share("cases", pl.col("cases").sum()).alias("cases_share"),
            _yuan(pl.col("total_fen")).alias("total_cost"),
            share("total_fen", pl.col("total_fen").sum()).alias("cost_share"),
            _yuan(divide_half_up(wide("total_fen"), wide("cases"))).alias("mean_cost"),
            share("days", "cases").alias("mean_days"),
            "cv",
            ten_thousandths(pl.col("weight_units")).alias("weight"),
            (pl.col("cases") < limits.few_cases).alias("few_cases"),
            (pl.col("cv") > limits.high_cv).fill_null(False).alias("high_cv"),
        )
        .sort("drg", "adrg", "mdc")
    )


def cv(cases: int, total_fen: int, squares: int) -> Decimal | None:
    """Coefficient of variation from sums (sample standard deviation / mean), four places.

    None for one case, or where the mean is not positive.
    """
    if cases < 2 or total_fen <= 0:
        return None
    spread = cases * squares - total_fen * total_fen  # cases² x the population variance
    square = Fraction(spread * cases * POINT_SCALE**2, (cases - 1) * total_fen * total_fen)
    return unscaled(root_half_up(square), POINT_PLACES)


def _some(column: str) -> pl.Expr:
    return pl.when(pl.col(column) > 0).then(wide(column))


def _yuan(fen: pl.Expr) -> pl.Expr:
    return fen.cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2))
