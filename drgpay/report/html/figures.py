"""The figures of a report: pure functions over the tables of runs. Money in yuan, as decimals.

Every frame that counts cases went through `gathered`: no row of it has fewer than 5 cases, and the
row of what was gathered has null names and its `members`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.report.html.period_columns import YEAR, columns_of_period
from drgpay.report.statement import MINUS
from drgpay.results.month import LINE_KINDS, line_kind
from drgpay.results.run_folder import PaidPart
from drgpay.show.small_cells import SMALLEST_CELL, gathered

SHOWN_GROUPS = 30
RATIO_STEP = 10
"""Bars of cost ratio in one unit of it."""
ITEM_BOOKING = "item_"
"""What the kind of a ledger entry begins with where the line is paid item by item."""
_BOUNDED_CLASSES = ["normal", "low", "high"]


@dataclass(frozen=True)
class Ratios:
    """The distribution of total cost / reference mean over the cases that the bounds sort.

    bars: tenth (lower edge of the bar x RATIO_STEP; the last bar is open above), cases, null where
    they are fewer than 5; unshown counts the cases of those.
    """

    bars: pl.DataFrame
    cases: int
    unshown: int
    low: Decimal
    high: list[Decimal]
    last_tenth: int


@dataclass(frozen=True)
class PartFigures:
    """What a report shows of stays and of visits alike; a visit is a case.

    months: period, run_id, pool and the columns of values, by period. hospitals: hospital_id, name,
    level, cases, points and the amounts of statements, by difference; of a year those of
    `lines_paid_here`. classes, groups: case_class or drg (of visits the leading APG), cases, points,
    standard_amount, fund_amount, fund_cost, difference. lines: line, cases, fund_amount, fund_cost, home_fund_bill, and what is due by the
    period. pools: the columns of values with `available`, the budget that they were settled with, and
    with prepayment and withheld of the lines that the budget pays. cleared: of a year `cleared_figures`;
    few_by_item: whether these leave out lines paid item by item.
    ledger: pool, kind, debit, credit, entries, amount.
    """

    months: pl.DataFrame
    pools: pl.DataFrame
    hospitals: pl.DataFrame
    classes: pl.DataFrame
    groups: pl.DataFrame
    lines: pl.DataFrame
    ledger: pl.DataFrame
    example: dict[str, Any] | None
    cleared: pl.DataFrame | None = None
    few_by_item: bool = False


@dataclass(frozen=True)
class Figures:
    """What a report shows of stays.

    coverage: status, cases (with `quarantined`). grouped, drg_stays: of the valid stays whose
    payment_unit is drg those with status grouped, and all: 入组率 on every page. adjustments: kind,
    applies_to, cases, points.
    """

    part: PartFigures
    ratios: Ratios
    coverage: pl.DataFrame
    grouped: int
    drg_stays: int
    adjustments: pl.DataFrame
    official: "OfficialFigures | None" = None


@dataclass(frozen=True)
class OfficialFigures:
    """Official and own groups: counts (agree, differ, unusable) of stays, the rule that says which pays,
    and the pairs that differ: official_group, own_group, cases, total_cost, official_points,
    own_points.
    """

    rule: str
    counts: dict[str, int]
    pairs: pl.DataFrame


def figures_of(run: PaidPart, months: list[PaidPart]) -> Figures:
    """Read and sum up the stays of a run; `months` are the runs whose point values are compared."""
    points = run.about.rules["points"]
    last_tenth = _last_tenth(points)
    by_class, by_group, by_status, by_ratio, of_drg = pl.collect_all(
        [
            case_sums(run.scan("cases"), "case_class"),
            case_sums(run.scan("cases"), "drg"),
            _by_status(run.scan("cases")),
            _by_ratio(run.scan("cases"), last_tenth),
            _of_drg(run.scan("cases")),
        ]
    )
    return Figures(
        part=part_figures(run, months, by_class, by_group, _minus(run.scan("adjustments"))),
        ratios=_ratios(by_ratio, points, last_tenth),
        coverage=coverage_figures(by_status, run.manifest.counts.get("quarantined")),
        grouped=int(of_drg["grouped"][0]),
        drg_stays=int(of_drg["stays"][0]),
        adjustments=_adjustments(run),
        official=_official(run),
    )


def part_figures(
    run: PaidPart,
    months: list[PaidPart],
    by_class: pl.DataFrame,
    by_group: pl.DataFrame,
    minus: pl.DataFrame | None = None,
) -> PartFigures:
    """Sum up what both parts have; by_class, by_group: `case_sums`; minus: `_minus`, of stays."""
    statements, values = run.frame("statements"), run.pools
    in_pool, columns = statements.filter("in_pool"), columns_of_period(run)
    # Of a year the same lines everywhere: the difference of two tables would tell of the others.
    lines = lines_paid_here(statements) if columns == YEAR else statements
    return PartFigures(
        months=pl.concat([_month(other) for other in months], how="vertical_relaxed"),
        pools=values.with_columns(available=columns.budget)
        if columns == YEAR
        else _pools(values, in_pool),
        hospitals=hospital_figures(lines),
        classes=_classes(by_class, minus),
        groups=largest_groups(by_group),
        lines=_lines(statements, columns.due),
        ledger=ledger_figures(run.scan("ledger"), statements, values["pool"].to_list()),
        example=_example(in_pool),
        cleared=cleared_figures(lines) if columns == YEAR else None,
        few_by_item=columns == YEAR and lines.height < statements["paid_here"].sum(),
    )


def _minus(adjustments: pl.LazyFrame) -> pl.DataFrame:
    """What deductions and other rows take from hospitals, in one row as of a class: `concerned`
    cases, points, standard_amount.
    """
    to_hospital = (pl.col("applies_to") == "hospital") & (pl.col("points") != 0)
    rows = adjustments.filter(to_hospital & ~pl.col("waiting"))
    return rows.select(
        pl.col("case_id").n_unique().cast(pl.Int64).alias("concerned"),
        pl.col("points", "standard_amount").sum(),
    ).collect()


def _classes(by_class: pl.DataFrame, minus: pl.DataFrame | None) -> pl.DataFrame:
    """The classes of cases, and a row of what hospitals lose beside them: together the hospitals'
    totals. The row is gathered with others where it concerns few cases.
    """
    by_class = by_class.with_columns(pl.col("case_class").cast(pl.String)).sort("case_class")
    if minus is None or not minus["concerned"][0]:
        return _largest_first(gathered(by_class), "cases")
    nothing = pl.lit(0)
    taken = minus.select(
        pl.lit(MINUS).alias("case_class"),
        cases=nothing,
        points="points",
        total_cost=nothing,
        standard_amount="standard_amount",
        fund_amount="standard_amount",
        fund_cost=nothing,
        difference="standard_amount",
    ).select(pl.col(name).cast(dtype) for name, dtype in by_class.schema.items())
    if minus["concerned"][0] < SMALLEST_CELL:
        return _largest_first(gathered(pl.concat([by_class, taken])), "cases")
    classes = gathered(by_class)
    shown = taken.with_columns(members=pl.lit(None, pl.List(pl.String)))
    return pl.concat([_largest_first(classes, "cases"), shown], how="vertical_relaxed")


def hospital_figures(statements: pl.DataFrame) -> pl.DataFrame:
    """One row a hospital over all its lines, the largest gain first."""
    amounts = ["points", "standard_amount", "fund_amount", "fund_cost", "difference"]
    totals = (
        statements.group_by("hospital_id", "name", "level")
        .agg(pl.col("cases", *amounts).sum())
        .sort("hospital_id")
    )
    return _largest_first(gathered(totals), "difference")


def lines_paid_here(statements: pl.DataFrame) -> pl.DataFrame:
    """The lines that the fund of the region pays.

    Not those beside the pools where they are of few cases: less the sums of the pools, which are
    shown to the fen, the others would tell their amounts.
    """
    here = statements.filter("paid_here")
    beside = here.filter(~pl.col("in_pool"))["cases"].sum()
    return here.filter("in_pool") if 0 < beside < SMALLEST_CELL else here


def cleared_figures(statements: pl.DataFrame) -> pl.DataFrame:
    """One row a hospital over lines of `lines_paid_here`, the most still due first.

    hospital_id, name, level, score and factor (as text; null without an assessment), cases, the
    fund amount, what assessment and deductions take, payable, prepaid, clearing.
    """
    taken = ["assessment", "redistributed", "deduction"]
    amounts = ["cases", "fund_amount", *taken, *YEAR.due]
    totals = (
        statements.group_by("hospital_id", "name", "level")
        .agg(
            pl.col("score", "factor").drop_nulls().first().cast(pl.String),
            pl.col(amounts).sum(),
        )
        .sort("hospital_id")
    )
    return _largest_first(gathered(totals), "clearing")


def largest_groups(by_group: pl.DataFrame) -> pl.DataFrame:
    """The groups with the most money, the others in one row. by_group: one row a DRG."""
    by_money = by_group.sort("standard_amount", "drg", descending=[True, False])
    enough = pl.col("cases") >= SMALLEST_CELL
    return gathered(by_money, enough.cast(pl.Int64).cum_sum() <= SHOWN_GROUPS)


def coverage_figures(by_status: pl.DataFrame, quarantined: int | None) -> pl.DataFrame:
    """Cases by status and the records that never became cases, if that is known.

    by_status: status, cases.
    """
    order = pl.col("status").replace_strict({"grouped": 0, "ambiguous": 1}, default=2)
    found = gathered(by_status.sort(order, "status"))
    if quarantined is None:
        return found
    # A count of records that failed their checks says nothing of a patient.
    refused = {"status": ["quarantined"], "cases": [quarantined], "members": [None]}
    return pl.concat([found, pl.DataFrame(refused, schema=found.schema)])


def case_sums(cases: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Cases, points and amounts by a key, with the difference to item-by-item payment."""
    return cases.group_by(key).agg(*_CASE_SUMS).with_columns(_DIFFERENCE)


def _of_drg(cases: pl.LazyFrame) -> pl.LazyFrame:
    """Valid stays paid by DRG, and those of them that have a group."""
    by_drg = pl.col("payment_unit") == "drg"
    return cases.select(
        stays=by_drg.sum().cast(pl.Int64),
        grouped=(by_drg & (pl.col("status") == "grouped")).sum().cast(pl.Int64),
    )


def _by_status(cases: pl.LazyFrame) -> pl.LazyFrame:
    return cases.group_by("status").agg(_CASES)


_CASES = pl.len().cast(pl.Int64).alias("cases")
_CASE_SUMS = (
    _CASES,
    pl.col("points", "total_cost", "standard_amount", "fund_amount", "fund_cost").sum(),
)
_DIFFERENCE = (pl.col("fund_amount") - pl.col("fund_cost")).alias("difference")


def _by_ratio(cases: pl.LazyFrame, last_tenth: int) -> pl.LazyFrame:
    """Cases by whole tenths of total cost / the mean of the bounds: in fen, so that edges are exact."""
    cost, mean = pl.col("total_cost").to_physical(), pl.col("bounds_mean").to_physical()
    return (
        cases.filter(pl.col("case_class").is_in(_BOUNDED_CLASSES) & (pl.col("bounds_mean") > 0))
        .group_by(tenth=((cost * RATIO_STEP) // mean).cast(pl.Int64).clip(0, last_tenth))
        .agg(_CASES)
    )


def _last_tenth(points: Mapping[str, Any]) -> int:
    """The axis ends one above the highest bound, at 4 at least."""
    highest = max(Decimal(band["ratio"]) for band in points["high_bands"])
    return max(4, int(highest) + 1) * RATIO_STEP


def _ratios(by_ratio: pl.DataFrame, points: Mapping[str, Any], last_tenth: int) -> Ratios:
    every = pl.DataFrame({"tenth": range(last_tenth + 1)}, schema={"tenth": pl.Int64})
    bars = every.join(by_ratio, on="tenth", how="left").sort("tenth")
    few = pl.col("cases") < SMALLEST_CELL
    return Ratios(
        bars=bars.with_columns(cases=pl.when(~few).then("cases")),
        cases=int(bars["cases"].sum()),
        unshown=int(bars.filter(few)["cases"].sum()),
        low=Decimal(points["low_ratio"]),
        high=sorted({Decimal(band["ratio"]) for band in points["high_bands"]}),
        last_tenth=last_tenth,
    )


def _month(run: PaidPart) -> pl.DataFrame:
    return run.pools.select(
        pl.lit(run.period).alias("period"),
        pl.lit(run.run_id).alias("run_id"),
        "pool",
        pl.col(columns_of_period(run).budget).alias("budget"),
        "points",
        # Cities may change the places of the value during a year.
        pl.col("point_value").cast(pl.String),
        "fund_amount",
        "remainder",
    )


def _pools(values: pl.DataFrame, in_pool: pl.DataFrame) -> pl.DataFrame:
    sums = in_pool.group_by("pool").agg(pl.col("prepayment").sum())
    return (
        values.join(sums, on="pool", how="left", maintain_order="left")
        .with_columns(pl.col("prepayment").fill_null(0), available="budget")
        .with_columns(withheld=pl.col("fund_amount") - pl.col("prepayment"))
    )


def _adjustments(run: PaidPart) -> pl.DataFrame:
    return gathered(
        run.scan("adjustments")
        .group_by("kind", "applies_to")
        .agg(
            pl.col("case_id").n_unique().cast(pl.Int64).alias("cases"),
            pl.col("points").sum(),
        )
        .sort("kind", "applies_to")
        .collect()
    )


def _official(run: PaidPart) -> OfficialFigures | None:
    if not run.has("group_agreement"):
        return None
    agreement = run.frame("group_agreement")
    kind = pl.col("group_difference")
    usable = kind.ne_missing("official_unusable")
    counts = {
        "agree": agreement.filter(kind.is_null()),
        "differ": agreement.filter(kind.is_not_null() & usable),
        "unusable": agreement.filter(~usable),
    }
    pairs = counts["differ"].select(
        *("official_group", "own_group"),
        pl.col("stays").alias("cases"),
        *("total_cost", "official_points", "own_points"),
    )
    return OfficialFigures(
        run.manifest.inputs["groups"]["rule"],
        {name: int(frame["stays"].sum()) for name, frame in counts.items()},
        _largest_first(gathered(pairs), "total_cost"),
    )


def _lines(statements: pl.DataFrame, due: Sequence[str]) -> pl.DataFrame:
    lines = statements.group_by(line=line_kind()).agg(
        pl.col("cases", "fund_amount", "fund_cost", *due, "home_fund_bill").sum()
    )
    order = {kind: place for place, kind in enumerate(LINE_KINDS)}
    return gathered(lines.sort(pl.col("line").replace_strict(order)))


def ledger_figures(
    ledger: pl.LazyFrame, statements: pl.DataFrame, pools: list[str]
) -> pl.DataFrame:
    """The entries by pool, kind and accounts, in the order of the pools and of the entries.

    Entries of lines paid item by item are left out where a pool has fewer than SMALLEST_CELL such
    cases: nearly each would be the amount of one case.
    """
    by_item = (
        statements.filter(~pl.col("in_pool") & ~pl.col("out_of_area"))
        .group_by("pool")
        .agg(pl.col("cases").sum())
    )
    enough = by_item.filter(pl.col("cases") >= SMALLEST_CELL)["pool"].to_list()
    of_item = pl.col("kind").str.starts_with(ITEM_BOOKING)
    place = {pool: place for place, pool in enumerate(pools)}
    return (
        ledger.filter(~of_item | pl.col("pool").is_in(enough))
        .group_by("pool", "kind", "debit", "credit")
        .agg(
            pl.len().cast(pl.Int64).alias("entries"),
            pl.col("amount").sum(),
            pl.col("entry").min(),
        )
        .sort(pl.col("pool").replace_strict(place, default=len(place)), of_item, "entry")
        .drop("entry")
        .collect()
    )


def _example(in_pool: pl.DataFrame) -> dict[str, Any] | None:
    """The largest line that the budget pays: the statement by which the formulas are shown."""
    if not in_pool.height:
        return None
    largest = in_pool.sort(
        "points", "hospital_id", "account", "out_of_area", descending=[True, False, False, False]
    ).row(0, named=True)
    return largest if largest["cases"] >= SMALLEST_CELL else None


def _largest_first(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Sorted downwards; what was gathered comes last."""
    return frame.sort(
        pl.col("members").is_not_null(),
        pl.col(column),
        frame.columns[0],
        descending=[False, True, False],
    )
