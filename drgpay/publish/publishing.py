"""Publish a finished run: its rows into a database in one transaction, in the place of what was there of it."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.databases.connection import postgresql, reason_of_driver
from drgpay.databases.settings import Database
from drgpay.publish.installed import prepare
from drgpay.publish.layout import (
    EARLIER,
    RUNS,
    Schema,
    checked_groups,
    published_tables,
    runs_fields,
)
from drgpay.publish.rows import TableFile, files_of_run, summed_columns
from drgpay.publish.settings import Destination
from drgpay.registry.manifest import run_row
from drgpay.results.manifest import Manifest, read_manifest

_ERRORS = Sentences("errors/publish")

_WAIT = "30s"
# What a server says by its SQLSTATE.
_STATES = {
    "42501": "no_rights",
    "53100": "disk_full",
    "53200": "disk_full",
    "55P03": "busy",
    "42P07": "foreign_tables",
    "42P01": "lacking_tables",
    "42703": "lacking_tables",
    "25006": "read_only",
    "2BP01": "hanging_views",
}

_GONE = re.compile(
    r"\b(08\d\w\w|57P0[123])\b|server closed the connection|no connection to the server"
    r"|connection (not open|reset|timed out)|could not (send|receive) data|broken pipe|SSL SYSCALL",
    re.IGNORECASE,
)
"""What servers and libpq say where a connection ends; the library's own sentences have no SQLSTATE."""


@dataclass(frozen=True)
class Published:
    """What was written of a run: rows by table."""

    run: str
    rows: dict[str, int]

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


@dataclass(frozen=True)
class _Run:
    """A run that is ready to be written: nothing of it is looked at for the first time later."""

    manifest: Manifest
    row: dict[str, Any]
    files: list[TableFile]
    earlier: list[str]


def publish_finished(folder: Path, to: Destination) -> Published:
    """Publish the run of a folder as a job says; raises DrgpayError as `publish_runs`."""
    [published] = publish_runs([folder], to.database, to.schema, to.chosen)
    return published


def publish_runs(
    folders: Sequence[Path],
    database: Database,
    schema: Schema,
    chosen: Sequence[str] = (),
    on_run: Callable[[Published], None] = lambda published: None,
) -> list[Published]:
    """Publish finished runs, those first that others go on with; each in a transaction of its own.

    chosen: words of --with (layout.groups). on_run hears of each that is published. Raises DrgpayError for a
    folder that is no run or was changed, a database that is no PostgreSQL, is not reached or refuses; what
    the database had of the run is then as it was, and the runs before are published.
    """
    if database.settings.kind != "postgresql":
        raise DrgpayError(*_ERRORS("no_postgresql", called=database.called, name=database.name))
    words = checked_groups(chosen)
    runs = in_order([_opened(folder, words) for folder in folders])
    done = []
    with postgresql(database) as connection:
        for run in runs:
            done.append(_publish(connection, run, database, schema, words))
            on_run(done[-1])
    return done


def _opened(folder: Path, chosen: tuple[str, ...]) -> _Run:
    resolved = folder.resolve()
    row, manifest = run_row(resolved), read_manifest(resolved)
    files = files_of_run(resolved, manifest, chosen)
    return _Run(manifest, row, files, earlier_runs(manifest))


def earlier_runs(manifest: Manifest) -> list[str]:
    """The ids of the runs whose ledgers a run goes on with, one after the other."""
    if manifest.is_clearing:
        months = manifest.inputs["months"]
        return list(dict.fromkeys(run["run"] for month in months for run in month["runs"]))
    return [manifest.corrects["run"]] if manifest.corrects else []


def in_order(runs: Sequence[_Run]) -> list[_Run]:
    """Runs so that each follows those that it goes on with, else as they were given."""
    waiting = {run.manifest.run_id: run for run in runs}
    ordered: dict[str, _Run] = {}

    def take(name: str) -> None:
        run = waiting.pop(name, None)
        if run is not None:
            for before in run.earlier:
                take(before)
            ordered[name] = run

    for run in runs:
        take(run.manifest.run_id)
    return list(ordered.values())


def _publish(
    connection: Any, run: _Run, database: Database, schema: Schema, chosen: tuple[str, ...]
) -> Published:
    with closing(connection.cursor()) as cursor, _transaction(cursor, database, schema):
        cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
        # Whoever publishes into the schema waits for the other, also before it is there.
        cursor.execute(f"SELECT pg_advisory_xact_lock(hashtext('drgpay.{schema.name}'))")
        cursor.fetchall()  # it waits where its answer is read
        prepare(cursor, schema, chosen, database.called)
        _refuse_without_earlier(cursor, run, database, schema)
        _delete(cursor, run, schema)
        _insert_run(cursor, run, schema)
        rows = {}
        for file in run.files:
            cursor.adbc_ingest(
                file.table.name,
                file.batches(),
                mode="append",
                db_schema_name=file.table.schema(schema),
            )
            rows[file.table.name] = _compared(cursor, file, schema)
    return Published(run.manifest.run_id, rows)


@contextmanager
def _transaction(cursor: Any, database: Database, schema: Schema) -> Iterator[None]:
    """All of the block or nothing; what the driver says becomes a sentence that says so."""
    from adbc_driver_manager import Error

    try:
        cursor.execute("BEGIN")
        yield
    except BaseException as error:
        with suppress(Error):  # the server may be gone, and has then undone it by itself
            cursor.execute("ROLLBACK")
        if isinstance(error, Error):
            raise _undone(error, database, schema) from None
        raise
    try:
        cursor.execute("COMMIT")
    except Error as error:
        raise _undone(error, database, schema, gone="unknown_end") from None


def _undone(
    error: Exception, database: Database, schema: Schema, gone: str = "went_away"
) -> DrgpayError:
    """What is said of an error of the driver; `gone` where the connection ended."""
    state = getattr(error, "sqlstate", None) or ""
    key = _STATES.get(state, gone if _GONE.search(f"{state} {error}") else "failed")
    reason = reason_of_driver(error, database)
    return DrgpayError(
        *_ERRORS(
            key,
            called=database.called,
            name=database.name,
            schema=schema.name,
            restricted=schema.restricted,
            reason=reason,
            seconds=_WAIT.rstrip("s"),
        )
    )


def _refuse_without_earlier(cursor: Any, run: _Run, database: Database, schema: Schema) -> None:
    """Balances of a ledger are whole only with those that it goes on with."""
    lacking = []
    for earlier in run.earlier:
        cursor.execute(f"SELECT count(*) FROM {schema.name}.{RUNS} WHERE run = $1", (earlier,))
        if not cursor.fetchone()[0]:
            lacking.append(earlier)
    if lacking:
        folder = run.manifest.path.parent.parent
        raise DrgpayError(
            *_ERRORS(
                "earlier_lacking",
                run=run.manifest.run_id,
                lacking=listed(lacking),
                called=database.called,
                name=database.name,
                folders=" ".join(str(folder / name) for name in lacking),
                run_folder=folder / run.manifest.run_id,
            )
        )


def _delete(cursor: Any, run: _Run, schema: Schema) -> None:
    """What was published of the run, but sums of a file that was forgotten since.

    Tables of the restricted schema may not be there.
    """
    name = run.manifest.run_id
    for table in published_tables().values():
        if table.added_up and f"{table.file}.parquet" in run.manifest.forgotten:
            continue
        where = f"{table.schema(schema)}.{table.name}"
        if table.chosen_by:
            cursor.execute("SELECT to_regclass($1) IS NOT NULL", (where,))
            if not cursor.fetchone()[0]:
                continue
        cursor.execute(f"DELETE FROM {where} WHERE run = $1", (name,))
    for where in (EARLIER, RUNS):
        cursor.execute(f"DELETE FROM {schema.name}.{where} WHERE run = $1", (name,))


def _insert_run(cursor: Any, run: _Run, schema: Schema) -> None:
    fields = [field for field in runs_fields() if field.name in run.row]
    columns = ", ".join(field.name for field in fields)
    marks = ", ".join(
        f"CAST(${number} AS {field.kind.sql})" for number, field in enumerate(fields, start=1)
    )
    values = tuple(run.row[field.name] for field in fields)
    cursor.execute(f"INSERT INTO {schema.name}.{RUNS} ({columns}) VALUES ({marks})", values)
    for earlier in run.earlier:
        cursor.execute(
            f"INSERT INTO {schema.name}.{EARLIER} (run, earlier) VALUES ($1, $2)",
            (run.manifest.run_id, earlier),
        )


def _compared(cursor: Any, file: TableFile, schema: Schema) -> int:
    """The rows that the table has of the run; raises DrgpayError unless they add up to those of its file."""
    table, expected = file.table, file.sums()
    columns = summed_columns(table)
    sums = ", ".join(f"coalesce(sum({name}), 0)::text" for name in columns)
    cursor.execute(
        f"SELECT count(*)::text{', ' if sums else ''}{sums} "
        f"FROM {table.schema(schema)}.{table.name} WHERE run = $1",
        (file.run,),
    )
    stored = dict(zip(["", *columns], map(Decimal, cursor.fetchone()), strict=True))
    for name, value in expected.items():
        if stored[name] != value:
            raise DrgpayError(
                *_ERRORS(
                    "other_sums" if name else "other_rows",
                    table=f"{table.schema(schema)}.{table.name}",
                    column=name,
                    stored=stored[name],
                    expected=value,
                )
            )
    return int(stored[""])
