"""A real PostgreSQL for tests: on a free loopback port, in a folder of its own, by an unprivileged user.

All processes of a test session share one (`shared_server`): the first starts it, and a guardian stops
it when the session's own process has ended, however it ended. A test that stops its server starts one
for itself (`own_server`).
"""

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from drgpay.base.file_lock import take_lock
from tests.databases import guardian

USER = "drgpay_owner"
_NUMBERS = count(1)


def find_binary(name: str) -> str | None:
    """A program of PostgreSQL: Debian keeps them apart from all others, the newest last."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    if kept:
        return str(kept[-1])
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/local/bin")


def _version(path: Path) -> float:
    return float(path.parts[4])


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL, and one of its databases."""

    port: int
    password: str
    folder: str
    database: str = "postgres"
    host: str = "127.0.0.1"
    user: str = USER

    @property
    def uri(self) -> str:
        """Where tests write what they then read: no test gives it to the program."""
        return (
            f"host={self.host} port={self.port} user={self.user} "
            f"password={self.password} dbname={self.database}"
        )

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """A cursor of ADBC that commits by itself."""
        from adbc_driver_postgresql import dbapi

        with (
            closing(dbapi.connect(self.uri, autocommit=True)) as connection,
            closing(connection.cursor()) as cursor,
        ):
            yield cursor

    def execute(self, *statements: str) -> None:
        """Run statements that give no rows."""
        with self.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def new_database(self) -> "Server":
        """The same server, with an empty database that no other test sees."""
        name = f"test_{os.getpid()}_{next(_NUMBERS)}"
        self.execute(f"CREATE DATABASE {name}")
        return replace(self, database=name)

    def drop(self) -> None:
        """Drop the database that `new_database` made."""
        replace(self, database="postgres").execute(f"DROP DATABASE {self.database} WITH (FORCE)")

    def section(self, **other: str) -> str:
        """The keys of [databases.NAME] that lead here, as TOML; the password is not among them."""
        keys = {
            "kind": "postgresql",
            "host": self.host,
            "dbname": self.database,
            "user": self.user,
            "sslmode": "disable",
            **other,
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        return "\n".join([*lines, f"port = {self.port}", ""])

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` as if it had crashed."""
        _run("pg_ctl", "stop", "-D", f"{self.folder}/data", "-m", mode, "-w")


@contextmanager
def own_server() -> Iterator[Server]:
    """A server that the test may stop."""
    folder = _new_folder()
    _guard(folder, os.getpid())
    try:
        yield _started(folder)
    finally:
        pg_ctl = find_binary("pg_ctl")
        assert pg_ctl
        guardian.end(folder, pg_ctl)


def shared_server(factory: pytest.TempPathFactory) -> Server:
    """The server of this test session. Skips the test where there is no PostgreSQL."""
    under_xdist = "PYTEST_XDIST_WORKER" in os.environ
    base = factory.getbasetemp()
    shared = base.parent if under_xdist else base
    place = shared / "postgresql.json"
    while (lock := take_lock(shared / "postgresql.lock")) is None:
        time.sleep(0.1)
    try:
        if not place.exists():
            folder = _new_folder()
            _guard(folder, os.getppid() if under_xdist else os.getpid())
            place.write_text(json.dumps(asdict(_started(folder))), encoding="utf-8")
    finally:
        os.close(lock)
    return Server(**json.loads(place.read_text(encoding="utf-8")))


def refuse_without_postgresql() -> None:
    """Skip the test where there is no PostgreSQL to start, or no driver to reach it by."""
    if not (find_binary("initdb") and find_binary("pg_ctl")):
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    pytest.importorskip(
        "adbc_driver_postgresql", reason="PostgreSQL: pip install 'drgpay[databases]'"
    )


def psqlodbc(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The keys of a section that reaches the server by psqlODBC, as the data source HIS.

    Skips the test without the driver.
    """
    try:
        import arrow_odbc  # noqa: F401
    except (ImportError, OSError):
        pytest.skip("psqlODBC: no driver manager (Debian: apt install unixodbc odbc-postgresql)")
    found = sorted(Path("/usr/lib").glob("*/odbc/psqlodbcw.so"))
    if not found:
        pytest.skip("psqlODBC is not installed (Debian: apt install odbc-postgresql)")
    keys = {
        "Driver": found[0],
        "Servername": server.host,
        "Port": server.port,
        "Database": server.database,
        "SSLmode": "disable",
    }
    lines = [f"{key}={value}" for key, value in keys.items()]
    (folder / "odbc.ini").write_text("\n".join(["[HIS]", *lines, ""]), encoding="utf-8")
    monkeypatch.setenv("ODBCINI", str(folder / "odbc.ini"))
    monkeypatch.setenv("HIS_PASSWORD", server.password)
    return f'kind = "odbc"\ndsn = "HIS"\nuser = "{server.user}"\npassword_env = "HIS_PASSWORD"\n'


def _new_folder() -> Path:
    """A folder that the unprivileged user of the server owns, outside pytest's own, closed ones."""
    refuse_without_postgresql()
    folder = Path(tempfile.mkdtemp(prefix="drgpay-postgresql-"))
    if account := _unprivileged():
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server: PostgreSQL refuses root. None: ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _started(folder: Path) -> Server:
    password = secrets.token_urlsafe(18)
    words = folder / "password"
    words.write_text(password, encoding="utf-8")
    if account := _unprivileged():
        os.chown(words, account.pw_uid, account.pw_gid)
    words.chmod(0o600)
    data = str(folder / "data")
    options = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync"]
    _run("initdb", "-D", data, "-U", USER, f"--pwfile={words}", *options)
    words.unlink()
    for _ in range(5):  # another process may take the port first
        port = _free_port()
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 40,
            "shared_buffers": "32MB",
        }
        given = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
        log = str(folder / "log")
        if _run("pg_ctl", "start", "-D", data, "-l", log, "-w", "-o", given, check=False):
            return Server(port, password, str(folder))
    raise AssertionError(f"PostgreSQL does not start: {(folder / 'log').read_text()}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _run(program: str, *arguments: str, check: bool = True) -> bool:
    path = find_binary(program)
    assert path
    account = _unprivileged()
    ended = subprocess.run(
        [path, *arguments],
        cwd="/",
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        # A server that pg_ctl starts keeps what it was given open: no pipe that somebody reads.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=check,
    )
    return ended.returncode == 0


def _guard(folder: Path, session: int) -> None:
    """Start the guardian of a folder: it ends the server when the test session has ended."""
    pg_ctl = find_binary("pg_ctl")
    assert pg_ctl
    subprocess.run(
        [sys.executable, guardian.__file__, str(folder), pg_ctl, str(session)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
