"""The database file: read by many processes, written by one, always replaced as a whole.

DuckDB locks a file that is open for writing against every other process. So a writer changes a copy
beside it, under a lock of its own, and renames the copy over the database: a reader has the old
tables or the new ones, never waits, and a crash leaves the old ones.
"""

import glob
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from drgpay.base.errors import DrgpayError
from drgpay.base.file_lock import take_lock
from drgpay.base.file_rights import OWNER, Rights, give
from drgpay.base.language import Words
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder
from drgpay.registry.views import view_statements
from drgpay.tables.declared import Table, stored_tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ERRORS = Sentences("errors/registry")

DATABASE = "drgpay.duckdb"
LAYOUT = 4
"""The version of tables.sql, views.sql and tables/database.toml; counted up when one changes."""

_WAIT_SECONDS = 30.0
# Nothing is fetched from a network: what a query needs is in the package or is refused.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def database_path(output: Path) -> Path:
    """Where the database of an output folder lies."""
    return output / DATABASE


def rebuild_command(output: Path) -> str:
    """The remedy for everything that is wrong with a database."""
    return f"`drgpay runs rebuild --runs {output}`"


@contextmanager
def reading(output: Path) -> Iterator["DuckDBPyConnection"]:
    """The database, open for reading; any number of processes may.

    Raises DrgpayError if it is missing, locked by a foreign program, damaged, not a database of
    drgpay or one of another layout, whether that is found now or inside the block.
    """
    import duckdb

    path = database_path(output)
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_database", path=path, rebuild=rebuild_command(output)))
    try:
        before = _version_of(path)
        with duckdb.connect(str(path), read_only=True, config=_OFFLINE) as connection:
            _refuse_other_layout(connection, path)
            if _version_of(path) == before:  # else a writer has just put a whole one there
                _refuse_cut_off(connection, output)
            _set_runs_folder(connection, output)
            yield connection
    except duckdb.Error as error:
        raise unreadable(output, error) from error


@contextmanager
def rewriting(
    output: Path, afresh: bool = False, rights: Rights = OWNER
) -> Iterator["DuckDBPyConnection"]:
    """A copy of the database to change; it replaces the database when the block ends well.

    It then has `rights`, whatever the old one allowed. `afresh` starts with empty tables, whatever
    lies there. Raises DrgpayError as `reading` does, and if another process keeps writing or the
    file system refuses.
    """
    import duckdb

    path = database_path(output)
    try:
        with _write_lock(output, rights), working_folder(output) as work:
            staged = work / DATABASE
            if not afresh and path.exists():
                _copy(output, staged)
            with duckdb.connect(str(staged), config=_OFFLINE) as connection:
                if afresh or not path.exists():
                    _create_tables(connection)
                yield connection
                # Closing would do it too, but keeps silent about a disk that is full.
                connection.execute("CHECKPOINT")
            if afresh:
                _journal(path).unlink(missing_ok=True)
            give(staged, rights)
            staged.replace(path)
    except (OSError, duckdb.Error) as error:
        reason = reason_of(error) if isinstance(error, OSError) else first_sentence(error)
        rebuild = rebuild_command(output)
        raise DrgpayError(
            *_ERRORS("unwritable", path=path, reason=reason, rebuild=rebuild)
        ) from error


def first_sentence(error: Exception) -> str:
    """What DuckDB says, without the kind of error, the quoted query and the final mark."""
    said = str(error).split("\n\nLINE")[0]
    text = " ".join(line.strip() for line in said.splitlines() if line.strip())
    head, colon, rest = text.partition(": ")
    return (rest if colon and head.endswith("Error") else text).rstrip(".!? ")


def unreadable(output: Path, error: Exception) -> DrgpayError:
    """The sentence for a database that DuckDB does not open or cannot read on."""
    if "set lock" in str(error):
        path, rebuild = database_path(output), rebuild_command(output)
        return DrgpayError(*_ERRORS("locked", path=path, rebuild=rebuild))
    return _damaged(output, first_sentence(error))


def _damaged(output: Path, reason: Words | str) -> DrgpayError:
    path, rebuild = database_path(output), rebuild_command(output)
    return DrgpayError(*_ERRORS("damaged", path=path, reason=reason, rebuild=rebuild))


def _refuse_other_layout(connection: "DuckDBPyConnection", path: Path) -> None:
    row = connection.execute("SELECT version FROM stored.layout").fetchone()
    version = row[0] if row else None
    if version != LAYOUT:
        found = {"version": version, "layout": LAYOUT}
        rebuild = rebuild_command(path.parent)
        raise DrgpayError(*_ERRORS("other_layout", path=path, rebuild=rebuild, **found))


def _version_of(path: Path) -> tuple[int, int, int]:
    """What tells apart the files that have borne this name."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _refuse_cut_off(connection: "DuckDBPyConnection", output: Path) -> None:
    """DuckDB itself notices only when it needs a block that is missing."""
    row = connection.execute(
        "SELECT used_blocks * block_size FROM pragma_database_size()"
    ).fetchone()
    if row and row[0] > database_path(output).stat().st_size:
        raise _damaged(output, _ERRORS.words("cut_off"))


def _set_runs_folder(connection: "DuckDBPyConnection", output: Path) -> None:
    """Tell run_cases where the runs lie; brackets in that path are no pattern."""
    folder = glob.escape(output.resolve().as_posix()).replace("'", "''")
    connection.execute(f"SET VARIABLE runs_folder = '{folder}'")


def _create_tables(connection: "DuckDBPyConnection") -> None:
    folder = resources.files("drgpay.registry")
    connection.execute((folder / "tables.sql").read_text(encoding="utf-8"))
    for table in stored_tables().values():
        connection.execute(_created(table))
    for statement in view_statements():
        connection.execute(statement)
    connection.execute("INSERT INTO stored.layout VALUES (?)", [LAYOUT])


def _created(table: Table) -> str:
    """SQL that makes a table for runs, their rows or their sums."""
    columns = (
        f"{field.name} {field.kind.sql}{' NOT NULL' if field.name in table.required else ''}"
        for field in table.fields
    )
    return f"CREATE TABLE stored.{table.name} ({', '.join(columns)})"


def _copy(output: Path, staged: Path) -> None:
    """Copy the database while it is open for reading, so that nobody changes it meanwhile."""
    path = database_path(output)
    if _journal(path).exists():
        journal, rebuild = _journal(path).name, rebuild_command(output)
        raise DrgpayError(*_ERRORS("changes_left", path=path, journal=journal, rebuild=rebuild))
    with reading(output):
        shutil.copyfile(path, staged)


@contextmanager
def _write_lock(output: Path, rights: Rights) -> Iterator[None]:
    """Be the only writer; the operating system ends the lock with the process.

    The empty file stays: it is there again with the next run.
    """
    path = output / f".{DATABASE}.lock"
    patience = time.monotonic() + _WAIT_SECONDS
    while (handle := take_lock(path, rights)) is None:
        if time.monotonic() > patience:
            where = {"path": database_path(output), "rebuild": rebuild_command(output)}
            raise DrgpayError(*_ERRORS("being_written", seconds=_WAIT_SECONDS, **where))
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(handle)


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")
