"""What of a scenario a run would stop at until somebody accepts it (run/stops.py).

No money moves, so a scenario goes on and tells it; what the base accepted is told as accepted.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.language import Words
from drgpay.policy.model import Policy
from drgpay.results.manifest import Manifest
from drgpay.run.job import Job
from drgpay.run.stops import (
    Accepted,
    Stop,
    accepted_before,
    by_hospital,
    level_stops,
    record_stops,
    settled_stops,
)
from drgpay.settle.findings import WORDS
from drgpay.settle.settled import Settled
from drgpay.show.small_cells import SMALLEST_CELL
from drgpay.simulate.base import Base
from drgpay.simulate.stages import Stages, State

_OF_RECORDS = ("refused_share", "hospital_refused", "unknown_codes", "unknown_level")


@dataclass(frozen=True)
class Noticed:
    """A finding that would stop a run.

    accepted_by: who accepted it in the base; None if nobody did. small: it tells of so few stays
    that what is shared does not say how many they are and what they cost.
    """

    stop: Stop
    accepted_by: str | None
    small: bool = False


def noticed(stages: Stages, after: State, of_visits: Iterable[Stop] = ()) -> tuple[Noticed, ...]:
    """What a run under the plan of a state would stop at; of_visits: what its visits would.

    Of a year: what a clearing and, where the scenario checks the records again, its months would.
    """
    plan, settled = after.plan, after.settled
    records = plan.policy.records
    refused, unknown = stages.refused_of(plan)
    valid = by_hospital(after.stays)
    stops = [
        *record_stops(records, valid, refused, unknown),
        *level_stops(records, valid, plan.levels, after.catalogue.levels),
        *settled_stops(
            settled.lines, settled.pools, plan.policy.settlement, stages.base.settling.period
        ),
        *of_visits,
    ]
    accepted = list(_accepted(stages.base))
    small = _of_few(valid, refused, unknown)
    return tuple(
        Noticed(stop, _by_whom(stop, accepted), (stop.code, stop.subject) in small)
        for stop in stops
    )


def open_stops(stages: Stages, settled: Settled, policy: Policy) -> int:
    """How many findings of a settlement nobody accepted, of a point of a sweep.

    Its pools have as many stays as the base counts.
    """
    counted = stages.base_state.settled.pools.select("pool", "cases")
    values = settled.pools.drop("cases").join(counted, on="pool", how="left")
    values = values.with_columns(pl.col("cases").fill_null(0))
    accepted = list(_accepted(stages.base))
    stops = settled_stops(settled.lines, values, policy.settlement, stages.base.settling.period)
    return sum(_by_whom(stop, accepted) is None for stop in stops)


def _of_few(
    valid: pl.DataFrame, refused: pl.DataFrame, unknown: pl.DataFrame
) -> set[tuple[str, str]]:
    """Code and hospital of findings on fewer rows than may be told."""
    inside = refused.filter(~pl.col("outside")).group_by("hospital_id").agg(pl.col("rows").sum())
    of_code = {"unknown_level": valid, "unknown_codes": unknown}
    return {
        (code, hospital or "?")
        for code in _OF_RECORDS
        for hospital, rows in of_code.get(code, inside).select("hospital_id", "rows").iter_rows()
        if rows < SMALLEST_CELL
    }


def _accepted(base: Base) -> Iterator[Accepted]:
    """What the base accepted: its run, the months of a year, or the job without a run."""
    manifests = [base.run.manifest] if base.run else []
    if base.year:
        manifests += [run.manifest for month in base.year.months for run in month.runs]
    for manifest in manifests:
        for one in accepted_before(manifest):
            yield Accepted(one.code, one.subject, one.fen, _name(manifest, one))
    if isinstance(base.job, Job) and not base.run:
        yield from base.job.accepted


def _name(manifest: Manifest, accepted: Accepted) -> str:
    for one in manifest.accepted_by:
        if one["code"] == accepted.code and one["about"] in (None, accepted.subject):
            return str(one["by"])
    return accepted.by


def _by_whom(stop: Stop, accepted: Sequence[Accepted]) -> str | None:
    return next((one.by for one in accepted if one.covers(stop)), None)


def few_words() -> Words:
    """What is told instead of a finding on few stays."""
    return WORDS.words("few_stays")
