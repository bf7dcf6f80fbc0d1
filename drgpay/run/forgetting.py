"""`drgpay forget`: remove what runs hold about persons, and leave their evidence.

Gone are the tables whose rows are about the stay or the visit of one person, the statements of the
hospitals, those beside the run too, and every other workbook or page that names a case or a visit.
What stays are sums, the
catalogue, the ledger and the manifest with the hashes of all files: what was paid to whom, and proof.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.file_rights import rights_like
from drgpay.base.language import Words
from drgpay.base.period import Period
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences, Wording
from drgpay.registry.registration import note_manifest
from drgpay.results.forgotten import add_decision, mark_forgotten
from drgpay.results.manifest import MONTHS, Manifest
from drgpay.results.run_folder import RunFolder
from drgpay.run.archive import archives_near
from drgpay.run.lock import run_lock
from drgpay.run.person_files import STATEMENTS, PersonFiles
from drgpay.run.staging import refusals_named

_ERRORS = Sentences("errors/run")
_WORDS = Wording("forget")
_CLEARING = "clearing"


@dataclass(frozen=True)
class Forgettable:
    """What of a run would go.

    files: by name from its folder. beside: by name from the folder that it lies in: its report where
    that names a case, the workbooks of `drgpay statements`. needed: why it is kept unless somebody
    insists; None where nothing needs it. archives: those found that hold the run, which stay.
    """

    run: RunFolder
    files: tuple[str, ...]
    beside: tuple[str, ...]
    bytes: int
    needed: Words | None
    archives: tuple[Path, ...] = ()


def forgettable(runs: Path, before: date) -> list[Forgettable]:
    """The runs in a folder whose month or year ended before a day, and that hold rows on persons.

    A month is needed until its year is cleared: until a clearing in the folder names it, or another
    run of the same region and month. So is a run that such an open month names as paid before. Raises
    DrgpayError if there is no such folder.
    """
    if not runs.is_dir():
        raise DrgpayError(*_ERRORS("no_runs_folder", folder=runs))
    found = _Runs(tuple(_runs_in(runs)))
    old = [found.looked_at(run) for run in found.runs if _last_day(run) < before]
    due = [each for each in old if each.files or each.beside]
    kept = archives_near(runs) if due else {}
    return [replace(each, archives=tuple(kept.get(each.run.run_id, ()))) for each in due]


State = Literal["gone", "would_go", "kept"]


@dataclass(frozen=True, repr=False)
class Forgotten(Shown):
    """What became of a run that was to be forgotten. kept: something needs it.

    remark: why the database does not know of it, if so.
    """

    found: Forgettable
    state: State
    remark: DrgpayError | None = None

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "run", self.found.run.run_id
        yield "state", self.state
        yield "files", self.found.files
        yield "beside", self.found.beside
        yield "needed", str(self.found.needed or "")


def forget_old(
    runs: Path,
    before: date,
    by: str = "",
    note: str = "",
    dry_run: bool = False,
    force: bool = False,
) -> list[Forgotten]:
    """Forget the runs in a folder whose month or year ended before a day, as `forgettable` finds them.

    dry_run: only say what would go. force: forget those too that something needs. The database keeps
    their sums. Raises DrgpayError where nobody is named who decides, and as `forgettable` and `forget`.
    """
    if not (dry_run or by.strip()):
        raise DrgpayError(*_ERRORS("nobody_forgets"))
    return [
        _forgotten(each, by.strip(), note, dry_run)
        if force or not each.needed
        else Forgotten(each, "kept")
        for each in forgettable(runs, before)
    ]


def _forgotten(each: Forgettable, by: str, note: str, dry_run: bool) -> Forgotten:
    if dry_run:
        return Forgotten(each, "would_go")
    forget(each, by, note)
    try:
        note_manifest(each.run.folder)
    except DrgpayError as error:
        return Forgotten(each, "gone", error)
    return Forgotten(each, "gone")


def day_of(text: str) -> date:
    """A day as 2022-01-01; raises DrgpayError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DrgpayError(*_ERRORS("no_day", text=text)) from None


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
        place = folder.resolve().parent
        beside = {name: file_hash(place / name) for name in found.beside}
        decided = add_decision(folder, manifest, by, at, note, gone, beside)
        mark_forgotten(folder, manifest, decided)
        for path in [*(place / name for name in beside), *(folder / name for name in gone)]:
            path.unlink(missing_ok=True)
        for emptied in (folder / STATEMENTS, folder.with_name(f"{folder.name}-{STATEMENTS}")):
            with suppress(OSError):  # where something else lies there
                emptied.rmdir()


@dataclass(frozen=True)
class _Runs:
    """The runs of a folder, and which of them need which."""

    runs: tuple[RunFolder, ...]

    def looked_at(self, run: RunFolder) -> Forgettable:
        """What of a run would go."""
        found = PersonFiles(run)
        files, beside = tuple(found.inside()), tuple(found.beside())
        place = run.folder.resolve().parent
        paths = [*(run.folder / name for name in files), *(place / name for name in beside)]
        size = sum(path.stat().st_size for path in paths)
        return Forgettable(run, files, beside, size, self._needed(run))

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
