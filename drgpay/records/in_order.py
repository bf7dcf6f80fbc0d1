"""Work done by threads, its results taken in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def in_order(
    work: Callable[[_Task], Iterable[_Result]], tasks: Iterable[_Task], threads: int | None = None
) -> Iterator[_Result]:
    """What `work` gives for each task, in the order of the tasks, few tasks ahead of the taker.

    `tasks` is advanced in the thread of the taker.
    """
    workers = threads or os.cpu_count() or 1
    waiting: deque[Future[Iterable[_Result]]] = deque()
    todo = iter(tasks)
    with ThreadPoolExecutor(workers) as pool:
        try:
            waiting.extend(pool.submit(work, task) for task in islice(todo, workers + 1))
            while waiting:
                results = waiting.popleft().result()
                waiting.extend(pool.submit(work, task) for task in islice(todo, 1))
                yield from results
        finally:
            for future in waiting:
                future.cancel()
