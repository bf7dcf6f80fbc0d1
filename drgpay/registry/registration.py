"""Put finished runs into the database, one at its end or all of them from their folders."""

import glob
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drgpay.errors import DrgpayError, reason_of
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

_TABLES_OF_FILES = {
    "values": "run_values",
    "statements": "run_statements",
    "ledger": "run_ledger",
}
_FORMER_NAMES = {"pool": "account"}
"""Columns of stored tables by the name that they had in files of older runs."""

_SUMS = (
    *("points", "total_cost", "standard_amount", "patient_cost", "other_cost"),
    *("fund_amount", "fund_cost"),
)
_CASE_KEYS = {"run_classes": ("case_class",), "run_groups": ("mdc", "adrg", "drg")}
_TABLES = ("runs", *_TABLES_OF_FILES.values(), *_CASE_KEYS, "run_adjustments")
_ADJUSTMENT_KEYS = ("hospital_id", "account", "out_of_area", "applies_to", "kind")


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
            with rewriting(folder.parent) as connection:
                _store(connection, folder, row)
    except ImportError as error:
        raise DrgpayError(
            f"{database_path(folder.parent)} cannot be written ({error})",
            f"install duckdb, then {rebuild_command(folder.parent)}",
        ) from error
    except OSError as error:
        raise DrgpayError(
            f"the run {folder} cannot be read ({reason_of(error)})", "make it readable"
        ) from error


def rebuild(output: Path, on_run: Callable[[str], None] = lambda _run: None) -> Rebuilt:
    """Make the database anew from the folders of an output folder, in the order of their names.

    What is no readable run is left out and reported; hidden folders are passed over. `on_run` hears
    of every run that is in. Raises DrgpayError if the folder is missing or refuses the new file;
    the database is then as it was.
    """
    if not output.is_dir():
        raise DrgpayError(f"there is no folder {output}", "name the folder of the runs")
    runs: list[str] = []
    skipped: list[DrgpayError] = []
    with rewriting(output, afresh=True) as connection:
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
        for name, table in _TABLES_OF_FILES.items():
            _copy_file(connection, folder, name, table)
        _add_up_cases(connection, folder)
        _add_up_adjustments(connection, folder)
    except duckdb.Error as error:
        if DATABASE in str(error):  # the database refuses, not the run
            raise
        connection.rollback()
        raise DrgpayError(
            f"the results of the run {folder} cannot be read ({first_sentence(error)})",
            "`drgpay verify` finds the file that is not as the run left it",
        ) from error
    connection.commit()


def _copy_file(connection: "DuckDBPyConnection", folder: Path, name: str, table: str) -> None:
    """Copy a Parquet file of a run into its table, by the names of columns."""
    path = folder / f"{name}.parquet"
    if not path.exists():  # a run of an older version
        return
    source = _source(path)
    given = {column for column, *_ in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    columns, values = ["run"], [_quoted(folder.name)]
    for column, *_ in connection.execute(f"DESCRIBE stored.{table}").fetchall():
        former = _FORMER_NAMES.get(column, column)
        if column != "run" and {column, former} & given:
            columns.append(column)
            values.append(column if column in given else former)
    connection.execute(
        f"INSERT INTO stored.{table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {source}"
    )


def _add_up_cases(connection: "DuckDBPyConnection", folder: Path) -> None:
    """Store the sums of the cases of a run by class and by group; the file is read once."""
    path = folder / "cases.parquet"
    if not path.exists():
        return
    finest = ", ".join(key for keys in _CASE_KEYS.values() for key in keys)
    sums = ", ".join(f"sum({name}) AS {name}" for name in _SUMS)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE added_up AS "
        f"SELECT {finest}, count(*) AS cases, sum(length_of_stay) AS days, {sums} "
        f"FROM {_source(path)} GROUP BY {finest}"
    )
    for table, keys in _CASE_KEYS.items():
        named = ", ".join(keys)
        connection.execute(
            f"INSERT INTO stored.{table} BY NAME "
            f"SELECT {_quoted(folder.name)} AS run, {named}, "
            f"sum(cases) AS cases, sum(days) AS days, {sums} "
            f"FROM added_up GROUP BY {named} ORDER BY {named}"
        )


def _add_up_adjustments(connection: "DuckDBPyConnection", folder: Path) -> None:
    """Store the sums of the adjustments of a run; their rows stay in the file."""
    path = folder / "adjustments.parquet"
    if not path.exists():
        return
    named = ", ".join(_ADJUSTMENT_KEYS)
    connection.execute(
        "INSERT INTO stored.run_adjustments BY NAME "
        f"SELECT {_quoted(folder.name)} AS run, {named}, count(*) AS adjustments, "
        "sum(points) AS points, sum(standard_amount) AS standard_amount "
        f"FROM {_source(path)} GROUP BY {named} ORDER BY {named}"
    )


def _source(path: Path) -> str:
    return f"read_parquet({_quoted(glob.escape(path.as_posix()))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
