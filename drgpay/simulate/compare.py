"""A scenario beside its base: hospitals, levels, counties, groups, classes, accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, as_decimal, divide_half_up, scaled, wide
from drgpay.quality.statistics import explained_variance
from drgpay.settle.settled import Settled
from drgpay.simulate.stages import State

MEASURES = ("cases", "points", "total_fen", "standard_fen", "fund_amount_fen")
BINS = ("below_5", "below_01", "within", "above_01", "above_5")
"""Losers first: below -5 %, -5 to -0.1 %, within 0.1 %, 0.1 to 5 %, above 5 %."""

MINUS = "-"
"""Stands for a group and class where points were taken from hospitals, not from cases."""


@dataclass(frozen=True)
class Comparison:
    """Tables in scaled integers: <measure>_before and _after for MEASURES (of a year also
    final_amount_fen), change_fen and change_ratio (1/10,000 of the amount before; null where that
    is 0) of `amount`: fund_amount_fen, of a year final_amount_fen.

    hospitals: hospital_id, name, level, county, bin, rank (1 gains most), case_mix (1/10,000: mean
    base points / 100 in the base; null without a grouped case), sorted by rank. levels, counties,
    groups (drg), classes (case_class), accounts: by their key. values: pool, and VALUES of a month
    or YEAR_VALUES, _before and _after; point_value as a decimal, of each side with its places.
    """

    amount: str
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


def compare(before: State, after: State, amount: str) -> Comparison:
    """The tables of two states; hospitals have the level and county that the base gives them.

    amount: the column of statements whose change is told (Settling.amount).
    """
    measures = tuple(dict.fromkeys([*MEASURES, amount]))
    facts = before.plan.hospitals.select("hospital_id", "name", "level", "county")
    cubes = [_with_minus(state, amount) for state in (before, after)]
    placed = [cube.join(facts, on="hospital_id", how="left") for cube in cubes]

    def by(frames: Sequence[pl.DataFrame], key: str) -> pl.DataFrame:
        return paired(frames, [key], measures, amount)

    places = [state.plan.policy.settlement.value_places for state in (before, after)]

    return Comparison(
        amount=amount,
        hospitals=ranked_hospitals(before, after.settled, amount),
        levels=by(placed, "level"),
        counties=by(placed, "county"),
        groups=by(cubes, "drg"),
        classes=by(cubes, "case_class"),
        accounts=by(cubes, "account"),
        values=paired_values([before.settled, after.settled], places),
    )


def ranked_hospitals(before: State, after: Settled, amount: str) -> pl.DataFrame:
    """`Comparison.hospitals`."""
    measures = tuple(dict.fromkeys([*MEASURES, amount]))
    facts = before.plan.hospitals.select("hospital_id", "name", "level", "county")
    hospitals = hospitals_by_change([before.settled, after], facts, measures, amount)
    ranked = hospitals.join(
        case_mix(before), on="hospital_id", how="left", maintain_order="left"
    ).with_columns(rank=pl.int_range(1, pl.len() + 1))
    first = ["rank", "hospital_id", "name", "level", "county", "case_mix", "bin"]
    return ranked.select(*first, pl.exclude(first))


def hospitals_by_change(
    sides: Sequence[Settled], facts: pl.DataFrame, measures: Sequence[str], amount: str
) -> pl.DataFrame:
    """hospital_id, its facts, measures and bin before and after, who gains most first."""
    return (
        paired([one.lines for one in sides], ["hospital_id"], measures, amount)
        .join(facts, on="hospital_id", how="left", maintain_order="left")
        .with_columns(bin=bin_of(pl.col("change_fen"), pl.col(f"{amount}_before")))
        .sort("change_fen", "hospital_id", descending=[True, False])
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


def _with_minus(state: State, amount: str) -> pl.DataFrame:
    """The cube with rows of what was taken from hospitals, so that every table has the same sum.

    That is what findings take and, in a year, what the assessment and deductions take.
    """
    cube = state.cube.rename({"case_fund_fen": "fund_amount_fen"}).with_columns(
        pl.col("fund_amount_fen").alias(amount), drg=pl.col("drg").fill_null("0000")
    )
    keys = ["hospital_id", "account"]
    minus = state.settled.adjustments.filter(
        (pl.col("applies_to") == "hospital") & ~pl.col("waiting")
    )
    taken = [
        minus.group_by(keys)
        .agg(pl.col("points", "standard_fen").sum())
        .with_columns(fund_amount_fen="standard_fen")
        .with_columns(pl.col("fund_amount_fen").alias(amount))
    ]
    if amount != "fund_amount_fen":
        beside = pl.col(amount).sum() - pl.col("fund_amount_fen").sum()
        sums = state.settled.lines.group_by(keys).agg(beside.alias(amount))
        taken.append(sums.filter(pl.col(amount) != 0))
    rows = pl.concat(taken, how="diagonal")
    if not rows.height:
        return cube
    named = rows.with_columns(
        status=pl.lit(None, pl.String), drg=pl.lit(MINUS), case_class=pl.lit(MINUS)
    )
    both = pl.concat([cube, named], how="diagonal")
    return both.with_columns(pl.col(pl.Int64).fill_null(0))


def paired(
    sides: Sequence[pl.DataFrame], keys: Sequence[str], measures: Sequence[str], amount: str
) -> pl.DataFrame:
    """Sums of measures by keys, _before and _after, with change_fen and change_ratio of an amount."""
    before, after = (side.group_by(keys).agg(pl.col(measures).sum()) for side in sides)
    return (
        _beside(before, after, keys, measures)
        .with_columns(pl.exclude(keys).fill_null(0))
        .with_columns(change_fen=pl.col(f"{amount}_after") - pl.col(f"{amount}_before"))
        .with_columns(change_ratio=change_ratio("change_fen", f"{amount}_before"))
    )


def _beside(
    before: pl.DataFrame, after: pl.DataFrame, keys: Sequence[str], columns: Sequence[str]
) -> pl.DataFrame:
    """Columns of two sides by keys, _before and _after; null where a side lacks the key."""
    both = before.join(
        after, on=keys, how="full", coalesce=True, nulls_equal=True, suffix="_after"
    ).sort(keys, nulls_last=True)
    named = ((f"{name}_before", f"{name}_after") for name in columns)
    return both.rename({name: f"{name}_before" for name in columns}).select(
        *keys, *(name for pair in named for name in pair)
    )


VALUES = ("point_value", "points", "budget_fen", "fund_amount_fen", "remainder_fen")
YEAR_VALUES = (
    *("point_value", "points", "budget_fen", "fund_fen", "surplus_fen", "overrun_fen"),
    *("retained_fen", "shared_fen", "budget_final_fen", "fund_amount_fen", "remainder_fen"),
    *("assessment_fen", "redistributed_fen", "deduction_fen", "withheld_fen"),
    *("payable_fen", "prepaid_fen", "clearing_fen"),
)


def paired_values(sides: Sequence[Settled], places: Sequence[int]) -> pl.DataFrame:
    """Columns of the pools, _before and _after; each side has its values with its places.

    Pools may be merged otherwise in a scenario: a pool is then in one of the columns only.
    """
    columns = YEAR_VALUES if sides[0].is_year else VALUES
    before, after = (
        settled.pools.select("pool", *columns).with_columns(as_decimal("point_value", digits))
        for settled, digits in zip(sides, places, strict=True)
    )
    return _beside(before, after, ["pool"], columns)


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
    # 入组率: of the valid stays whose payment_unit is drg.
    by_drg = state.stays.filter(pl.col("payment_unit") == "drg")
    placed, ambiguous = (
        by_drg.filter(pl.col("status") == name).height for name in ("grouped", "ambiguous")
    )
    grouped = state.cube.filter(pl.col("status") == "grouped")
    return {
        "side": side,
        "scheme": state.plan.compiled.scheme.info.id,
        "cases": by_drg.height,
        "grouped": placed,
        "ambiguous": ambiguous,
        "ungrouped": by_drg.height - placed - ambiguous,
        "groups": grouped["drg"].n_unique(),
        "explained": explained(cost_sums(state.stays.filter(pl.col("status") == "grouped"))),
    }


def cost_sums(stays: pl.DataFrame) -> pl.DataFrame:
    """drg, cases, total_fen, squares of stays, which `explained` takes."""
    return stays.group_by("drg").agg(
        cases=pl.len(),
        total_fen=pl.col("total_fen").sum(),
        squares=(wide("total_fen") * wide("total_fen")).sum(),
    )


def explained(sums: pl.DataFrame) -> int | None:
    """R2 of the cost of grouped stays by DRG, in 1/10,000; null where costs do not vary.

    sums: those of `cost_sums`.
    """
    r2 = explained_variance(sums)
    return None if r2 is None else scaled(r2, POINT_PLACES)
