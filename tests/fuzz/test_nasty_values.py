"""Nasty cells in every column of every input: nothing but sentences, and no row is lost.

A sample runs with all tests; `pytest -m slow tests/fuzz` runs all of it, `python -m tests.fuzz.campaign`
too, and others.
"""

from pathlib import Path

import pytest

from tests.fuzz.campaign import INPUTS, fuzz, working_folder

_PARTS = 4


@pytest.mark.parametrize("name", INPUTS)
def test_a_sample_of_nasty_files(name: str, tmp_path: Path) -> None:
    few = INPUTS[name].few
    counts, wrong = fuzz(name, range(few), working_folder(name, tmp_path))
    assert not wrong
    assert counts.files == counts.read + counts.refused == few
    assert counts.read > few / 10


def test_there_are_thousands_of_them() -> None:
    assert sum(fuzzed.many for fuzzed in INPUTS.values()) >= 5_000


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("name", INPUTS)
def test_thousands_of_nasty_files(
    name: str, part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every so many-th seed, so that several processes share them; what goes wrong, by seed."""
    fuzzed = INPUTS[name]
    seeds = range(part, fuzzed.many, _PARTS)
    counts, wrong = fuzz(name, seeds, working_folder(name, tmp_path))
    with capsys.disabled():
        print(f"\n{name}: {counts}")
    assert not wrong, f"{len(wrong)} of {counts.files}:\n" + "\n".join(wrong[:20])
    assert counts.read + counts.refused == counts.files
    assert counts.read > counts.files / 10
    assert not fuzzed.columns - set(counts.columns), "columns that no file spoiled"
