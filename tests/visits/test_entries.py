"""Entries: every step on a worked visit, and the slow evaluator on random visits."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.policy.outpatient import Outpatient
from drgpay.visits.columns import ENTRY_SCHEMA
from drgpay.visits.entries import entries_of
from tests.spread import drawn
from tests.visits.frames import (
    PACKAGED,
    any_visits,
    as_rows,
    base_frame,
    base_points,
    line_frame,
    medical_frame,
    visit_frame,
)
from tests.visits.rules import STEPS, rules
from tests.visits.slow_visits import Line, Visit, entries_of_visit

BASE: dict[str, int | None] = {
    "skin-1": 300_0000,
    "skin-2": 400_0000,
    "eye-1": 100_0000,
    "bone-1": 100_0000,
    "urine-1": 5_0000,
    "blood-1": 10_0000,
    "DRUG-b1": 8_0000,
    "DRUG-b2": 9_0000,
    "heart-1": 50_0000,
}


def found(
    visits: list[Visit], base: dict[str, int | None] | None, outpatient: Outpatient
) -> pl.DataFrame:
    return entries_of(
        visit_frame(visits),
        line_frame(visits),
        medical_frame(visits),
        PACKAGED,
        base_frame(base),
        outpatient,
    )


PROCEDURES = Visit(
    "v1",
    "ordinary",
    [
        Line("PROC", "skin", "skin-1", 900_00),
        Line("PROC", "skin", "skin-2", 100_00),
        Line("PROC", "eye", "eye-1", 50_00),
        Line("PROC", "bone", "bone-1", 70_00),
        Line("ANC", "ANC-blood", "blood-1", 20_00),
        Line("ANC", "ANC-blood", "blood-1", 30_00),
        Line("ANC", "ANC-blood", "blood-1", 30_00),
        Line("ANC", "ANC-urine", "urine-1", 4_00),
        Line("ANC", "ANC-blood", "blood-2", 6_00),
        Line("DRUG", "DRUG-b", "DRUG-b1", 7_00),
        Line("DRUG", "DRUG-b", "DRUG-b2", 8_00),
        Line("INC", "INC-fee", "fee-1", 15_00),
    ],
    ("heart", "heart-1"),
)


def said(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select(
        pl.col("apg").cast(pl.String),
        "quantity",
        pl.col("factor") / 10_000,
        pl.col("reason").cast(pl.String),
    ).rows()


def test_every_step_on_one_visit() -> None:
    assert said(found([PROCEDURES], BASE, rules())) == [
        ("skin-2", 1, 1, "payable"),
        ("skin-1", 1, 0, "consolidated"),
        ("bone-1", 1, 0.5, "discounted"),  # as many base points as eye-1, first by its code
        ("eye-1", 1, 0.5, "discounted"),
        ("heart-1", 0, 0, "packaged_medical"),
        ("blood-1", 3, 2, "repeat_discounted"),
        ("DRUG-b2", 1, 1, "payable"),
        ("DRUG-b1", 1, 0, "packaged_list"),
        ("urine-1", 1, 0, "packaged_list"),
        ("blood-2", 1, 0, "not_in_catalogue"),
        ("fee-1", 1, 0, "packaged_incidental"),
    ]


def test_a_visit_without_lines_has_no_entry() -> None:
    assert not found([Visit("v1", "ordinary", [], ("heart", "heart-1"))], BASE, rules()).height


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("consolidate", {"skin-1": (0.5, "discounted")}),
        ("discount_procedures", {"bone-1": (1, "payable"), "eye-1": (1, "payable")}),
        ("discount_repeats", {"blood-1": (3, "payable")}),
        (
            "package",
            {
                "heart-1": (1, "payable"),
                "DRUG-b1": (1, "payable"),
                "urine-1": (1, "payable"),
                "fee-1": (0, "not_in_catalogue"),
            },
        ),
    ],
)
def test_a_step_switched_off(step: str, expected: dict[str, tuple[float, str]]) -> None:
    def answers(*off: str) -> dict[str, tuple[float, str]]:
        rows = said(found([PROCEDURES], BASE, rules(*off)))
        return {apg: (factor, reason) for apg, _, factor, reason in rows}

    assert answers(step) == answers() | expected


def test_without_a_catalogue_own_cost_orders_the_procedures() -> None:
    rows = said(found([PROCEDURES], None, rules()))
    assert [(apg, reason) for apg, _, _, reason in rows[:4]] == [
        ("skin-1", "payable"),
        ("skin-2", "consolidated"),
        ("blood-1", "repeat_discounted"),
        ("bone-1", "discounted"),
    ]


def test_a_visit_type_that_is_paid_item_by_item_keeps_its_entries_unpaid() -> None:
    visit = Visit("v1", "special", PROCEDURES.lines, ("heart", "heart-1"))
    assert found([visit], BASE, rules())["reason"].unique().to_list() == ["item_by_item"]


def test_a_line_of_a_visit_that_is_not_there_is_refused() -> None:
    lines = line_frame([PROCEDURES]).with_columns(visit_id=pl.lit("v9"))
    with pytest.raises(DrgpayError, match="name the visit v9"):
        entries_of(
            visit_frame([PROCEDURES]),
            lines,
            medical_frame([PROCEDURES]),
            PACKAGED,
            base_frame(BASE),
            rules(),
        )


def test_no_visits_have_no_entries() -> None:
    entries = found([], BASE, rules())
    assert entries.schema == ENTRY_SCHEMA
    assert not entries.height


@drawn(150)
@given(
    visits=any_visits(),
    base=st.one_of(st.none(), base_points),
    off=st.sets(st.sampled_from(STEPS)),
    discounts=st.tuples(*[st.sampled_from([Decimal(0), Decimal("0.3333"), Decimal(1)])] * 2),
    pharmacy_visits=st.sampled_from(["drugs", "visits"]),
    seed=st.integers(0, 9),
)
def test_the_slow_evaluator_agrees_on_every_entry(
    visits: list[Visit],
    base: dict[str, int | None] | None,
    off: set[str],
    discounts: tuple[Decimal, Decimal],
    pharmacy_visits: str,
    seed: int,
) -> None:
    outpatient = rules(
        *off,
        procedure_discount=discounts[0],
        repeat_discount=discounts[1],
        pharmacy_visits=pharmacy_visits,
    )
    shuffled = line_frame(visits).sample(fraction=1, shuffle=True, seed=seed)
    entries = entries_of(
        visit_frame(visits),
        shuffled,
        medical_frame(visits),
        PACKAGED,
        base_frame(base),
        outpatient,
    )
    expected = [
        row
        for visit in sorted(visits, key=lambda visit: visit.visit_id)
        for row in as_rows(visit, entries_of_visit(visit, PACKAGED, base, outpatient))
    ]
    assert entries.schema == ENTRY_SCHEMA
    assert entries.rows() == expected
    assert entries["lines_fen"].sum() == shuffled["amount_fen"].sum()
