"""Finished runs as a release of the program wrote them, to be read by all later ones.

`python -m tests.kept.archive tests/data/runs-0.2.0.tar.xz`, with the program of that release, makes
the archive: the tiny year of `tests.kept.region` with its runs and what later programs need to
correct and clear them. An archive that is there is never made again.
"""

import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

_LEFT_OUT = ("history", "visit_history", "visit_item_history", "report", ".lock", ".duckdb")


def write_archive(file: Path) -> None:
    """Make the year, keep it in a file that is not there yet."""
    from tests.kept.region import TINY, make_inputs, settle

    with TemporaryDirectory() as work:
        make_inputs(Path(work), TINY)
        settle(Path(work), TINY)
        with tarfile.open(file, "x:xz", preset=9) as archive:
            archive.add(work, ".", filter=_plain)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Nobody's, of no time; without the history with its report, and the database of the runs."""
    if entry.name.endswith(_LEFT_OUT):
        return None
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def unpack(file: Path, folder: Path) -> None:
    """The year of an archive in a folder."""
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")


if __name__ == "__main__":
    write_archive(Path(sys.argv[1]))
