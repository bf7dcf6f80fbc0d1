"""How much of a sweep runs with all tests: the rest is the gate's, as its slow tests."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from hypothesis import settings

THOROUGH = "thorough"
"""The profile of hypothesis by which `pytest -m slow` draws all examples of all properties."""


def spread(cases: Iterable[Any], quick: int) -> list[Any]:
    """All cases as parameters; all but `quick` of them, spread evenly, are marked slow.

    A case of several parameters is a tuple.
    """
    every = [*cases]
    kept = {round(place * (len(every) - 1) / max(1, quick - 1)) for place in range(quick)}
    return [
        case
        if place in kept
        else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
        for place, case in enumerate(every)
    ]


def part_of(cases: Iterable[Any], kept: Collection[Any]) -> list[Any]:
    """All cases as parameters; those that are not among the kept ones are marked slow."""
    return [case if case in kept else pytest.param(case, marks=pytest.mark.slow) for case in cases]


def is_thorough() -> bool:
    """Whether all examples are drawn: --hypothesis-profile=thorough."""
    return settings.default is settings.get_profile(THOROUGH)


def drawn(examples: int, **more: Any) -> settings:
    """Settings of a property that needs so many examples: a quarter of them with all tests."""
    return settings(
        max_examples=examples if is_thorough() else min(examples, max(10, examples // 4)), **more
    )
