"""The groups that a stay narrowly missed: those tried beside its own whose rules failed."""

from collections.abc import Iterator

from drgpay.explain.trace import Attempt, NearMiss, Tried

_ORDER = ("drg", "apg", "adrg", "family", "mdc", "class")


def near_misses(attempts: tuple[Attempt, ...]) -> tuple[NearMiss, ...]:
    """DRGs of the same ADRG, then ADRGs of the same MDC, nearest first.

    Nearest is what lacks fewest answers and, among those, has most of its questions fulfilled. For
    a stay that reached no group they are the ADRGs of every MDC that held, or else the MDCs.
    """
    if not attempts:
        return ()
    path = attempts[-1].path()
    failed = list(_failed_inside(path[0])) if path else _failed_without_group(attempts[0])
    failed.sort(key=_distance)  # stable: ties keep the order in which they were tried
    return tuple(
        NearMiss(step.level, step.code, step.name, step.rule, step.deciding()) for step in failed
    )


def _failed_without_group(attempt: Attempt) -> list[Tried]:
    inside = [step for mdc in attempt.tried if mdc.holds for step in _failed_inside(mdc)]
    return inside or [mdc for mdc in attempt.tried if not mdc.holds]


def _failed_inside(group: Tried) -> Iterator[Tried]:
    for step in group.inside:
        if step.holds:
            yield from _failed_inside(step)
        else:
            yield step


def _distance(step: Tried) -> tuple[int, int, int]:
    fulfilled = sum(question.holds for question in step.questions)
    return _ORDER.index(step.level), len(step.deciding()), -fulfilled
