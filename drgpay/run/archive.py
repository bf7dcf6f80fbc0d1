"""`drgpay keep`: an archive of runs with all that is needed to verify them in ten years.

    README.txt         what this is and how to verify it, Chinese first
    SHA256SUMS         of every file but itself, for `sha256sum -c`
    archive.json       runs with their evidence, inputs with their sha256 and where they are
    runs/<run>/        each run as it lies, with its records, and the runs that it names
    schemes/           the grouping schemes, policies/ the policies, jobs/ the job files
    inputs/            what else the runs were settled from, but for records
    records/           the records, encrypted; without `records` they are left out
    program/           the program that made the archive, its lock and the versions of its libraries

The same runs, jobs and program make the same bytes, but for what is encrypted.
"""

import io
import json
import os
import platform
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import Any

from drgpay import __version__
from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import bytes_hash, file_hash
from drgpay.base.file_rights import OWNER, give, make_folder
from drgpay.base.language import Words, listed
from drgpay.base.plain_json import plain_json
from drgpay.base.shipped import program_files
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences, Wording
from drgpay.base.working_folder import working_folder
from drgpay.results.manifest import PROGRAM, output_hashes
from drgpay.results.run_folder import RunFolder
from drgpay.run.archive_inputs import Input, inputs_of, load_named
from drgpay.run.kept_rules import ARCHIVED_SCHEMES
from drgpay.run.staging import refusals_named, staged_folder, to_disk

_ERRORS = Sentences("errors/run")
_WORDS = Wording("keep")

_README, _SUMS, _ABOUT = "README.txt", "SHA256SUMS", "archive.json"
_TAR = ".tar"
_TIME = 946_684_800  # of every file in a tar: 2000-01-01, so that the same runs make the same bytes
_FILE_MODE, _FOLDER_MODE = 0o600, 0o700
_DIGITS = 12


@dataclass(frozen=True, repr=False)
class Archive(Shown):
    """An archive that was written.

    runs: those in it, asked for or named by one that was. inputs: with where each is in the archive,
    empty where it is not. missing: runs that are named and were not found. sha256: of the tar; of a
    folder that of SHA256SUMS, which stands for all files.
    """

    place: Path
    runs: tuple[str, ...]
    inputs: tuple[tuple[Input, str], ...]
    missing: tuple[str, ...]
    files: int
    bytes: int
    sha256: str

    @property
    def left_out(self) -> list[Input]:
        """Inputs that are not in it."""
        return [one for one, kept in self.inputs if not kept]


def keep(
    runs: Sequence[Path], to: Path, jobs: Sequence[Path] = (), recipients: Sequence[str] = ()
) -> Archive:
    """Make an archive of runs in a folder, or in a file whose name ends in .tar.

    jobs: their job and year files, which say where inputs lie. recipients: public keys (age1...) for
    which records are encrypted; without any they are left out. Raises DrgpayError for a place that is
    taken, runs that are damaged or have the same name, a wrong key, and what the system refuses.
    """
    if to.exists():
        raise DrgpayError(*_ERRORS("archive_exists", path=to))
    named = [(path, load_named(path)) for path in jobs]
    found, missing = _with_named(runs)
    for run in found:
        _refuse_damaged(run)
    inputs = inputs_of(found, [job for _, job in named])
    with refusals_named(to):
        make_folder(to.parent, OWNER)
        with working_folder(to.parent) as work:
            pieces = _Pieces()
            for run in found:
                pieces.add_run(run)
            for path, _ in named:
                pieces.add(_free_name(pieces, "jobs", path), path)
            kept = [(one, _kept(pieces, one, recipients, work)) for one in inputs]
            _add_program(pieces)
            pieces.add_text(_ABOUT, _about(found, kept, missing))
            pieces.add_text(_README, _readme(found, kept, to))
            sums = pieces.sums()
            pieces.add_text(_SUMS, sums)
            sha256, size = _write(pieces, to, work), pieces.bytes()
    return Archive(
        place=to,
        runs=tuple(run.run_id for run in found),
        inputs=tuple(kept),
        missing=tuple(missing),
        files=len(pieces.files),
        bytes=size,
        sha256=sha256 or bytes_hash(sums.encode()),
    )


def archives_near(runs: Path) -> dict[str, list[Path]]:
    """Archives of runs by the ids of these: those in the folder of the runs, in the one that it lies
    in, and in the folders of that one. Others are not looked for.
    """
    above = runs.resolve().parent
    folders = [above, *(path for path in sorted(above.iterdir()) if path.is_dir())]
    found: dict[str, list[Path]] = {}
    for folder in folders:
        with suppress(OSError):  # not for us to read
            for path in sorted(folder.iterdir()):
                for run in _runs_archived(path):
                    found.setdefault(run, []).append(path)
    return found


def _runs_archived(path: Path) -> list[str]:
    """The runs that a folder or a tar says that it is an archive of; none where it is no archive."""
    try:
        if path.suffix == _TAR and path.is_file():
            with tarfile.open(path) as tar:
                # Its first files are named in capitals and small letters.
                names = (entry for entry in tar if PurePosixPath(entry.name).name == _ABOUT)
                entry = next(names, None)
                content = tar.extractfile(entry) if entry else None
                said = plain_json(content.read()) if content else {}
        elif (path / _ABOUT).is_file() and (path / _SUMS).is_file():
            said = plain_json((path / _ABOUT).read_bytes())
        else:
            return []
        return [str(about["run"]) for about in said["runs"]]
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError):
        return []


@dataclass
class _Pieces:
    """What goes into an archive: by name a file that lies somewhere, or bytes."""

    files: dict[str, Path | bytes] = field(default_factory=dict)

    def add(self, name: str, path: Path) -> None:
        self.files[name] = path

    def add_text(self, name: str, text: str) -> None:
        self.files[name] = text.encode()

    def add_folder(self, name: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.add(f"{name}/{path.relative_to(folder).as_posix()}", path)

    def add_run(self, run: RunFolder) -> None:
        """A run, and what lies beside its folder under its name: report, records of steps."""
        folder = run.folder.resolve()
        self.add_folder(f"runs/{folder.name}", folder)
        for path in sorted(folder.parent.glob(f"{folder.name}.*")):
            if path.is_file():
                self.add(f"runs/{path.name}", path)

    def sums(self) -> str:
        """Lines for `sha256sum -c`, in the order of the names."""
        lines = [f"{_hash_of(self.files[name])}  {name}\n" for name in sorted(self.files)]
        return "".join(lines)

    def bytes(self) -> int:
        return sum(_size_of(piece) for piece in self.files.values())


def _hash_of(piece: Path | bytes) -> str:
    return file_hash(piece) if isinstance(piece, Path) else bytes_hash(piece)


def _size_of(piece: Path | bytes) -> int:
    return piece.stat().st_size if isinstance(piece, Path) else len(piece)


def _with_named(folders: Sequence[Path]) -> tuple[list[RunFolder], list[str]]:
    """Runs, with those that they name and that lie beside them; and those that do not lie there."""
    found: dict[str, RunFolder] = {}
    missing: set[str] = set()
    waiting = [RunFolder.at(folder) for folder in folders]
    while waiting:
        run = waiting.pop(0)
        known = found.get(run.run_id)
        if known is not None:
            if known.manifest.evidence != run.manifest.evidence:
                raise DrgpayError(*_ERRORS("archive_two_runs", run=run.run_id))
            continue
        found[run.run_id] = run
        for name, evidence in sorted(_named_by(run)):
            folder = run.folder.resolve().parent / name
            try:
                other = RunFolder.at(folder)
            except DrgpayError:
                missing.add(name)
                continue
            if other.manifest.evidence == evidence:
                waiting.append(other)
            else:
                missing.add(name)
    return [found[run_id] for run_id in sorted(found)], sorted(missing - found.keys())


def _named_by(run: RunFolder) -> set[tuple[str, str]]:
    """The runs that a run names, with their evidence: corrected, cleared, paid before."""
    manifest = run.manifest
    months = [about for month in manifest.inputs.get("months", ()) for about in month["runs"]]
    corrected = [manifest.corrects] if manifest.corrects else []
    named = [*months, *corrected, *manifest.inputs.get("previous", ())]
    return {(str(about["run"]), str(about["evidence"])) for about in named}


def _refuse_damaged(run: RunFolder) -> None:
    """Raise DrgpayError for a run that has other files than its manifest says."""
    if run.folder.resolve().name != run.run_id:
        raise DrgpayError(*_ERRORS("archive_other_name", folder=run.folder, run=run.run_id))
    due = {
        name: about["sha256"]
        for name, about in run.manifest.outputs.items()
        if name not in run.manifest.forgotten
    }
    if output_hashes(run.folder) != due:
        raise DrgpayError(*_ERRORS("archive_damaged", folder=run.folder))


def _kept(pieces: _Pieces, one: Input, recipients: Sequence[str], work: Path) -> str:
    """Put an input into the archive; its place there, empty where it is left out or not found."""
    if one.place is None or (one.of_persons and not recipients):
        return ""
    short = one.sha256[:_DIGITS]
    if one.what == "scheme":
        name = f"{ARCHIVED_SCHEMES}/{one.name}-{short}"
        pieces.add_folder(name, one.place)
        return name
    if one.what == "policy":
        name = f"policies/{short}-{one.place.name}"
    elif not one.of_persons:
        name = f"inputs/{short}-{one.place.name}"
    else:
        name = f"records/{short}-{one.place.name}.age"
        if name not in pieces.files:
            pieces.add(name, _encrypted(one.place, work / f"{one.sha256}.age", recipients))
        return name
    pieces.add(name, one.place)
    return name


def _encrypted(path: Path, to: Path, recipients: Sequence[str]) -> Path:
    """A file encrypted in the age format. Raises DrgpayError for a wrong key, or without pyrage."""
    try:
        import pyrage
    except ImportError:
        raise DrgpayError(*_ERRORS("no_encryption")) from None
    keys = []
    for given in recipients:
        try:
            keys.append(pyrage.x25519.Recipient.from_str(given.strip()))
        except pyrage.RecipientError:
            raise DrgpayError(*_ERRORS("no_recipient", key=given)) from None
    pyrage.encrypt_file(str(path), str(to), keys)
    return to


def _add_program(pieces: _Pieces) -> None:
    for name, path in program_files().items():
        pieces.add(f"program/{name}", path)
    lines = [f"{name}=={version}" for name, version in sorted(_libraries().items())]
    python = ".".join(platform.python_version_tuple()[:2])
    text = "\n".join([f"# drgpay {__version__}, Python {python}", *lines])
    pieces.add_text("program/requirements.txt", text + "\n")


def _libraries() -> dict[str, str]:
    """The libraries that the program needs, as they are installed here."""
    found: dict[str, str] = {}
    waiting = ["drgpay"]
    while waiting:
        name = waiting.pop()
        try:
            installed = distribution(name)
        except PackageNotFoundError:  # of another system, or an extra
            continue
        for line in installed.requires or ():
            needed = re.match(r"[\w.-]+", line)
            if needed and "extra ==" not in line and _canonical(needed[0]) not in found:
                waiting.append(needed[0])
        if name != "drgpay":
            found[_canonical(name)] = installed.version
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _about(
    runs: Sequence[RunFolder], inputs: Sequence[tuple[Input, str]], missing: Sequence[str]
) -> str:
    about: dict[str, Any] = {
        "archive": 1,
        "program": PROGRAM,
        "runs": [
            {
                "run": run.run_id,
                "kind": run.manifest.kind,
                "period": run.period,
                "region": run.manifest.region,
                "program": run.manifest.program,
                "evidence": run.manifest.evidence,
                "inputs": [
                    {key: value for key, value in _told(one).items() if key != "run"}
                    | {"kept": kept or None}
                    for one, kept in inputs
                    if one.run == run.run_id
                ],
            }
            for run in runs
        ],
        "runs_not_found": list(missing),
    }
    return json.dumps(about, ensure_ascii=False, indent=1) + "\n"


def _told(one: Input) -> Mapping[str, object]:
    return {key: value for key, value in asdict(one).items() if key != "place"}


def _readme(runs: Sequence[RunFolder], inputs: Sequence[tuple[Input, str]], to: Path) -> str:
    """What an archivist reads first: Chinese, then English."""
    encrypted = any(kept.startswith("records/") for _, kept in inputs)
    left = sorted({one.name for one, kept in inputs if not kept})
    programs = sorted({run.manifest.program for run in runs} - {PROGRAM})
    rows = "\n".join(
        f"  {run.run_id}  {run.period}  {run.manifest.region}\n    {run.manifest.evidence}"
        for run in runs
    )
    values = {"program": PROGRAM, "runs": rows, "python": platform.python_version()}
    parts = [
        _WORDS.words("readme.start", **values),
        _WORDS.words("readme.verify"),
        _WORDS.words("readme.install"),
        _WORDS.words("readme.records_encrypted" if encrypted else "readme.records_left_out"),
        _WORDS.words("readme.persons"),
    ]
    if left:
        parts.append(_WORDS.words("readme.left_out", names=listed(left)))
    if programs:
        parts.append(_WORDS.words("readme.programs", programs=listed(programs)))
    both = Words("\n\n", "\n\n").between(parts)
    return f"{both.zh}\n\n{'-' * 72}\n\n{both.en}\n"


def _free_name(pieces: _Pieces, folder: str, path: Path) -> str:
    """A name for a file, with a part of its sha256 where another one is called so."""
    name = f"{folder}/{path.name}"
    return f"{folder}/{file_hash(path)[:_DIGITS]}-{path.name}" if name in pieces.files else name


def _write(pieces: _Pieces, to: Path, work: Path) -> str:
    """Write the archive under its name, which is free; the sha256 of a tar, empty of a folder."""
    if to.suffix != _TAR:
        with staged_folder(to) as folder:
            for name in sorted(pieces.files):
                _put(pieces.files[name], folder / name)
        return ""
    staged = work / to.name
    with staged.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for above in _folders(pieces, to.stem):
                tar.addfile(_entry(above, None))
            for name in sorted(pieces.files):
                _add(tar, f"{to.stem}/{name}", pieces.files[name])
        file.flush()
        os.fsync(file.fileno())
    give(staged, OWNER)
    sha256 = file_hash(staged)
    if to.exists():
        raise DrgpayError(*_ERRORS("archive_exists", path=to))
    staged.rename(to)
    to_disk(to.parent)
    return sha256


def _put(piece: Path | bytes, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(piece, Path):
        shutil.copyfile(piece, to)
    else:
        to.write_bytes(piece)


def _folders(pieces: _Pieces, top: str) -> list[str]:
    found = {top}
    for name in pieces.files:
        found.update(str(above) for above in Path(f"{top}/{name}").parents if str(above) != ".")
    return sorted(found)


def _add(tar: tarfile.TarFile, name: str, piece: Path | bytes) -> None:
    with _opened(piece) as content:
        tar.addfile(_entry(name, _size_of(piece)), content)


@contextmanager
def _opened(piece: Path | bytes) -> Iterator[Any]:
    if isinstance(piece, Path):
        with piece.open("rb") as file:
            yield file
    else:
        yield io.BytesIO(piece)


def _entry(name: str, size: int | None) -> tarfile.TarInfo:
    """A file of so many bytes, or a folder, of nobody and of no time."""
    entry = tarfile.TarInfo(name)
    entry.mtime = _TIME
    entry.type = tarfile.DIRTYPE if size is None else tarfile.REGTYPE
    entry.mode = _FOLDER_MODE if size is None else _FILE_MODE
    entry.size = size or 0
    return entry
