"""What people took on belongs to a run: its basis says it, and so its name."""

from collections.abc import Iterable, Sequence
from typing import Any

from drgpay.results.manifest import identity_of
from drgpay.run.stages import UnfinishedRun
from drgpay.run.stops import Accepted, Stop, taken_on


def take_on(
    stops: Iterable[Stop],
    accepted: Sequence[Accepted],
    run: UnfinishedRun,
    basis: dict[str, Any],
    run_id: str | None,
) -> list[dict[str, str]]:
    """`taken_on`, which the basis of the run then says, and its name if nobody chose one."""
    needed = taken_on(stops, accepted)
    if needed:
        basis["accepted"] = needed
        run.named(identity_of(basis, run_id))
    return needed
