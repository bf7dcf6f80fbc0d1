"""A scenario beside its base: hospitals, levels, counties, groups, classes, accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.exact import POINT_SCALE, divide_half_up, half_up, wide
from drgpay.simulate.stages import State

MEASURES = ("cases", "points", "total_fen", "standard_fen", "fund_amount_fen")
BINS = ("below_5", "below_01", "within", "above_01", "above_5")
"""Losers first: below -5 %, -5 to -0.1 %, within 0.1 %, 0.1 to 5 %, above 5 %."""

MINUS = "-"
"""Stands for a group and class where points were taken from hospitals, not from cases."""


@dataclass(frozen=True)
class Comparison:
    """Tables in scaled integers: <measure>_before and _after for MEASURES, change_fen (of the fund
    amount) and change_ratio (1/10,000 of the amount before; null where that is 0).

    hospitals: hospital_id, name, level, county, bin, rank (1 gains most), case_mix (1/10,000: mean
    base points / 100 in the base; null without a grouped case), sorted by rank. levels, counties,
    groups (drg), classes (case_class), accounts: by their key. values: pool, point_value,
    fund_amount_fen and remainder_fen, _before and _after, as text where places may differ.
    """

    hospitals: pl.DataFrame
    levels: pl.DataFrame
    counties: pl.DataFrame
    groups: pl.DataFrame
    classes: pl.DataFrame
    accounts: pl.DataFrame
    values: pl.DataFrame

    @property
    def bins(self) -> pl.DataFrame:
        """How many hospitals are in each of the five bins, and what they gain together."""
        counted = self.hospitals.group_by("bin").agg(
            pl.len().alias("hospitals"), pl.col("change_fen").sum()
        )
        every = pl.DataFrame({"bin": BINS})
        return every.join(counted, on="bin", how="left", maintain_order="left").with_columns(
            pl.col("hospitals").fill_null(0).cast(pl.Int64), pl.col("change_fen").fill_null(0)
        )


def compare(before: State, after: State) -> Comparison:
    """The tables of two states; hospitals have the level and county that the base gives them."""
    facts = before.plan.hospitals.select("hospital_id", "name", "level", "county")
    cubes = [_with_minus(state) for state in (before, after)]
    placed = [cube.join(facts, on="hospital_id", how="left") for cube in cubes]
    hospitals = _pair(_hospital_sums(before), _hospital_sums(after), ["hospital_id"])
    ranked = (
        hospitals.join(facts, on="hospital_id", how="left", maintain_order="left")
        .join(case_mix(before), on="hospital_id", how="left", maintain_order="left")
        .with_columns(bin=bin_of(pl.col("change_fen"), pl.col("fund_amount_fen_before")))
        .sort("change_fen", "hospital_id", descending=[True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1))
    )
    first = ["rank", "hospital_id", "name", "level", "county", "case_mix", "bin"]
    return Comparison(
        hospitals=ranked.select(*first, pl.exclude(first)),
        levels=_by(placed, "level"),
        counties=_by(placed, "county"),
        groups=_by(cubes, "drg"),
        classes=_by(cubes, "case_class"),
        accounts=_by(cubes, "account"),
        values=_values(before, after),
    )


def bin_of(change: pl.Expr, before: pl.Expr) -> pl.Expr:
    """The bin of a change against an amount before, compared exactly."""
    share, whole = change * 1000, before.abs()  # far within 64 bits
    return (
        pl.when(share < -50 * whole)
        .then(pl.lit("below_5"))
        .when(share < 0 - whole)
        .then(pl.lit("below_01"))
        .when(share <= whole)
        .then(pl.lit("within"))
        .when(share <= 50 * whole)
        .then(pl.lit("above_01"))
        .otherwise(pl.lit("above_5"))
    )


def case_mix(state: State) -> pl.DataFrame:
    """hospital_id, case_mix: the mean of base points / 100 over grouped cases, in 1/10,000."""
    groups = state.catalogue.groups.select("drg", "base_points").drop_nulls()
    grouped = state.cube.filter(pl.col("status") == "grouped").join(groups, on="drg")
    return (
        grouped.group_by("hospital_id")
        .agg(
            (wide("base_points") * wide("cases")).sum().alias("sum"),
            wide("cases").sum().alias("cases"),
        )
        .select(
            "hospital_id",
            case_mix=divide_half_up(pl.col("sum"), pl.col("cases") * 100).cast(pl.Int64),
        )
    )


def change_ratio(change: str, before: str) -> pl.Expr:
    """The change as 1/10,000 of the amount before, rounded; null where that is 0."""
    whole = wide(before).abs()
    safe = pl.when(whole > 0).then(whole)
    return divide_half_up(wide(change) * POINT_SCALE, safe).cast(pl.Int64)


def _hospital_sums(state: State) -> pl.DataFrame:
    return state.settled.statements.group_by("hospital_id").agg(pl.col(MEASURES).sum())


def _with_minus(state: State) -> pl.DataFrame:
    """The cube with rows of what was taken from hospitals, so that every table has the same sum."""
    cube = state.cube.rename({"case_fund_fen": "fund_amount_fen"}).with_columns(
        drg=pl.col("drg").fill_null("0000")
    )
    minus = state.settled.adjustments.filter(pl.col("applies_to") == "hospital")
    if not minus.height:
        return cube
    rows = minus.group_by("hospital_id", "account").agg(pl.col("points", "standard_fen").sum())
    zero = pl.lit(0, pl.Int64)
    full = rows.with_columns(
        status=pl.lit(None, pl.String),
        drg=pl.lit(MINUS),
        case_class=pl.lit(MINUS),
        cases=zero,
        fund_amount_fen=pl.col("standard_fen"),
        **dict.fromkeys(("total_fen", "fund_fen", "patient_fen", "other_fen"), zero),
    )
    return pl.concat([cube, full.select(cube.columns)])


def _by(cubes: Sequence[pl.DataFrame], key: str) -> pl.DataFrame:
    sums = [cube.group_by(key).agg(pl.col(MEASURES).sum()) for cube in cubes]
    return _pair(sums[0], sums[1], [key])


def _pair(before: pl.DataFrame, after: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    both = before.join(
        after, on=keys, how="full", coalesce=True, nulls_equal=True, suffix="_after"
    ).sort(keys, nulls_last=True)
    columns = []
    for measure in MEASURES:
        columns += [
            pl.col(measure).fill_null(0).alias(f"{measure}_before"),
            pl.col(f"{measure}_after").fill_null(0).alias(f"{measure}_after"),
        ]
    change = pl.col("fund_amount_fen_after") - pl.col("fund_amount_fen_before")
    return (
        both.select(*keys, *columns)
        .with_columns(change_fen=change)
        .with_columns(change_ratio=change_ratio("change_fen", "fund_amount_fen_before"))
    )


def _values(before: State, after: State) -> pl.DataFrame:
    """Pools may be merged otherwise in a scenario: a pool is then in one of the columns only."""
    sides = []
    for state in (before, after):
        places = state.plan.policy.settlement.value_places
        value = pl.col("point_value").cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, places))
        sides.append(
            state.settled.values.select(
                "pool",
                point_value=value.cast(pl.String),
                points="points",
                budget_fen="budget_fen",
                fund_amount_fen="fund_amount_fen",
                remainder_fen="remainder_fen",
            )
        )
    columns = ("point_value", "points", "budget_fen", "fund_amount_fen", "remainder_fen")
    both = sides[0].join(sides[1], on="pool", how="full", coalesce=True, suffix="_after")
    return both.sort("pool").select(
        "pool",
        *(
            pl.col(name if side == "before" else f"{name}_after").alias(f"{name}_{side}")
            for name in columns
            for side in ("before", "after")
        ),
    )


@dataclass(frozen=True)
class SchemeComparison:
    """The same stays under two groupings.

    migration: from_drg, to_drg, cases, total_fen, from_fund_fen, to_fund_fen, most cases first.
    quality: side (before, after), scheme, cases, grouped, ambiguous, ungrouped, groups,
    explained (R2 of cost by group, 1/10,000).
    """

    migration: pl.DataFrame
    quality: pl.DataFrame


def compare_schemes(before: State, after: State) -> SchemeComparison | None:
    """Where the stays went; None where no stay can have another group."""
    if before.plan.compiled.scheme.content_hash == after.plan.compiled.scheme.content_hash:
        return None
    columns = ["case_id", "drg", "total_fen", "case_fund_fen"]
    old, new = before.settled.cases.select(columns), after.settled.cases.select(columns)
    both = old.join(new, on="case_id", suffix="_after")
    migration = (
        both.group_by(
            from_drg=pl.col("drg").fill_null("0000"), to_drg=pl.col("drg_after").fill_null("0000")
        )
        .agg(
            pl.len().cast(pl.Int64).alias("cases"),
            pl.col("total_fen").sum(),
            from_fund_fen=pl.col("case_fund_fen").sum(),
            to_fund_fen=pl.col("case_fund_fen_after").sum(),
        )
        .sort("cases", "from_drg", "to_drg", descending=[True, False, False])
    )
    rows = [_quality(side, state) for side, state in (("before", before), ("after", after))]
    return SchemeComparison(migration, pl.DataFrame(rows))


def _quality(side: str, state: State) -> dict[str, object]:
    counted = dict(state.cube.group_by(pl.col("status")).agg(pl.col("cases").sum()).iter_rows())
    grouped = state.cube.filter(pl.col("status") == "grouped")
    return {
        "side": side,
        "scheme": state.plan.compiled.scheme.info.id,
        "cases": sum(counted.values()),
        "grouped": counted.get("grouped", 0),
        "ambiguous": counted.get("ambiguous", 0),
        "ungrouped": sum(counted.values())
        - counted.get("grouped", 0)
        - counted.get("ambiguous", 0),
        "groups": grouped["drg"].n_unique(),
        "explained": explained(state.stays.filter(pl.col("status") == "grouped")),
    }


def explained(stays: pl.DataFrame) -> int | None:
    """R2 of the cost of grouped stays by DRG, in 1/10,000; null where costs do not vary.

    1 - (sum of squares within groups) / (total sum of squares), over exact sums.
    """
    sums = stays.group_by("drg").agg(
        n=pl.len(),
        total=pl.col("total_fen").sum(),
        squares=(wide("total_fen") * wide("total_fen")).sum(),
    )
    n, total = int(sums["n"].sum()), int(sums["total"].sum())
    squares = sum(sums["squares"].to_list())
    if not n:
        return None
    whole = squares - Fraction(total * total, n)
    within = squares - sum(
        Fraction(part * part, cases) for part, cases in sums.select("total", "n").iter_rows()
    )
    return half_up((1 - within / whole) * POINT_SCALE) if whole else None
