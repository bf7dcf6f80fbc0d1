"""Connections: what opens one, and the one sentence where none can be opened."""

import sys
from pathlib import Path
from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.databases.connection import odbc, postgresql
from drgpay.databases.settings import Database, DatabaseFile
from tests.databases.postgresql_server import Server, own_server

SECRET = "p'w\\d}-not-to-be-seen"


def _database(**keys: Any) -> Database:
    return Database("centre", DatabaseFile(**keys), Path("job.toml"))


def _of(server: Server, **keys: Any) -> Database:
    return _database(
        **{
            "kind": "postgresql",
            "host": server.host,
            "port": server.port,
            "dbname": server.database,
            "user": server.user,
            "sslmode": "disable",
            **keys,
        }
    )


def _sentence(database: Database) -> str:
    """What is said where no connection is opened, in both languages."""
    opened = postgresql if database.settings.kind == "postgresql" else odbc
    with pytest.raises(DrgpayError) as refused, opened(database):
        pass
    error = refused.value
    assert error.__cause__ is None
    for text in (error.sentence.zh, error.sentence.en):
        assert SECRET not in text
        assert "\n" not in text
        assert "user=" not in text
    return error.sentence.en


@pytest.fixture(autouse=True)
def _no_own_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No password and no service of who runs the tests."""
    for name in ("PGPASSWORD", "PGSERVICE", "PGHOST", "PGUSER", "PGOPTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "no-pass-file"))
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "pg_service.conf"))
    monkeypatch.setenv("ODBCINI", str(tmp_path / "odbc.ini"))


def test_without_the_extra_the_command_to_install_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    monkeypatch.setitem(sys.modules, "arrow_odbc", None)
    install = r"run pip install 'drgpay[databases]'"
    assert install in _sentence(_database(kind="postgresql", host="127.0.0.1"))
    assert install in _sentence(_database(kind="odbc", dsn="HIS"))


def test_a_service_that_no_file_has(tmp_path: Path) -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL: no driver")
    said = _sentence(_database(kind="postgresql", service="drg"))
    assert "drg of [databases.centre] in job.toml is not known" in said
    assert ".pg_service.conf" in said
    (tmp_path / "pg_service.conf").write_text("[other]\nhost=127.0.0.1\n", encoding="utf-8")
    assert "is not known" in _sentence(_database(kind="postgresql", service="drg"))


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL: no driver")
    monkeypatch.setenv("DRG_PASSWORD", SECRET)
    database = _database(kind="postgresql", host="127.0.0.1", port=1, password_env="DRG_PASSWORD")
    assert "cannot be reached, or went away" in _sentence(database)


@pytest.mark.slow
def test_passwords_come_from_the_environment_a_service_or_a_pass_file(
    postgresql_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = postgresql_server
    assert "asks for a password" in _sentence(_of(server))
    monkeypatch.setenv("DRG_PASSWORD", SECRET)
    assert "does not let us in" in _sentence(_of(server, password_env="DRG_PASSWORD"))

    def opens(database: Database) -> None:
        with postgresql(database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)

    monkeypatch.setenv("DRG_PASSWORD", server.password)
    opens(_of(server, password_env="DRG_PASSWORD"))
    place = f"{server.host}:{server.port}:{server.database}:{server.user}"
    passes = tmp_path / "passes"
    passes.write_text(f"{place}:{server.password}\n", encoding="utf-8")
    passes.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passes))
    opens(_of(server))
    passes.unlink()
    service = f"[drg]\nhost={server.host}\nport={server.port}\ndbname={server.database}\n"
    service += f"user={server.user}\npassword={server.password}\n"
    (tmp_path / "pg_service.conf").write_text(service, encoding="utf-8")
    opens(_database(kind="postgresql", service="drg"))
    said = _sentence(_database(kind="postgresql", service="drg", dbname="no_such"))
    assert "the server has no such database" in said
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert "does not let us in" in _sentence(_of(server))


@pytest.mark.slow
def test_a_server_that_goes_away_is_told_and_the_connection_is_closed() -> None:
    with own_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", server.password)
        with (
            pytest.raises(DrgpayError, match="went away") as refused,
            postgresql(_of(server)) as connection,
            connection.cursor() as cursor,
        ):
            server.stop()
            cursor.execute("SELECT 1")
        assert server.password not in str(refused.value)


def test_a_source_or_a_driver_that_odbc_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        import arrow_odbc  # noqa: F401
    except (ImportError, OSError):
        pytest.skip("psqlODBC: no driver manager (Debian: apt install unixodbc odbc-postgresql)")
    monkeypatch.setenv("DRG_PASSWORD", SECRET)
    keys = {"kind": "odbc", "user": "drg", "password_env": "DRG_PASSWORD"}
    (tmp_path / "odbc.ini").write_text("[LAB]\nDriver=/no/such/driver.so\n", encoding="utf-8")
    said = _sentence(_database(dsn="LAB_2", **keys))
    assert "LAB_2 of [databases.centre] in job.toml is not known" in said
    said = _sentence(_database(dsn="LAB", **keys))
    assert "the ODBC driver of LAB ([databases.centre]) is not installed" in said
    assert "odbc-postgresql" in said
