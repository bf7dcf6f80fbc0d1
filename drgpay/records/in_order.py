"""Work done by threads, its results taken in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/records")

MOST_THREADS = 256
_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def one_each(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task], threads: int | None = None
) -> Iterator[_Result]:
    """`in_order` of work that gives one result for each task."""
    return in_order(lambda task: (work(task),), tasks, threads)


def in_order(
    work: Callable[[_Task], Iterable[_Result]], tasks: Iterable[_Task], threads: int | None = None
) -> Iterator[_Result]:
    """What `work` gives for each task, in the order of the tasks, few tasks ahead of the taker.

    `tasks` is advanced in the thread of the taker. Raises DrgpayError for more threads than
    MOST_THREADS, or fewer than one: each holds a piece of the records.
    """
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise DrgpayError(*_ERRORS("threads", threads=threads, most=MOST_THREADS))
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
