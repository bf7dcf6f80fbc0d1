"""Forgetting: no row about a person stays, the evidence does, and open years keep what they need."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.results.forgotten import decisions, record_of
from drgpay.results.manifest import read_manifest
from drgpay.results.run_folder import open_month
from drgpay.run.archive import keep
from drgpay.run.forgetting import forget, forgettable
from drgpay.run.verify import Verified, verify_run
from tests.cli.in_process import Run, ends_well


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """The runs folder of the sample month: stays and visits, with its report."""
    runs = tmp_path_factory.mktemp("forget") / "runs"
    ends_well("run", sample_data / "2026-10.toml", "--out", runs, "--run-id", "october", "-q")
    ends_well("report", runs / "october", "-q")
    return runs


@pytest.fixture
def runs(settled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(settled, tmp_path / "runs"))


def cleared(runs: Path, months: dict[str, str], region: str | None = None) -> None:
    """Put the manifest of a clearing of some months into a folder: period -> run."""
    october = json.loads((runs / "october" / "manifest.json").read_text("utf-8"))
    content: dict[str, Any] = {
        **{key: october[key] for key in ("basis_sha256", "counts", "seconds", "policy")},
        "run": "year",
        "kind": "clearing",
        "period": "2026",
        "outputs": {},
        "inputs": {
            "months": [
                {"period": period, "runs": [{"run": run, "evidence": ""}]}
                for period, run in months.items()
            ]
        },
    }
    if region:
        content["policy"]["parameters"]["policy"]["region"] = region
    (runs / "year").mkdir(exist_ok=True)
    (runs / "year" / "manifest.json").write_text(json.dumps(content), "utf-8")


def words_of(folder: Path) -> Iterator[tuple[str, set[str]]]:
    """Every file below a folder with the words of its texts."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".xlsx":
            with ZipFile(path) as book:
                text = " ".join(book.read(name).decode() for name in book.namelist())
        elif path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            text = " ".join(
                str(value)
                for column in frame.get_columns()
                if column.dtype in (pl.String, pl.Categorical, pl.Enum)
                for value in column.unique().to_list()
            )
        else:
            text = path.read_text("utf-8", errors="replace")
        yield path.name, set(re.findall(r"[\w-]+", text))


def checks(verified: Verified) -> dict[str, str]:
    return {check.key: check.status for check in verified.checks}


def test_no_id_stays_and_the_rest_is_right(runs: Path, drgpay: Run) -> None:
    run = runs / "october"
    tables = [("cases", "case_id"), ("quarantine", "case_id"), ("visits", "visit_id")]
    ids = {one for name, key in tables for one in pl.read_parquet(run / f"{name}.parquet")[key]}
    evidence, money = read_manifest(run).evidence, (run / "statements.parquet").read_bytes()
    cleared(runs, {"2026-10": "october"})
    status, out, err = drgpay(
        *("forget", "--runs", runs, "--before", "2027-01-01", "--by", "王主任", "--json"),
        *("--note", "保管期满"),
    )
    assert status == 0, err
    (about,) = json.loads(out)["runs"]
    assert (about["run"], about["state"], about["needed"]) == ("october", "gone", "")
    assert {"cases.parquet", "visits.parquet", "summary.xlsx"} <= set(about["files"])
    for name, words in words_of(run):
        assert ids.isdisjoint(words), name
    assert not (run / "statements").exists()
    assert (run / "statements.parquet").read_bytes() == money

    manifest = read_manifest(run)
    assert manifest.evidence == evidence
    assert manifest.forgotten == {name for name in about["files"] if (name in manifest.outputs)}
    verified = verify_run(run)
    assert (verified.status, verified.evidence) == ("forgotten", evidence)
    found = checks(verified)
    assert {"wrong", "unknown"} & set(found.values()) == set()
    for key in ("basis", "run_id", "outputs", "values", "pools", "prepayments", "ledger"):
        assert found[key] == "right", key
    status, out, _ = drgpay("verify", run, "--lang", "en")
    assert (status, "by decision of 王主任" in out) == (0, True)

    (decided,) = decisions(run)
    assert (decided.by, decided.note, decided.evidence) == ("王主任", "保管期满", evidence)
    assert record_of(run).stat().st_mode & 0o077 == 0
    status, out, _ = drgpay("forget", "--runs", runs, "--before", "2027-01-01", "--dry-run")
    assert (status, "no earlier run" in out) == (0, True)
    with pytest.raises(DrgpayError, match="forgotten by decision of 王主任"):
        open_month(run)


def test_the_database_keeps_its_sums(runs: Path, drgpay: Run) -> None:
    _, before, _ = drgpay("runs", "list", "--runs", runs, "--lang", "en")
    _, groups, _ = drgpay(
        *("runs", "sql", "SELECT sum(cases) FROM run_groups", "--runs", runs, "--format", "csv")
    )
    drgpay("forget", "--runs", runs, "--before", "2027-01-01", "--by", "W", "--force")
    status, after, err = drgpay("runs", "list", "--runs", runs, "--lang", "en")
    assert (status, after, err) == (0, before, "")
    _, again, _ = drgpay(
        *("runs", "sql", "SELECT sum(cases) FROM run_groups", "--runs", runs, "--format", "csv")
    )
    assert again == groups
    assert "1994" in again


def test_only_what_ended_before_the_day(runs: Path) -> None:
    assert forgettable(runs, date(2026, 10, 31)) == []
    (found,) = forgettable(runs, date(2026, 11, 1))
    assert found.run.run_id == "october"
    assert found.bytes > 0


@pytest.mark.slow
def test_an_open_year_needs_its_months(runs: Path, drgpay: Run) -> None:
    status, out, _ = drgpay(
        "forget", "--runs", runs, "--before", "2027-01-01", "--by", "W", "--lang", "en"
    )
    assert (status, "2026 is not cleared yet" in out) == (1, True)
    assert verify_run(runs / "october").status == "right"
    # Another region's clearing, or one of other months, does not end the year of this one.
    cleared(runs, {"2026-10": "another"}, region="elsewhere")
    assert next(iter(forgettable(runs, date(2027, 1, 1)))).needed
    cleared(runs, {"2026-09": "another"})
    assert next(iter(forgettable(runs, date(2027, 1, 1)))).needed
    # A run that was made for a month of which another one was cleared is needed by nobody.
    cleared(runs, {"2026-10": "another"})
    assert not next(iter(forgettable(runs, date(2027, 1, 1)))).needed


def test_a_month_that_an_open_one_names_as_paid_before(runs: Path) -> None:
    cleared(runs, {"2026-10": "october"})
    later = runs / "january"
    later.mkdir()
    content = json.loads((runs / "october" / "manifest.json").read_text("utf-8"))
    content |= {"run": "january", "period": "2027-01", "outputs": {}}
    content["inputs"]["previous"] = [{"period": "2026-10", "run": "october", "evidence": ""}]
    (later / "manifest.json").write_text(json.dumps(content), "utf-8")
    (found,) = forgettable(runs, date(2027, 1, 1))
    assert found.needed
    assert "january" in found.needed.en


def test_files_that_are_there_although_they_were_forgotten(runs: Path) -> None:
    run, kept = runs / "october", (runs / "october" / "cases.parquet").read_bytes()
    (found,) = forgettable(runs, date(2027, 1, 1))
    forget(found, "W")
    (run / "cases.parquet").write_bytes(kept)
    verified = verify_run(run)
    assert checks(verified)["outputs"] == "wrong"
    (again,) = forgettable(runs, date(2027, 1, 1))  # as after an interruption
    assert again.files == ("cases.parquet",)
    forget(again, "W")
    assert verify_run(run).status == "forgotten"
    assert len(decisions(run)) == 2


def test_what_nobody_decided_is_damage(runs: Path) -> None:
    run = runs / "october"
    (found,) = forgettable(runs, date(2027, 1, 1))
    forget(found, "W")
    (run / "values.parquet").unlink()
    assert checks(verify_run(run))["outputs"] == "wrong"

    manifest = run / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    content["forgotten"]["files"].append("values.parquet")
    manifest.write_text(json.dumps(content), "utf-8")
    assert checks(verify_run(run))["forgotten"] == "wrong"

    record = record_of(run)
    record.write_text(record.read_text("utf-8").replace(": ", ":", 1), "utf-8")
    record.write_text(record.read_text("utf-8") * 2, "utf-8")
    with pytest.raises(DrgpayError, match="line 2"):
        decisions(run)
    assert checks(verify_run(run))["forgotten"] == "wrong"
    record.unlink()
    assert checks(verify_run(run))["forgotten"] == "unknown"


@pytest.mark.slow
def test_a_forgotten_run_is_not_made_again_in_its_place(
    runs: Path, sample_data: Path, drgpay: Run
) -> None:
    (found,) = forgettable(runs, date(2027, 1, 1))
    forget(found, "W")
    job = sample_data / "2026-10.toml"
    status, _, err = drgpay("run", job, "--out", runs, "--run-id", "october", "--lang", "en")
    assert (status, "forgotten by decision" in err) == (2, True)
    assert verify_run(runs / "october").status == "forgotten"


def test_the_report_goes_only_where_it_names_a_case(runs: Path) -> None:
    page = runs / "october.html"
    (found,) = forgettable(runs, date(2027, 1, 1))
    assert found.beside == ()
    case = pl.read_parquet(runs / "october" / "cases.parquet")["case_id"][0]
    page.write_text(f"<html><p>{case}</p></html>", "utf-8")
    (found,) = forgettable(runs, date(2027, 1, 1))
    assert found.beside == ("october.html",)
    forget(found, "W")
    assert not page.exists()


def test_workbooks_beside_the_run_go_too_and_are_on_record(runs: Path, drgpay: Run) -> None:
    run = runs / "october"
    case = pl.read_parquet(run / "cases.parquet").row(0, named=True)
    hospital, row = case["hospital_id"], case["case_id"]
    ends_well("statements", run, "--hospital", hospital, "-q")
    book = runs / "october-statements" / f"{hospital}.xlsx"
    sha256 = file_hash(book)
    packed = runs / "october-packs" / "county"
    packed.mkdir(parents=True)
    shutil.copyfile(book, packed / "payments.xlsx")
    (packed / "sums.csv").write_text("hospital,sum\nH1,2\n", "utf-8")
    (packed / "cases.csv").write_text(f"case,sum\n{row},2\n", "utf-8")
    # The statements of another run, whose name begins alike.
    shutil.copytree(run, runs / "october-2")
    others = runs / "october-2-statements"
    others.mkdir()
    shutil.copyfile(book, others / book.name)

    status, out, _ = drgpay(
        *("forget", "--runs", runs, "--before", "2027-01-01", "--by", "W", "--force", "--json"),
    )
    assert status == 0
    october, second = json.loads(out)["runs"]
    gone = ["october-packs/county/cases.csv", "october-packs/county/payments.xlsx"]
    gone.append(f"october-statements/{hospital}.xlsx")
    assert (october["run"], october["beside"]) == ("october", gone)
    assert second["beside"] == [f"october-2-statements/{hospital}.xlsx"]
    assert not any((runs / name).exists() for name in gone)
    assert not book.parent.exists()
    assert (packed / "sums.csv").exists()
    (decided,) = decisions(run)
    assert sorted(decided.beside) == gone
    assert decided.beside[gone[-1]] == sha256
    assert verify_run(run).status == "forgotten"

    # What somebody puts back is seen, and goes once more although no id is known any more.
    (packed / "cases.csv").write_text(row, "utf-8")
    (found,) = [check for check in verify_run(run).checks if check.key == "forgotten"]
    assert (found.status, "cases.csv" in found.finding.en) == ("wrong", True)
    (again,) = forgettable(runs, date(2027, 1, 1))
    assert (again.files, again.beside) == ((), ("october-packs/county/cases.csv",))
    forget(again, "W")
    assert verify_run(run).status == "forgotten"


@pytest.mark.slow
def test_archives_are_named_and_stay(runs: Path, tmp_path: Path, drgpay: Run) -> None:
    places = [runs / "inside.tar", tmp_path / "beside", tmp_path / "archive" / "2026.tar"]
    for place in places:
        keep([runs / "october"], place)
    (tmp_path / "archive" / "other.tar").write_bytes(b"no tar")
    words = ("forget", "--runs", runs, "--before", "2027-01-01", "--force")
    _, out, _ = drgpay(*words, "--dry-run", "--json")
    (about,) = json.loads(out)["runs"]
    assert sorted(about["archives"]) == sorted(str(place) for place in places)
    kept = [place.read_bytes() for place in places if place.is_file()]
    _, out, _ = drgpay(*words, "--by", "W", "--lang", "en")
    assert out.count("holds october and is not touched") == len(places)
    assert [place.read_bytes() for place in places if place.is_file()] == kept


def test_who_and_when_are_asked_for(runs: Path, drgpay: Run) -> None:
    status, _, err = drgpay("forget", "--runs", runs, "--before", "2027-01-01", "--lang", "en")
    assert (status, "--by" in err) == (2, True)
    status, _, err = drgpay("forget", "--runs", runs, "--before", "1.1.2027", "--lang", "en")
    assert (status, "is no date" in err) == (2, True)
    missing = ("--runs", runs / "nowhere", "--before", "2027-01-01", "--dry-run", "--lang", "en")
    status, _, err = drgpay("forget", *missing)
    assert (status, "--runs" in err) == (2, True)
