"""Which files of a run are about persons: in its folder, and beside it under its name.

Beside a run lie its report, the workbooks of `drgpay statements`, and whatever else somebody put
there under its name. Its records of steps are evidence, and no such files.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.results.data_package import table_of
from drgpay.results.forgotten import decisions
from drgpay.results.manifest import MANIFEST
from drgpay.results.run_folder import RunFolder

STATEMENTS = "statements"
"""The folder of statements in a run; beside it the one that `drgpay statements` writes ends so."""

_IDS = ("case_id", "visit_id")
_SHORTEST_ID = 6
"""Shorter ids are words that a text may have by chance."""
_WORD = re.compile(r"[\w-]+")
_BOOKS = (".xlsx", ".html", ".csv", ".parquet")


class PersonFiles:
    """The files of a run that are about persons and are still there."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self._ids = _ids_of(run)

    def inside(self) -> Iterator[str]:
        """Those in its folder, by their names in the manifest."""
        run = self.run
        for name in run.manifest.outputs:
            path = run.folder / name
            if not path.is_file():
                continue
            if name in run.manifest.forgotten:  # who forgot it was interrupted
                yield name
                continue
            table = table_of(PurePosixPath(name), run.manifest)
            if table.people if table else self._is_about_persons(path, name):
                yield name

    def beside(self) -> Iterator[str]:
        """Those beside its folder, by their names from there."""
        folder = self.run.folder.resolve()
        decided = set[str]()
        with suppress(DrgpayError):  # a record that is broken is what verify says
            decided = {name for one in decisions(folder) for name in one.beside}
        for path in _under_the_name_of(folder):
            whole = path.name == f"{folder.name}-{STATEMENTS}"
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                name = file.relative_to(folder.parent).as_posix()
                if (
                    file.is_file()
                    and not file.is_symlink()
                    and file.suffix in _BOOKS
                    and (whole or name in decided or self._names_a_person(file))
                ):
                    yield name

    def _is_about_persons(self, path: Path, name: str) -> bool:
        """Of files that are no declared table: statements, tables with an id, texts that name one."""
        return PurePosixPath(name).parts[0] == STATEMENTS or self._names_a_person(path)

    def _names_a_person(self, path: Path) -> bool:
        """Whether a table has an id, or a workbook or a text one of the run's as a word."""
        if path.suffix == ".parquet":
            return bool(set(_IDS) & set(pl.read_parquet_schema(path)))
        return bool(self._ids) and any(
            not self._ids.isdisjoint(_WORD.findall(text)) for text in _texts_of(path)
        )


def _under_the_name_of(folder: Path) -> list[Path]:
    """What lies beside a run under its name, and not under that of another run, nor is one."""
    there = [path for path in sorted(folder.parent.iterdir()) if not path.is_symlink()]
    runs = {path.name for path in there if (path / MANIFEST).is_file()}

    def is_of(name: str, run: str) -> bool:
        return name.startswith((f"{run}-", f"{run}."))

    longer = [run for run in runs if is_of(run, folder.name)]
    return [
        path
        for path in there
        if is_of(path.name, folder.name)
        and path.name not in runs
        and not any(is_of(path.name, run) for run in longer)
    ]


def _ids_of(run: RunFolder) -> frozenset[str]:
    """The ids of stays and visits in the tables of a run that are still there."""
    found: set[str] = set()
    for name in run.manifest.outputs:
        path = run.folder / name
        if path.suffix == ".parquet" and path.is_file():
            for column in set(_IDS) & set(pl.read_parquet_schema(path)):
                ids = pl.scan_parquet(path, glob=False).select(pl.col(column).cast(pl.String))
                found.update(ids.unique().collect().to_series().drop_nulls())
    return frozenset(one for one in found if len(one) >= _SHORTEST_ID)


def _texts_of(path: Path) -> Iterable[str]:
    if path.suffix != ".xlsx":
        yield path.read_text("utf-8", errors="replace")
        return
    try:
        with ZipFile(path) as book:
            for name in book.namelist():
                yield book.read(name).decode("utf-8", errors="replace")
    except (BadZipFile, KeyError):  # no workbook any more: verify says so
        return
