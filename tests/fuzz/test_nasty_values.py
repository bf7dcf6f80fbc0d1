"""Nasty cells in every column of every input: nothing but sentences, and no row is lost.

A sample runs with all tests; `pytest -m slow tests/fuzz` runs all of it.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.fuzz import readers, whole_runs
from tests.fuzz.readers import Counts

Fuzzed = Callable[[int, Path, Counts], None]

OF_READERS: dict[str, tuple[Fuzzed, int, int]] = {
    "stays": (readers.stays_file, 40, 1_300),
    "visits": (readers.visits_file, 30, 1_100),
    "small tables": (readers.small_file, 60, 3_000),
}
"""What is fuzzed: how, in how many files of the sample, and in how many files."""

OF_MONTHS = (3, 200)
OF_HISTORIES = (5, 200)
_PROCESSES = 2


@pytest.fixture
def codes_once() -> Iterator[None]:
    with readers.codes_known_once():
        yield


def _fuzz(name: str, seeds: range, folder: Path) -> Counts:
    counts = Counts()
    for seed in seeds:
        counts.files += 1
        OF_READERS[name][0](seed, folder, counts)
        for file in folder.glob(f"*{seed}.*"):
            file.unlink()
    return counts


@pytest.mark.parametrize("name", OF_READERS)
@pytest.mark.usefixtures("codes_once")
def test_a_sample_of_nasty_files(name: str, tmp_path: Path) -> None:
    sample = OF_READERS[name][1]
    counts = _fuzz(name, range(sample), tmp_path)
    assert counts.files == counts.read + counts.refused == sample
    assert counts.read > sample / 10


def test_a_sample_of_nasty_months(sample_data: Path, tmp_path: Path) -> None:
    region = whole_runs.tiny_region(sample_data, tmp_path / "region")
    counts = Counts()
    for seed in range(OF_MONTHS[0]):
        whole_runs.month(seed, region, counts)
    assert counts.read + counts.refused == OF_MONTHS[0]


@pytest.mark.usefixtures("codes_once")
def test_a_sample_of_nasty_histories(tmp_path: Path) -> None:
    counts = Counts()
    for seed in range(OF_HISTORIES[0]):
        readers.history_file(seed, tmp_path, counts)
    assert counts.read + counts.refused == OF_HISTORIES[0]


def _part(name: str, part: int) -> tuple[Counts, list[str]]:
    """Every second seed in a process of its own; what went wrong, by seed."""
    if name == "months":
        seeds = range(part, OF_MONTHS[1], _PROCESSES)
    else:
        files = OF_HISTORIES[1] if name == "histories" else OF_READERS[name][2]
        seeds = range(part, files, _PROCESSES)
    sample_data = Path(__file__).resolve().parents[2] / "sample_data"
    total, wrong = Counts(), list[str]()
    with TemporaryDirectory() as place, readers.codes_known_once():
        folder = Path(place)
        region = (
            whole_runs.tiny_region(sample_data, folder / "region") if name == "months" else folder
        )
        for seed in seeds:
            total.files += 1
            try:
                if name == "months":
                    whole_runs.month(seed, region, total)
                elif name == "histories":
                    readers.history_file(seed, folder, total)
                else:
                    OF_READERS[name][0](seed, folder, total)
            except BaseException as error:  # also panics of libraries
                if isinstance(error, KeyboardInterrupt):
                    raise
                wrong.append(f"{name}, seed {seed}: {error!r}"[:1_500])
            for file in folder.glob(f"*{seed}.*"):
                file.unlink()
    return total, wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OF_READERS, "months", "histories"])
def test_thousands_of_nasty_files(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_part, [name] * _PROCESSES, range(_PROCESSES)))
    counts = Counts()
    for part, _ in parts:
        counts += part
    with capsys.disabled():
        print(f"\n{name}: {counts}")
    wrong = [said for _, found in parts for said in found]
    assert not wrong, f"{len(wrong)} of {counts.files}:\n" + "\n".join(wrong[:20])
    assert counts.read + counts.refused == counts.files
    assert counts.read > counts.files / 10
