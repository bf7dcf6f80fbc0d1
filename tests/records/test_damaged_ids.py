"""Ids that are nobody's stop the run, of stays, visits, lines and small tables; no person is named."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.damaged_ids import STAYS, VISITS, IdWatch, Numbered, refuse_damaged_ids
from drgpay.records.hospitals import read_hospitals
from drgpay.records.visits.enrolment import read_enrolment
from drgpay.records.visits.reading import visit_buckets
from tests.records.visits.test_visits import KNOWN, RULES, written


def rows(of: Numbered, ids: list[str], persons: list[str]) -> pl.DataFrame:
    frame = pl.DataFrame({of.id: ids, "person_id": persons, "hospital_id": "H"})
    return frame.with_columns(
        pl.lit(None, pl.String).alias(name) for name in of.others if name not in frame.columns
    )


def several(of: Numbered, count: int, **changed: Any) -> pl.DataFrame:
    frame = rows(of, [f"c{n:05}" for n in range(count)], [f"p{n}" for n in range(count)])
    return frame.with_columns(**changed)


def watched(of: Numbered, frame: pl.DataFrame, batch: int = 1000) -> None:
    """Look at rows in batches of a size, as they stream."""
    watch = IdWatch(of, "rows")
    for part in frame.iter_slices(batch):
        watch.see(part)
    watch.refuse(lambda: frame.iter_slices(batch))


@pytest.mark.parametrize("of", [STAYS, VISITS])
@pytest.mark.parametrize("column", ["id", "hospital_id", "person_id"])
def test_ids_that_a_spreadsheet_wrote_as_numbers(of: Numbered, column: str) -> None:
    name = of.id if column == "id" else column
    with pytest.raises(DrgpayError, match="a spreadsheet has made numbers of the ids") as raised:
        watched(of, several(of, 3, **{name: pl.lit("3.39E+19")}))
    said = str(raised.value)
    assert f"3 rows have a {name}" in said
    assert "export the ids as text" in said
    assert ("3.39E+19" in said) == (column != "person_id")
    assert ("c00000, c00001, c00002" in said) == (column != "id")


def test_ids_of_which_15_digits_are_left() -> None:
    cut = pl.Series([f"33900000{n:07}000" for n in range(40)])
    with pytest.raises(
        DrgpayError, match="40 of 40 visits whose person_id has more than 15 digits"
    ):
        watched(VISITS, several(VISITS, 40, person_id=cut))
    with pytest.raises(DrgpayError, match="40 of 40 stays whose case_id") as raised:
        refuse_damaged_ids(several(STAYS, 40, case_id=cut), "s")
    assert "a spreadsheet keeps 15 digits" in str(raised.value)


def test_ids_that_end_in_zeros_by_chance() -> None:
    whole = [f"33900000{n:07}{n % 1000:03}" for n in range(2000)]
    watched(VISITS, several(VISITS, 2000, person_id=pl.Series(whole)))
    few = pl.Series([f"33900000{n:07}000" for n in range(19)])
    watched(VISITS, several(VISITS, 19, person_id=few))
    watched(VISITS, several(VISITS, 40, person_id=pl.Series([f"{n:012}000" for n in range(40)])))


@pytest.mark.parametrize(("of", "most"), [(STAYS, 20), (VISITS, 100)])
def test_one_person_with_more_than_anybody_has(of: Numbered, most: int) -> None:
    def with_one(count: int, of_all: int) -> pl.DataFrame:
        persons = ["M-secret" if n < count else f"p{n}" for n in range(of_all)]
        return several(of, of_all, person_id=pl.Series(persons))

    watched(of, with_one(most, most))
    watched(of, with_one(most + 1, 100 * (most + 1)))
    with pytest.raises(DrgpayError, match=f"{most + 1} of 2000 {of.name} have one") as raised:
        watched(of, with_one(most + 1, 2000))
    assert "c00000, c00001, c00002" in str(raised.value)
    assert "M-secret" not in str(raised.value)
    assert "M-secret" not in raised.value.further


def test_batches_and_order_say_the_same() -> None:
    frame = several(
        VISITS, 3000, person_id=pl.Series(["x" if n % 9 == 0 else f"p{n}" for n in range(3000)])
    )
    said = set()
    for batch, seed in ((7, 1), (1000, 2), (3000, 3)):
        with pytest.raises(DrgpayError) as raised:
            watched(VISITS, frame.sample(fraction=1, shuffle=True, seed=seed), batch)
        said.add(str(raised.value))
    assert len(said) == 1


def test_persons_who_share_a_counter_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drgpay.records.damaged_ids._PLACES", 2)
    frame = several(VISITS, 900)
    watch = IdWatch(VISITS, "rows")
    watch.see(frame)
    asked: list[pl.DataFrame] = []

    def again() -> list[pl.DataFrame]:
        asked.append(frame)
        return asked

    watch.refuse(again)
    assert asked


def test_visits_that_stream(tmp_path: Path) -> None:
    visits = [
        {"visit_id": f"v{n:04}", "person_id": "one" if n < 150 else f"p{n}"} for n in range(400)
    ]
    records = written(
        tmp_path, visits, [{"visit_id": row["visit_id"]} for row in visits], row_group_size=50
    )
    with pytest.raises(DrgpayError, match=r"visits\.parquet: 150 of 400 visits have one") as raised:
        list(visit_buckets(records, RULES, KNOWN, tmp_path, bucket_ids=37))
    assert "v0000, v0001, v0002" in str(raised.value)


@pytest.mark.parametrize(
    ("visit", "line", "words"),
    [
        (
            {"person_id": "3.39E+19"},
            {},
            r"visits\.parquet: 1 rows have a person_id \(visit_id v1\)",
        ),
        (
            {"contractor_id": "3.39E+19"},
            {},
            r"visits\.parquet: 1 rows have a contractor_id such as",
        ),
        (
            {},
            {"visit_id": "3.39E+19"},
            r"items\.parquet: 1 rows have a visit_id such as 3\.39E\+19",
        ),
    ],
)
def test_damaged_ids_of_visits_and_lines(
    tmp_path: Path, visit: dict[str, Any], line: dict[str, Any], words: str
) -> None:
    records = written(tmp_path, [visit], [{}, line])
    with pytest.raises(DrgpayError, match=words):
        list(visit_buckets(records, RULES, KNOWN, tmp_path))


def test_damaged_ids_of_small_tables(tmp_path: Path) -> None:
    enrolment = tmp_path / "enrolment.csv"
    enrolment.write_text(
        "contractor_id,account,heads\nH1,employee,5\n3.39E+19,employee,5\n", "utf-8"
    )
    with pytest.raises(DrgpayError, match=r"contractor_id such as 3\.39E\+19 \(row 3\)"):
        read_enrolment(enrolment, ("employee",))
    hospitals = tmp_path / "hospitals.csv"
    hospitals.write_text("hospital_id,name,level\n3.39E+19,A,1\n", "utf-8")
    with pytest.raises(DrgpayError, match=r"hospital_id such as 3\.39E\+19 \(row 2\)") as caught:
        read_hospitals(hospitals)
    assert caught.value.problem_words.zh == (
        f"{hospitals}：1 行的 hospital_id（如 3.39E+19）（第 2 行）已被电子表格改成数字，"
        "形如 3.3E+17（damaged_ids）"
    )
