"""Stages kept by the content of what they depend on, so that nothing is computed twice.

The files hold pseudonyms of persons, which no result does: the folder is for its owner alone.
They are mapped into memory, not read, so a stage costs what is used of it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import drgpay

_FOLDER_VARIABLE = "DRGPAY_CACHE"
_MOST_BYTES = 8 * 2**30

Key = Mapping[str, Any]


def cache_folder(output: Path) -> Path | None:
    """$DRGPAY_CACHE, else `.cache` in the output folder; None where an empty one switches it off."""
    chosen = os.environ.get(_FOLDER_VARIABLE)
    if chosen is not None:
        return Path(chosen) / "stages" if chosen else None
    return output / ".cache"


@dataclass
class StageCache:
    """Frames and folders by what they were made from. `used` are the stages that were there."""

    folder: Path | None
    used: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    _held: dict[tuple[str, str], dict[str, pl.DataFrame]] = field(default_factory=dict)

    def frames(
        self,
        name: str,
        key: Key,
        make: Callable[[], dict[str, pl.DataFrame]],
        keep: bool = True,
    ) -> dict[str, pl.DataFrame]:
        """The frames of a stage: those kept under the key, or what `make` returns, kept for later.

        Without `keep` what is made is let go. A file that cannot be read is made again, one that cannot be written (a full disk) is not
        kept.
        """
        held = (name, digest_of(key))
        if held in self._held:
            return self._held[held]
        kept = self._read(name, key)
        if kept is None:
            kept = make()
            self.made.append(name)
            if not keep:
                return kept
            self._keep(name, key, kept)
        else:
            self.used.append(name)
        self._held[held] = kept
        return kept

    @contextmanager
    def prefetched(self, name: str, key: Key) -> Iterator[None]:
        """Read a stage, if it is kept, while the block does something else."""

        def read() -> None:
            kept = self._read(name, key)
            if kept is not None:
                self.used.append(name)
                self._held[(name, digest_of(key))] = kept

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(read)
            yield
            done.result()

    def frame(
        self, name: str, key: Key, make: Callable[[], pl.DataFrame], keep: bool = True
    ) -> pl.DataFrame:
        """A stage of one frame."""
        return self.frames(name, key, lambda: {"frame": make()}, keep)["frame"]

    def place(self, name: str, key: Key) -> Path | None:
        """Where a folder of a stage may lie; None without a cache."""
        if self.folder is None or not self._open():
            return None
        return self.folder / f"{name}-{digest_of(key)}"

    def _open(self) -> bool:
        if self.folder is None:
            return False
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        return self.folder.is_dir()

    def _read(self, name: str, key: Key) -> dict[str, pl.DataFrame] | None:
        place = self.place(name, key)
        if place is None or not place.is_dir():
            return None
        try:
            found = {
                path.stem: pl.scan_ipc(path).collect() for path in sorted(place.glob("*.arrow"))
            }
            os.utime(place)
        except (OSError, pl.exceptions.PolarsError):
            return None
        return found or None

    def _keep(self, name: str, key: Key, frames: dict[str, pl.DataFrame]) -> None:
        place = self.place(name, key)
        if place is None:
            return
        staged = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            staged.mkdir(mode=0o700)
            for part, frame in frames.items():
                frame.rechunk().write_ipc(staged / f"{part}.arrow", compression="uncompressed")
            _remove(place)
            staged.rename(place)
        except (OSError, pl.exceptions.PolarsError):
            _remove(staged)
        self._make_room()

    def _make_room(self) -> None:
        """Forget what was not used for longest, so that the cache does not fill a disk."""
        assert self.folder is not None
        with suppress(OSError):
            places = [path for path in self.folder.iterdir() if path.is_dir()]
            sizes = {path: sum(f.stat().st_size for f in path.rglob("*")) for path in places}
            total = sum(sizes.values())
            for path in sorted(places, key=lambda path: path.stat().st_mtime):
                if total <= _MOST_BYTES:
                    return
                total -= sizes[path]
                _remove(path)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def digest_of(key: Key) -> str:
    """A hash over a key, the program's text and its table engine."""
    text = json.dumps(key, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(f"{program_hash()}\n{pl.__version__}\n{text}".encode()).hexdigest()[:32]


@cache
def program_hash() -> str:
    """The text of the stages that are kept: a changed checkout keeps nothing of the old one."""
    here = Path(drgpay.__file__).parent
    digest = hashlib.sha256()
    for area in ("records", "grouper", "policy", "points", "settle", "simulate", "adjust"):
        for path in sorted((here / area).rglob("*.py")):
            digest.update(f"{path.relative_to(here)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def frame_hash(frame: pl.DataFrame) -> str:
    """A hash over a small table."""
    return hashlib.sha256(frame.write_json().encode()).hexdigest()
