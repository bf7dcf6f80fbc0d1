"""The one way of a run: parts are settled, what stops them is accepted, results are written.

A month and a year, stays and visits go the same way; they differ in what is opened before it
(drgpay.run.month_end, drgpay.run.clearing).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from drgpay.base.file_rights import Rights
from drgpay.base.language import Language, Words
from drgpay.base.progress import Clock, ProgressBar, no_progress
from drgpay.base.shown import Shown
from drgpay.records.dataset import Dataset
from drgpay.results.data_package import write_data_package
from drgpay.results.manifest import CASE_SHEETS, identity_of, write_manifest
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.results import Results
from drgpay.run.acceptance import take_on
from drgpay.run.input_files import InputFiles
from drgpay.run.results import write_results
from drgpay.run.rules import AnyRules
from drgpay.run.stages import UnfinishedRun, job_named, run_folder
from drgpay.run.stops import Accepted, Stop, accepted_by


@dataclass(frozen=True)
class Running:
    """What a part is settled with: the folder of its run, and who is told what on the way.

    case_sheets: whether its workbooks name the cases.
    """

    folder: UnfinishedRun
    clock: Clock
    language: Language = "zh"
    progress: ProgressBar = no_progress
    threads: int | None = None
    case_sheets: bool = False


@dataclass(frozen=True)
class SettledPart:
    """A part of a run, settled.

    rules: what it is paid by. stops: what stops the run until a person accepts it. counts: those of
    the manifest. results: its tables under the id of the run, which is known when nothing stops. late:
    writes those of its files that no workbook reads unless it names the cases; called once.
    """

    rules: AnyRules
    stops: Sequence[Stop]
    counts: Mapping[str, int]
    results: Callable[[str], Results]
    late: Callable[[], object] = lambda: None


SettlePart: TypeAlias = Callable[[Running], SettledPart]
"""A part that was opened and waits for being settled."""


@dataclass(frozen=True)
class Opened:
    """A job or a year file with all that it names, read and compared with one another.

    output: where its run is put. basis: what its results depend on, by content. parts: stays before
    visits. accepted: what may stop the run, and who took it on. counts: of the manifest, beside
    those of the parts. read: the files as they were hashed before they were read. datasets: the
    records, which count what their mappings converted. remarks: what is to be said to who ran it.
    fetched: what the manifest says of snapshots out of databases.
    """

    path: Path
    output: Path
    rights: Rights
    basis: dict[str, Any]
    parts: Sequence[SettlePart]
    accepted: Sequence[Accepted]
    read: InputFiles
    counts: Mapping[str, int] = field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()
    remarks: tuple[Words, ...] = ()
    fetched: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Finished(Shown):
    """Where a run lies, what it says, and whether it lay there before with the same bytes.

    reused: the stages of an interrupted run that were not made again. datasets, remarks: as in
    Opened.
    """

    folder: Path
    results: tuple[Results, ...]
    repeated: bool
    reused: tuple[str, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    remarks: tuple[Words, ...] = ()

    def of(self, part: Part) -> Results | None:
        """The results of a part, if the run settled it."""
        return next((one for one in self.results if one.part == part), None)

    @property
    def stays(self) -> Results | None:
        """The results of stays."""
        return self.of(STAYS)

    @property
    def visits(self) -> Results | None:
        """The results of visits."""
        return self.of(VISITS)


def settle_and_write(
    opened: Opened,
    clock: Clock,
    language: Language,
    run_id: str | None = None,
    progress: ProgressBar = no_progress,
    threads: int | None = None,
) -> Finished:
    """Settle what was opened and leave its folder, which appears only when all in it is written.

    Raises RunStoppedError for findings that nobody accepts, and DrgpayError when another run has the
    id.
    """
    basis, identity = opened.basis, identity_of(opened.basis, run_id)
    named = job_named(opened.path, language)
    with run_folder(opened.output, identity, basis, opened.rights, named) as run:
        case_sheets = bool(basis.get(CASE_SHEETS))
        running = Running(run, clock, language, progress, threads, case_sheets)
        settled = [settle(running) for settle in opened.parts]
        stops = [stop for part in settled for stop in part.stops]
        needed = take_on(stops, opened.accepted, run, basis, run_id)
        identity = run.folder.name
        counts = dict(opened.counts)
        for part in settled:
            counts |= part.counts
        results = tuple(part.results(identity) for part in settled)
        opened.read.refuse_changed()
        rules = [part.rules for part in settled]
        late = [part.late for part in settled]
        write_results(results, rules, run.outputs, language, case_sheets, late)
        clock.lap("write")
        names = accepted_by(opened.accepted, needed)
        write_manifest(
            run.outputs,
            identity,
            basis,
            counts,
            clock.seconds,
            opened.rights,
            names,
            opened.fetched,
        )
        write_data_package(run.outputs)
    placed = tuple(one.lying_in(run.folder) for one in results)
    return Finished(run.folder, placed, run.repeated, run.reused, opened.datasets, opened.remarks)
