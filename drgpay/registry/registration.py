"""Put finished runs into the database, one at its end or all of them from their folders."""

import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, Rights, rights_like
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.registry.database import (
    DATABASE,
    database_path,
    first_sentence,
    reading,
    rebuild_command,
    rewriting,
)
from drgpay.registry.manifest import manifest_hash, run_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ERRORS = Sentences("errors/registry")

_STAYS, _VISITS = "stays", "visits"

# File of a run, the table that takes its rows, and the part of the run that they are of.
_COPIED: tuple[tuple[str, str, str | None], ...] = (
    ("values", "run_values", _STAYS),
    ("visit_values", "run_values", _VISITS),
    ("statements", "run_statements", _STAYS),
    ("visit_statements", "run_statements", _VISITS),
    ("ledger", "run_ledger", _STAYS),
    ("visit_ledger", "run_ledger", _VISITS),
    ("capitation", "run_capitation", None),
    ("capitation_apart", "run_capitation_apart", None),
    ("capitation_tie_out", "run_capitation_tie_out", None),
)
_FORMER_NAMES = {"pool": "account"}
"""Columns of stored tables by the name that they had in files of older runs."""


@dataclass(frozen=True)
class _AddedUp:
    """A file of a run whose sums are stored; its rows stay in the file.

    tables: the keys that each table has. sums: SQL by column. keys: SQL of keys that are not
    columns of the file.
    """

    file: str
    tables: Mapping[str, tuple[str, ...]]
    sums: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict)


_MONEY = {
    name: f"sum({name})"
    for name in (
        *("points", "total_cost", "standard_amount", "patient_cost", "other_cost"),
        *("fund_amount", "fund_cost"),
    )
}
_ADDED_UP = (
    _AddedUp(
        "cases",
        {"run_classes": ("case_class",), "run_groups": ("mdc", "adrg", "drg")},
        {"cases": "count(*)", "days": "sum(length_of_stay)", **_MONEY},
    ),
    _AddedUp(
        "adjustments",
        {"run_adjustments": ("hospital_id", "account", "out_of_area", "applies_to", "kind")},
        {
            "adjustments": "count(*)",
            "points": "sum(points)",
            "standard_amount": "sum(standard_amount)",
        },
    ),
    _AddedUp(
        "visits",
        {
            "run_visit_classes": ("visit_type", "class"),
            "run_visit_groups": ("class", "family", "apg"),
        },
        {"visits": "count(*)", **_MONEY},
        # A visit that is paid item by item, and one of which nothing is paid, lead in no APG.
        {
            "class": "CASE WHEN payment = 'item_by_item' THEN 'fee' "
            "ELSE coalesce(class::VARCHAR, 'unpaid') END",
            "family": "coalesce(family::VARCHAR, '–')",
            "apg": "coalesce(apg::VARCHAR, '–')",
        },
    ),
    _AddedUp(
        "visit_groups",
        {"run_entries": ("class", "family", "apg", "reason")},
        {name: f"sum({name})" for name in ("entries", "quantity", "lines_cost", "points")},
    ),
)
_TABLES = (
    "runs",
    *dict.fromkeys(table for _, table, _ in _COPIED),
    *(table for added in _ADDED_UP for table in added.tables),
)


@dataclass(frozen=True)
class Rebuilt:
    """The runs that the database now has, sorted, and why the other folders are left out."""

    runs: tuple[str, ...]
    skipped: tuple[DrgpayError, ...]


def register(run_folder: Path) -> None:
    """Put the run of a folder into the database beside it, instead of what it had of this run.

    The database is made if there is none. It changes as a whole or not at all. A run that is in it
    with the same manifest costs one look. Every reason for which it may fail (also a full disk, or
    DuckDB not installed) comes as a DrgpayError; the run itself is not touched, so a caller may
    say it as a warning and go on: `drgpay runs rebuild` makes up for it.
    """
    folder = run_folder.resolve()
    try:
        if not _is_registered(folder):
            row = run_row(folder)
            with rewriting(folder.parent, rights=rights_like(folder)) as connection:
                _store(connection, folder, row)
    except ImportError as error:
        path, rebuild = database_path(folder.parent), rebuild_command(folder.parent)
        raise DrgpayError(
            *_ERRORS("no_duckdb", path=path, reason=error, rebuild=rebuild)
        ) from error
    except OSError as error:
        raise DrgpayError(
            *_ERRORS("unreadable_run", folder=folder, reason=reason_of(error))
        ) from error


def note_manifest(run_folder: Path) -> None:
    """Have the database know the manifest of a run as it is now, whose results it keeps.

    Nothing happens where there is no database, or the run is not in it. Raises DrgpayError as
    `register`.
    """
    folder = run_folder.resolve()
    if not database_path(folder.parent).exists():
        return
    try:
        with rewriting(folder.parent, rights=rights_like(folder)) as connection:
            connection.execute(
                "UPDATE stored.runs SET manifest_sha256 = ? WHERE run = ?",
                [manifest_hash(folder), folder.name],
            )
    except OSError as error:
        raise DrgpayError(
            *_ERRORS("unreadable_run", folder=folder, reason=reason_of(error))
        ) from error


def rebuild(output: Path, on_run: Callable[[str], None] = lambda _run: None) -> Rebuilt:
    """Make the database anew from the folders of an output folder, in the order of their names.

    What is no readable run is left out and reported; hidden folders are passed over. `on_run` hears
    of every run that is in. Raises DrgpayError if the folder is missing or refuses the new file;
    the database is then as it was.
    """
    if not output.is_dir():
        raise DrgpayError(*_ERRORS("no_folder", folder=output))
    runs: list[str] = []
    skipped: list[DrgpayError] = []
    with rewriting(output, True, _rights_of_runs(output)) as connection:
        for folder in sorted(output.iterdir()):
            if not folder.is_dir() or folder.name.startswith("."):
                continue
            try:
                _store(connection, folder, run_row(folder))
            except DrgpayError as error:
                skipped.append(error)
            else:
                runs.append(folder.name)
                on_run(folder.name)
    return Rebuilt(tuple(runs), tuple(skipped))


def _rights_of_runs(output: Path) -> Rights:
    """The group that runs are shared with, if it is one; a private run does not hide the others."""
    shared = {rights_like(path) for path in output.iterdir() if path.is_dir()} - {OWNER}
    return shared.pop() if len(shared) == 1 else OWNER


def _is_registered(folder: Path) -> bool:
    """Whether the database has this run with just this manifest."""
    if not database_path(folder.parent).exists():
        return False
    with reading(folder.parent) as connection:
        found = connection.execute(
            "SELECT manifest_sha256 FROM stored.runs WHERE run = ?", [folder.name]
        ).fetchone()
    return found == (manifest_hash(folder),)


def _store(connection: "DuckDBPyConnection", folder: Path, row: dict[str, Any]) -> None:
    """Replace all rows of a run, in one transaction."""
    import duckdb

    connection.begin()
    try:
        for table in _TABLES:
            connection.execute(f"DELETE FROM stored.{table} WHERE run = ?", [folder.name])
        marks = ", ".join("?" * len(row))
        connection.execute(
            f"INSERT INTO stored.runs ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )
        for name, table, part in _COPIED:
            _copy_file(connection, folder / f"{name}.parquet", table, part)
        for added in _ADDED_UP:
            _add_up(connection, folder, added)
    except duckdb.Error as error:
        if DATABASE in str(error):  # the database refuses, not the run
            raise
        connection.rollback()
        raise DrgpayError(
            *_ERRORS("unreadable_results", folder=folder, reason=first_sentence(error))
        ) from error
    connection.commit()


def _copy_file(connection: "DuckDBPyConnection", path: Path, table: str, part: str | None) -> None:
    """Copy a Parquet file of a run into its table, by the names of columns."""
    if not path.exists():  # a run without that part, or of an older version
        return
    source = _source(path)
    given = {column for column, *_ in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    fixed = {"run": _quoted(path.parent.name)} | ({"part": _quoted(part)} if part else {})
    columns, values = list(fixed), list(fixed.values())
    for column, *_ in connection.execute(f"DESCRIBE stored.{table}").fetchall():
        former = _FORMER_NAMES.get(column, column)
        if column not in fixed and {column, former} & given:
            columns.append(column)
            values.append(column if column in given else former)
    # What a rate is worth at a level is a part of its pool, whose row has the sums.
    pools = " WHERE level IS NULL" if table == "run_values" and "level" in given else ""
    connection.execute(
        f"INSERT INTO stored.{table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {source}{pools}"
    )


def _add_up(connection: "DuckDBPyConnection", folder: Path, added: _AddedUp) -> None:
    """Store the sums of a file of a run by the keys of each table; the file is read once."""
    path = folder / f"{added.file}.parquet"
    if not path.exists():
        return
    finest = list(dict.fromkeys(key for keys in added.tables.values() for key in keys))
    keyed = ", ".join(f"{added.keys.get(key, key)} AS {key}" for key in finest)
    sums = ", ".join(f"{sql} AS {name}" for name, sql in added.sums.items())
    places = ", ".join(str(place) for place in range(1, len(finest) + 1))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE added_up AS "
        f"SELECT {keyed}, {sums} FROM {_source(path)} GROUP BY {places}"
    )
    again = ", ".join(f"sum({name}) AS {name}" for name in added.sums)
    for table, keys in added.tables.items():
        named = ", ".join(keys)
        connection.execute(
            f"INSERT INTO stored.{table} BY NAME SELECT {_quoted(folder.name)} AS run, {named}, "
            f"{again} FROM added_up GROUP BY {named} ORDER BY {named}"
        )


def _source(path: Path) -> str:
    return f"read_parquet({_quoted(glob.escape(path.as_posix()))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
