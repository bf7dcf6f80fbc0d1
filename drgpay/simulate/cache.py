"""Stages kept by the content of what they depend on, so that nothing is computed twice.

The files hold pseudonyms of persons, which no result does: the folder is for its owner alone, or for
the members of a group. They are mapped into memory, not read, so a stage costs what is used of it.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.ipc

from drgpay.base.cache_folder import (
    SCENARIO_STAGES,
    entries,
    implicit_folder,
    mark_used,
    open_private_folder,
    put_in_place,
    remove_entry,
    staged_path,
)
from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import bytes_hash, file_hash

_FOLDER_VARIABLE = "DRGPAY_CACHE"
_MOST_BYTES = 8 * 2**30
_HASHES = "sha256.json"  # of the files of a folder that is kept

_T = TypeVar("_T")
Key = Mapping[str, Any]


def cache_folder(output: Path) -> Path | None:
    """$DRGPAY_CACHE, else `.cache` in the output folder; None where an empty one switches it off."""
    chosen = os.environ.get(_FOLDER_VARIABLE)
    if chosen is not None:
        return Path(chosen) / "stages" if chosen else None
    return output / ".cache"


@dataclass
class StageCache:
    """Frames and folders by what they were made from. `used` are the stages that were there.

    folder: None keeps nothing. named: whether the user named it; then one that cannot be used or
    trusted is a DrgpayError, else it is said once and nothing is kept. group: the gid of those who
    share it.
    """

    folder: Path | None
    named: bool = False
    group: int | None = None
    used: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    _held: dict[tuple[str, str], dict[str, pl.DataFrame]] = field(default_factory=dict)
    _counted: set[tuple[str, str]] = field(default_factory=set)

    def count_anew(self) -> None:
        """Count `used` and `made` from here on; what is in memory counts when it is used again."""
        for counted in (self.used, self.made, self._counted):
            counted.clear()

    def frames(
        self,
        name: str,
        key: Key,
        make: Callable[[], dict[str, pl.DataFrame]],
        keep: bool = True,
    ) -> dict[str, pl.DataFrame]:
        """The frames of a stage: those kept under the key, or what `make` returns, kept for later.

        Without `keep` what is made is let go. A file that cannot be read is made again, one that
        cannot be written (a full disk) is not kept.
        """
        kept = self._found(name, key)
        if kept is None:
            kept = make()
            self.made.append(name)
            self._counted.add((name, digest_of(key)))
            if keep:
                self._keep(name, key, partial(_write_frames, kept))
                self._held[name, digest_of(key)] = kept
        return kept

    def _found(self, name: str, key: Key) -> dict[str, pl.DataFrame] | None:
        """A stage that is in memory or in the folder; it counts as used once."""
        held = (name, digest_of(key))
        kept = self._held.get(held) or self._read(name, key)
        if kept is not None:
            self._held[held] = kept
            if held not in self._counted:
                self.used.append(name)
                self._counted.add(held)
        return kept

    @contextmanager
    def prefetched(self, name: str, key: Key) -> Iterator[None]:
        """Read a stage, if it is kept, while the block does something else."""
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(self._found, name, key)
            yield
            done.result()

    def frame(
        self, name: str, key: Key, make: Callable[[], pl.DataFrame], keep: bool = True
    ) -> pl.DataFrame:
        """A stage of one frame."""
        return self.frames(name, key, lambda: {"frame": make()}, keep)["frame"]

    def kept_folder(self, name: str, key: Key, read: Callable[[Path], _T]) -> _T | None:
        """What `read` makes of a folder that was kept under the key; None if none is there, whole."""
        place = self._place(name, key)
        if place is None or not place.is_dir():
            return None
        try:
            if json.loads((place / _HASHES).read_bytes()) != _hashes(place):
                return None
            found = read(place)
        except (OSError, ValueError, DrgpayError):
            return None
        mark_used(place)
        return found

    def keep_folder(self, name: str, key: Key, write: Callable[[Path], object]) -> None:
        """Keep a folder with what `write` puts into it; one that cannot be written is not kept."""

        def write_with_hashes(staged: Path) -> None:
            write(staged)
            (staged / _HASHES).write_text(json.dumps(_hashes(staged)), encoding="utf-8")

        self._keep(name, key, write_with_hashes)

    def _place(self, name: str, key: Key) -> Path | None:
        """Where a stage lies or would lie; None without a cache."""
        return self._opened / f"{name}-{digest_of(key)}" if self._opened else None

    @cached_property
    def _opened(self) -> Path | None:
        if self.folder is None:
            return None
        if self.named:
            open_private_folder(self.folder, SCENARIO_STAGES, self.group)
            return self.folder
        return implicit_folder(self.folder, SCENARIO_STAGES, self.group)

    def _read(self, name: str, key: Key) -> dict[str, pl.DataFrame] | None:
        place = self._place(name, key)
        if place is None or not place.is_dir():
            return None
        try:
            found = {path.stem: _mapped(path) for path in sorted(place.glob("*.arrow"))}
        except (OSError, pl.exceptions.PolarsError, pa.ArrowException):
            return None
        mark_used(place)
        return found or None

    def _keep(self, name: str, key: Key, write: Callable[[Path], object]) -> None:
        place = self._place(name, key)
        if place is None:
            return
        staged = staged_path(place)
        try:
            staged.mkdir(mode=0o700)
            write(staged)
            remove_entry(place)  # damaged, or it would have been used
            put_in_place(staged, place, self.group)
        except (OSError, pl.exceptions.PolarsError):
            remove_entry(staged)
        self._make_room()

    def _make_room(self) -> None:
        """Forget what was not used for longest, so that the cache does not fill a disk."""
        if self._opened is None:
            return
        kept = entries(self._opened, SCENARIO_STAGES)
        total = sum(entry.bytes for entry in kept)
        for entry in sorted(kept, key=lambda entry: entry.used):
            if total <= _MOST_BYTES:
                return
            total -= entry.bytes
            remove_entry(entry.path)


def _write_frames(frames: dict[str, pl.DataFrame], folder: Path) -> None:
    for part, frame in frames.items():
        frame.rechunk().write_ipc(folder / f"{part}.arrow", compression="uncompressed")


def _mapped(path: Path) -> pl.DataFrame:
    """The frame of a file. polars itself would copy it into memory, however little of it is used."""
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        frame = pl.from_arrow(reader.read_all(), rechunk=False)
    scan = pl.scan_ipc(path, glob=False)
    if isinstance(frame, pl.DataFrame) and frame.schema == scan.collect_schema():
        return frame
    return scan.collect()


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: file_hash(path) for path in sorted(folder.iterdir()) if path.name != _HASHES}


def digest_of(key: Key) -> str:
    """A hash over a key, the whole program and its table engine."""
    return SCENARIO_STAGES.key(pl.__version__, key)


def frame_hash(frame: pl.DataFrame) -> str:
    """A hash over a small table."""
    return bytes_hash(frame.write_json().encode())
