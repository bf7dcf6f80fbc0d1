"""Guard the bytes of results: `python -m tests.kept.bytes compare` after a change of structure.

keep      make the small year of `tests.kept.region`, keep the hashes of its files in hashes.json
compare   make it, and name every file that is not as kept; exit status 1 if there is one
make      leave the year in FOLDER: `compare --before FOLDER`, a year made by the program before the
          change, also says where the tables of a file differ

What does not depend on the calculation is left out: the version of the program is a fixed one, and
of manifests the seconds, the rights and the hashes of the outputs, which are files themselves, as the
resources of data packages are. What
writes the files has its part in their bytes: with other releases than those of hashes.json other
bytes mean nothing.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zipfile import ZipFile

import drgpay

HASHES: Final = Path(__file__).with_name("hashes.json")
_WRITERS: Final = (
    "jinja2",
    "numpy",
    "polars",
    "pyarrow",
    "vl-convert-python",
    "xlsxwriter",
)
_PART_DIGITS: Final = 6
_NO_RESULTS: Final = (".", "drgpay.duckdb")  # caches, locks, and the database made of the results
_SCHEMA: Final = ".schema.json"  # beside the TOML files; what it has to be, tests/schemas says
_MANIFEST: Final = "manifest.json"
_PACKAGE: Final = "datapackage.json"
_OF_OUTPUTS: Final = ("bytes", "hash")
_DRAWING: Final = re.compile(rb"<svg.*?</svg>", re.DOTALL)
# Places in drawings are of floats: their last digits are not the same on every processor.
_NEVER_THE_SAME: Final = ("seconds", "rights")


def writers() -> dict[str, str]:
    """The releases of all that has a part in the bytes of a file."""
    of_python = {"machine": platform.machine(), "zlib": zlib.ZLIB_RUNTIME_VERSION}
    return of_python | {name: version(name) for name in _WRITERS}


def other_writers() -> str:
    """Which of the writers are not those of hashes.json, in words; empty where all are."""
    kept, now = json.loads(HASHES.read_text("utf-8"))["writers"], writers()
    return ", ".join(
        f"{name} {now.get(name)} and not {kept.get(name)}"
        for name in sorted({*kept, *now})
        if kept.get(name) != now.get(name)
    )


def make(folder: Path) -> None:
    """The year with all its results."""
    drgpay.__version__ = "kept"  # before anything else has it
    from tests.kept import region

    region.make_inputs(folder, region.WHOLE)
    region.answer(folder, region.settle(folder, region.WHOLE))


def hashes(folder: Path) -> dict[str, str]:
    """Of every file its sha256, and in short that of the names of its parts and of each part."""
    named = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): _hashed(path)
        for name, path in named.items()
        if not any(part.startswith(_NO_RESULTS) for part in name.parts)
        and not name.name.endswith(_SCHEMA)
    }


def _hashed(path: Path) -> str:
    parts = _parts(path)
    is_listing = path.name in (_MANIFEST, _PACKAGE)
    content = b"\n".join(parts.values()) if is_listing else path.read_bytes()
    if path.suffix == ".html":
        content = _DRAWING.sub(b"<svg/>", content)
    words = [hashlib.sha256(content).hexdigest()]
    if parts:
        words += [_short("\n".join(parts).encode()), "".join(map(_short, parts.values()))]
    return " ".join(words)


def _parts(path: Path) -> dict[str, bytes]:
    """The columns of a table, the sheets and other parts of a workbook, the keys of JSON."""
    if path.suffix == ".parquet":
        return {
            f"{column.name} {column.dtype}": repr(column.to_list()).encode()
            for column in _table(path)
        }
    if path.suffix == ".xlsx":
        with ZipFile(path) as book:
            return {name: book.read(name) for name in book.namelist()}
    if path.suffix == ".json":
        return {key: json.dumps(value).encode() for key, value in _json(path).items()}
    return {}


def _json(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if path.name == _MANIFEST:
        read["outputs"] = sorted(read["outputs"])
        return {key: read[key] for key in read if key not in _NEVER_THE_SAME}
    if path.name == _PACKAGE:
        for resource in read["resources"]:
            for name in _OF_OUTPUTS:
                del resource[name]
    return read


def _table(path: Path) -> Any:
    import polars as pl

    return pl.read_parquet(path, glob=False)


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_PART_DIGITS]


def differences(
    kept: Mapping[str, str], now: Mapping[str, str], folder: Path, before: Path | None = None
) -> Iterator[str]:
    """A line for every file that is not as kept: what differs, and with `before` where."""
    for name in sorted({*kept, *now}):
        if name not in now:
            yield f"{name}: missing"
        elif name not in kept:
            yield f"{name}: new"
        elif kept[name] != now[name]:
            yield f"{name}: {_unlike(kept[name], now[name], folder / name, before and before / name)}"


def _unlike(kept: str, now: str, path: Path, before: Path | None) -> str:
    was, is_now = kept.split(), now.split()
    if was[1:] == is_now[1:]:
        return "other bytes" + (", the same content" if len(is_now) > 1 else "")
    if was[1:2] != is_now[1:2]:
        said = "other columns or types, or another order of them"
        return (said if path.suffix == ".parquet" else "other parts") + _changed_names(path, before)
    names = list(_parts(path))
    places = range(0, len(is_now[2]), _PART_DIGITS)
    other = [
        names[place // _PART_DIGITS]
        for place in places
        if was[2][place : place + _PART_DIGITS] != is_now[2][place : place + _PART_DIGITS]
    ]
    said = f"other content in {len(other)} of {len(names)} parts, the first {other[0]}"
    return said + (_first_row(path, before, other[0].split()[0]) if before else "")


def _changed_names(path: Path, before: Path | None) -> str:
    if not before or not before.is_file():
        return ""
    was, is_now = _parts(before), _parts(path)
    gone, new = ([one for one in a if one not in b] for a, b in ((was, is_now), (is_now, was)))
    return f": without {gone}, with {new}" if gone or new else ""


def _first_row(path: Path, before: Path, column: str) -> str:
    if path.suffix != ".parquet" or not before.is_file():
        return ""
    was, is_now = _table(before), _table(path)
    if was.height != is_now.height:
        return f": {was.height} rows before, {is_now.height} now"
    pairs = zip(was[column].to_list(), is_now[column].to_list(), strict=True)
    rows = [(row, *pair) for row, pair in enumerate(pairs, 1) if pair[0] != pair[1]]
    if not rows:
        return ", but not against the year before: it is of another program than the hashes"
    row, old, new = rows[0]
    key = is_now.row(row - 1)[0]
    return f": {len(rows)} rows, the first is row {row} ({key}), {old} before, {new} now"


def _kept() -> dict[str, str]:
    files: dict[str, str] = json.loads(HASHES.read_text("utf-8"))["files"]
    return files


def _keep(found: Mapping[str, str]) -> None:
    text = json.dumps({"writers": writers(), "files": found}, indent=1, sort_keys=True)
    HASHES.write_text(text + "\n", "utf-8")


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Guard the bytes of results.")
    parser.add_argument("what", choices=("keep", "compare", "make"))
    parser.add_argument("folder", nargs="?", type=Path, help="of make: the folder to leave")
    parser.add_argument("--before", type=Path, help="a year that `make` left earlier")
    parser.add_argument("--threads", help="of polars; by default one a core")
    given = parser.parse_args()
    if given.threads:
        os.environ["POLARS_MAX_THREADS"] = given.threads
    if (given.what == "make") != (given.folder is not None):
        parser.error("make needs a folder, and only make does")
    if given.folder:
        make(given.folder)
        return 0
    with TemporaryDirectory() as work:
        make(Path(work))
        found = hashes(Path(work))
        said = (
            list(differences(_kept(), found, Path(work), given.before)) if HASHES.exists() else []
        )
    if given.what == "keep":
        _keep(found)
    elif other := other_writers():
        said.insert(0, f"other bytes are to be expected: {other}")
    sys.stdout.write("".join(f"{line}\n" for line in [*said, f"{len(found)} files"]))
    return int(bool(said) and given.what == "compare")


if __name__ == "__main__":
    sys.exit(main())
