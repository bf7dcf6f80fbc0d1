"""Runs that drgpay 0.1.0 has written: this program reads, proves, corrects and clears them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.results.manifest import PROGRAM
from drgpay.run.comparison import Check
from drgpay.run.verify import verify_run
from drgpay.tables.declared import result_tables
from tests.kept.archive import unpack
from tests.kept.region import AGAIN, LATE, LOOKING_BACK, MONTHS, drgpay
from tests.spread import spread

ARCHIVE = Path(__file__).resolve().parents[1] / "data" / "runs-0.1.0.tar.xz"
WRITTEN_BY = "drgpay 0.1.0"
WITH_VISITS, YEAR = "2026-02", "2026"
EVERY = (*MONTHS, AGAIN, YEAR)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The year with its runs, and the database made of them."""
    folder = tmp_path_factory.mktemp("kept")
    unpack(ARCHIVE, folder)
    drgpay("runs", "rebuild", "--output", folder / "runs")
    return folder


@pytest.fixture(scope="module")
def runs(region: Path) -> dict[str, Path]:
    """The runs by their month; the correction by AGAIN, the clearing by YEAR."""
    manifests = {path.parent: _json(path) for path in region.glob("runs/*/manifest.json")}
    return {
        AGAIN if about.get("corrects") else about["period"]: run for run, about in manifests.items()
    }


def _json(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return read


def _read(run: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(run / f"{table}.parquet")


def _left(said: str) -> Path:
    """The folder that a command says that it leaves."""
    return Path(said.splitlines()[-1])


def assert_proven(run: Path) -> None:
    """Every check is right, or one that needs the program that wrote the run, or its columns."""
    checks = {check.key: check for check in verify_run(run).checks}
    wrong = [
        check
        for check in checks.values()
        if check.status != "right" and not _lacks_a_newer_column(check)
    ]
    if _json(run / "manifest.json")["program"] != PROGRAM:
        told = f"{WRITTEN_BY} wrote it, {PROGRAM} differs: "
        wrong = [
            check
            for check in wrong
            if check.status != "unknown" or not check.finding.en.startswith(told)
        ]
    assert wrong == []
    assert {checks[key].status for key in ("basis", "run_id", "outputs", "points_again")} == {
        "right"
    }


def _lacks_a_newer_column(check: Check) -> bool:
    """Whether all that is unknown is a column that is declared since, and what older files held."""
    _, _, column = check.finding.en.partition(" has no column ")
    newer = {one.name for table in result_tables().values() for one in table.fields if one.former}
    return check.status == "unknown" and column in newer


def test_the_archive_is_whole(runs: dict[str, Path]) -> None:
    """Nobody has made it again with another program."""
    assert sorted(runs) == sorted(EVERY)
    assert {_json(run / "manifest.json")["program"] for run in runs.values()} == {WRITTEN_BY}
    earlier = _read(runs[LOOKING_BACK], "adjustments")["kind"].to_list()
    assert {"readmission_earlier", "deduction_earlier"} <= set(earlier)


def test_the_database_has_each(region: Path, runs: dict[str, Path]) -> None:
    """It is made of their folders, and shows what their tables have."""
    listed = json.loads(drgpay("runs", "list", "--output", region / "runs", "--format", "json"))
    assert {row["run"] for row in listed} == {run.name for run in runs.values()}
    for name in (WITH_VISITS, AGAIN, YEAR):
        command = ("runs", "show", runs[name].name, "--output", region / "runs")
        shown = json.loads(drgpay(*command, "--format", "json"))
        due = _read(runs[name], "statements")["fund_amount"].sum()
        assert sum(Decimal(str(row["fund_amount"])) for row in shown["hospitals"]) == due, name
        assert bool(shown["visit_hospitals"]) == (name == WITH_VISITS)


@pytest.mark.parametrize("name", spread(EVERY, 3))
def test_each_is_proven(runs: dict[str, Path], name: str) -> None:
    assert_proven(runs[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", [WITH_VISITS, LOOKING_BACK, AGAIN, YEAR])
def test_cases_are_explained(region: Path, runs: dict[str, Path], name: str) -> None:
    """The command ends with another status where a number does not follow from its inputs."""
    cases = _read(runs[name], "cases")
    adjusted = _read(runs[name], "adjustments").join(cases, on="case_id", how="semi")["case_id"]
    of_classes = cases.unique("case_class", keep="first", maintain_order=True)["case_id"]
    late = [LATE] if name in (AGAIN, YEAR) else []
    for case in [*of_classes.head(3), *adjusted.head(1), *late]:
        assert case in drgpay("case", runs[name], case, "--lang", "en")
    if name == WITH_VISITS:
        job = ("--job", region / f"{name}.toml")
        assert "MDC" in drgpay("case", runs[name], cases["case_id"][0], *job)


@pytest.mark.parametrize("name", spread([WITH_VISITS, AGAIN], 1))
def test_a_month_is_corrected(
    region: Path, runs: dict[str, Path], name: str, tmp_path: Path
) -> None:
    """A stay is withdrawn, with stays of a first run and of a correction; both sides are compared."""
    job = (region / f"{name}.toml").read_text("utf-8")
    head = job.partition("\n[outpatient]")[0]
    (given,) = [line for line in head.splitlines() if line.startswith("stays = ")]
    stays = pl.read_parquet(region / given.split('"')[1])
    texts = "".join(path.read_text("utf-8") for path in region.glob("filings/*/*.csv"))
    gone = next(case for case in _read(runs[name], "cases")["case_id"] if case not in texts)
    stays.filter(pl.col("case_id") != gone).write_parquet(region / "withdrawn.parquet")
    lines = [line for line in job.splitlines() if not line.startswith("corrects")]
    again = "\n".join([f'corrects = "{runs[name].as_posix()}"', *lines])
    corrected = region / "corrected.toml"
    corrected.write_text(again.replace(given, 'stays = "withdrawn.parquet"'), "utf-8")
    run = _left(drgpay("run", corrected, "--output", tmp_path))
    changes = dict(_read(run, "differences").select("case_id", "change").iter_rows())
    assert changes[gone] == "withdrawn"
    assert set(changes.values()) <= {"withdrawn", "repriced"}
    paid = _read(runs[name], "statements")["prepayment"].to_list()
    more = _read(run, "difference_statements")["prepayment_difference"].to_list()
    assert sum(paid) + sum(more) == _read(run, "statements")["prepayment"].sum()
    if name == WITH_VISITS:
        assert _read(run, "visit_differences").is_empty()
    # The corrected run lies elsewhere, so verify is told where by the job.
    checks = verify_run(run, corrected).checks
    assert [check for check in checks if check.status != "right"] == []


def test_the_months_are_cleared_anew(region: Path, runs: dict[str, Path], tmp_path: Path) -> None:
    """Every hospital gets what it got."""
    cleared = _left(drgpay("clear", region / "2026.toml", "--output", tmp_path))
    line = ["hospital_id", "account", "out_of_area", "payment"]
    for table, columns in (
        ("statements", [*line, "points", "payable", "prepaid", "clearing"]),
        ("cases", ["case_id", "drg", "points", "fund_amount"]),
    ):
        was, now = (
            _read(run, table).select(columns).sort(columns) for run in (runs[YEAR], cleared)
        )
        assert now.equals(was), table


@pytest.mark.parametrize("name", spread([WITH_VISITS, LOOKING_BACK, YEAR], 1))
def test_scenarios_have_it_as_their_base(
    region: Path, runs: dict[str, Path], name: str, tmp_path: Path
) -> None:
    """Without a change the base comes out again; with one the points of cheap stays change."""
    base = ("--base", runs[name], "--job", region / f"{name}.toml")
    for text in ("", "[policy]\npoints.low_ratio = 0.9\n"):
        scenario, out = tmp_path / "scenario.toml", tmp_path / (f"out{len(text)}")
        scenario.write_text(f'name = "x"\n{text}', "utf-8")
        drgpay("simulate", scenario, *base, "--out", out)
        columns = ["hospital_id", "account", "points", "fund_amount"]
        was, now = (_read(run, "statements").select(columns) for run in (runs[name], out))
        assert now.equals(was) is not bool(text)


def test_a_page_reports_it(runs: dict[str, Path], tmp_path: Path) -> None:
    """With the point values of the months before."""
    page = tmp_path / "report.html"
    further = ("--with", runs["2026-01"])
    drgpay("report", runs[WITH_VISITS], *further, "--out", page, "--lang", "en")
    text = page.read_text("utf-8")
    assert runs[WITH_VISITS].name in text and runs["2026-01"].name in text
    assert "<svg" in text
