"""What a run keeps of the record of a visit beside what it is paid by."""

from datetime import date

import polars as pl

from drgpay.records.visits.case_records import KEPT_SCHEMA, kept_of_visits

_DAY = date(2026, 10, 5)
_LINES = [
    ("a", "93.54", "procedure", 10_000),
    ("a", "93.54", "procedure", 2_500),
    ("a", "C01", "lab", 300),
    ("a", "X02", "drug", 40),
    ("c", "93.54", "procedure", 1),
    ("c", "R09", "imaging", 7),
    ("c", "R09", "imaging", 5),
    ("c", "Z", "material", 11),
]


def visits(ids: str, lists: list[list[str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "visit_id": list(ids),
            "hospital_id": pl.Series(["H1"] * len(ids)).cast(pl.Categorical),
            "visit_date": [_DAY] * len(ids),
            "department": pl.Series(["门诊", *[None] * (len(ids) - 1)]).cast(pl.Categorical),
            "principal_diagnosis": pl.Series(["I10"] * len(ids)).cast(pl.Categorical),
            "other_diagnoses": pl.Series(lists, dtype=pl.List(pl.String)),
        }
    )


def lines(rows: list[tuple[str, str, str, int]]) -> pl.DataFrame:
    names = ["visit_id", "item_code", "item_kind", "amount_fen"]
    frame = pl.DataFrame(
        rows, dict(zip(names, [*[pl.String] * 3, pl.Int64], strict=True)), orient="row"
    )
    return frame.with_columns(pl.col("item_code", "item_kind").cast(pl.Categorical))


def test_each_code_once_and_amounts_by_kind() -> None:
    kept = kept_of_visits(visits("abc", [["E11", "J01"], [], ["E11"]]), lines(_LINES))
    assert kept.schema == pl.Schema(KEPT_SCHEMA)
    assert kept.rows() == [
        ("a", "H1", _DAY, "门诊", "I10", "E11|J01", "93.54", "C01|X02", 40, 0, 300),
        ("b", "H1", _DAY, None, "I10", None, None, None, None, None, None),
        ("c", "H1", _DAY, None, "I10", "E11", "93.54", "R09|Z", 0, 11, 12),
    ]


def test_no_line_and_no_visit() -> None:
    kept = kept_of_visits(visits("a", [[]]), lines([]))
    assert kept.select("procedures", "items", "drug_fen").row(0) == (None, None, None)
    assert kept_of_visits(visits("a", [[]]).clear(), lines([])).schema == pl.Schema(KEPT_SCHEMA)
