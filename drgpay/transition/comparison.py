"""What the change of a scheme does: to coverage, groups, hospitals, levels, accounts and classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, divide_half_up, scaled, wide
from drgpay.grouper.scheme import Scheme
from drgpay.points.calibration_report import group_names
from drgpay.points.catalogue import Catalogue
from drgpay.points.classes import WITHOUT_GROUP
from drgpay.points.neutral_factor import FACTOR_SCALE, neutral_factors, times_factors
from drgpay.quality.statistics import explained_variance
from drgpay.show.small_cells import SMALLEST_CELL
from drgpay.transition.history import SIDES

ALL_YEARS = "all"
_REASONS = 5
"""Pairs of groups that are named for each hospital, at most."""
_AFTER = "after_exact"
"""Points of the new scheme times k in 1/10^10, exact."""


@dataclass(frozen=True)
class Comparison:
    """Tables in scaled integers: points, rates and scores in 1/10,000, k in 1/1,000,000, money in fen.

    points_old, points_new: before adjustments. points_neutral: those of the new scheme, times k
    where a group gives them; change = points_neutral - points_old, change_rate of points_old (null
    where that is 0).

    factors: FACTOR_SCHEMA. quality: year (or `all`), side, cases, grouped, ambiguous, ungrouped,
    grouped_rate, ambiguous_rate, groups, explained, explained_trimmed. hospitals: hospital_id, name,
    level, cases, case_mix_old, case_mix_new and the points, largest gain first, with `after_exact`.
    levels, accounts: the same by their key. classes: case_class, cases and points of both sides.
    migration: from_drg, to_drg, cases, total_fen, from_share, points, most cases first, of the stays
    paid by DRG. groups: side, drg, name, cases, total_fen, mean_fen, base_points; every group of both
    schemes. reasons: hospital_id, place, from_drg, to_drg, cases, points, change, change_rate (of all
    old points of the hospital); all other pairs are the row without place and groups. pairs: see
    `_pairs`. one_side: the cases that a side alone pays by a group.
    """

    factors: pl.DataFrame
    quality: pl.DataFrame
    hospitals: pl.DataFrame
    levels: pl.DataFrame
    accounts: pl.DataFrame
    classes: pl.DataFrame
    migration: pl.DataFrame
    groups: pl.DataFrame
    reasons: pl.DataFrame
    pairs: pl.DataFrame
    one_side: dict[str, int]

    def without_cases(self, side: str) -> pl.DataFrame:
        """The groups of a side that no stay of the history is in: drg, name."""
        return self.groups.filter((pl.col("side") == side) & (pl.col("cases") == 0)).select(
            "drg", "name"
        )

    def coverage(self, side: str) -> tuple[int, int]:
        """Stays that a side groups, and all that are paid by DRG."""
        whole = self.quality.filter((pl.col("year") == ALL_YEARS) & (pl.col("side") == side))
        grouped, cases = whole.select("grouped", "cases").row(0)
        return int(grouped), int(cases)


def compare(
    sums: pl.DataFrame,
    hospitals: pl.DataFrame,
    schemes: Sequence[Scheme],
    catalogues: Sequence[Catalogue],
) -> Comparison:
    """The tables of `both_sides`. schemes, catalogues: the old and the new.

    Raises DrgpayError for an account without stays that both schemes group by points.
    """
    by_class = ["account", "class_old", "class_new"]
    of_classes = sums.group_by(by_class).agg(pl.col("cases", "points_old", "points_new").sum())
    factors = neutral_factors(of_classes)
    rows = sums.with_columns(scaled_new=pl.col("points_new") - pl.col("alike_new"))
    after = times_factors(rows, factors, "scaled_new", "alike_new")
    rows = rows.with_columns(after.alias(_AFTER)).join(
        hospitals.select("hospital_id", "name", "level"), on="hospital_id", how="left"
    )
    of_hospitals = _changed(rows, ["hospital_id", "name", "level"]).sort(
        pl.col("change_rate"), "hospital_id", descending=[True, False], nulls_last=True
    )
    by_drg = rows.filter("by_drg")
    pairs = _pairs(rows)
    return Comparison(
        factors=factors,
        quality=_quality(by_drg),
        hospitals=of_hospitals,
        levels=_changed(rows, ["level"]).sort("level"),
        accounts=_changed(rows, ["account"]).sort("account"),
        classes=_classes(rows),
        migration=_migration(by_drg),
        groups=_groups(by_drg, schemes, catalogues),
        reasons=_reasons(pairs, of_hospitals),
        pairs=pairs,
        one_side={side: _grouped_alone(by_drg, side) for side in SIDES},
    )


def _grouped_alone(by_drg: pl.DataFrame, side: str) -> int:
    """How many cases have points of a group under one scheme alone."""
    other = SIDES[side == "old"]
    alone = ~pl.col(f"class_{side}").is_in(WITHOUT_GROUP) & pl.col(f"class_{other}").is_in(
        WITHOUT_GROUP
    )
    return int(by_drg.filter(alone)["cases"].sum())


def _changed(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """keys, cases, case mixes, points, change and its rate."""
    sums = rows.group_by(keys).agg(
        pl.col("cases", "total_fen", "points_old", "points_new").sum(),
        pl.col(_AFTER).sum(),
        *(pl.col(f"{name}_{side}").sum() for name in ("base", "base_cases") for side in SIDES),
    )
    return with_change(sums).select(
        *keys,
        "cases",
        "total_fen",
        *(_case_mix(side) for side in SIDES),
        *("points_old", "points_new", "points_neutral", "change", "change_rate", _AFTER),
    )


def with_change(sums: pl.DataFrame) -> pl.DataFrame:
    """Rows of points_old and after_exact with points_neutral, change and change_rate."""
    return sums.with_columns(points_neutral=rounded_after()).with_columns(
        change=pl.col("points_neutral") - pl.col("points_old"),
        change_rate=change_rate(pl.col(_AFTER), pl.col("points_old")),
    )


def rounded_after() -> pl.Expr:
    """after_exact in 1/10,000, rounded half-up."""
    return divide_half_up(pl.col(_AFTER), wide(FACTOR_SCALE)).cast(pl.Int64)


def change_rate(after_exact: pl.Expr, before: pl.Expr) -> pl.Expr:
    """The change in 1/10,000 of the points before, from the exact points after; null where those are 0."""
    whole = wide(before) * wide(FACTOR_SCALE)
    safe = pl.when(whole > 0).then(whole)
    return divide_half_up((after_exact - whole) * wide(POINT_SCALE), safe).cast(pl.Int64)


def _case_mix(side: str) -> pl.Expr:
    """The mean of base points / 100 of the cases with any, in 1/10,000; null without one."""
    cases = pl.col(f"base_cases_{side}")
    safe = pl.when(cases > 0).then(wide(cases) * wide(100))
    mix = divide_half_up(wide(f"base_{side}"), safe)
    return mix.cast(pl.Int64).alias(f"case_mix_{side}")


def _classes(rows: pl.DataFrame) -> pl.DataFrame:
    """Cases and points by the class that each side gives them."""
    old = rows.group_by(case_class="class_old").agg(
        cases_old=pl.col("cases").sum(), points_old=pl.col("points_old").sum()
    )
    new = rows.group_by(case_class="class_new").agg(
        pl.col("cases").sum().alias("cases_new"),
        pl.col("points_new").sum(),
        pl.col(_AFTER).sum(),
    )
    both = old.join(new, on="case_class", how="full", coalesce=True)
    filled = both.with_columns(pl.exclude("case_class").fill_null(0))
    return (
        with_change(filled)
        .select(
            *("case_class", "cases_old", "cases_new", "points_old", "points_new"),
            *("points_neutral", "change", "change_rate"),
        )
        .sort("case_class")
    )


def _quality(by_drg: pl.DataFrame) -> pl.DataFrame:
    years = [str(year) for year in by_drg["year"].unique().sort()]
    named = by_drg.with_columns(pl.col("year").cast(pl.String))
    rows = []
    for year in [*years, ALL_YEARS]:
        among = named if year == ALL_YEARS else named.filter(pl.col("year") == year)
        rows += [{"year": year, "side": side, **_quality_of(among, side)} for side in SIDES]
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("grouped_rate", "ambiguous_rate", "explained", "explained_trimmed").cast(pl.Int64)
    )


def _quality_of(rows: pl.DataFrame, side: str) -> dict[str, int | None]:
    status, drg, kept = f"status_{side}", f"drg_{side}", f"kept_{side}"
    found = dict(rows.group_by(status).agg(pl.col("cases").sum()).iter_rows())
    cases, grouped = int(rows["cases"].sum()), int(found.get("grouped", 0))
    ambiguous = int(found.get("ambiguous", 0))
    groups = (
        rows.filter(pl.col(status) == "grouped")
        .group_by(drg)
        .agg(
            pl.col("cases", "total_fen", "squares").sum(),
            pl.col(kept, f"kept_fen_{side}", f"kept_squares_{side}").sum(),
        )
    )
    trimmed = groups.filter(pl.col(kept) > 0).select(
        cases=kept, total_fen=f"kept_fen_{side}", squares=f"kept_squares_{side}"
    )
    return {
        "cases": cases,
        "grouped": grouped,
        "ambiguous": ambiguous,
        "ungrouped": cases - grouped - ambiguous,
        "grouped_rate": _rate(grouped, cases),
        "ambiguous_rate": _rate(ambiguous, cases),
        "groups": groups.height,
        "explained": _explained(groups),
        "explained_trimmed": _explained(trimmed),
    }


def _rate(part: int, whole: int) -> int | None:
    return (2 * part * POINT_SCALE + whole) // (2 * whole) if whole else None


def _explained(groups: pl.DataFrame) -> int | None:
    r2 = explained_variance(groups)
    return None if r2 is None else scaled(r2, POINT_PLACES)


def _migration(by_drg: pl.DataFrame) -> pl.DataFrame:
    cases = pl.col("cases")
    sums = by_drg.group_by(from_drg="drg_old", to_drg="drg_new").agg(
        pl.col("cases", "total_fen", "points_old", "points_new").sum(), pl.col(_AFTER).sum()
    )
    shared = sums.with_columns(
        from_share=divide_half_up(
            wide(cases) * wide(POINT_SCALE), wide(cases.sum().over("from_drg"))
        ).cast(pl.Int64)
    )
    return (
        with_change(shared)
        .select(
            *("from_drg", "to_drg", "cases", "from_share", "total_fen"),
            *("points_old", "points_new", "points_neutral", "change"),
        )
        .sort("cases", "from_drg", "to_drg", descending=[True, False, False])
    )


def _groups(
    by_drg: pl.DataFrame, schemes: Sequence[Scheme], catalogues: Sequence[Catalogue]
) -> pl.DataFrame:
    """Every group of both schemes with its cases: some have none, and so no points either."""
    parts = []
    for side, scheme, catalogue in zip(SIDES, schemes, catalogues, strict=True):
        sums = (
            by_drg.filter(pl.col(f"status_{side}") == "grouped")
            .group_by(drg=f"drg_{side}")
            .agg(pl.col("cases", "total_fen").sum())
        )
        every = catalogue.groups.filter(pl.col("account").is_null())
        named = group_names(scheme).join(sums, on="drg", how="left", maintain_order="left")
        parts.append(
            named.join(every.select("drg", "base_points"), on="drg", how="left")
            .with_columns(pl.col("cases", "total_fen").fill_null(0), side=pl.lit(side))
            .with_columns(
                mean_fen=divide_half_up(
                    wide("total_fen"), pl.when(pl.col("cases") > 0).then(wide("cases"))
                ).cast(pl.Int64)
            )
            .select("side", "drg", "name", "cases", "total_fen", "mean_fen", "base_points")
            .sort("drg")
        )
    return pl.concat(parts)


def _pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, from_drg, to_drg, cases, points_old, after_exact: what its change is made of."""
    return rows.group_by("hospital_id", from_drg="drg_old", to_drg="drg_new").agg(
        pl.col("cases", "points_old").sum(), pl.col(_AFTER).sum()
    )


def _reasons(pairs: pl.DataFrame, hospitals: pl.DataFrame) -> pl.DataFrame:
    """The pairs that move a hospital most, and all others in one row; none shows under 5 cases alone."""
    keys = ["hospital_id", "from_drg", "to_drg"]
    moved = (pl.col(_AFTER) - wide("points_old") * wide(FACTOR_SCALE)).alias("moved")
    ordered = (
        pairs.with_columns(moved)
        .filter((pl.col("cases") >= SMALLEST_CELL) & (pl.col("moved") != 0))
        .sort(
            "hospital_id",
            pl.col("moved").abs(),
            "from_drg",
            "to_drg",
            descending=[False, True, False, False],
        )
        .with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("hospital_id"))
        .filter(pl.col("place") <= _REASONS)
    )
    # A rest of 1 to 4 cases could be told from the hospital's sum: the last pair joins it.
    rest = _rest(pairs, ordered, keys)
    few = rest.filter(pl.col("cases") < SMALLEST_CELL)["hospital_id"].implode()
    last = pl.col("place") == pl.col("place").max().over("hospital_id")
    named = ordered.filter(~(last & pl.col("hospital_id").is_in(few)))
    rest = _rest(pairs, named, keys)
    rows = pl.concat([named, rest.with_columns(moved)], how="diagonal").join(
        hospitals.select("hospital_id", whole="points_old"), on="hospital_id"
    )
    of_whole = pl.when(pl.col("whole") > 0).then(wide("whole") * wide(FACTOR_SCALE))
    rate = divide_half_up(pl.col("moved") * wide(POINT_SCALE), of_whole).cast(pl.Int64)
    return (
        with_change(rows)
        .with_columns(change_rate=rate)
        .select(
            *("hospital_id", "place", "from_drg", "to_drg", "cases", "points_old"),
            *("points_neutral", "change", "change_rate"),
        )
        .sort("hospital_id", "place", nulls_last=True)
    )


def _rest(pairs: pl.DataFrame, named: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """What is left of each hospital's pairs, in one row."""
    left = pairs.join(named, on=keys, how="anti").group_by("hospital_id")
    return left.agg(pl.col("cases", "points_old", _AFTER).sum())
