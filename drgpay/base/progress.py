"""How far a long step is, and how long the steps took."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

ProgressBar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@contextmanager
def _no_bar(_title: str, _total: int) -> Iterator[Callable[[int], None]]:
    yield lambda rows: None


no_progress: ProgressBar = _no_bar
"""A progress bar for nobody."""


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        """Book the time since the last lap on a step."""
        now = time.perf_counter()
        self.seconds[step] = now - self._last
        self._last = now
