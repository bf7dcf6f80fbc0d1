"""`drgpay publish`: what it prints, what it refuses, and that it says no password."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import drgpay
from drgpay.base.errors import DrgpayError
from drgpay.cli.main import app
from drgpay.publish.ddl import script
from drgpay.publish.layout import Schema
from tests.databases.postgresql_server import Server
from tests.publish.conftest import VARIABLE, Rows
from tests.publish.test_publishing import CORRECTION, MAY

Said = Callable[..., str]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """What the command prints, or the error that it ends with."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["publish", *arguments])
        if result.exception:
            raise result.exception
        return result.output

    return run


def test_the_sql_is_printed_without_a_database(said: Said) -> None:
    assert said("--ddl") == script(Schema("drgpay"), ())
    assert said("--ddl", "--schema", "bi", "--with", "cases") == script(Schema("bi"), ("cases",))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "publish.no_run_named"),
        (("runs/2026-10",), "publish.no_database_named"),
        (("runs/2026-10", "--database", "bi"), "databases.no_database"),
        (("runs/2026-10", "--database", "bi", "--with", "diagnoses"), "publish.no_group"),
        (("--ddl", "--schema", "x;y"), "publish.no_schema_name"),
    ],
)
def test_what_is_missing_is_said(said: Said, arguments: tuple[str, ...], code: str) -> None:
    with pytest.raises(DrgpayError) as refused:
        said(*arguments)
    assert refused.value.code == code


@pytest.mark.slow
def test_runs_are_published_from_the_command_line_and_from_python(
    said: Said,
    year: Path,
    tmp_path: Path,
    postgresql_database: Server,
    monkeypatch: pytest.MonkeyPatch,
    rows: Rows,
) -> None:
    monkeypatch.setenv(VARIABLE, postgresql_database.password)
    section = postgresql_database.section(password_env=VARIABLE)
    (tmp_path / "drgpay").mkdir()
    (tmp_path / "drgpay" / "databases.toml").write_text(f"[databases.bi]\n{section}", "utf-8")
    folders = [str(year / CORRECTION), str(year / MAY)]
    lines = said(*folders, "--database", "bi", "--with", "cases").splitlines()
    assert [line[: len(MAY)] for line in lines] == [MAY, CORRECTION]
    told = said(*folders, "--database", "bi", "--json")
    assert postgresql_database.password not in f"{lines}{told}"
    [first, second] = json.loads(told)["runs"]
    assert (first["run"], second["run"]) == (MAY, CORRECTION)
    assert "run_difference_statements" in second["rows"]
    assert "run_cases" not in first["rows"]
    [again] = drgpay.publish_runs([year / MAY], "bi", with_tables=["cases"])
    assert (again.run, again.rows["run_cases"] > 0) == (MAY, True)
    assert rows("SELECT count(*) FROM drgpay.runs") == [(2,)]
