"""Cases of a sweep: the gate tries all, the README's test command some, from the first to the last."""

from collections.abc import Iterable
from typing import Any

import pytest


def spread(cases: Iterable[Any], quick: int) -> list[Any]:
    """All cases as parameters; all but `quick` of them, spread evenly, are marked slow."""
    every = [*cases]
    kept = {round(place * (len(every) - 1) / max(1, quick - 1)) for place in range(quick)}
    return [
        case if place in kept else pytest.param(case, marks=pytest.mark.slow)
        for place, case in enumerate(every)
    ]
