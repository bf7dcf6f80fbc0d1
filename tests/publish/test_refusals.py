"""Whatever fails, the database has what it had: one sentence says why and what to do."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.databases.settings import Database, DatabaseFile
from drgpay.publish import publishing
from drgpay.publish.ddl import script
from drgpay.publish.layout import Schema, layout_version
from drgpay.publish.publishing import publish_runs
from drgpay.publish.rows import TableFile
from tests.databases.postgresql_server import Server, own_server
from tests.publish.conftest import VARIABLE, Rows, database_of
from tests.publish.test_publishing import FEBRUARY, MAY, OPEN, _every

SECRET = "not-to-be-seen-8c1f"
DENY = (
    "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
    "CREATE TRIGGER stumble BEFORE INSERT ON drgpay.{table} FOR EACH ROW EXECUTE FUNCTION stumble()",
)


def _refused(year: Path, database: Database, *runs: str, **other: Any) -> DrgpayError:
    with pytest.raises(DrgpayError) as refused:
        publish_runs([year / run for run in runs], database, other.pop("schema", OPEN), **other)
    for text in (refused.value.sentence.zh, refused.value.sentence.en):
        assert "\n" not in text
        assert SECRET not in text
    assert refused.value.__cause__ is None
    return refused.value


def _stumbling(server: Server, table: str, body: str) -> None:
    """A trigger that fails in the middle of a run, when most of its tables are written."""
    server.execute(*(one.format(table=table, body=body) for one in DENY))


def test_no_odbc_source_is_published_into(tmp_path: Path) -> None:
    database = Database("his", DatabaseFile(kind="odbc", dsn="HIS"), tmp_path / "x.toml")
    assert _refused(tmp_path, database).code == "publish.no_postgresql"


STUMBLES = {
    "RAISE EXCEPTION 'no space left' USING ERRCODE = '53100';": "publish.disk_full",
    "RAISE EXCEPTION 'no' USING ERRCODE = '42501';": "publish.no_rights",
    "RAISE EXCEPTION 'not today';": "publish.failed",
    "RAISE EXCEPTION 'too slow' USING ERRCODE = '57014';": "publish.failed",
    "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;": "publish.went_away",
    "RETURN NULL;": "publish.other_rows",
    "NEW.amount := NEW.amount + 0.01; RETURN NEW;": "publish.other_sums",
}
"""What happens in the server while it is written, and the error of it."""


@pytest.mark.slow
def test_what_fails_in_the_middle_leaves_the_run_that_was_there(
    year: Path, database: Database, postgresql_database: Server, rows: Rows
) -> None:
    publish_runs([year / MAY], database, OPEN, ("cases",))
    before = _every(rows)
    assert before["drgpay_restricted.run_cases"]
    for body, code in STUMBLES.items():
        _stumbling(postgresql_database, "run_ledger", body)
        error = _refused(year, database, MAY, chosen=("cases",))
        assert error.code == code
        assert "as it was" in error.sentence.en
        assert _every(rows) == before
        postgresql_database.execute("DROP FUNCTION stumble CASCADE")
    publish_runs([year / MAY], database, OPEN, ("cases",))
    assert _every(rows) == before


@pytest.mark.slow
def test_all_runs_are_looked_at_before_the_first_is_written(
    year: Path, database: Database, rows: Rows
) -> None:
    damaged = year.parent / "elsewhere"
    shutil.rmtree(damaged, ignore_errors=True)
    shutil.copytree(year / FEBRUARY, damaged / FEBRUARY)
    with (damaged / FEBRUARY / "ledger.parquet").open("ab") as file:
        file.write(b"x")
    error = _refused(year, database, MAY, f"../elsewhere/{FEBRUARY}")
    assert error.code == "publish.changed_file"
    assert "ledger.parquet" in error.sentence.en
    assert not _every(rows)


@pytest.mark.slow
def test_a_server_that_stops_and_comes_back(
    year: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with own_server() as server:
        monkeypatch.setenv(VARIABLE, server.password)
        database = database_of(server)
        ingested = TableFile.batches
        written = []

        def stop_before_the_third(file: TableFile) -> Any:
            written.append(file)
            if len(written) == 3:
                server.stop()
            return ingested(file)

        monkeypatch.setattr(TableFile, "batches", stop_before_the_third)
        error = _refused(year, database, MAY)
        assert error.code == "publish.went_away"
        assert len(written) == 3
        again = _refused(year, database, MAY)
        assert again.code == "databases.away"


@pytest.mark.slow
def test_a_wrong_password_and_an_unknown_database(
    year: Path, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    assert _refused(year, database_of(postgresql_server), MAY).code == "databases.wrong_password"
    monkeypatch.setenv(VARIABLE, postgresql_server.password)
    error = _refused(year, database_of(postgresql_server, dbname="nowhere"), MAY)
    assert error.code == "databases.no_such_database"


@pytest.mark.slow
def test_who_may_make_no_schema_is_told_of_the_script(
    year: Path, postgresql_database: Server, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    """And publishes with the rights that docs/howto-databases.md grants, once the administrator ran it."""
    role = f"publisher_{postgresql_database.database}"
    postgresql_database.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'")
    monkeypatch.setenv(VARIABLE, SECRET)
    database = database_of(postgresql_database, user=role)
    try:
        error = _refused(year, database, MAY)
        assert error.code == "publish.no_rights"
        assert "--ddl" in error.sentence.en
        for chosen in ((), ("cases",)):  # once more, for tables that were not wanted before
            lines = script(OPEN, chosen).split(";\n")
            postgresql_database.execute(*(one for one in lines if one.strip()))
        assert rows("SELECT count(*) FROM drgpay.layout") == [(1,)]
        for schema in ("drgpay", "drgpay_restricted"):
            postgresql_database.execute(
                f"GRANT USAGE ON SCHEMA {schema} TO {role}",
                f"GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
            )
        [done] = publish_runs([year / MAY], database, OPEN, ("cases",))
        assert done.rows["run_cases"] > 0
        assert rows("SELECT run FROM drgpay.runs") == [(MAY,)]
    finally:
        postgresql_database.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.mark.slow
def test_layouts_of_other_programs(
    year: Path, database: Database, postgresql_database: Server, rows: Rows
) -> None:
    """A newer one is refused, an older one gets what it lacks and keeps rows and grants, another is refused."""
    publish_runs([year / MAY], database, OPEN)
    before = _every(rows)
    execute = postgresql_database.execute
    execute("UPDATE drgpay.layout SET layout = 99")
    assert _refused(year, database, MAY).code == "publish.newer_layout"
    role = f"reader_{postgresql_database.database}"
    execute(
        "UPDATE drgpay.layout SET layout = 0",
        "DROP TABLE drgpay.run_group_findings",
        "ALTER TABLE drgpay.run_statements DROP COLUMN negative_fund",
        f"CREATE ROLE {role}",
        f"GRANT SELECT ON drgpay.month_values TO {role}",
        "CREATE VIEW their_view AS SELECT * FROM drgpay.month_values",
    )
    try:
        assert _refused(year, database, MAY).code == "publish.hanging_views"
        assert rows("SELECT count(*) > 0 FROM their_view") == [(True,)]
        execute("DROP VIEW their_view")
        publish_runs([year / MAY], database, OPEN)
        assert rows("SELECT layout FROM drgpay.layout") == [(layout_version(),)]
        granted = f"SELECT has_table_privilege('{role}', 'drgpay.month_values', 'SELECT')"
        assert rows(granted) == [(True,)]
    finally:
        execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    assert {name: len(found) for name, found in _every(rows).items()} == {
        name: len(found) for name, found in before.items()
    }
    execute(
        "UPDATE drgpay.layout SET layout = 0",
        "ALTER TABLE drgpay.run_ledger ADD COLUMN our_note text",
    )
    error = _refused(year, database, MAY)
    assert error.code == "publish.other_column"
    assert "our_note" in error.sentence.en
    execute("DELETE FROM drgpay.layout")
    assert _refused(year, database, MAY).code == "publish.no_version"


@pytest.mark.slow
def test_a_schema_of_others_is_left_alone(
    year: Path, database: Database, postgresql_database: Server, rows: Rows
) -> None:
    postgresql_database.execute("CREATE SCHEMA theirs", "CREATE TABLE theirs.runs (x integer)")
    error = _refused(year, database, MAY, schema=Schema("theirs"))
    assert error.code == "publish.foreign_tables"
    assert rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'theirs'") == [("runs",)]


@pytest.mark.slow
def test_a_table_that_somebody_dropped_is_named(
    year: Path, database: Database, postgresql_database: Server
) -> None:
    publish_runs([year / MAY], database, OPEN)
    postgresql_database.execute("DROP TABLE drgpay.run_ledger CASCADE")
    error = _refused(year, database, MAY)
    assert error.code == "publish.lacking_tables"
    assert "run_ledger" in error.sentence.en


@pytest.mark.slow
def test_two_who_publish_wait_for_each_other(
    year: Path, database: Database, postgresql_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_WAIT", "200ms")
    with postgresql_database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('drgpay.drgpay'))")
        assert _refused(year, database, MAY).code == "publish.busy"
        publish_runs([year / MAY], database, Schema("another"))
    publish_runs([year / MAY], database, OPEN)


@pytest.mark.slow
def test_where_the_connection_ends_as_it_commits_the_end_is_not_known(
    year: Path, database: Database, postgresql_database: Server, rows: Rows
) -> None:
    """A deferred trigger runs when the transaction commits; where it only fails, the end is known."""
    publish_runs([year / MAY], database, OPEN)
    postgresql_database.execute(
        DENY[0].format(body="PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL;"),
        "CREATE CONSTRAINT TRIGGER stumble AFTER INSERT ON drgpay.runs "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stumble()",
    )
    before = _every(rows)
    assert _refused(year, database, MAY).code == "publish.unknown_end"
    assert _every(rows) == before
    postgresql_database.execute(
        "CREATE OR REPLACE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'not when it is committed'; END $$"
    )
    assert _refused(year, database, MAY).code == "publish.failed"
    postgresql_database.execute("DROP FUNCTION stumble CASCADE")
    publish_runs([year / MAY], database, OPEN)
    assert _every(rows) == before


@pytest.mark.slow
def test_a_server_whose_disk_is_full(
    year: Path, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database lies in a file system of a few megabytes, and something else fills it."""
    monkeypatch.setenv(VARIABLE, postgresql_server.password)
    with _small_tablespace(postgresql_server) as server, server.cursor() as cursor:
        database = database_of(server)
        publish_runs([year / MAY], database, OPEN, ("cases",))

        def rows(query: str) -> list[tuple[Any, ...]]:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

        before = _every(rows)
        filler = Path(server.folder, server.database, "filler")
        filler.write_bytes(bytes(shutil.disk_usage(filler.parent).free))
        error = _refused(year, database, FEBRUARY, chosen=("cases",))
        assert error.code == "publish.disk_full"
        filler.unlink()
        assert _every(rows) == before
        publish_runs([year / FEBRUARY], database, OPEN, ("cases",))
        assert rows("SELECT count(*) FROM drgpay.runs") == [(2,)]


@contextmanager
def _small_tablespace(server: Server) -> Iterator[Server]:
    """A database in a file system of its own, which only root can mount."""
    folder, owner = Path(server.folder, f"small{os.getpid()}"), Path(server.folder).stat()
    folder.mkdir()
    where = f"size=32m,uid={owner.st_uid},gid={owner.st_gid},mode=0700"
    mount = ["mount", "-t", "tmpfs", "-o", where, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system for PostgreSQL can be mounted by root only")
    try:
        server.execute(
            f"CREATE TABLESPACE {folder.name} LOCATION '{folder}'",
            f"CREATE DATABASE {folder.name} TABLESPACE {folder.name}",
        )
        yield replace(server, database=folder.name)
    finally:
        server.execute(
            f"DROP DATABASE IF EXISTS {folder.name} WITH (FORCE)",
            "CHECKPOINT",  # until then its files are there
            f"DROP TABLESPACE IF EXISTS {folder.name}",
        )
        subprocess.run(["umount", str(folder)], check=True)
