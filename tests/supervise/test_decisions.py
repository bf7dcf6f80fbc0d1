"""Steps of deciding on clues: which count, which are refused; fines shown (S13)."""

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.supervise.confirmed import deductions_of, fine_range, money_of
from drgpay.supervise.decisions import (
    Decisions,
    checked_decisions,
    refuse_refused,
)
from drgpay.supervise.rulebook import Fine, Rulebook

CLUES = pl.DataFrame({"clue_id": ["c1", "c2"], "kind": ["split_stay", "other"]})
KINDS = ["fraud", "other", "split_stay"]
FIRST = ("c1", "first_review", "confirmed", "wang", 1)
SECOND = ("c1", "second_review", "confirmed", "li", 5)
ANSWER = ("c1", "answer", "rejected", "H1", 9)
FINAL = ("c1", "decision", "confirmed", "zhao", 20)


def given(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """clue, step, result, by, day of March, kind."""
    schema = {
        **dict.fromkeys(("clue_id", "step", "result", "by"), pl.String),
        "date": pl.Date,
        "kind": pl.String,
    }
    full = [(*row[:4], date(2026, 3, row[4]), row[5] if len(row) > 5 else None) for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row").with_columns(
        serious=pl.lit(None, pl.Boolean),
        note=pl.lit(None, pl.String),
        row=pl.int_range(2, pl.len() + 2),
    )


def checked(*rows: tuple[Any, ...], two_persons: bool = True) -> Decisions:
    return checked_decisions(given(*rows), CLUES, KINDS, two_persons=two_persons)


def codes(*rows: tuple[Any, ...]) -> list[tuple[int, str]]:
    return checked(*rows).refused.select("row", "code").rows()


def test_a_clue_goes_through_its_steps() -> None:
    decided = checked(FIRST, SECOND, ANSWER, FINAL)
    assert decided.refused.is_empty()
    assert decided.final.select("clue_id", "kind", "serious").rows() == [
        ("c1", "split_stay", False)
    ]


@pytest.mark.parametrize("order", list(permutations([FIRST, SECOND, ANSWER, FINAL]))[::5])
def test_the_order_of_rows_means_nothing(order: tuple[Any, ...]) -> None:
    decided = checked(*order)
    assert decided.refused.is_empty()
    assert decided.final.height == 1


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ([("c9", *FIRST[1:])], [(2, "unknown_clue")]),
        ([("c1", "look", *FIRST[2:])], [(2, "unknown_step")]),
        ([("c1", "first_review", "yes", "wang", 1)], [(2, "unknown_result")]),
        ([FIRST, SECOND, (*FINAL, "theft")], [(4, "unknown_kind")]),
        (
            [FIRST, SECOND, FINAL, ("c1", "decision", "rejected", "zhao", 21)],
            [(5, "second_decision")],
        ),
        ([FIRST, SECOND, FINAL, ("c1", "answer", "open", "H1", 22)], [(5, "wrong_order")]),
        ([SECOND], [(2, "wrong_order")]),
        ([FIRST, FINAL], [(3, "wrong_order")]),
        ([("c1", "first_review", "confirmed", "wang", 6), SECOND], [(3, "wrong_order")]),
        ([FIRST, ("c1", "second_review", "confirmed", "wang", 5)], [(3, "same_person")]),
        ([FIRST, FIRST], [(3, "wrong_order")]),
    ],
)
def test_what_does_not_follow_is_refused_and_no_row_is_lost(
    rows: list[tuple[Any, ...]], refused: list[tuple[int, str]]
) -> None:
    decided = checked(*rows)
    assert sorted(decided.refused.select("row", "code").rows()) == sorted(
        refused if rows[0] != SECOND and rows[0][4] != 6 else codes(*rows)
    )
    assert {code for _, code in codes(*rows)} == {code for _, code in refused}
    assert decided.steps.height + decided.refused.height == len(rows)


def test_a_clue_may_be_rejected_after_the_first_review_and_left_open() -> None:
    rejected = ("c1", "decision", "rejected", "zhao", 3)
    assert checked(FIRST, rejected).final["result"].to_list() == ["rejected"]
    left = ("c1", "decision", "open", "zhao", 18)
    decided = checked(FIRST, SECOND, left, FINAL)
    assert decided.refused.is_empty()
    assert decided.final["date"].to_list() == [date(2026, 3, 20)]


def test_one_person_may_do_both_where_the_rules_say_so() -> None:
    alone = ("c1", "second_review", "confirmed", "wang", 5)
    assert checked(FIRST, alone, two_persons=False).refused.is_empty()


def test_refused_rows_stop_with_a_sentence() -> None:
    with pytest.raises(DrgpayError) as raised:
        refuse_refused(checked(("c9", *FIRST[1:])), "decisions.csv")
    assert "decisions.csv" in str(raised.value)
    assert "c9" in str(raised.value)


def stays(*rows: tuple[Any, ...]) -> pl.DataFrame:
    names = ("clue_id", "case_id", "hospital_id", "deducted", "stay_stake", "stay_stake_fen")
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(rule=pl.lit("split_stay"))


def test_a_stay_is_deducted_once_a_kind_and_names_its_clue(rulebook: Rulebook) -> None:
    both = [(clue, *row[1:]) for clue in ("c1", "c2") for row in (FIRST, SECOND, FINAL)]
    rows = [(*row, "split_stay") if row[1] == "decision" else row for row in both]
    final = checked(*rows).final
    table = stays(
        ("c1", "a", "H1", True, 500_000, 2_500_00),
        ("c1", "b", "H1", False, 0, 0),
        ("c2", "a", "H1", True, 600_000, 3_000_00),
        ("c2", "d", "H2", True, 100_000, 500_00),
    )
    filed = deductions_of(final, table, "en")
    assert filed.select("case_id", "kind", "clue_id").rows() == [
        ("a", "split_stay", "c1"),
        ("d", "split_stay", "c2"),
    ]
    assert filed["document"][0] == "clue c1 2026-03-20 zhao"
    money = money_of(final, table, rulebook.fines)
    assert money.rows() == [
        ("H1", "split_stay", 1, 500_000, 2_500_00, 2_500_00, 5_000_00),
        ("H2", "split_stay", 1, 100_000, 500_00, 500_00, 1_000_00),
    ]


def test_s13_a_fine_of_three_times_the_loss() -> None:
    three = Fine(low=Decimal(3), high=Decimal(3))
    assert fine_range(295_662, three) == (886_986, 886_986)
    assert fine_range(1, Fine(low=Decimal("1.5"), high=Decimal(2))) == (2, 2)  # half-up
    assert fine_range(295_662, None) == (None, None)
