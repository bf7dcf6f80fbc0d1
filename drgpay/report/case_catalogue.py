"""What the catalogue says of the group of one case: base points, coefficient, mean costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, unscaled
from drgpay.base.language import listed
from drgpay.points.age_factors import AGE_COLUMNS, age_columns
from drgpay.points.catalogue import Catalogue
from drgpay.policy.model import Policy
from drgpay.report.case_lines import Lines

Row = Mapping[str, Any]


@dataclass(frozen=True)
class GroupPrices:
    """The rows of a catalogue that price one case (see Catalogue for which holds).

    group: of groups.csv, None if the group is not there. own, of_level: of
    coefficients.csv for the hospital and its level. paid: the row whose coefficient holds (None:
    1), at the level of points.base_level where the policy says so. rows: all of coefficients.csv
    for the group, and those over all groups.
    """

    group: Row | None
    own: Row | None
    of_level: Row | None
    paid: Row | None
    rows: Sequence[Row]


def prices_of(case: Row, catalogue: Catalogue, policy: Policy) -> GroupPrices:
    """Look up a case: drg, account, level, hospital_id."""
    rule, drg, level = policy.points.base_level, case["drg"], case["level"]
    groups = _rows(catalogue.groups, pl.col("drg") == drg)
    rows = _rows(catalogue.coefficients, (pl.col("drg") == drg) | pl.col("drg").is_null())
    own = _row(rows, drg=drg, hospital_id=case["hospital_id"])
    of_level = _row(rows, drg=drg, level=level, hospital_id=None)
    order = [own, of_level, _row(rows, drg=None, level=level, hospital_id=None)]
    if rule and drg in rule.groups:
        order = [_row(rows, drg=group, level=rule.level, hospital_id=None) for group in (drg, None)]
    if drg in policy.points.no_coefficient_groups:
        order = []
    paid = next((row for row in order if row and row["coefficient"] is not None), None)
    group = _row(groups, account=case["account"]) or _row(groups, account=None)
    return GroupPrices(group, own, of_level, paid, rows)


def _rows(table: pl.DataFrame, wanted: pl.Expr) -> list[Row]:
    return list(table.filter(wanted).iter_rows(named=True))


def _row(rows: Sequence[Row], **keys: str | None) -> Row | None:
    found = (row for row in rows if all(row[name] == value for name, value in keys.items()))
    return next(found, None)


def add_all_mean(catalogue: Catalogue, lines: Lines) -> None:
    """The mean over all groups, exact; it is not rounded before it is used."""
    info = catalogue.info
    lines.given("all_total", unscaled(info.all_total_fen, FEN_PLACES), lines.say("how_all_total"))
    lines.given("all_cases", info.all_cases, lines.say("how_all_cases"))
    lines.reckoned("all_mean", "{all_total}/{all_cases}", how=lines.say("how_exact"))


def add_group(
    case: Row, prices: GroupPrices, catalogue: Catalogue, policy: Policy, lines: Lines
) -> None:
    """Mean and base points of the group, and the coefficient of the case."""
    group = prices.group
    if group is None:
        lines.given("in_catalogue", False, lines.say("how_not_in_catalogue"))
        return
    if catalogue.info.kind != "published":
        lines.given("group_cases", group["cases"], lines.say("how_group_cases"))
        lines.given("kept", group["kept"], lines.say("how_kept"))
        if group["cv"] is not None:
            lines.given("cv", _points(group["cv"]), lines.say("how_cv"))
    if group["account"] is not None:
        lines.given("group_account", lines.say(group["account"]), lines.say("how_group_account"))
    lines.claimed(
        "stability",
        _said_stability(case["stability"], lines),
        _said_stability(group["stability"], lines),
        lines.say("how_stability"),
    )
    _add_mean(case, group, catalogue, lines)
    _add_base_points(case, group, catalogue, policy, lines)
    _add_age_factor(case, policy, lines)
    _add_coefficient(case, prices, catalogue, policy, lines)


def _add_mean(case: Row, group: Row, catalogue: Catalogue, lines: Lines) -> None:
    """The mean cost of the group, or that of the groups that it is priced like."""
    like = next((one for one in catalogue.info.stand_ins if one.drg == group["drg"]), None)
    if like is None:
        mean = unscaled(group["mean_fen"], FEN_PLACES)
        lines.claimed("mean_cost", case["mean_cost"], mean, lines.say("how_mean"))
        return
    named = lines.say("how_like", groups=listed(like.like))
    lines.given("like_total", unscaled(like.like_total_fen, FEN_PLACES), named)
    lines.given("like_cases", like.like_cases, named)
    lines.given("like_times", Decimal(like.times), lines.say("how_like_times"))
    formula = f"ROUND({{like_total}}/{{like_cases}}*{{like_times}},{FEN_PLACES})"
    lines.reckoned("mean_cost", formula, case["mean_cost"], lines.say("how_stand_in"))


def _add_base_points(
    case: Row, group: Row, catalogue: Catalogue, policy: Policy, lines: Lines
) -> None:
    base = group["base_points"]
    if base is None:
        lines.claimed("base_points", case["base_points"], None, lines.say("how_no_base"))
        return
    if not _same_policy(catalogue, policy):
        lines.claimed(
            "base_points", case["base_points"], _points(base), lines.say("how_given_base")
        )
        return
    cost = "mean_cost"
    unstable = not group["stable"] and group["stability"] != "stand_in"
    if unstable and policy.calibration.unstable_base_points == "median":
        median = unscaled(group["median_fen"], FEN_PLACES)
        lines.given("median_cost", median, lines.say("how_median"))
        cost = "median_cost"
    lines.reckoned(
        "base_points",
        f"ROUND({{{cost}}}/{{all_mean}}*100,{POINT_PLACES})",
        case["base_points"],
    )
    if _points(base) != case["base_points"]:
        lines.claimed("catalogue_base_points", _points(base), case["base_points"])


def _said_stability(stability: str | None, lines: Lines) -> str | None:
    return None if stability is None else lines.say(f"stability_{stability}")


def _add_age_factor(case: Row, policy: Policy, lines: Lines) -> None:
    """What the base points of the case are multiplied or divided by, and its age."""
    if not policy.points.age_factors:
        return
    lines.given("age", _whole(case["age"]), lines.say("how_record"))
    if case["age_days"] is not None:
        lines.given("age_days", _whole(case["age_days"]), lines.say("how_record"))
    frame = pl.DataFrame(
        {name: [case[name]] for name in ("drg", "age", "age_days")},
        schema={"drg": pl.String(), **dict.fromkeys(("age", "age_days"), pl.Decimal(18, 4))},
    )
    due = frame.select(**age_columns(policy.points)).row(0, named=True)
    for column in AGE_COLUMNS:
        value = None if due[column] is None else _points(due[column])
        if value is not None or case[column] is not None:
            lines.claimed(column, case[column], value, lines.say("how_age_factor"))


def _whole(value: Decimal) -> Decimal | int:
    """An age without needless places."""
    return int(value) if value == int(value) else value


def _same_policy(catalogue: Catalogue, policy: Policy) -> bool:
    """Whether [calibration] of the policy is what made the catalogue."""
    return catalogue.info.policy == policy.policy.id


def _add_coefficient(
    case: Row, prices: GroupPrices, catalogue: Catalogue, policy: Policy, lines: Lines
) -> None:
    row, rule = prices.paid, policy.calibration.coefficients
    if row is None:
        without = case["drg"] in policy.points.no_coefficient_groups
        how = lines.say("how_no_coefficient_group" if without else "how_no_coefficient")
        lines.claimed("coefficient", case["coefficient"], 1, how)
        return
    source = lines.say(_source_of(row))
    base_level = policy.points.base_level
    if base_level and case["drg"] in base_level.groups:
        source = lines.say("how_base_level", level=base_level.level)
    coefficient = _points(row["coefficient"])
    if row["level_part_from"] is None or not _same_policy(catalogue, policy):
        lines.claimed("coefficient", case["coefficient"], coefficient, source)
        return
    _add_level_part(row, prices.rows, lines)
    if row["drg"] is None:
        parts = "{level_part}"
    else:
        _add_hospital_part(row, lines)
        lines.given("hospital_weight", rule.hospital_weight, lines.say("how_policy"))
        lines.given("level_weight", rule.level_weight, lines.say("how_policy"))
        parts = "{hospital_part}*{hospital_weight}+{level_part}*{level_weight}"
    lines.given("minimum", rule.minimum, lines.say("how_clamp"))
    lines.given("maximum", rule.maximum, lines.say("how_clamp"))
    lines.reckoned(
        "coefficient",
        f"ROUND(MIN(MAX({parts},{{minimum}}),{{maximum}}),{POINT_PLACES})",
        case["coefficient"],
        source + (lines.say("how_clamped") if row["clamped"] else ""),
    )
    if coefficient != case["coefficient"]:
        lines.claimed("catalogue_coefficient", coefficient, case["coefficient"])


def _source_of(row: Row) -> str:
    if row["hospital_id"] is not None:
        return "how_own_row"
    return "how_any_group_row" if row["drg"] is None else "how_level_row"


def _add_level_part(row: Row, rows: Sequence[Row], lines: Lines) -> None:
    """level total / what it would have cost at the means of its groups, x the neighbour's factor."""
    if row["level_part_from"] == "one":
        lines.given("level_part", 1, lines.say("how_missing_part"))
        return
    level = row["level_part_from"]
    source = _row(rows, drg=row["drg"], level=level, hospital_id=None) or row
    how = lines.say("how_level_sums", level=level)
    lines.given("level_total", unscaled(source["level_total_fen"], FEN_PLACES), how)
    lines.given(
        "level_expected",
        unscaled(source["level_expected_fen"], FEN_PLACES),
        lines.say("how_level_expected", cases=source["level_cases"]),
    )
    factor = ""
    if row["level_factor"] != 10**POINT_PLACES:
        lines.given("level_factor", _points(row["level_factor"]), lines.say("how_neighbour"))
        factor = "*{level_factor}"
    lines.reckoned("level_part", f"{{level_total}}/{{level_expected}}{factor}")


def _add_hospital_part(row: Row, lines: Lines) -> None:
    match row["hospital_part_from"]:
        case "hospital":
            total = unscaled(row["hospital_total_fen"], FEN_PLACES)
            lines.given("hospital_total", total, lines.say("how_hospital_sums"))
            lines.given("hospital_cases", row["hospital_cases"], lines.say("how_hospital_sums"))
            lines.reckoned("hospital_part", "{hospital_total}/{hospital_cases}/{mean_cost}")
        case "level":
            lines.reckoned("hospital_part", "{level_part}", how=lines.say("how_part_of_level"))
        case _:
            lines.given("hospital_part", 1, lines.say("how_missing_part"))


def _points(value: int) -> Any:
    return unscaled(value, POINT_PLACES)


def mean_of(row: Row | None, kind: str) -> tuple[Fraction, int] | None:
    """The total in yuan and the cases behind a mean of a group; `kind` is hospital or level."""
    if row is None or not row[f"{kind}_cases"] or row[f"{kind}_total_fen"] is None:
        return None
    return Fraction(row[f"{kind}_total_fen"], 100), int(row[f"{kind}_cases"])
