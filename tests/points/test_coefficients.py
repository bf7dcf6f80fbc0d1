"""Coefficients: parts, neighbours (C9), clamps, one a level; and how each row says it was made."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.exact import half_up
from drgpay.points.coefficients import clamped_mix, coefficient_table, level_parts
from drgpay.policy.calibration import Coefficients, Neighbour
from tests.spread import drawn

LEVELS = ("1", "2", "3")
ZIGONG = Neighbour(level_order=LEVELS, from_higher=Decimal("0.90"), from_lower=Decimal("1.10"))
HALF = Coefficients(
    per="group",
    hospital_weight=Decimal("0.5"),
    level_weight=Decimal("0.5"),
    min_cases=2,
    minimum=Decimal(0),
    maximum=Decimal(10),
    missing_part="one",
    groups_without=(),
)
NEIGHBOUR = HALF.model_copy(update={"missing_part": "neighbour", "neighbour": ZIGONG})
ONE_A_LEVEL = HALF.model_copy(
    update={"per": "level", "hospital_weight": Decimal(0), "level_weight": Decimal(1)}
)


def cases(*rows: tuple[str, str, str, int]) -> pl.DataFrame:
    """Kept cases: drg, hospital, level, cost in fen."""
    return pl.DataFrame(
        rows,
        schema={
            "drg": pl.String,
            "hospital_id": pl.String,
            "level": pl.String,
            "total_fen": pl.Int64,
        },
        orient="row",
    )


def table(frame: pl.DataFrame, rule: Coefficients) -> list[dict[str, Any]]:
    means = frame.group_by("drg").agg(n=pl.len(), total=pl.col("total_fen").sum()).sort("drg")
    of_group = {drg: half_up(Fraction(total, n)) for drg, n, total in means.iter_rows()}
    return coefficient_table(frame, of_group, rule).to_dicts()


def found(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_c8_coefficient_mix_zigong_2023() -> None:
    assert clamped_mix(Fraction("1.08"), Fraction("0.96"), HALF)[0] == 1_0200


def test_c9_missing_levels_zigong_2023() -> None:
    """B = 1.05 between A and C: the next higher x 0.90, else the next lower x 1.10."""
    order = Neighbour(
        level_order=("C", "B", "A"), from_higher=Decimal("0.90"), from_lower=Decimal("1.10")
    )
    rule = NEIGHBOUR.model_copy(update={"neighbour": order})
    parts = level_parts({"B": Fraction("1.05")}, rule)
    assert {level: part.value for level, part in parts.items()} == {
        "A": Fraction("1.1550"),
        "B": Fraction("1.05"),
        "C": Fraction("0.9450"),
    }
    assert clamped_mix(None, parts["C"].value, rule)[0] == 9450
    assert clamped_mix(None, parts["A"].value, rule)[0] == 1_1550


def test_the_nearest_level_counts_and_the_factor_once() -> None:
    parts = level_parts({"3": Fraction(2), "outside": Fraction(5)}, NEIGHBOUR)
    assert {level: (part.value, part.of_level) for level, part in parts.items()} == {
        "1": (Fraction("1.8"), "3"),  # two levels up, once x 0.90
        "2": (Fraction("1.8"), "3"),
        "3": (Fraction(2), "3"),
        "outside": (Fraction(5), "outside"),
    }
    assert level_parts({"outside": Fraction(5)}, NEIGHBOUR).keys() == {"outside"}
    higher_first = level_parts({"1": Fraction(1), "3": Fraction(2)}, NEIGHBOUR)
    assert (higher_first["2"].of_level, higher_first["2"].factor) == ("3", 9000)


def test_a_missing_part_is_one_or_the_part_of_the_level() -> None:
    part = Fraction("1.2")
    assert clamped_mix(None, part, HALF)[0] == 1_1000
    assert clamped_mix(None, part, NEIGHBOUR)[0] == 1_2000
    of_both = [clamped_mix(part, None, rule)[0] for rule in (HALF, NEIGHBOUR)]
    assert of_both == [1_1000, 1_1000]
    assert clamped_mix(None, None, NEIGHBOUR)[0] == 1_0000


# Group G of mean 100: level 3 of mean 125 (hospital H3), level 1 of mean 75 (H1, H2 with one each).
G = [
    ("G", "H3", "3", 120),
    ("G", "H3", "3", 130),
    ("G", "H1", "1", 80),
    ("G", "H2", "1", 70),
]


def test_rows_say_how_they_were_made() -> None:
    rows = table(cases(*G), HALF)
    columns = ("level", "hospital_id", "coefficient", "hospital_part_from", "level_part_from")
    assert found(rows, *columns) == [
        ("1", None, 8750, "one", "1"),
        ("3", None, 1_1250, "one", "3"),
        ("3", "H3", 1_2500, "hospital", "3"),
    ]
    assert found(rows, "level_cases", "level_total_fen", "level_expected_fen", "level_factor") == [
        (2, 150, 200, 1_0000),
        (2, 250, 200, 1_0000),
        (2, 250, 200, 1_0000),
    ]
    assert not any(row["clamped"] for row in rows)


def test_rows_from_neighbours_have_no_sums_of_their_own() -> None:
    rows = table(cases(*G), NEIGHBOUR)
    columns = ("level", "hospital_id", "coefficient", "level_part_from", "level_factor")
    assert found(rows, *columns, "level_cases") == [
        ("1", None, 7500, "1", 1_0000, 2),
        ("2", None, 1_1250, "3", 9000, None),  # 1.25 x 0.90
        ("3", None, 1_2500, "3", 1_0000, 2),
        ("3", "H3", 1_2500, "3", 1_0000, 2),
    ]
    assert {row["hospital_part_from"] for row in rows if not row["hospital_id"]} == {"level"}


def test_a_hospital_of_a_level_with_enough_cases_only_by_others() -> None:
    """min_cases counts the hospital and the level each for itself."""
    rows = table(cases(*G, ("G", "H4", "3", 100)), HALF)
    assert ("3", "H4") not in found(rows, "level", "hospital_id")


def test_clamped_rows_are_marked() -> None:
    narrow = HALF.model_copy(update={"minimum": Decimal("0.9"), "maximum": Decimal("1.1250")})
    rows = table(cases(*G), narrow)
    assert found(rows, "coefficient", "clamped") == [
        (9000, True),
        (1_1250, False),  # exactly at the bound
        (1_1250, True),
    ]


def test_groups_without_coefficient_have_one_everywhere() -> None:
    rows = table(cases(*G), NEIGHBOUR.model_copy(update={"groups_without": ("G",)}))
    assert {row["coefficient"] for row in rows} == {1_0000}
    assert {row["level_part_from"] for row in rows} == {None}
    assert [row["level_total_fen"] for row in rows if not row["hospital_id"]] == [150, 250]


def test_one_coefficient_a_level_is_free_of_the_mix_of_groups() -> None:
    """Level 3 has the dear group X only, at its mean: its costs are those of its cases."""
    dear = [("X", "H3", "3", 1000), ("X", "H3", "3", 1000)]
    cheap = [("Y", "H1", "1", 10), ("Y", "H2", "1", 10)]
    rows = table(cases(*dear, *cheap), ONE_A_LEVEL)
    for_all = [row for row in rows if row["drg"] is None]
    assert found(for_all, "level", "coefficient") == [("1", 1_0000), ("3", 1_0000)]


def test_one_coefficient_a_level_over_all_groups() -> None:
    other = [("X", "H3", "3", 300), ("X", "H1", "1", 100)]  # mean 200, too few a level alone
    rows = table(cases(*G, *other), ONE_A_LEVEL)
    for_all = [row for row in rows if row["drg"] is None]
    # level 3: (250 + 300) / (2 x 100 + 200); level 1: (150 + 100) / (200 + 200)
    columns = ("level", "level_cases", "level_total_fen", "level_expected_fen", "coefficient")
    assert found(for_all, *columns) == [("1", 3, 250, 400, 6250), ("3", 3, 550, 400, 1_3750)]
    of_groups = [row for row in rows if row["drg"] is not None]
    assert found(of_groups, "drg", "level", "hospital_id", "coefficient") == [
        ("G", "1", None, None),
        ("G", "3", None, None),
        ("G", "3", "H3", None),
    ]  # there for the means of the level and the hospital


def test_one_coefficient_a_level_spares_groups_without() -> None:
    rule = ONE_A_LEVEL.model_copy(
        update={
            "groups_without": ("X",),
            "missing_part": "neighbour",
            "neighbour": ZIGONG,
        }
    )
    other = [("X", "H3", "3", 900), ("X", "H3", "3", 100), ("X", "H3", "3", 200)]
    rows = table(cases(*G, *other), rule)
    general = {row["level"]: row["coefficient"] for row in rows if row["drg"] is None}
    assert general == {"1": 7500, "2": 1_1250, "3": 1_2500}  # of G alone
    x = [row for row in rows if row["drg"] == "X"]
    assert {row["level"] for row in x} == set(general)
    assert {row["coefficient"] for row in x} == {1_0000}


CASE = st.tuples(st.sampled_from("AB"), st.sampled_from(["H1", "H2", "H3"]), st.integers(1, 10**7))


@pytest.mark.parametrize("rule", [HALF, NEIGHBOUR, ONE_A_LEVEL], ids=["one", "near", "level"])
@drawn(50)
@given(drawn=st.lists(CASE, min_size=1, max_size=30), seed=st.integers(0, 99))
def test_the_order_of_cases_is_no_matter_and_keys_are_unique(
    rule: Coefficients, drawn: list[tuple[str, str, int]], seed: int
) -> None:
    frame = cases(*((drg, hospital, hospital[1:], cost) for drg, hospital, cost in drawn))
    rows = table(frame, rule)
    assert table(frame.sample(fraction=1, shuffle=True, seed=seed), rule) == rows
    keys = found(rows, "drg", "level", "hospital_id")
    assert len(set(keys)) == len(keys)


# --------------------------------------------------------------------- a slow recomputation


def slowly(drawn: list[tuple[str, str, int]], rule: Coefficients) -> dict[Any, int]:
    """Coefficients of per = "group" by (drg, level, hospital or None): lists and fractions only."""

    def mean(costs: list[int]) -> Fraction:
        return Fraction(sum(costs), len(costs))

    order = rule.neighbour.level_order if rule.neighbour else ()
    expected: dict[Any, int] = {}
    for drg in {row[0] for row in drawn}:
        own = [(hospital[1:], hospital, cost) for of, hospital, cost in drawn if of == drg]
        whole = half_up(mean([cost for _, _, cost in own]))
        parts: dict[str, Fraction] = {}
        for level in {row[0] for row in own}:
            costs = [cost for of, _, cost in own if of == level]
            if len(costs) >= rule.min_cases:
                parts[level] = mean(costs) / whole
        known = dict(parts)
        for place, level in enumerate(order):
            if level not in known and rule.neighbour:
                higher = [known[other] for other in order[place + 1 :] if other in known]
                lower = [known[other] for other in order[:place] if other in known]
                if higher:
                    parts[level] = higher[0] * Fraction(rule.neighbour.from_higher)
                elif lower:
                    parts[level] = lower[-1] * Fraction(rule.neighbour.from_lower)

        def mixed(hospital: Fraction, level: Fraction) -> int:
            mix = hospital * Fraction(rule.hospital_weight) + level * Fraction(rule.level_weight)
            return half_up(min(max(mix, Fraction(rule.minimum)), Fraction(rule.maximum)) * 10_000)

        for level, part in parts.items():
            without_hospital = part if rule.missing_part == "neighbour" else Fraction(1)
            expected[drg, level, None] = mixed(without_hospital, part)
        for hospital in {row[1] for row in own}:
            costs = [cost for _, of, cost in own if of == hospital]
            if len(costs) >= rule.min_cases:
                level = hospital[1:]
                expected[drg, level, hospital] = mixed(mean(costs) / whole, parts[level])
    return expected


@pytest.mark.parametrize("base", [HALF, NEIGHBOUR], ids=["one", "neighbour"])
@drawn(80)
@given(
    drawn=st.lists(CASE, min_size=1, max_size=30),
    weight=st.decimals(0, 1, places=4),
    bounds=st.tuples(st.decimals(0, 1, places=2), st.decimals(1, 3, places=2)),
)
def test_coefficients_are_those_of_plain_fractions(
    base: Coefficients,
    drawn: list[tuple[str, str, int]],
    weight: Decimal,
    bounds: tuple[Decimal, Decimal],
) -> None:
    rule = base.model_copy(
        update={
            "hospital_weight": weight,
            "level_weight": 1 - weight,
            "minimum": bounds[0],
            "maximum": bounds[1],
        }
    )
    frame = cases(*((drg, hospital, hospital[1:], cost) for drg, hospital, cost in drawn))
    rows = table(frame, rule)
    keys = found(rows, "drg", "level", "hospital_id")
    assert dict(zip(keys, [row["coefficient"] for row in rows], strict=True)) == slowly(drawn, rule)
