"""What interrupted runs left in an output folder: whether to trust it, and what to clear away.

A partial folder is continued by its owner or, where the output has a group, by a member of it. What
lies there under other owners is not: its files could hold what anyone likes, and they are not ours
to remove. Those of one's own that nobody will continue are cleared away when the next run starts.
"""

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.file_lock import remove_lock, take_lock
from drgpay.base.file_rights import Rights, name_of_owner
from drgpay.base.plain_json import plain_json
from drgpay.base.users import HAS_USERS, is_mine
from drgpay.base.words import Sentences
from drgpay.base.working_folder import remove_leftovers
from drgpay.run.lock import lock_of

_ERRORS = Sentences("errors/run")

RECORD = "stages.json"
_KEPT_SECONDS = 7 * 24 * 3600.0
"""After so long nobody continues an interrupted run: its inputs lie elsewhere or were paid."""


@dataclass(frozen=True)
class Origin:
    """Of what a partial folder has stages.

    key: a hash over basis and program; program: over the program alone. job: the job or year file
    with what was asked beside it, None if there is none.
    """

    key: str
    program: str
    job: str | None


def partial_of(folder: Path) -> Path:
    """Where the run of a folder lies while it is written."""
    return folder.with_name(f".{folder.name}.partial")


def read_record(partial: Path) -> dict[str, Any]:
    """What stages.json says; empty if it says nothing that can be read."""
    try:
        content = plain_json((partial / RECORD).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def refuse_foreign(partial: Path, rights: Rights) -> None:
    """Raise DrgpayError if a partial folder, or something in it, is of somebody else.

    Members of the group of `rights` may take over from each other.
    """
    for path, found in _entries(partial):
        if not is_mine(found) and found.st_gid != rights.group:
            owner = name_of_owner(path)
            if path == partial:
                raise DrgpayError(*_ERRORS("partial_of_other", partial=partial, owner=owner))
            raise DrgpayError(*_ERRORS("part_of_other", path=path, owner=owner))


def is_open_to_others(partial: Path, rights: Rights) -> bool:
    """Whether somebody outside could have put stages into a partial folder, or it is none."""
    entries = _entries(partial)
    first = next(entries, None)
    if first is None:
        return False
    mode = first[1].st_mode
    if not stat.S_ISDIR(mode):
        return True
    if not HAS_USERS:
        return False
    outside = 0o002 if first[1].st_gid == rights.group else 0o022
    if mode & outside:
        return True
    # Write access to what lies inside matters to those only who can enter.
    outside &= (mode & 0o011) << 1
    return any(stat.S_ISLNK(found.st_mode) or found.st_mode & outside for _, found in entries)


def _entries(partial: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """A folder and all that is in it; nothing if it does not exist."""
    paths = [partial]
    for folder, folders, files in os.walk(partial):
        paths += [Path(folder, name) for name in (*folders, *files)]
    for path in paths:
        with suppress(FileNotFoundError):
            yield path, path.lstat()


def clear_away(path: Path) -> None:
    """Remove a folder or file, or give it another hidden name if another member made parts of it.

    They are removed when that member starts a run.
    """
    if path.is_symlink() or path.is_file():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)
    if any(not is_mine(found) for _, found in _entries(path)):
        aside = Path(tempfile.mkdtemp(".partial", f".{path.name.strip('.')}.", path.parent))
        path.rename(aside)


def clear_after_killed(output: Path, run: Path, origin: Origin) -> None:
    """Clear away what killed processes of this user left in an output folder.

    Working folders, lock files that nobody holds, and partial folders of other runs than `run` that
    will not be continued: of another program, of the same job whose inputs changed since, or older
    than a week. What a living process holds stays, as does what cannot be removed.
    """
    remove_leftovers(output)
    with suppress(OSError):
        for path in sorted(output.glob(".*.partial")):
            folder = path.with_name(path.name[1:].removesuffix(".partial"))
            if folder != run and _is_mine(path) and _is_done_with(path, origin):
                _clear_if_free(folder, path)
        for path in sorted(output.glob(".*.lock")):
            folder = path.with_name(path.name[1:].removesuffix(".lock"))
            if folder != run and path.name not in _LASTING_LOCKS and _is_mine(path):
                _clear_if_free(folder, None)


_LASTING_LOCKS = (".drgpay.duckdb.lock",)  # drgpay.registry.database says why


def _is_mine(path: Path) -> bool:
    return is_mine(path.lstat())


def _is_done_with(partial: Path, origin: Origin) -> bool:
    if not partial.is_dir():
        return False
    record, age = read_record(partial), time.time() - partial.stat().st_mtime
    if not record:  # that of a run is there before anything else
        return all(_IN_PARTIAL.fullmatch(path.name) for path in partial.iterdir())
    return (
        age > _KEPT_SECONDS
        or record.get("program") != origin.program
        or (
            origin.job is not None
            and record.get("job") == origin.job
            and record.get("key") != origin.key
        )
    )


_IN_PARTIAL = re.compile(r"stages|outputs|work|\.?stages\.json|\.(drgpay-|outputs\.).*\.partial")


def _clear_if_free(folder: Path, partial: Path | None) -> None:
    with suppress(OSError):
        lock = lock_of(folder)
        handle = take_lock(lock)
        if handle is None:
            return
        try:
            if partial:
                # Renamed first: the lock is held for a moment only, not while gigabytes go.
                aside = Path(tempfile.mkdtemp(".partial", f".{folder.name}.", partial.parent))
                partial = partial.rename(aside)
        finally:
            remove_lock(lock, handle)
        if partial:
            shutil.rmtree(partial, ignore_errors=True)
