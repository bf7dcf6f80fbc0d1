"""What each entry of a visit costs: its own lines and its part of what is packaged into it."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_SCALE, divide_half_up, scaled, wide
from drgpay.grouper.group_names import status_of
from drgpay.policy.outpatient import Outpatient
from drgpay.settle.apportion import largest_remainder
from drgpay.visits.columns import ANCILLARY, INCIDENTAL, MEDICAL, PAID_REASONS

ELIGIBLE = "eligible"
LEFT_OUT = ("left_fee", "left_not_grouped", "left_unpaid", "left_cheap")
"""Why a visit does not count, in the order of the checks: its type is paid item by item; a line has
no group; no entry bears cost; its lines cost too little, or one of its entries less than nothing."""


@dataclass(frozen=True)
class VisitCosts:
    """What calibration needs of some visits; the costs of parts of the visits are put together.

    cases: one row an entry that bears cost, of the eligible visits: drg (its APG), hospital_id,
    level (categorical), total_fen (of one unit: see `unit_cost`).
    steps: step (of LEFT_OUT, or ELIGIBLE), visits, fen (what their lines cost), one row a step.
    coverage: status (of `status_of`), lines, fen: of the lines of visits paid by points.
    """

    cases: pl.DataFrame
    steps: pl.DataFrame
    coverage: pl.DataFrame

    @property
    def visits(self) -> int:
        """How many visits were given."""
        return int(self.steps["visits"].sum())

    @property
    def eligible(self) -> int:
        """How many visits count."""
        return self._of_eligible("visits")

    @property
    def total_fen(self) -> int:
        """What the visits cost that count."""
        return self._of_eligible("fen")

    def _of_eligible(self, column: str) -> int:
        return int(self.steps.filter(step=ELIGIBLE)[column].sum())

    @classmethod
    def together(cls, parts: Iterable["VisitCosts"]) -> "VisitCosts":
        """The costs of all parts; at least one."""
        given = list(parts)
        return cls(
            pl.concat(part.cases for part in given),
            _summed(pl.concat(part.steps for part in given), "step"),
            _summed(pl.concat(part.coverage for part in given), "status"),
        )


def visit_costs(
    entries: pl.DataFrame,
    visits: pl.DataFrame,
    rules: Outpatient,
    previous_mean_fen: Fraction | None = None,
) -> VisitCosts:
    """The costs of the entries of eligible visits.

    entries: `entries_of` the visits, without base points or with those of a previous catalogue,
    whose all_mean_fen is then given too. visits: hospital_id, level. A visit is eligible when its
    type is paid by points, each line has a group, an entry bears cost, and its lines cost at least
    calibration.min_cost_yuan together and none less than nothing.
    """
    costed = with_costs(entries, previous_mean_fen)
    steps = _steps(costed, rules)
    counted = costed.join(
        steps.filter(step=ELIGIBLE), on="visit", how="semi", maintain_order="left"
    )
    levels = visits.select(pl.col("hospital_id", "level").cast(pl.String)).unique()
    cases = (
        counted.filter("bearing")
        .select("hospital_id", drg="apg", total_fen=unit_cost())
        .join(levels, on="hospital_id", how="left", maintain_order="left")
        .select("drg", pl.col("hospital_id", "level").cast(pl.Categorical), "total_fen")
    )
    # A visit of which refunds leave no line has no entry.
    bare = pl.DataFrame(
        {"step": ["left_unpaid"], "visits": [visits.height - steps.height], "fen": [0]}
    )
    by_step = steps.group_by("step").agg(visits=pl.len().cast(pl.Int64), fen=pl.col("fen").sum())
    return VisitCosts(cases, _summed(pl.concat([by_step, bare]), "step"), _coverage(costed))


def _summed(counts: pl.DataFrame, key: str) -> pl.DataFrame:
    return counts.group_by(key).agg(pl.all().sum()).sort(key)


def with_costs(entries: pl.DataFrame, previous_mean_fen: Fraction | None = None) -> pl.DataFrame:
    """Add to entries: visit (a number), bearing, own_fen, packaged_fen and cost_fen = both.

    Paid entries bear cost, and entries of a group that the previous catalogue does not have: they
    are to be in the next one. The own cost of an entry is that of its lines. A medical entry has no
    lines: its own cost is that of the incidental lines packaged in its visit (registration,
    consultation ...), which belong to seeing the doctor. Everything else is packaged: its cost goes
    to the bearing entries of the visit in proportion to their points (base_points x factor; of a
    group without base points own cost / previous mean x 100), before the first catalogue in
    proportion to their own cost, and where all of these are 0 in equal parts; by largest
    remainder to the fen, ties in the order of entries. Entries that do not bear have cost 0, so
    that cost_fen of a visit with a bearing entry adds up to its lines.
    """
    own = (
        entries.with_columns(
            visit=entries["visit_id"].rle_id().cast(pl.Int64),
            bearing=_paid() | _waiting(entries),
        )
        .with_columns(own_fen=_own_cost())
        .with_columns(weight=_weight(previous_mean_fen))
    )
    sums = own.group_by("visit").agg(
        to_share=pl.col("lines_fen").sum() - pl.col("own_fen").sum(),
        weights=pl.col("weight").sum(),
        entries=pl.col("bearing").sum(),
    )
    shared = (
        own.with_row_index("place")
        .filter("bearing")
        .join(sums.filter(pl.col("to_share") != 0), on="visit", how="inner", maintain_order="left")
        .rename({"visit": "line"})
    )
    weighted = pl.col("weights") > 0
    packaged = largest_remainder(
        shared,
        "to_share",
        quota=wide("to_share") * pl.when(weighted).then("weight").otherwise(wide(1)),
        denominator=pl.when(weighted).then("weights").otherwise(wide("entries")),
    )
    everywhere = pl.zeros(own.height, dtype=pl.Int64, eager=True).scatter(shared["place"], packaged)
    return own.drop("weight").with_columns(
        packaged_fen=everywhere, cost_fen=pl.col("own_fen") + everywhere
    )


def unit_cost() -> pl.Expr:
    """The cost of one unit of an entry in fen: an ancillary is paid by the line, others once."""
    lines = pl.when(_class() == ANCILLARY).then("quantity").otherwise(1)
    return divide_half_up(wide("cost_fen"), wide(lines)).cast(pl.Int64)


def _class() -> pl.Expr:
    return pl.col("class").cast(pl.String)


def _paid() -> pl.Expr:
    return pl.col("reason").cast(pl.String).is_in(PAID_REASONS)


def _waiting(entries: pl.DataFrame) -> pl.Expr:
    """Entries of a group that there are no base points for yet."""
    return (pl.col("reason").cast(pl.String) == "not_in_catalogue") & ~_without_group(entries)


def _without_group(entries: pl.DataFrame) -> pl.Expr:
    codes = entries.select("family", "apg").unique().with_columns(pl.all().cast(pl.String))
    without = [apg for family, apg in codes.iter_rows() if status_of(family, apg) != "grouped"]
    return pl.col("apg").cast(pl.String).is_in(without)


def _own_cost() -> pl.Expr:
    packaged = pl.col("lines_fen").filter((_class() == INCIDENTAL) & ~pl.col("bearing"))
    return (
        pl.when(pl.col("bearing") & (_class() == MEDICAL))
        .then(packaged.sum().over("visit"))
        .when("bearing")
        .then("lines_fen")
        .otherwise(0)
    )


def _weight(previous_mean_fen: Fraction | None) -> pl.Expr:
    """In proportion to what packaged cost is shared: points in 1/10^8, or own cost in fen."""
    own = wide("own_fen")
    if previous_mean_fen is not None:
        hundred = wide(100 * POINT_SCALE * POINT_SCALE * previous_mean_fen.denominator)
        own = own * hundred // wide(previous_mean_fen.numerator)
    by_points = wide("base_points") * wide("factor")
    weight = pl.when(pl.col("base_points").is_null()).then(own).otherwise(by_points)
    return pl.when("bearing").then(pl.max_horizontal(weight, wide(0))).otherwise(wide(0))


def _steps(entries: pl.DataFrame, rules: Outpatient) -> pl.DataFrame:
    """visit, fen and step of every visit that has an entry."""
    smallest = scaled(rules.calibration.min_cost_yuan, FEN_PLACES)
    by_visit = entries.group_by("visit").agg(
        item_by_item=_item_by_item().any(),
        lost=(_without_group(entries) & (_class() != MEDICAL)).any(),
        bearing=pl.col("bearing").any(),
        fen=pl.col("lines_fen").sum(),
        least=pl.col("lines_fen").min(),
    )
    fee, not_grouped, unpaid, cheap = (pl.lit(step) for step in LEFT_OUT)
    return by_visit.select(
        "visit",
        "fen",
        step=pl.when("item_by_item")
        .then(fee)
        .when("lost")
        .then(not_grouped)
        .when(~pl.col("bearing"))
        .then(unpaid)
        .when((pl.col("fen") < smallest) | (pl.col("least") < 0))
        .then(cheap)
        .otherwise(pl.lit(ELIGIBLE)),
    )


def _coverage(entries: pl.DataFrame) -> pl.DataFrame:
    """status, lines, fen of the lines of visits paid by points."""
    sums = (
        entries.filter((pl.col("quantity") > 0) & ~_item_by_item())
        .group_by(pl.col("family", "apg").cast(pl.String))
        .agg(lines=pl.col("quantity").sum(), fen=pl.col("lines_fen").sum())
    )
    status = [status_of(family, apg) for family, apg in sums.select("family", "apg").iter_rows()]
    return _summed(
        sums.select(pl.Series("status", status, pl.String), pl.col("lines", "fen")), "status"
    )


def _item_by_item() -> pl.Expr:
    return pl.col("reason").cast(pl.String) == "item_by_item"
