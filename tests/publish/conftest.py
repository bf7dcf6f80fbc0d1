"""The finished year of an earlier release, a database of PostgreSQL, and what stands in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drgpay.databases.settings import Database, DatabaseFile
from tests.cli.in_process import Run, run_in_process
from tests.databases.postgresql_server import Server
from tests.kept.archive import unpack
from tests.kept.test_runs_of_0_1_0 import ARCHIVE

VARIABLE = "DRGPAY_TEST_PASSWORD"
Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve months, one of them with visits and one corrected, and their clearing: the folder of the runs."""
    folder = tmp_path_factory.mktemp("published")
    unpack(ARCHIVE, folder)
    return folder / "runs"


def database_of(server: Server, **other: Any) -> Database:
    """The database of a test as a user has it in a file, the password in the environment."""
    keys = {
        "kind": "postgresql",
        "host": server.host,
        "port": server.port,
        "dbname": server.database,
        "user": server.user,
        "password_env": VARIABLE,
        "sslmode": "disable",
        **other,
    }
    return Database("bi", DatabaseFile(**keys), Path("databases.toml"))


@pytest.fixture
def database(postgresql_database: Server, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An empty database to publish into."""
    monkeypatch.setenv(VARIABLE, postgresql_database.password)
    return database_of(postgresql_database)


@pytest.fixture
def rows(postgresql_database: Server) -> Iterator[Rows]:
    """Rows of a query."""
    with postgresql_database.cursor() as cursor:

        def answered(query: str) -> list[tuple[Any, ...]]:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

        yield answered


@pytest.fixture
def drgpay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process: exit status, standard output, standard error."""
    return run_in_process(monkeypatch, capsys)
