"""Copies and overlaps: what only the stays of one person together show."""

from datetime import date

import polars as pl

from drgpay.records.same_person import COPY, OVERLAP, with_same_person

DAY = date(2026, 10, 1)


def stays(*rows: tuple[str, str, int, int, int]) -> pl.DataFrame:
    """case, person, day of admission, day of discharge, day of settlement; all else is the same."""
    return pl.DataFrame(
        {
            "case_id": [row[0] for row in rows],
            "person_id": [row[1] or None for row in rows],
            "hospital_id": "H",
            "admission_date": [DAY.replace(day=row[2]) for row in rows],
            "discharge_date": [DAY.replace(day=row[3]) for row in rows],
            "settlement_date": [DAY.replace(day=row[4]) for row in rows],
            "principal_diagnosis": "A",
            "total_fen": 100,
        },
        schema_overrides={"person_id": pl.String, "total_fen": pl.Int64},
    )


def marked(frame: pl.DataFrame, mark: str) -> list[str]:
    return with_same_person(frame).filter(mark)["case_id"].to_list()


def test_the_first_settled_of_two_alike_is_no_copy() -> None:
    frame = stays(
        ("2", "p", 1, 5, 7), ("1", "p", 1, 5, 9), ("3", "p", 1, 5, 7), ("4", "q", 1, 5, 6)
    )
    assert marked(frame, COPY) == ["1", "3"]
    assert marked(frame[::-1], COPY) == ["3", "1"]


def test_other_costs_days_or_persons_are_no_copies() -> None:
    frame = stays(("1", "p", 1, 5, 7), ("2", "p", 1, 6, 7), ("3", "q", 1, 5, 7), ("4", "", 1, 5, 7))
    assert marked(frame, COPY) == []
    other = frame.with_columns(total_fen=pl.Series([100, 100, 100, 101]))
    assert marked(other, COPY) == []


def test_a_case_that_occurs_twice_is_no_copy_of_itself() -> None:
    assert marked(stays(("1", "p", 1, 5, 7), ("1", "p", 1, 5, 7)), COPY) == []


def test_the_later_begun_of_two_overlapping_stays_is_marked() -> None:
    frame = stays(
        ("1", "p", 1, 9, 9), ("2", "p", 3, 4, 9), ("3", "p", 6, 7, 9), ("4", "q", 2, 8, 9)
    )
    assert marked(frame, OVERLAP) == ["2", "3"]


def test_the_day_of_discharge_is_a_return() -> None:
    assert (
        marked(stays(("1", "p", 1, 5, 9), ("2", "p", 5, 8, 9), ("3", "p", 8, 8, 9)), OVERLAP) == []
    )


def test_a_copy_overlaps_nothing() -> None:
    frame = stays(("1", "p", 1, 5, 7), ("2", "p", 1, 5, 8))
    assert marked(frame, OVERLAP) == []


def test_order_does_not_matter() -> None:
    frame = stays(*[(f"{n}", f"p{n % 3}", 1 + n % 7, 2 + n % 9 + n % 7, 20) for n in range(40)])
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    for mark in (COPY, OVERLAP):
        assert sorted(marked(frame, mark)) == sorted(marked(shuffled, mark))
    assert marked(frame, OVERLAP)
