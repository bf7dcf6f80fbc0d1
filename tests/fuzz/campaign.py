"""Which nasty files there are of each input, and what came of them.

`python -m tests.fuzz.campaign` reads all of those that the gate reads (minutes) and prints what
docs/reliability.md says of them; `--from 100000` reads others. CONTRIBUTING.md says what to do with a seed
that goes wrong.
"""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.fuzz import readers, whole_runs
from tests.fuzz.readers import Counts

SAMPLE_DATA = Path(__file__).resolve().parents[2] / "sample_data"


class Fuzzed(NamedTuple):
    """An input: how a seed becomes a file that is read, and how many there are of it.

    few: with all tests; many: in the gate. columns: those that must be spoiled at some time.
    """

    read: Callable[[int, Path, Counts], None]
    few: int
    many: int
    columns: frozenset[str]


def _columns(tables: dict[str, Iterable[str]]) -> frozenset[str]:
    return frozenset(f"{table}.{column}" for table, names in tables.items() for column in names)


INPUTS = {
    "stays": Fuzzed(readers.stays_file, 12, 1_000, _columns({"stays": readers.stays()[0]})),
    "visits": Fuzzed(
        readers.visits_file,
        12,
        900,
        _columns({"visits": readers.visits()[0], "items": readers.lines()[0]}),
    ),
    "small tables": Fuzzed(
        readers.small_file,
        45,
        3_000,
        _columns({name: rows[0] for name, (rows, _) in readers.SMALL.items()}),
    ),
    "months": Fuzzed(whole_runs.month, 3, 60, frozenset()),
    "histories": Fuzzed(
        readers.history_file,
        5,
        120,
        frozenset(),  # columns are those of stays
    ),
}


def fuzz(name: str, seeds: Iterable[int], folder: Path) -> tuple[Counts, list[str]]:
    """Read the files of some seeds: what came of them, and what went wrong, by seed.

    folder: to work in; of months a region of whole_runs.
    """
    counts, wrong = Counts(), list[str]()
    with readers.codes_known_once():
        for seed in seeds:
            counts.files += 1
            try:
                INPUTS[name].read(seed, folder, counts)
            except BaseException as error:  # also panics of libraries
                if isinstance(error, KeyboardInterrupt):
                    raise
                wrong.append(f"seed {seed}: {error!r}"[:1_500])
            for file in folder.glob(f"*{seed}.*"):
                file.unlink()
    return counts, wrong


def working_folder(name: str, folder: Path) -> Path:
    """A folder for the files of an input below another."""
    if name == "months":
        return whole_runs.tiny_region(SAMPLE_DATA, folder / "region")
    return folder


def main(arguments: list[str]) -> int:
    """Read the files and print the counts; the exit status tells whether anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--times", type=float, default=1, help="as many times the files")
    parser.add_argument("--only", choices=INPUTS, help="one input alone")
    given = parser.parse_args(arguments)
    files, failed = 0, 0
    for name, fuzzed in INPUTS.items():
        if given.only not in (None, name):
            continue
        with TemporaryDirectory() as place:
            seeds = range(given.first, given.first + int(fuzzed.many * given.times))
            counts, wrong = fuzz(name, seeds, working_folder(name, Path(place)))
            shutil.rmtree(Path(place) / "region", ignore_errors=True)
        print(f"{name}: {counts}", *wrong, sep="\n  ", flush=True)
        files += counts.files
        failed += len(wrong)
    print(f"{files} files, {failed} wrong")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
