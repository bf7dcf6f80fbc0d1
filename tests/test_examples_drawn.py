"""The examples of a property are the same whichever modules a process has loaded."""

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

WORD, NUMBER = "a word of a module", 987_654_321


def drawn() -> list[tuple[str, int]]:
    """What a property is tried with."""
    found = []

    @settings(max_examples=300)
    @given(st.text(), st.integers())
    def property_of(text: str, number: int) -> None:
        found.append((text, number))

    property_of()
    return found


def test_a_module_that_is_loaded_changes_no_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings.default is not settings.get_profile("same"):
        pytest.skip("new examples are looked for")
    before = drawn()
    path = tmp_path / "loaded_later.py"
    path.write_text(f"WORD, NUMBER = {WORD!r}, {NUMBER}")
    spec = importlib.util.spec_from_file_location("loaded_later", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "loaded_later", module)
    spec.loader.exec_module(module)
    assert module.NUMBER == NUMBER
    assert drawn() == before
