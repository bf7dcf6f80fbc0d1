"""Points of visits: C15, coefficients, and the slow evaluator on random visits."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.period import Period
from drgpay.points.catalogue import COEFFICIENT_SCHEMA
from drgpay.policy.settlement import Budget, EqualMonths
from drgpay.settle.lines import NO_ADJUSTMENTS
from drgpay.settle.month import settle_month
from drgpay.visits.amounts import entry_amounts
from drgpay.visits.entries import entries_of
from drgpay.visits.points import VisitPoints, visit_cases, visit_points
from tests.spread import drawn
from tests.visits.frames import (
    APGS,
    PACKAGED,
    any_visits,
    base_frame,
    base_points,
    line_frame,
    medical_frame,
    visit_frame,
)
from tests.visits.rules import STEPS, policy, rules
from tests.visits.slow_visits import Line, Visit, entries_of_visit, points_of_visit

WEIGHT = 1_0000  # a weight of 1 stands for one point here, as the example has a rate per weight 1
C15 = Visit(
    "v1",
    "ordinary",
    [
        Line("PROC", "skin", "skin-1", 400_00),
        Line("PROC", "eye", "eye-1", 100_00),
        Line("ANC", "ANC-blood", "blood-1", 20_00),
    ],
    ("heart", "heart-1"),
)
C15_BASE: dict[str, int | None] = {
    "skin-1": 3 * WEIGHT,
    "eye-1": WEIGHT,
    "heart-1": WEIGHT // 2,
    "blood-1": WEIGHT // 10,
}


def coefficients(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=COEFFICIENT_SCHEMA)


def earned(
    visits: list[Visit],
    base: dict[str, int | None],
    table: pl.DataFrame,
    *off: str,
    mean_fen: Fraction = Fraction(321_00, 7),
) -> VisitPoints:
    frame = visit_frame(visits)
    entries = entries_of(
        frame,
        line_frame(visits),
        medical_frame(visits),
        PACKAGED,
        base_frame(base),
        rules(*off),
    )
    return visit_points(entries, frame, table, rules(), mean_fen)


def test_c15_two_procedures_a_packaged_visit_and_an_ancillary() -> None:
    """507.06 + 84.51 + 0 + 16.90 = 608.47 at a rate of 169.02, through a settled month."""
    result = earned([C15], C15_BASE, coefficients())
    assert result.visits["points"].to_list() == [3_6000]
    assert result.visits.select("case_class", "formula").rows() == [
        ("normal", "sum(base_points * factor * coefficient)")
    ]
    amount = Decimal("608.48")  # the smallest budget that gives the rate: 608.472 is 3.6 x 169.02
    budget = Budget(
        annual_yuan={},
        reserve_ratio=Decimal(0),
        months=EqualMonths(rule="equal"),
        month_yuan={"2026-10": {"employee": amount}},
    )
    settlement = rules().settlement.model_copy(update={"value_places": 2})
    outpatient = rules(settlement=settlement.model_dump(), budget=budget.model_dump())
    cases = visit_cases(result.visits).with_columns(
        out_of_area=pl.lit(False),
        total_fen=pl.lit(520_00),
        fund_fen=pl.lit(520_00),
        patient_fen=pl.lit(0),
        other_fen=pl.lit(0),
    )
    settled = settle_month(
        cases, NO_ADJUSTMENTS, policy(outpatient).for_outpatient(), Period(2026, 10)
    )
    assert settled.pools["point_value"].to_list() == [169_02]
    assert settled.lines["standard_fen"].to_list() == [608_47]
    amounts = entry_amounts(result.entries, settled.cases, Fraction(100))
    named = result.entries.select(pl.col("apg").cast(pl.String), amounts)
    assert named.rows() == [
        ("skin-1", 507_06),
        ("eye-1", 84_51),
        ("heart-1", 0),
        ("blood-1", 16_90),
    ]


def test_the_coefficient_is_of_the_group_and_level_else_of_the_level_else_one() -> None:
    table = coefficients(
        {"level": "2A", "coefficient": 9000},
        {"drg": "eye-1", "level": "2A", "coefficient": 1_0000},
        {"drg": "blood-1", "level": "2A", "coefficient": None},
        {"drg": "skin-1", "level": "2A", "hospital_id": "H1", "coefficient": 7},
    )
    elsewhere = Visit("v2", "ordinary", C15.lines, C15.medical, "H2", "3A")
    result = earned([C15, elsewhere], C15_BASE, table)
    assert result.entries["coefficient"].to_list()[:4] == [9000, 1_0000, 9000, 9000]
    # 3 x 0.9 + 1 x 0.5 x 1 + 0.1 x 0.9, and 3.6 at a level without coefficients
    assert result.visits["points"].to_list() == [3_2900, 3_6000]


def test_points_are_rounded_once_a_visit() -> None:
    lines = [Line("ANC", "ANC-blood", apg, 100) for apg in ("blood-1", "blood-2")]
    visit = Visit("v1", "ordinary", lines, None)
    table = coefficients({"level": "2A", "coefficient": 4000})
    result = earned([visit], {"blood-1": 1, "blood-2": 1}, table)
    # Twice 0.4 of 1/10,000 is 0.8: rounded entry by entry it would be nothing.
    assert result.visits["points"].to_list() == [1]


def test_a_type_paid_item_by_item_has_no_points() -> None:
    visit = Visit("v1", "special", C15.lines, C15.medical)
    result = earned([visit], C15_BASE, coefficients())
    assert result.visits.select("points", "case_class", "formula").rows() == [
        (0, "fee", "item by item")
    ]


AT_COST = Visit(
    "v1",
    "ordinary",
    [
        Line("PROC", "skin", "skin-1", 300_00),
        Line("PROC", "skin", "skin-2", 100_00),
        Line("PROC", "eye", "eye-1", 100_00),
        Line("ANC", "ANC-urine", "urine-1", 40_00),
        Line("INC", "INC-fee", "fee-1", 10_01),
    ],
    ("heart", "heart-1"),
)


def test_a_procedure_without_base_points_is_paid_at_cost() -> None:
    """skin-1 has no base points: it consolidates and discounts nothing, and bears 3/5 of 50.01."""
    base: dict[str, int | None] = {
        "skin-2": 2 * WEIGHT,
        "eye-1": 3 * WEIGHT,
        "urine-1": WEIGHT,
        "heart-1": WEIGHT,
    }
    table = coefficients({"level": "2A", "coefficient": 5000})
    result = earned([AT_COST], base, table, mean_fen=Fraction(300_00))
    rows = result.entries.select(
        pl.col("apg").cast(pl.String),
        pl.col("reason").cast(pl.String),
        "factor",
        "paid_cost_fen",
        "coefficient",
    ).rows()
    assert rows == [
        ("eye-1", "payable", 1_0000, None, 5000),
        ("skin-2", "discounted", 5000, None, 5000),
        ("heart-1", "packaged_medical", 0, None, 5000),
        ("urine-1", "packaged_list", 0, None, 5000),
        ("fee-1", "packaged_incidental", 0, None, 5000),
        ("skin-1", "at_cost", 1_0000, 330_01, 1_0000),
    ]
    # 3 x 0.5 + 2 x 0.5 x 0.5 + 330.01 / 300 x 100, rounded once
    assert result.visits.select("points", "formula").rows() == [
        (112_0033, "sum(base_points * factor * coefficient) + sum(paid_cost) / all_mean * 100")
    ]


def test_a_prescription_earns_its_drugs_alone() -> None:
    lines = [
        Line("DRUG", "DRUG-b", "DRUG-b1", 20_00),  # on the packaging list, but nothing bears it
        Line("DRUG", "DRUG-b", "DRUG-b2", 50_00),  # without base points
        Line("INC", "INC-fee", "fee-1", 9_00),
    ]
    filled = Visit("v1", "ordinary", lines, ("heart", "heart-1"), "P1", "1", pharmacy=True)
    found = earned([filled], {"DRUG-b1": WEIGHT}, coefficients(), mean_fen=Fraction(100_00))
    assert found.entries.select(
        pl.col("apg").cast(pl.String), pl.col("reason").cast(pl.String), "paid_cost_fen"
    ).rows() == [
        ("DRUG-b1", "payable", None),
        ("DRUG-b2", "at_cost", 50_00),
        ("fee-1", "packaged_incidental", None),
    ]
    assert found.visits["points"].to_list() == [51_0000]


@drawn(80)
@given(
    visits=any_visits(),
    base=base_points,
    off=st.sets(st.sampled_from(STEPS)),
    by_level=st.dictionaries(st.sampled_from(["2A", "3A"]), st.integers(1, 2_0000)),
    of_group=st.dictionaries(st.sampled_from(APGS), st.integers(1, 2_0000), max_size=3),
    mean_fen=st.fractions(1_00, 900_00, max_denominator=999),
)
def test_the_slow_evaluator_agrees_on_every_point(
    visits: list[Visit],
    base: dict[str, int | None],
    off: set[str],
    by_level: dict[str, int],
    of_group: dict[str, int],
    mean_fen: Fraction,
) -> None:
    table = coefficients(
        *({"level": level, "coefficient": value} for level, value in by_level.items()),
        *({"drg": apg, "level": "3A", "coefficient": value} for apg, value in of_group.items()),
    )
    result = earned(visits, base, table, *off, mean_fen=mean_fen)
    expected = []
    for visit in sorted(visits, key=lambda visit: visit.visit_id):
        own = of_group if visit.level == "3A" else {}
        known = {apg: own.get(apg, by_level.get(visit.level, 1_0000)) for apg in APGS}
        entries = entries_of_visit(visit, PACKAGED, base, rules(*off))
        mine = {apg: Decimal(c) / 10_000 for apg, c in known.items()}
        points = points_of_visit(entries, mine, mean_fen)
        expected.append((visit.visit_id, int(points * 10_000)))
    assert result.visits.select("visit_id", "points").rows() == expected
