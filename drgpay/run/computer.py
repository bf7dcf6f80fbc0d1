"""Whether a computer has what runs need: `drgpay doctor`."""

import locale
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from drgpay import __version__
from drgpay.base.cache_folder import COMPILED_SCHEMES, entries, refuse_foreign
from drgpay.base.errors import DrgpayError
from drgpay.base.file_lock import remove_lock, take_lock
from drgpay.base.language import Words, alike
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Wording
from drgpay.base.working_folder import working_folder
from drgpay.grouper.compiled_cache import compiled_folder
from drgpay.show.fonts import has_chinese_letters

Grade = Literal["ok", "warning", "error"]
_WORDS = Wording("doctor")
_GIGABYTE = 1_000_000_000
_LEAST_MEMORY = 4 * _GIGABYTE
_LEAST_DISK = 5 * _GIGABYTE
_LEAST_WIDTH = 80
_OLDEST_PYTHON = (3, 11)
_BEIJING_SECONDS = 8 * 3600
_LIBRARIES = ("polars", "pyarrow", "duckdb", "xlsxwriter", "portalocker")
_PROBE = "医保"
_NOTHING = Words("", "")


@dataclass(frozen=True)
class Printing:
    """Where results are printed: its encoding, and whether it is a terminal."""

    encoding: str
    is_terminal: bool


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    key: for machines. title: what it is. value: what was found. remedy: what to do, where it is not
    `ok`: an `error` stops runs, a `warning` makes them slower or less readable.
    """

    key: str
    title: Words
    grade: Grade
    value: Words
    remedy: Words = _NOTHING


def examined(runs: Path, printing: Printing) -> Iterator[Finding]:
    """Look at a computer; runs: the folder in which runs will lie, whether it is there or not."""
    looked_at: tuple[Callable[[], Iterator[Finding]], ...] = (
        *(_program, _python, _libraries, _encryption, _memory, _cores),
        *(lambda: _output(runs), lambda: _space(runs), _temporary, _cache),
        *(_fonts, lambda: _encoding(printing), _time_zone, lambda: _terminal(printing)),
    )
    for look in looked_at:
        yield from look()


def _found(
    key: str, value: object, grade: Grade = "ok", why: str | None = None, **values: object
) -> Finding:
    said = value if isinstance(value, Words) else alike(value)
    title = _WORDS.words(f"title.{key}")
    remedy = _WORDS.words(f"remedy.{why or key}", **values) if grade != "ok" else _NOTHING
    return Finding(key, title, grade, said, remedy)


def _program() -> Iterator[Finding]:
    yield _found("drgpay", f"{__version__} · {Path(__file__).resolve().parents[1]}")


def _python() -> Iterator[Finding]:
    said = f"{sys.version.split()[0]} · {sys.executable}"
    yield _found("python", said, "ok" if sys.version_info >= _OLDEST_PYTHON else "error")


def _libraries() -> Iterator[Finding]:
    for name in _LIBRARIES:
        title = alike(name)
        try:
            import_module(name)
            yield Finding(name, title, "ok", alike(version(name)))
        except Exception as error:  # also a library that was built for another computer
            remedy = _WORDS.words("remedy.library", name=name)
            yield Finding(name, title, "error", alike(str(error).splitlines()[0]), remedy)


def _encryption() -> Iterator[Finding]:
    try:
        yield _found("encryption", f"pyrage {version('pyrage')}")
    except PackageNotFoundError:
        yield _found("encryption", _WORDS.words("value.not_installed"))


def _memory() -> Iterator[Finding]:
    size = _memory_bytes()
    if size is None:
        yield _found("memory", _WORDS.words("value.unknown"))
        return
    yield _found("memory", _gigabytes(size), "ok" if size >= _LEAST_MEMORY else "warning")


def _memory_bytes() -> int | None:
    """The memory that processes may use: that of the computer, or what a container leaves of it."""
    found = []
    with suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            found.append(int(Path(limit).read_text()))
    if sys.platform == "win32":
        with suppress(OSError, AttributeError):
            found.append(_memory_of_windows())
    return min(found, default=None)


def _memory_of_windows() -> int:
    import ctypes

    size = ctypes.c_ulonglong()
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there is none elsewhere
    if not kernel.GetPhysicallyInstalledSystemMemory(ctypes.byref(size)):
        raise OSError
    return size.value * 1024


def _cores() -> Iterator[Finding]:
    count = os.cpu_count() or 1
    with suppress(AttributeError, OSError):
        count = len(os.sched_getaffinity(0))
    yield _found("cores", count, "ok" if count > 1 else "warning")


def _output(runs: Path) -> Iterator[Finding]:
    """Whether runs can be written there, and locked against each other."""
    place = _existing(runs)
    shown = alike(runs.resolve())
    try:
        with working_folder(place) as work:
            (work / _PROBE).write_text(_PROBE, "utf-8")
    except (OSError, UnicodeError) as error:
        why = reason_of(error) if isinstance(error, OSError) else alike(error)
        yield _found("output", shown, "error", folder=place, reason=why)
        return
    yield _found("output", shown)
    path = place / f".drgpay-doctor-{os.getpid()}.lock"
    try:
        handle = take_lock(path)
        again = take_lock(path)
    except OSError as error:
        path.unlink(missing_ok=True)
        yield _found("locks", reason_of(error), "error")
        return
    if again is not None:
        os.close(again)
    if handle is not None:
        remove_lock(path, handle)
    held = handle is not None and again is None
    value = _WORDS.words(f"value.{'locks' if held else 'no_locks'}")
    yield _found("locks", value, "ok" if held else "error")


def _space(runs: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(_existing(runs)).free
    yield _found("space", _gigabytes(free), "ok" if free >= _LEAST_DISK else "warning")


def _temporary() -> Iterator[Finding]:
    place = Path(tempfile.gettempdir())
    try:
        with working_folder(place):
            free = shutil.disk_usage(place).free
    except OSError as error:
        yield _found("temporary", place, "error", folder=place, reason=reason_of(error))
        return
    value = alike(f"{place} · {_gigabytes(free).en}")
    yield _found("temporary", value, "ok" if free >= _GIGABYTE else "warning", "space")


def _cache() -> Iterator[Finding]:
    folder = compiled_folder()
    if folder is None:
        yield _found("cache", _WORDS.words("value.no_cache"), "warning", "no_cache")
        return
    size = sum(entry.bytes for entry in entries(folder, COMPILED_SCHEMES))
    value = alike(f"{folder} · {size / 1_000_000:.1f} MB")
    try:
        if folder.exists():
            refuse_foreign(folder)
    except DrgpayError as error:
        title = _WORDS.words("title.cache")
        yield Finding("cache", title, "warning", error.problem_words, error.remedy_words)
        return
    yield _found("cache", value)


def _fonts() -> Iterator[Finding]:
    found = has_chinese_letters()
    value = _WORDS.words(f"value.{'letters' if found else 'no_letters'}")
    yield _found("fonts", value, "ok" if found else "warning")


def _encoding(printing: Printing) -> Iterator[Finding]:
    names = sys.getfilesystemencoding()
    said = f"{printing.encoding} · {names} · {locale.getlocale()[0] or 'C'}"
    shown = _takes_chinese(printing.encoding) and _takes_chinese(names)
    yield _found("encoding", said, "ok" if shown else "warning")


def _takes_chinese(encoding: str) -> bool:
    try:
        return bool(_PROBE.encode(encoding))
    except (UnicodeError, LookupError):
        return False


def _time_zone() -> Iterator[Finding]:
    now = time.localtime()
    hours = now.tm_gmtoff / 3600
    said = f"{now.tm_zone} · UTC{hours:+g}"
    yield _found("time_zone", said, "ok" if now.tm_gmtoff == _BEIJING_SECONDS else "warning")


def _terminal(printing: Printing) -> Iterator[Finding]:
    if not printing.is_terminal:
        yield _found("terminal", _WORDS.words("value.no_terminal"))
        return
    width = shutil.get_terminal_size().columns
    value = _WORDS.words("value.columns", width=width)
    yield _found("terminal", value, "ok" if width >= _LEAST_WIDTH else "warning")


def _existing(folder: Path) -> Path:
    """The folder itself, or the first above it that is there."""
    whole = folder.resolve()
    return next((path for path in (whole, *whole.parents) if path.is_dir()), Path.cwd())


def _gigabytes(size: int) -> Words:
    return alike(f"{size / _GIGABYTE:.1f} GB")
