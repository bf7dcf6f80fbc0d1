"""The folder of a run while it is written: its lock, its finished stages, its place at the end.

In the output folder, for a run `2026-10-1f2e3d4c5b`:

    .2026-10-1f2e3d4c5b.lock       held while a process writes the run
    .2026-10-1f2e3d4c5b.partial/   what there is of it; stays when the process is killed
        stages.json                the finished stages: basis, program, job, files, sha256
        stages/<stage>.<part>.arrows
        stages/<stage>.files/      what a stage wrote itself
        outputs/                   the results so far; renamed at the end
    2026-10-1f2e3d4c5b/            the run, whole

How a run is written::

    with run_folder(job.output, run_id, basis) as run:
        checked = run.stage("check", lambda: check_stays(...), CheckedStays)
        earned = run.stage("points", lambda: points_of_stays(...), EarnedPoints)
        write_frame(cases, run.outputs / "cases.parquet")
        write_manifest(run.outputs, run_id, basis, counts, seconds, run.rights)
        write_data_package(run.outputs)
    run.folder, run.repeated, run.reused
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from threading import Event
from typing import Any, TypeVar, cast

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.file_rights import OWNER, Rights, give, make_folder
from drgpay.base.shipped import program_hash
from drgpay.base.words import Sentences
from drgpay.records.origin import ORIGIN_SCHEMA
from drgpay.results.forgotten import forgotten_error
from drgpay.results.manifest import output_hashes, read_manifest
from drgpay.run.interrupted import (
    RECORD,
    Origin,
    clear_after_killed,
    clear_away,
    is_open_to_others,
    partial_of,
    read_record,
    refuse_foreign,
)
from drgpay.run.lock import run_lock
from drgpay.run.stage_files import give_way, read_stage_file, write_stage_file
from drgpay.run.staging import put_in_place, refusals_named

_ERRORS = Sentences("errors/run")

Result = TypeVar("Result")

_FILES = "files/"


@contextmanager
def run_folder(
    output: Path,
    run_id: str,
    basis: Mapping[str, Any],
    rights: Rights = OWNER,
    job: str | None = None,
) -> Iterator["UnfinishedRun"]:
    """The run `output/<run_id>`, to be filled in the block and put in its place at its end.

    `basis` is everything that the results depend on, as JSON: stages that an earlier process left
    behind are reused only if they had the same basis and came from the same program, and if nobody
    but the owner, or the members of a group of `rights`, could have written them. What killed
    processes left in `output` is cleared away, with stages that `job`, the name of a job, had from
    other inputs.

    If the folder exists by then and holds the same bytes, it stays and the run is `repeated`. After
    an error that the user can mend (DrgpayError, a full disk) nothing is left; after any other end,
    a kill among them, the partial folder stays for the next run. Raises DrgpayError if another
    process writes this run, if somebody else was interrupted at it, if the folder exists with other
    results, and for whatever the operating system refuses.
    """
    folder = output / run_id
    with refusals_named(folder):
        make_folder(output, rights)
        origin, partial = _origin(basis, job), partial_of(folder)
        clear_after_killed(output, folder, origin)
        refuse_foreign(partial, rights)
        with run_lock(folder, rights):
            refuse_foreign(partial, rights)
            run = UnfinishedRun(
                folder, partial / "outputs", rights, _Stages(partial, origin, rights)
            )
            with _left_tidy(run, partial):
                run._stages.open()
                clear_away(run.outputs)
                make_folder(run.outputs, rights)
                yield run
                _put_in_place(run)


@dataclass
class UnfinishedRun:
    """A run that is being written.

    folder: where it will lie. outputs: write the results here, in subfolders too. rights: what they
    get at the end. repeated: after the block, whether the folder lay there before with the same
    bytes.
    """

    folder: Path
    outputs: Path
    rights: Rights
    _stages: "_Stages"
    repeated: bool = False

    def named(self, run_id: str) -> None:
        """The run lies under this id at the end: what it is known by may show on the way."""
        self.folder = self.folder.with_name(run_id)

    @property
    def work(self) -> Path:
        """An empty folder for what is gone when the run has its place; private as stages are."""
        folder = self.outputs.with_name("work")
        clear_away(folder)
        make_folder(folder, self.rights)
        return folder

    @property
    def reused(self) -> tuple[str, ...]:
        """The stages that were read back from an interrupted run instead of computed."""
        return tuple(self._stages.reused)

    def stage(
        self, name: str, make: Callable[[], Result], kind: type[Result] | None = None
    ) -> Result:
        """What `make()` returns, or what it returned in an interrupted run of the same basis.

        `kind` is a dataclass whose fields are all frames; without it the result is one frame. The
        result is kept in the background while the run goes on, so it must not be changed in place.
        A stage that cannot be kept (a full disk) or read back is no error: it is computed again.
        """
        kept = self._stages.read(name)
        if kept is not None:
            return cast(Result, kind(**kept) if kind else kept["frame"])
        result = make()
        self._stages.keep(name, _frames_of(result))
        return result

    def stage_with_files(
        self, name: str, make: Callable[[Path], Result], kind: type[Result]
    ) -> Result:
        """As `stage`, for results too big for frames: `make(folder)` leaves files in a folder too.

        They lie in `outputs` afterwards.
        """
        result, folder = self.stage_in_folder(name, make, kind)
        for path in sorted(folder.iterdir()):
            _same_file(path, self.outputs / path.name)
        return result

    def stage_in_folder(
        self, name: str, make: Callable[[Path], Result], kind: type[Result]
    ) -> tuple[Result, Path]:
        """The same of files that are no results: they lie in the folder that is given back, which is
        private and goes when the run has its place.
        """
        folder = self._stages.folder_of(name)
        kept = self._stages.read(name) if self._stages.has_files(name) else None
        if kept is None:
            clear_away(folder)
            make_folder(folder, self.rights)
            result = make(folder)
            self._stages.keep(name, _frames_of(result), folder)
        else:
            result = kind(**kept)
        return result, folder


def _same_file(path: Path, other: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such thing."""
    try:
        os.link(path, other)
    except OSError:
        shutil.copyfile(path, other)


@contextmanager
def _left_tidy(run: UnfinishedRun, partial: Path) -> Iterator[None]:
    """Remove the partial folder after success and after what the user can mend."""
    stages = run._stages
    try:
        with refusals_named(run.folder):
            yield
    except DrgpayError:
        stages.stop()
        clear_away(partial)
        raise
    except BaseException:
        stages.finish()
        raise
    stages.stop()
    clear_away(partial)


def _put_in_place(run: UnfinishedRun) -> None:
    run._stages.stop()
    if not run.folder.exists():
        put_in_place(run.outputs, run.folder, run.rights)
        return
    there = read_manifest(run.folder)
    if there.forgotten:
        raise DrgpayError(*forgotten_error(there))
    was, now = output_hashes(run.folder), output_hashes(run.outputs)
    if (there.evidence, was) != (read_manifest(run.outputs).evidence, now):
        others = [name for name in {*was, *now} if was.get(name) != now.get(name)]
        if not all(_same_but_for_names(run, name) for name in others):
            raise DrgpayError(*_ERRORS("other_results", folder=run.folder))
    run.repeated = True


def _same_but_for_names(run: UnfinishedRun, name: str) -> bool:
    """Whether a table tells the same of rows of files that were renamed, or moved in their folder.

    Names are no evidence of a run, and its findings name them: the findings that lie there stay.
    """
    try:
        frames = [pl.read_parquet(folder / name) for folder in (run.folder, run.outputs)]
    except (OSError, pl.exceptions.PolarsError):
        return False
    there, here = (frame.drop(ORIGIN_SCHEMA, strict=False).sort(pl.all()) for frame in frames)
    return "source_file" in frames[0].columns and there.equals(here)


def _frames_of(result: object) -> dict[str, pl.DataFrame]:
    if isinstance(result, pl.DataFrame):
        return {"frame": result}
    if is_dataclass(result) and not isinstance(result, type):
        parts = {part.name: getattr(result, part.name) for part in fields(result)}
        if all(isinstance(frame, pl.DataFrame) for frame in parts.values()):
            return parts
    raise TypeError(f"a stage is a frame or a dataclass of frames, not {type(result).__name__}")


def job_named(path: Path, language: str) -> str:
    """The name under which a job's stages are kept: its file, and what is asked beside it."""
    return f"{path.resolve()} {language}"


def _origin(basis: Mapping[str, Any], job: str | None) -> Origin:
    """The basis and the program's text: a stage of a changed checkout is another stage."""
    text = json.dumps(basis, sort_keys=True, ensure_ascii=False)
    program = f"{program_hash()}\n{pl.__version__}"
    return Origin(_digest(f"{program}\n{text}"), _digest(program), job)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class _Stages:
    """The finished stages in a partial folder, and the thread that keeps them."""

    partial: Path
    origin: Origin
    rights: Rights
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    """Stage -> file -> sha256."""
    reused: list[str] = field(default_factory=list)
    _writer: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "stages", initializer=give_way)
    )
    _stopped: Event = field(default_factory=Event)

    def open(self) -> None:
        """Find those of an interrupted run with this key; one with another key is cleared away.

        So is one that somebody outside could have written.
        """
        records = None
        if not is_open_to_others(self.partial, self.rights):
            records = _read_stages(self.partial, self.origin.key)
        if records is None:
            clear_away(self.partial)
        # Stages hold pseudonyms of persons, which no result of a run does.
        make_folder(self.partial, self.rights)
        make_folder(self.partial / "stages", self.rights)
        self.records = records or {}
        with suppress(OSError):  # of what there may be stages, for who clears away
            self._record(self.records)

    def read(self, name: str) -> dict[str, pl.DataFrame] | None:
        """The frames of a finished stage; None if there is none or a file is not as recorded."""
        frames = {}
        for file, recorded in self.records.get(name, {}).items():
            if file.startswith(_FILES):
                continue
            frame = read_stage_file(self.partial / "stages" / file, recorded)
            if frame is None:
                return None
            frames[file.split(".")[1]] = frame
        if frames:
            self.reused.append(name)
        return frames or None

    def folder_of(self, name: str) -> Path:
        """Where the files of a stage lie that are no frames."""
        return self.partial / "stages" / f"{name}.files"

    def has_files(self, name: str) -> bool:
        """Whether the files of a finished stage are there as recorded."""
        recorded = {
            file.removeprefix(_FILES): sha256
            for file, sha256 in self.records.get(name, {}).items()
            if file.startswith(_FILES)
        }
        try:
            return recorded == _hashes(self.folder_of(name))
        except OSError:
            return False

    def keep(self, name: str, frames: dict[str, pl.DataFrame], files: Path | None = None) -> None:
        """Write the frames of a stage in the background, then record it with its files."""
        self._writer.submit(self._write, name, frames, files)

    def _write(self, name: str, frames: dict[str, pl.DataFrame], files: Path | None) -> None:
        """Write the files, then the record with their hashes; a killed write leaves no record.

        They are left to the operating system, which keeps them when the process is killed, and
        forgets them unwritten when the run ends soon. After a power failure the hashes tell what
        of them reached the disk.
        """
        record: dict[str, str] = {}
        try:
            for part, frame in frames.items():
                path = self.partial / "stages" / f"{name}.{part}.arrows"
                sha256 = write_stage_file(frame, path, self._stopped.is_set)
                if sha256 is None:
                    return
                give(path, self.rights)
                record[path.name] = sha256
            if files and not self._stopped.is_set():
                for path in files.iterdir():
                    give(path, self.rights)
                record |= {f"{_FILES}{file}": sha256 for file, sha256 in _hashes(files).items()}
            self._record({**self.records, name: record})
        except (OSError, pl.exceptions.PolarsError, pa.ArrowException):
            # Keeping stages only saves time: make room and let the run go on.
            for part in frames:
                with suppress(OSError):
                    (self.partial / "stages" / f"{name}.{part}.arrows").unlink(missing_ok=True)

    def _record(self, records: dict[str, dict[str, str]]) -> None:
        staged = self.partial / f".{RECORD}"
        staged.unlink(missing_ok=True)  # another member may have been interrupted here
        text = json.dumps({**asdict(self.origin), "stages": records})
        staged.write_text(text, encoding="utf-8")
        give(staged, self.rights)
        staged.replace(self.partial / RECORD)
        self.records = records

    def finish(self) -> None:
        """Keep what there is to keep, then end the thread."""
        self._writer.shutdown()

    def stop(self) -> None:
        """End the thread; what it has not kept is not needed any more."""
        self._stopped.set()
        self._writer.shutdown(cancel_futures=True)


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: file_hash(path) for path in sorted(folder.iterdir())}


def _read_stages(partial: Path, key: str) -> dict[str, dict[str, str]] | None:
    record = read_record(partial)
    stages = record.get("stages")
    return stages if record.get("key") == key and isinstance(stages, dict) else None
