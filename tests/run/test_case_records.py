"""case_records.parquet, visit_records.parquet: codes, department, kinds of cost of what a run paid."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.report.visit_wording import visit_word
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.statements import write_statements
from drgpay.run.verify import verify_run
from tests.run.forging import forge
from tests.run.small_region import small_region
from tests.run.test_statements import below, sheet
from tests.run.visit_region import visit_job, visit_region


def test_a_run_keeps_the_records_of_its_stays(sample_data: Path, tmp_path: Path) -> None:
    job = small_region(sample_data, tmp_path / "region")
    folder = run_month(load_any_job(job), "en").folder
    kept, cases = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("case_records", "cases")
    )
    assert kept.select("case_id", "hospital_id").equals(cases.select("case_id", "hospital_id"))
    assert (folder / "case_records.parquet").stat().st_mode & 0o077 == 0
    stays = pl.read_parquet(job.parent / "small.parquet")
    said = kept.select("case_id").join(stays, on="case_id", how="left", maintain_order="left")
    assert kept["department"].equals(said["department"])
    assert kept["procedures"].fill_null("").equals(said["procedures"].list.join("|"))
    assert kept["drug_cost"].equals(said["drug_cost"])
    assert "person_id" not in kept.columns


def test_what_cannot_be_read_of_them_refuses_no_stay(sample_data: Path, tmp_path: Path) -> None:
    job = small_region(sample_data, tmp_path / "region")
    usual = run_month(load_any_job(job), "en")
    stays = pl.read_parquet(job.parent / "small.parquet")
    stays.with_columns(drug_cost=pl.lit("about ten")).write_parquet(job.parent / "small.parquet")
    other = run_month(load_any_job(job), "en")
    assert usual.stays and other.stays
    assert other.stays.cases.equals(usual.stays.cases)
    assert other.stays["case_records"]["drug_cost"].null_count() == other.stays.cases.height


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region with a settled month of 600 visits."""
    region = visit_region(sample_data, tmp_path_factory.mktemp("visits") / "region")
    run_month(load_any_job(visit_job(region, "paid")), "zh", run_id="october")
    return region


@pytest.fixture(scope="module")
def visits_run(region: Path) -> Path:
    return region / "runs" / "october"


def test_a_run_keeps_the_records_of_its_visits(region: Path, visits_run: Path) -> None:
    kept, cases = (
        pl.read_parquet(visits_run / f"{name}.parquet") for name in ("visit_records", "visits")
    )
    shared = ["visit_id", "hospital_id", "visit_date", "department"]
    assert kept.select(shared).equals(cases.select(shared))
    assert (visits_run / "visit_records.parquet").stat().st_mode & 0o077 == 0
    given = pl.read_parquet(region / "paid" / "visits.parquet")
    said = kept.select("visit_id").join(given, on="visit_id", how="left", maintain_order="left")
    assert kept["principal_diagnosis"].equals(said["principal_diagnosis"])
    assert kept["other_diagnoses"].fill_null("").equals(said["other_diagnoses"].list.join("|"))
    items = pl.read_parquet(region / "paid" / "items.parquet")
    codes = {
        (row["visit_id"], code)
        for row in kept.iter_rows(named=True)
        for name in ("procedures", "items")
        for code in (row[name] or "").split("|")
        if code
    }
    # What refunds took away is gone, and nothing else is there.
    assert codes <= set(items.select("visit_id", "item_code").iter_rows())
    assert len(codes) > kept.height
    drugs = items.filter(pl.col("item_kind") == "drug", pl.col("visit_id").is_in(kept["visit_id"]))
    assert kept["drug_cost"].sum() == drugs["amount"].sum()
    assert "person_id" not in kept.columns


def cases_of(book: Path) -> list[dict[str, Any]]:
    return list(below(sheet(book, "case_list", visit_word), visit_word("visit_id", "zh")))


def test_visits_stand_with_their_codes_in_workbooks(visits_run: Path, tmp_path: Path) -> None:
    kept = pl.read_parquet(visits_run / "visit_records.parquet")
    hospital = kept["hospital_id"].value_counts(sort=True)["hospital_id"][0]
    due = kept.filter(hospital_id=hospital)
    made = write_statements(visits_run, "zh", [hospital], tmp_path / "out", processes=1)
    book = made.folder / f"{hospital}.xlsx"
    rows = cases_of(book)
    assert [row["就诊编号"] for row in rows] == due["visit_id"].to_list()
    assert {row["就诊类型"] for row in rows} <= {"普通门诊", "门诊慢性病", "门诊特殊病"}
    assert [row["主要诊断"] for row in rows] == due["principal_diagnosis"].to_list()
    assert all(row["主要诊断名称"] for row in rows)
    assert [row["手术操作"] or None for row in rows] == due["procedures"].to_list()
    assert [row["其他项目"] or None for row in rows] == due["items"].to_list()
    assert [row["药品费"] for row in rows] == [float(one) for one in due["drug_cost"]]
    checks = below(sheet(book, "checks", visit_word), visit_word("check_item", "zh"))
    assert {row["结果"] for row in checks} == {visit_word("check_right", "zh")}


def test_optional_columns_of_visits_that_are_absent_are_null(region: Path) -> None:
    bare = shutil.copytree(region / "paid", region / "bare") / "visits.parquet"
    given = pl.read_parquet(bare)
    given.drop("department", "other_diagnoses").write_parquet(bare)
    job = visit_job(region, "bare")
    made = run_month(load_any_job(job), "zh", run_id="bare").folder
    kept = pl.read_parquet(made / "visit_records.parquet")
    assert kept.height
    assert {kept[name].null_count() for name in ("department", "other_diagnoses")} == {kept.height}
    assert verify_run(made).status == "right"


@pytest.mark.slow
def test_a_visit_month_that_names_its_cases_is_verified(region: Path) -> None:
    job = visit_job(region, "paid")
    table = 'output = { folder = "runs", cases = true }'
    named = job.with_name("named.toml")
    named.write_text(job.read_text("utf-8").replace('output = "runs"', table), "utf-8")
    made = run_month(load_any_job(named), "zh", run_id="named").folder
    book = max((made / "statements").iterdir(), key=lambda path: path.stat().st_size)
    assert all(row["主要诊断名称"] for row in cases_of(book))
    assert verify_run(made).status == "right"


@pytest.mark.slow
@pytest.mark.parametrize("spoil", ["a row less", "a row twice", "another day", "another provider"])
def test_records_that_are_not_those_of_the_cases_are_found(
    visits_run: Path, tmp_path: Path, spoil: str
) -> None:
    run = Path(shutil.copytree(visits_run, tmp_path / visits_run.name))
    first = pl.read_parquet(run / "visits.parquet")["hospital_id"][0]
    edits = {
        "a row less": lambda rows: rows[1:],
        "a row twice": lambda rows: pl.concat([rows[:1], rows]),
        "another day": lambda rows: rows.with_columns(
            pl.col("visit_date").dt.offset_by("1d").alias("visit_date")
        ),
        "another provider": lambda rows: rows.with_columns(hospital_id=pl.lit(first)),
    }
    forge(run, "visit_records", edits[spoil])
    found = {check.key: check for check in verify_run(run).checks}
    assert found["visit_case_records"].status == "wrong"
    assert "visit_records" in found["visit_case_records"].finding.en
    assert found["visit_values"].status == "right"
