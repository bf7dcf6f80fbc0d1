"""`drgpay case` as a user types it."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from drgpay.base.errors import DrgpayError
from drgpay.cli import case as case_command
from drgpay.cli.commands import Command
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from tests.accepting import IN_JOB
from tests.run.no_books import without_books


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A small month's records, settled into runs/."""
    region = tmp_path_factory.mktemp("case") / "region"
    shutil.copytree(sample_data, region, ignore=shutil.ignore_patterns("history", "filings"))
    stays = region / "stays" / "2026-10.parquet"
    pl.read_parquet(stays).head(300).write_parquet(stays)
    job = region / "2026-10.toml"
    lines = job.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("reviews", "deductions"))]
    job.write_text("\n".join(kept) + "\n" + IN_JOB, encoding="utf-8")
    with without_books():
        run_month(replace(load_job(job), output=region / "runs"))
    return region


def run_of(region: Path) -> Path:
    (folder,) = (region / "runs").iterdir()
    return folder


def case_of(region: Path, **facts: object) -> str:
    cases = pl.read_parquet(run_of(region) / "cases.parquet")
    return str(cases.filter(**facts)["case_id"][0])


def drgpay_case(region: Path, *arguments: object) -> Result:
    app = typer.Typer()
    app.command(cls=Command)(case_command.case)
    words = [*map(str, arguments), "--runs", str(region / "runs")]
    words += [] if "--lang" in words else ["--lang", "zh"]
    return CliRunner().invoke(app, words)


def refused(result: Result, *words: str) -> None:
    """A DrgpayError is one sentence and exit status 2 (drgpay.cli.main)."""
    assert isinstance(result.exception, DrgpayError), result.output
    for word in words:
        assert word in str(result.exception)


def test_transcript_in_chinese(region: Path) -> None:
    case = case_of(region, case_class="normal")
    result = drgpay_case(region, "2026-10", case)
    assert result.exit_code == 0, result.output
    assert f"病例 {case} · {run_of(region).name} · 月度结算" in result.output
    assert "全部与运行结果一致" in result.output
    row = pl.read_parquet(run_of(region) / "cases.parquet").row(
        by_predicate=pl.col("case_id") == case, named=True
    )
    assert (
        f"医疗总费用 ÷ 病组均次费用 = {row['total_cost']:,} ÷ {row['mean_cost']:,}" in result.output
    )
    assert f"基准点数 × 系数 = {row['base_points']} × {row['coefficient']}" in result.output
    assert "以上条件均不成立" in result.output
    assert "最大余额法" in result.output
    titles = [line for line in result.output.splitlines() if line[:1].isdigit()]
    assert [title.split()[0] for title in titles] == [*"12345678"]


def test_transcript_in_english_by_path_with_how_it_was_grouped(region: Path) -> None:
    case = case_of(region, case_class="high")
    job = region / "2026-10.toml"
    result = drgpay_case(region, run_of(region), case, "--job", job, "--lang", "en")
    assert result.exit_code == 0, result.output
    for said in (
        "numbers are those of the run",
        "The path that held",
        "principal diagnosis",
        "the first condition that holds",
        "Cost ratio",
        "rounded down at 4 places",
        "largest remainder: rank",
    ):
        assert said in result.output, said


def test_no_person_is_shown(region: Path) -> None:
    stays = pl.read_parquet(region / "stays" / "2026-10.parquet")
    case = case_of(region, case_class="normal")
    person = str(stays.filter(case_id=case)["person_id"][0])
    job = region / "2026-10.toml"
    for form in ([], ["--json"]):
        result = drgpay_case(region, "2026-10", case, "--job", job, *form)
        assert result.exit_code == 0
        assert person not in result.output


def test_json_has_the_same_steps(region: Path) -> None:
    case = case_of(region, case_class="low")
    job = region / "2026-10.toml"
    result = drgpay_case(region, "2026-10", case, "--json", "--lang", "en", "--job", job)
    data = json.loads(result.output)
    assert (data["case_id"], data["kind"], data["agrees"]) == (case, "month", True)
    lines = {line["name"]: line for part in data["parts"] for line in part["lines"]}
    assert lines["is_low"]["value"] is True
    assert lines["is_low"]["formula"] == "total_cost<low_bound"
    assert lines["fund_amount"]["agrees"] is True
    assert data["grouping"]["answer"]["drg"]["code"] in lines["drg"]["value"]


@pytest.mark.parametrize("column", ["points", "fund_amount", "base_points"])
def test_a_damaged_run_is_said_and_ends_with_1(region: Path, tmp_path: Path, column: str) -> None:
    spoiled = tmp_path / "runs" / run_of(region).name
    shutil.copytree(run_of(region), spoiled)
    case = case_of(region, case_class="normal")
    path = spoiled / "cases.parquet"
    frame = pl.read_parquet(path)
    more = pl.when(pl.col("case_id") == case).then(pl.lit("1.00").cast(pl.Decimal(18, 2)))
    changed = (pl.col(column) + more.otherwise(0)).cast(frame.schema[column])
    frame.with_columns(changed.alias(column)).write_parquet(path)
    result = drgpay_case(tmp_path, "2026-10", case)
    assert result.exit_code == 1
    assert "与运行结果不符" in result.output
    assert "应为" in result.output
    assert drgpay_case(tmp_path, "2026-10", case, "--json").exit_code == 1


def test_a_stay_that_is_grouped_otherwise_now_is_said(region: Path, tmp_path: Path) -> None:
    again = tmp_path / "region"
    shutil.copytree(region, again)
    case = case_of(again, case_class="normal")
    path = again / "stays" / "2026-10.parquet"
    stays = pl.read_parquet(path)
    other = pl.when(pl.col("case_id") == case).then(pl.lit("Z00.000"))
    stays.with_columns(principal_diagnosis=other.otherwise("principal_diagnosis")).write_parquet(
        path
    )
    result = drgpay_case(again, "2026-10", case, "--job", again / "2026-10.toml")
    assert result.exit_code == 1


def test_lines_as_a_table_for_programs(region: Path) -> None:
    case = case_of(region, case_class="normal")
    lines = json.loads(drgpay_case(region, "2026-10", case, "--format", "json").output)
    whole = json.loads(drgpay_case(region, "2026-10", case, "--json").output)
    named = [(part["part"], line["name"]) for part in whole["parts"] for line in part["lines"]]
    assert [(line["part"], line["name"]) for line in lines] == named
    paid = {line["name"]: line["stored"] for line in lines if line["part"] == "amounts"}
    row = pl.read_parquet(run_of(region) / "cases.parquet").filter(case_id=case)
    assert paid["fund_amount"] == str(row["fund_amount"][0])
    text = drgpay_case(region, "2026-10", case, "--format", "csv").output
    assert pl.read_csv(io.StringIO(text), infer_schema=False).height == len(lines)


def test_unknown_cases_are_refused_with_ids_near_them(region: Path) -> None:
    case = case_of(region, case_class="normal")
    refused(drgpay_case(region, "2026-10", f"{case}7"), "has no case", "ids near it are", case)
    refused(drgpay_case(region, "2026-10", case[4:]), case)
    refused(drgpay_case(region, "2026-10", "?"), "give the case_id as the records have it")


def test_quarantined_cases_are_named_as_such(region: Path, tmp_path: Path) -> None:
    spoiled = tmp_path / "runs" / run_of(region).name
    shutil.copytree(run_of(region), spoiled)
    path = spoiled / "quarantine.parquet"
    frame = pl.read_parquet(path)
    row = dict.fromkeys(frame.columns) | {"case_id": "BAD", "code": "cost_identity"}
    pl.concat([frame, pl.DataFrame([row], schema=frame.schema)]).write_parquet(path)
    refused(drgpay_case(tmp_path, "2026-10", "BAD"), "quarantine", "cost_identity")


def test_runs_are_found_by_the_beginning_of_their_id(region: Path, tmp_path: Path) -> None:
    case = case_of(region, case_class="normal")
    refused(drgpay_case(region, "2025", case), "there is no run '2025'")
    name = run_of(region).name
    shutil.copytree(run_of(region), tmp_path / "runs" / name)
    shutil.copytree(run_of(region), tmp_path / "runs" / f"{name}-copy")
    refused(drgpay_case(tmp_path, "2026-10", case), "2 runs begin with '2026-10'", name)
    assert drgpay_case(tmp_path, name, case).exit_code == 0


def test_a_run_without_its_files_is_refused(region: Path, tmp_path: Path) -> None:
    spoiled = tmp_path / "runs" / run_of(region).name
    shutil.copytree(run_of(region), spoiled)
    (spoiled / "cases.parquet").write_bytes(b"PAR1")
    refused(drgpay_case(tmp_path, "2026-10", "X"), "cannot be read", "drgpay verify")
