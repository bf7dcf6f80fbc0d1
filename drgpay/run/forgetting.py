"""`drgpay forget`: remove what runs hold about persons, and leave their evidence.

Gone are the tables whose rows are about the stay or the visit of one person, the statements of the
hospitals, and every other workbook or page that names a case or a visit. What stays are sums, the
catalogue, the ledger and the manifest with the hashes of all files: what was paid to whom, and proof.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import rights_like
from drgpay.base.language import Words
from drgpay.base.period import Period
from drgpay.base.words import Sentences, Wording
from drgpay.results.data_package import table_of
from drgpay.results.forgotten import add_decision, mark_forgotten
from drgpay.results.manifest import MONTHS, Manifest
from drgpay.results.run_folder import RunFolder
from drgpay.run.lock import run_lock
from drgpay.run.rendered import report_of
from drgpay.run.staging import refusals_named

_ERRORS = Sentences("errors/run")
_WORDS = Wording("forget")
_CLEARING = "clearing"
_STATEMENTS = "statements"
_IDS = ("case_id", "visit_id")
_SHORTEST_ID = 6
"""Shorter ids are words that a text may have by chance."""
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Forgettable:
    """What of a run would go.

    files: by name from its folder. page: its report beside it, where that names a case. needed: why
    it is kept unless somebody insists; empty where nothing needs it.
    """

    run: RunFolder
    files: tuple[str, ...]
    page: Path | None
    bytes: int
    needed: Words | None


def forgettable(runs: Path, before: date) -> list[Forgettable]:
    """The runs in a folder whose month or year ended before a day, and that hold rows on persons.

    A month is needed until its year is cleared: until a clearing in the folder names it, or another
    run of the same region and month. So is a run that such an open month names as paid before. Raises
    DrgpayError if there is no such folder.
    """
    if not runs.is_dir():
        raise DrgpayError(*_ERRORS("no_runs_folder", folder=runs))
    found = _Runs(tuple(_runs_in(runs)))
    old = [run for run in found.runs if _last_day(run) < before]
    return [each for run in old if (each := found.looked_at(run)).files or each.page]


def forget(
    found: Forgettable, by: str, note: str = "", now: Callable[[], datetime] = datetime.now
) -> None:
    """Remove the files of a run, after the record and the manifest say so.

    Whoever is interrupted on the way finds the rest when it is done once more. Raises DrgpayError
    while the run is written, and for what the operating system refuses.
    """
    folder = found.run.folder
    with refusals_named(folder), run_lock(folder, rights_like(folder)):
        manifest = RunFolder.at(folder).manifest
        at = now().astimezone().isoformat(timespec="seconds")
        gone = {name: manifest.outputs[name]["sha256"] for name in found.files}
        decided = add_decision(folder, manifest, by, at, note, gone)
        mark_forgotten(folder, manifest, decided)
        if found.page:
            found.page.unlink(missing_ok=True)
        for name in found.files:
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # where something else lies there
            (folder / _STATEMENTS).rmdir()


@dataclass(frozen=True)
class _Runs:
    """The runs of a folder, and which of them need which."""

    runs: tuple[RunFolder, ...]

    def looked_at(self, run: RunFolder) -> Forgettable:
        """What of a run would go."""
        files = tuple(_of_persons(run))
        page = report_of(run.folder)
        names = page.is_file() and _names_any(page, _ids_of(run))
        size = sum((run.folder / name).stat().st_size for name in files)
        return Forgettable(run, files, page if names else None, size, self._needed(run))

    def _needed(self, run: RunFolder) -> Words | None:
        if run.manifest.is_clearing:
            return None
        if self._is_open(run):
            return _WORDS.words("needed.year", year=run.period[:4])
        for other in self.runs:
            if self._is_open(other) and run.run_id in _named_before(other.manifest):
                return _WORDS.words("needed.run", run=other.run_id)
        return None

    def _is_open(self, run: RunFolder) -> bool:
        """Whether a run is of a month whose year is not cleared."""
        if run.manifest.is_clearing:
            return False
        month = (run.manifest.region, run.period)
        return run.run_id not in self._cleared and month not in self._cleared_months

    @cached_property
    def _cleared(self) -> frozenset[str]:
        return frozenset(
            about["run"]
            for clearing in self.runs
            if clearing.manifest.is_clearing
            for month in clearing.manifest.inputs.get("months", ())
            for about in month["runs"]
        )

    @cached_property
    def _cleared_months(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (clearing.manifest.region, month["period"])
            for clearing in self.runs
            if clearing.manifest.is_clearing
            for month in clearing.manifest.inputs.get("months", ())
        )


def _runs_in(runs: Path) -> Iterator[RunFolder]:
    """The finished months and clearings of a folder, by name; everything else is passed over."""
    for folder in sorted(runs.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            with suppress(DrgpayError):
                run = RunFolder.at(folder)
                if run.manifest.kind in (*MONTHS, _CLEARING):
                    yield run


def _last_day(run: RunFolder) -> date:
    if run.manifest.is_clearing:
        return date(int(run.period), 12, 31)
    return Period.parse(run.period).days[1]


def _named_before(manifest: Manifest) -> set[str]:
    """The runs that a month names: paid before it, or corrected by it."""
    named = {str(about["run"]) for about in manifest.inputs.get("previous", ())}
    return named | ({manifest.corrects["run"]} if manifest.corrects else set())


def _of_persons(run: RunFolder) -> Iterator[str]:
    """The files of a run that are about persons and are still there."""
    ids = _ids_of(run)
    for name in run.manifest.outputs:
        path = run.folder / name
        if not path.is_file():
            continue
        if name in run.manifest.forgotten:  # who forgot it was interrupted
            yield name
            continue
        table = table_of(PurePosixPath(name), run.manifest)
        if table.people if table else _is_about_persons(path, name, ids):
            yield name


def _is_about_persons(path: Path, name: str, ids: frozenset[str]) -> bool:
    """Of files that are no declared table: statements, tables with an id, texts that name one."""
    if path.suffix == ".parquet":
        return bool(set(_IDS) & set(pl.read_parquet_schema(path)))
    return PurePosixPath(name).parts[0] == _STATEMENTS or _names_any(path, ids)


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


def _names_any(path: Path, ids: frozenset[str]) -> bool:
    """Whether a workbook or a text has one of some ids as a word."""
    return bool(ids) and any(not ids.isdisjoint(_WORD.findall(text)) for text in _texts_of(path))


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
