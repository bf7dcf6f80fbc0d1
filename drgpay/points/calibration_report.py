"""What a calibration did to its cases, and how good the groups are: tables for the reader.

Nothing of it pays. Everything is computed from the cases and the catalogue, in whole numbers;
ratios are rounded once, at the fourth place. A case is whatever a group stands for: a stay, or an
entry of a visit (drgpay.visits.calibration_report).
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.exact import POINT_PLACES, as_decimal, half_up, scaled, wide
from drgpay.grouper.scheme import Scheme, status_of
from drgpay.points.calibrate import eligible
from drgpay.points.catalogue import Catalogue, with_day_points
from drgpay.points.trimming import trim_limits
from drgpay.policy.calibration import Calibration
from drgpay.quality.shares import SHARE, ratio, share
from drgpay.quality.statistics import explained_variance

FEW_CASES = 5
HIGH_CV = Decimal(1)
STATUSES = ("grouped", "ambiguous", "ungrouped")


@dataclass(frozen=True)
class CalibrationReport:
    """The tables of a calibration; money in yuan, ratios with four places, everything sorted.

    Columns are those of stays; of visits, steps has visits and entries in the place of stays,
    coverage lines and lines_share, and explained entries.

    steps: step, stays, total_cost. From the stays read to those kept: what was left out, by the
    first reason that applies (total_cost is null where it is not known).
    coverage: status, stays, stays_share, total_cost, cost_share, of the valid stays paid by group.
    explained: trim (trim_before, trim_after), stays, groups, r2.
    groups: drg, name, cases, low_limit, high_limit, trimmed_low, trimmed_low_cost, trimmed_high,
    trimmed_high_cost, kept, mean_cost, median_cost, sd, cv, stable, unstable_reason, few_cases,
    high_cv, base_points. Limits are null without trimming; a group none of whose cases was kept is
    not in the catalogue, its kept is 0.
    unstable: the groups that are not stable: drg, name, cases, kept, mean_cost, median_cost, cv,
    unstable_reason, base_points.
    marked: measure, groups, cases, cases_share: how many groups are unstable, vary much, have few
    cases, were emptied, and how many of the scheme had no case.
    clamped: the coefficients that were out of bounds: drg, level, hospital_id, coefficient.
    neighbours: the levels that took the part of another: drg, level, level_part_from,
    level_factor, coefficient.
    missing: groups of the scheme without an eligible case: drg, name.
    coefficients: measure, rows: rows of hospitals and of levels with a coefficient, how many of them
    were out of bounds or came from a neighbour.
    bed_days: bed_day_class, level, cases, days, total_cost, day_points.
    stand_ins: the groups with the price of others: drg, name, kept, like, like_cases, like_mean, times,
    mean_cost, base_points.
    """

    steps: pl.DataFrame
    coverage: pl.DataFrame
    explained: pl.DataFrame
    groups: pl.DataFrame
    unstable: pl.DataFrame
    marked: pl.DataFrame
    clamped: pl.DataFrame
    neighbours: pl.DataFrame
    coefficients: pl.DataFrame
    missing: pl.DataFrame
    bed_days: pl.DataFrame
    stand_ins: pl.DataFrame


def calibration_report(
    stays: pl.DataFrame, catalogue: Catalogue, scheme: Scheme, rules: Calibration
) -> CalibrationReport:
    """The report of a catalogue and the stays that it was calibrated from.

    stays: the valid ones, as `calibrate` had them.
    """
    sums = trimmed_sums(stays.filter(eligible(rules)), rules)
    return report_of(
        sums,
        catalogue,
        group_names(scheme),
        steps=_steps(stays, sums, catalogue, rules),
        coverage=_coverage(stays),
        cases="stays",
    )


def report_of(
    sums: pl.DataFrame,
    catalogue: Catalogue,
    names: pl.DataFrame,
    *,
    steps: pl.DataFrame,
    coverage: pl.DataFrame,
    cases: str,
) -> CalibrationReport:
    """The report of a catalogue, from the `trimmed_sums` of its cases.

    names: drg and name of every group that can have a case, sorted by drg. cases: what the cases
    are called in `explained`.
    """
    groups = _groups(sums, catalogue).join(names, on="drg", how="left", maintain_order="left")
    missing = names.join(sums, on="drg", how="anti").sort("drg")
    rows = catalogue.coefficients.with_columns(
        as_decimal("coefficient", POINT_PLACES), as_decimal("level_factor", POINT_PLACES)
    )
    clamped = rows.filter("clamped").select("drg", "level", "hospital_id", "coefficient")
    neighbours = rows.filter(
        pl.col("hospital_id").is_null() & (pl.col("level_part_from") != pl.col("level"))
    ).select("drg", "level", "level_part_from", "level_factor", "coefficient")
    return CalibrationReport(
        steps=steps,
        coverage=coverage,
        explained=_explained(sums, cases),
        groups=groups.select(_GROUP_COLUMNS),
        unstable=groups.filter(pl.col("stable").not_()).select(_UNSTABLE_COLUMNS),
        marked=_marked(groups, missing),
        clamped=clamped,
        neighbours=neighbours,
        coefficients=_coefficients(rows, clamped, neighbours),
        missing=missing,
        bed_days=with_day_points(catalogue).select(
            "bed_day_class",
            "level",
            "cases",
            "days",
            _yuan("total_fen").alias("total_cost"),
            as_decimal("day_points", 8),
        ),
        stand_ins=_stand_ins(catalogue, names),
    )


def _stand_ins(catalogue: Catalogue, names: pl.DataFrame) -> pl.DataFrame:
    found = pl.DataFrame(
        [
            (
                one.drg,
                ", ".join(one.like),
                one.like_cases,
                half_up(Fraction(one.like_total_fen, one.like_cases)),
                one.times,
            )
            for one in catalogue.info.stand_ins
        ],
        schema={
            "drg": pl.String,
            "like": pl.String,
            "like_cases": pl.Int64,
            "like_fen": pl.Int64,
            "times": pl.String,
        },
        orient="row",
    )
    return (
        found.join(names, on="drg", how="left", maintain_order="left")
        .join(catalogue.groups, on="drg", how="left", maintain_order="left")
        .select(
            *("drg", "name", "kept", "like", "like_cases"),
            _yuan("like_fen").alias("like_mean"),
            pl.col("times").cast(pl.Decimal(18, POINT_PLACES)),
            _yuan("mean_fen").alias("mean_cost"),
            as_decimal("base_points", POINT_PLACES),
        )
    )


_GROUP_COLUMNS = (
    *("drg", "name", "cases", "low_limit", "high_limit", "trimmed_low", "trimmed_low_cost"),
    *("trimmed_high", "trimmed_high_cost", "kept", "mean_cost", "median_cost", "sd", "cv"),
    *("stable", "unstable_reason", "few_cases", "high_cv", "base_points"),
)
_UNSTABLE_COLUMNS = (
    *("drg", "name", "cases", "kept", "mean_cost", "median_cost", "cv", "unstable_reason"),
    "base_points",
)


def group_names(scheme: Scheme) -> pl.DataFrame:
    """drg and name of the groups that stays are calibrated in: neither ambiguous nor fallbacks."""
    rows = [
        (drg.code, drg.name)
        for _, adrg, drg in scheme.paths()
        if status_of(adrg.code, drg.code) == "grouped"
    ]
    names = pl.DataFrame(rows, schema={"drg": pl.String, "name": pl.String}, orient="row")
    return names.unique("drg", keep="first", maintain_order=True).sort("drg")


def trimmed_sums(counted: pl.DataFrame, rules: Calibration) -> pl.DataFrame:
    """Sums by group of all, of kept and of trimmed cases (drg, total_fen), with the limits in fen;
    sorted by group.
    """
    limits = trim_limits(counted, rules.trim)
    cost = pl.col("total_fen")
    cases = (
        counted.select(pl.col("drg").cast(pl.String), "total_fen")
        .join(limits, on="drg", how="left")
        .with_columns(
            low=(cost < pl.col("low_fen")).fill_null(False),
            high=(cost > pl.col("high_fen")).fill_null(False),
        )
        .with_columns(within=~pl.col("low") & ~pl.col("high"))
    )
    square = wide("total_fen") * wide("total_fen")
    return (
        cases.group_by("drg")
        .agg(
            pl.col("low_fen", "high_fen").first(),
            cases=pl.len().cast(pl.Int64),
            total_fen=cost.sum(),
            squares=square.sum(),
            kept=pl.col("within").sum().cast(pl.Int64),
            kept_fen=cost.filter("within").sum(),
            kept_squares=square.filter(pl.col("within")).sum(),
            trimmed_low=pl.col("low").sum().cast(pl.Int64),
            trimmed_low_fen=cost.filter("low").sum(),
            trimmed_high=pl.col("high").sum().cast(pl.Int64),
            trimmed_high_fen=cost.filter("high").sum(),
        )
        .sort("drg")
    )


def _steps(
    stays: pl.DataFrame, sums: pl.DataFrame, catalogue: Catalogue, rules: Calibration
) -> pl.DataFrame:
    """What became of the stays, one row a step; the counts add up from read to kept."""
    reason = (
        pl.when(pl.col("payment_unit") == "fee")
        .then(pl.lit("left_fee"))
        .when(pl.col("payment_unit") == "bed_day")
        .then(pl.lit("left_bed_day"))
        .when(pl.col("status") != "grouped")
        .then(pl.lit("left_not_grouped"))
        .when(~pl.col("complete"))
        .then(pl.lit("left_incomplete"))
        .when(pl.col("length_of_stay") > rules.max_los_days)
        .then(pl.lit("left_long"))
        .when(~eligible(rules))
        .then(pl.lit("left_cheap"))
        .otherwise(pl.lit("eligible"))
    )
    counts = stays.group_by(step=reason).agg(n=pl.len(), fen=pl.col("total_fen").sum())
    found = {step: (n, fen) for step, n, fen in counts.iter_rows()}
    read = catalogue.info.stays_read
    rows: list[tuple[str, int, int | None]] = [
        ("read", read, None),
        ("left_invalid", read - stays.height, None),
        *((step, *found.get(step, (0, 0))) for step in _LEFT_OUT),
        ("eligible", *found.get("eligible", (0, 0))),
        *trim_steps(sums),
    ]
    schema = {"step": pl.String, "stays": pl.Int64, "fen": pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.select("step", "stays", _yuan("fen").alias("total_cost"))


def trim_steps(sums: pl.DataFrame) -> list[tuple[str, int, int]]:
    """The last steps, from `trimmed_sums`: name, cases, fen."""
    return [
        (step, int(sums[step].sum()), int(sums[f"{step}_fen"].sum()))
        for step in ("trimmed_low", "trimmed_high", "kept")
    ]


_LEFT_OUT = (
    "left_fee",
    "left_bed_day",
    "left_not_grouped",
    "left_incomplete",
    "left_long",
    "left_cheap",
)


def _coverage(stays: pl.DataFrame) -> pl.DataFrame:
    """How many of the valid stays that are paid by group have one."""
    by_group = stays.filter(pl.col("payment_unit") == "drg")
    counts = by_group.group_by(pl.col("status").cast(pl.String)).agg(
        stays=pl.len().cast(pl.Int64), fen=pl.col("total_fen").sum()
    )
    return coverage_of(counts, "stays")


def coverage_of(counts: pl.DataFrame, unit: str) -> pl.DataFrame:
    """The table `coverage`: counts by status, and what they cost, with shares.

    counts: status, a count named `unit`, fen.
    """
    order = pl.DataFrame({"status": STATUSES})
    return (
        order.join(counts, on="status", how="left", maintain_order="left")
        .with_columns(pl.col(unit, "fen").fill_null(0))
        .select(
            "status",
            unit,
            share(unit, pl.col(unit).sum()).alias(f"{unit}_share"),
            _yuan("fen").alias("total_cost"),
            share("fen", pl.col("fen").sum()).alias("cost_share"),
        )
    )


def _explained(sums: pl.DataFrame, unit: str) -> pl.DataFrame:
    """R² (RIV) of cost explained by the groups, over the eligible and over the kept cases, whose
    number is called `unit`.
    """
    after = sums.filter(pl.col("kept") > 0).select(
        "drg", cases="kept", total_fen="kept_fen", squares="kept_squares"
    )
    rows = [
        (trim, frame["cases"].sum(), frame.height, explained_variance(frame))
        for trim, frame in (("trim_before", sums), ("trim_after", after))
    ]
    schema: dict[str, Any] = {"trim": pl.String, unit: pl.Int64, "groups": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"r2": SHARE}, orient="row")


def _groups(sums: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    reason = pl.col("stability").replace_strict(
        {
            **dict.fromkeys(("unstable_cases", "stand_in"), "too_few_cases"),
            "unstable_cv": "too_high_cv",
        },
        default=None,
        return_dtype=pl.String,
    )
    table = catalogue.groups.drop("cases", "kept")
    varies = pl.col("cv") > scaled(HIGH_CV, POINT_PLACES)
    return (
        sums.join(table, on="drg", how="left", maintain_order="left")
        .with_columns(
            unstable_reason=reason,
            few_cases=pl.col("kept") < FEW_CASES,
            high_cv=varies.fill_null(False),
        )
        .with_columns(
            _yuan("low_fen").alias("low_limit"),
            _yuan("high_fen").alias("high_limit"),
            _yuan("trimmed_low_fen").alias("trimmed_low_cost"),
            _yuan("trimmed_high_fen").alias("trimmed_high_cost"),
            _yuan("mean_fen").alias("mean_cost"),
            _yuan("median_fen").alias("median_cost"),
            _yuan("sd_fen").alias("sd"),
            as_decimal("cv", POINT_PLACES),
            as_decimal("base_points", POINT_PLACES),
        )
    )


def _marked(groups: pl.DataFrame, missing: pl.DataFrame) -> pl.DataFrame:
    """How many groups, and which part of the eligible cases, need somebody's look."""
    whole = int(groups["cases"].sum())
    rows = []
    for measure, marked in (
        ("unstable", groups.filter(pl.col("stable").not_())),
        ("high_cv", groups.filter("high_cv")),
        ("few_cases", groups.filter("few_cases")),
        ("emptied", groups.filter(pl.col("kept") == 0)),
        ("no_cases", missing.with_columns(cases=pl.lit(0))),
    ):
        cases = int(marked["cases"].sum())
        rows.append((measure, marked.height, cases, ratio(cases, whole)))
    schema: dict[str, Any] = {"measure": pl.String, "groups": pl.Int64, "cases": pl.Int64}
    return pl.DataFrame(rows, schema=schema | {"cases_share": SHARE}, orient="row")


def _coefficients(
    rows: pl.DataFrame, clamped: pl.DataFrame, neighbours: pl.DataFrame
) -> pl.DataFrame:
    paid = rows.filter(pl.col("coefficient").is_not_null())
    of_levels = paid["hospital_id"].null_count()
    counts = {
        "hospital_rows": paid.height - of_levels,
        "level_rows": of_levels,
        "clamped_rows": clamped.height,
        "neighbour_rows": neighbours.height,
    }
    return pl.DataFrame(
        list(counts.items()), schema={"measure": pl.String, "rows": pl.Int64}, orient="row"
    )


def _yuan(fen: str) -> pl.Expr:
    return as_decimal(fen, 2)
