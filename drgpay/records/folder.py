"""Which files of a folder are its records: all of them, or the reading stops."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.records.source import CSV_SUFFIXES, EXCEL_SUFFIXES, OTHER_WORKBOOKS, PARQUET_SUFFIXES

_ERRORS = Sentences("errors/records")

_READ = (*PARQUET_SUFFIXES, *CSV_SUFFIXES, *EXCEL_SUFFIXES)
_HIDDEN = (".", "_", "~$")
_OF_SYSTEMS = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class FolderFiles:
    """The files to read, by name, and those passed over."""

    files: tuple[Path, ...]
    passed_over: tuple[str, ...] = ()


def files_of(path: Path, ignore: tuple[str, ...] = ()) -> FolderFiles:
    """A file, or the files below a folder: Parquet, CSV and Excel by their suffix, whatever its capitals.

    Folders that lie there as links are read too. Passed over are empty files, names that begin with
    `.`, `_` or `~$`, what operating systems leave (Thumbs.db), and names or paths from the folder
    that `ignore` has patterns for. Raises DrgpayError for any other file, and for a folder that
    cannot be opened or to which links lead twice: what is not read would be missing in silence.
    """
    if path.is_file():
        return FolderFiles((path,))
    if not path.is_dir():
        raise DrgpayError(*_ERRORS("no_file_or_folder", path=path))
    files: list[Path] = []
    passed_over: list[str] = []
    for file in sorted(_below(path)):
        below = file.relative_to(path)
        if _is_passed_over(file, below, ignore):
            passed_over.append(below.as_posix())
        elif file.suffix.lower() in (*_READ, *OTHER_WORKBOOKS) and not _is_special(file):
            # Who opens one of the other workbooks is told.
            files.append(file)
        else:
            raise DrgpayError(*_ERRORS("foreign_file", folder=path, file=below))
    if not files:
        raise DrgpayError(*_ERRORS("nothing_to_read", folder=path, suffixes=listed(_READ)))
    return FolderFiles(tuple(files), tuple(passed_over))


def _below(folder: Path) -> Iterator[Path]:
    """The files below a folder and the folders that are linked there."""
    seen: set[tuple[int, int, bool]] = set()

    def hidden(root: str) -> bool:
        return _is_hidden(Path(root).relative_to(folder))

    def unreadable(error: OSError) -> None:
        if not hidden(error.filename):
            said = {"folder": error.filename, "reason": reason_of(error)}
            raise DrgpayError(*_ERRORS("closed_folder", **said)) from None

    for root, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        about = Path(root).stat()
        place = (about.st_dev, about.st_ino, hidden(root))
        if place in seen:
            if not hidden(root):
                raise DrgpayError(*_ERRORS("linked_twice", folder=folder, linked=root))
            folders.clear()
            continue
        seen.add(place)
        folders.sort()
        yield from (Path(root, name) for name in names)


def _is_hidden(below: Path) -> bool:
    return any(part.startswith(_HIDDEN) for part in below.parts)


def _is_special(file: Path) -> bool:
    """Whether it is there and no file, but a pipe or a device: reading one may never end."""
    return file.exists() and not file.is_file()


def _is_passed_over(file: Path, below: Path, ignore: tuple[str, ...]) -> bool:
    return (
        _is_hidden(below)
        or file.name.lower() in _OF_SYSTEMS
        or any(
            fnmatchcase(name, pattern)
            for name in (file.name, below.as_posix())
            for pattern in ignore
        )
        or (file.is_file() and not file.stat().st_size)
    )


def refuse_overwriting(out: Path | None, inputs: Iterable[Path | None]) -> None:
    """Raise DrgpayError if `out` is one of the inputs, or would lie in a folder of them.

    What is written into a folder of records would be read as records the next time.
    """
    if out is None:
        return
    place = out.resolve()
    for given in inputs:
        if given is None or not given.exists():
            continue
        whole = given.resolve()
        if is_same_file(out, given):
            raise DrgpayError(*_ERRORS("out_is_input", out=out, given=given))
        if whole.is_dir() and place.is_relative_to(whole):
            raise DrgpayError(*_ERRORS("out_in_input", out=out, given=given))


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths, which need not be there, are one file: by name, link or second name."""
    if one.resolve() == other.resolve():
        return True
    return one.exists() and other.exists() and one.samefile(other)
