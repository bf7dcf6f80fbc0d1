"""[publish] of a job: said before the run, done behind it, and no part of what the run is."""

import json
import shutil
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.run.publication import destination_asked, destination_of
from tests.cli.in_process import Run
from tests.databases.postgresql_server import Server
from tests.publish.conftest import VARIABLE, Rows
from tests.run.no_books import without_books

YEAR = """year = 2026
policy = "policy.toml"
output = "runs"

[inputs]
hospitals = "hospitals.csv"
"""
OWN = "".join(
    f'\n[databases.{name}]\nkind = "postgresql"\nhost = "127.0.0.1"\n' for name in ("bi", "third")
)
SECTION = '\n[publish]\ndatabase = "bi"\n'


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of databases, with `bi` where nobody listens."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "config" / "drgpay" / "databases.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[databases.bi]\nkind = "postgresql"\nhost = "127.0.0.1"\nport = 1\n', "utf-8")
    return file


@pytest.fixture
def region(tmp_path: Path, sample_data: Path) -> Path:
    """The sample region, without its past years."""
    history = shutil.ignore_patterns("*history")
    return Path(shutil.copytree(sample_data, tmp_path / "region", ignore=history))


def _job(region: Path, section: str) -> Path:
    """The sample month with a section of its own."""
    job = region / "month.toml"
    job.write_text((region / "2026-10.toml").read_text("utf-8") + section, "utf-8")
    return job


def test_where_a_run_goes_is_read_before_the_run(region: Path, known: Path) -> None:
    assert destination_of(_job(region, "")) is None
    whole = f'{SECTION}schema = "months"\nwith = ["cases"]\n'
    found = destination_of(_job(region, whole))
    assert found is not None
    assert (found.database.name, found.database.file) == ("bi", known)
    assert (found.schema.restricted, found.chosen) == ("months_restricted", ("cases",))
    year = region / "2026.toml"
    year.write_text(f"{YEAR}{SECTION}", "utf-8")
    of_year = destination_of(year)
    assert of_year is not None
    assert of_year.schema.name == "drgpay"


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ('\n[publish]\ndatabase = "nowhere"\n', "databases.no_database"),
        (f'{SECTION}with = ["diagnoses"]\n', "publish.no_group"),
        (f'{SECTION}schema = "A b"\n', "publish.no_schema_name"),
    ],
)
def test_what_is_wrong_with_it_stops_the_job_before_it_runs(
    region: Path, known: Path, section: str, code: str
) -> None:
    with pytest.raises(DrgpayError) as refused:
        destination_of(_job(region, section))
    assert refused.value.code == code


def test_what_is_asked_for_counts_before_what_the_job_says(region: Path, known: Path) -> None:
    job = _job(region, f'{SECTION}with = ["cases"]\n{OWN}')
    said = destination_asked(None, None, (), job)
    assert said == destination_of(job)
    assert said is not None
    assert said.database.file == job  # its own section before that of all jobs
    asked = destination_asked("third", "months", ("payees",), job)
    assert asked is not None
    assert (asked.database.name, asked.schema.name, asked.chosen) == (
        "third",
        "months",
        ("payees",),
    )
    plain = destination_asked("bi", None, ())
    assert plain is not None
    assert (plain.database.file, plain.schema.name, plain.chosen) == (known, "drgpay", ())
    assert destination_asked(None, "months", ()) is None


def test_a_key_that_it_does_not_have_is_named(region: Path, known: Path) -> None:
    with pytest.raises(DrgpayError, match=r"publish\.tables"):
        destination_of(_job(region, f"{SECTION}tables = 1\n"))


@pytest.mark.slow
def test_a_finished_run_is_published_and_stays_where_that_fails(
    tmp_path: Path,
    region: Path,
    known: Path,
    drgpay: Run,
    postgresql_database: Server,
    monkeypatch: pytest.MonkeyPatch,
    rows: Rows,
) -> None:
    with without_books():
        job, out = _job(region, SECTION), tmp_path / "runs"
        status, said, wrong = drgpay("run", job, "--out", out, "--json")
        told = json.loads(said)
        assert (status, told["error"]["code"]) == (2, "databases.away")
        assert told["error"]["problem"] in wrong
        assert (out / told["run"] / "manifest.json").exists()
        monkeypatch.setenv(VARIABLE, postgresql_database.password)
        section = postgresql_database.section(password_env=VARIABLE)
        known.write_text(f"[databases.bi]\n{section}", "utf-8")
        status, said, _ = drgpay("run", job, "--out", out, "--json")
        again = json.loads(said)
        assert (status, again["run"], again["repeated"]) == (0, told["run"], True)
        assert again["published"]["rows"]["run_values"] == 2
        assert rows("SELECT run FROM drgpay.runs") == [(told["run"],)]
        manifest = (out / told["run"] / "manifest.json").read_text("utf-8")
        assert '"publish"' not in manifest
        assert postgresql_database.password not in f"{said}{manifest}"
        plain = drgpay("run", _job(region, ""), "--out", out, "--json")
        assert json.loads(plain[1])["run"] == told["run"]
