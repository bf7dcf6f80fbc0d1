"""A folder that appears whole or not at all, and what the operating system says against it."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, Rights, give_all, make_folder
from drgpay.base.language import Words
from drgpay.base.system_errors import reason_of
from drgpay.base.users import HAS_USERS
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder

_ERRORS = Sentences("errors/run")


def _refuse(folder: Path, _staged: Path) -> None:
    raise DrgpayError(*_ERRORS("folder_exists", folder=folder))


@contextmanager
def staged_folder(
    folder: Path, if_exists: Callable[[Path, Path], None] = _refuse, rights: Rights = OWNER
) -> Iterator[Path]:
    """A folder to fill; it gets its name and its rights when the block ends well, or vanishes.

    If the name is taken by then, `if_exists(folder, staged)` decides: it raises, or the old one
    stays. For the folder of a run there is `drgpay.run.stages.run_folder`.
    """
    with refusals_named(folder):
        make_folder(folder.parent, rights)
        with working_folder(folder.parent) as work:
            staged = work / folder.name
            staged.mkdir()
            yield staged
            if folder.exists():
                if_exists(folder, staged)
            else:
                put_in_place(staged, folder, rights)


def put_in_place(staged: Path, folder: Path, rights: Rights) -> None:
    """Give a finished folder its rights and its name; it then outlasts a power failure."""
    give_all(staged, rights)
    for path in [*sorted(staged.rglob("*")), staged]:
        to_disk(path)
    staged.rename(folder)
    to_disk(folder.parent)


def to_disk(path: Path) -> None:
    """Have the operating system write a file, or the names in a folder, to the disk.

    Windows writes the names of a folder by itself, and a file only where it may be written to.
    """
    if not HAS_USERS and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if HAS_USERS else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def refusals_named(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses (a full disk, missing rights) into a DrgpayError.

    It names `folder`, unless the system names a file that does not lie beside or below it.
    """
    try:
        yield
    except DrgpayError:
        raise
    except Exception as error:
        refusal = _refusal_in(error)
        if refusal is None:
            raise
        raise DrgpayError(*_sentence(refusal, folder)) from error


def _sentence(refusal: OSError, folder: Path) -> tuple[Words, Words]:
    named = refusal.filename
    cut_off = isinstance(refusal, _CutOffError)
    reason = _ERRORS.words("cut_off") if cut_off else reason_of(refusal)
    if isinstance(named, str) and not Path(named).is_relative_to(folder.parent):
        return _ERRORS("unusable", path=named, reason=reason)
    return _ERRORS("unwritable", folder=folder, reason=reason)


class _CutOffError(OSError):
    """A file whose end was not written."""


def _refusal_in(error: BaseException) -> OSError | None:
    """The operating system's error in an exception; polars and xlsxwriter wrap some of them."""
    if isinstance(error, OSError):
        return error
    for inner in (*error.args, error.__cause__):
        if isinstance(inner, OSError):
            return inner
    number = re.search(r"\(os error (\d+)\)", str(error))
    if number:
        return OSError(int(number[1]), os.strerror(int(number[1])))
    # All that polars says of a disk that fills up within the footer of a Parquet file.
    return _CutOffError() if "thrift: transport error" in str(error) else None
