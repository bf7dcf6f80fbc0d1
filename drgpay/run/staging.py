"""A folder that appears whole or not at all."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drgpay.errors import DrgpayError, reason_of


def _refuse(folder: Path, _staged: Path) -> None:
    raise DrgpayError(f"{folder} exists already", "name another folder")


@contextmanager
def staged_folder(
    folder: Path, if_exists: Callable[[Path, Path], None] = _refuse
) -> Iterator[Path]:
    """A folder to fill; it gets its name when the block ends well, or vanishes.

    If the name is taken by then, `if_exists(folder, staged)` decides: it raises, or the old one
    stays.
    """
    staged = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        staged.mkdir(parents=True)
        yield staged
        if folder.exists():
            if_exists(folder, staged)
        else:
            staged.rename(folder)
    except OSError as error:
        raise DrgpayError(
            f"{folder} cannot be written ({reason_of(error)})", "free it or choose another"
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
