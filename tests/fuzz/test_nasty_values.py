"""Nasty cells in every column of every input: nothing but sentences, and no row is lost.

A sample runs with all tests; `pytest -m slow tests/fuzz` runs all of it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fuzz import readers, whole_runs
from tests.fuzz.readers import Counts

Fuzzed = Callable[[int, Path, Counts], None]

OF_READERS: dict[str, tuple[Fuzzed, int, int]] = {
    "stays": (readers.stays_file, 12, 800),
    "visits": (readers.visits_file, 12, 700),
    "small tables": (readers.small_file, 30, 2_000),
}
"""What is fuzzed: how, in how many files of the sample, and in how many files."""

OF_MONTHS = (3, 120)
OF_HISTORIES = (5, 120)
_PARTS = 4


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


@pytest.mark.slow
@pytest.mark.usefixtures("codes_once")
@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("name", [*OF_READERS, "months", "histories"])
def test_thousands_of_nasty_files(
    name: str, part: int, sample_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every so many-th seed, so that several processes share them; what goes wrong, by seed."""
    files = {"months": OF_MONTHS[1], "histories": OF_HISTORIES[1]}
    region = whole_runs.tiny_region(sample_data, tmp_path / "region") if name == "months" else None
    counts, wrong = Counts(), list[str]()
    for seed in range(part, files.get(name) or OF_READERS[name][2], _PARTS):
        counts.files += 1
        try:
            if region:
                whole_runs.month(seed, region, counts)
            elif name == "histories":
                readers.history_file(seed, tmp_path, counts)
            else:
                OF_READERS[name][0](seed, tmp_path, counts)
        except BaseException as error:  # also panics of libraries
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong.append(f"seed {seed}: {error!r}"[:1_500])
        for file in tmp_path.glob(f"*{seed}.*"):
            file.unlink()
    with capsys.disabled():
        print(f"\n{name}: {counts}")
    assert not wrong, f"{len(wrong)} of {counts.files}:\n" + "\n".join(wrong[:20])
    assert counts.read + counts.refused == counts.files
    assert counts.read > counts.files / 10
