"""The points of the stays of a month or a year, made bucket by bucket, with the rows on earlier stays."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.points.in_buckets import PointRules, PointsInBuckets
from drgpay.points.known_returns import RETURN_COLUMNS
from drgpay.points.phase_in import FORMER_SCHEMA
from drgpay.policy.adjustment_rows import no_adjustments
from drgpay.records.dataset import Dataset
from drgpay.records.filings import Filings
from drgpay.records.shelves import Shelves
from drgpay.report.point_notes import new_alone
from drgpay.run.previous import Before
from drgpay.run.rules import StayRules
from drgpay.settle.narrow import GrowingCases, NarrowCases, OrderOfBuckets
from drgpay.settle.walk import PaidCases


@dataclass(frozen=True)
class EarnedPeriod:
    """What the stays of a period earned, as EarnedPoints says, without holding its cases.

    narrow: what settlement asks of them. adjustments, former: as in EarnedPoints. alone: of
    `new_alone`.
    """

    narrow: NarrowCases
    adjustments: pl.DataFrame
    former: pl.DataFrame
    alone: int
    _stays: PointsInBuckets

    @property
    def rows(self) -> int:
        """How many cases there are."""
        return len(self.narrow.points)

    def paid(self, paid: PaidCases) -> Iterator[pl.DataFrame]:
        """The cases as Settled.cases has them, bucket by bucket; once, each is let go behind it."""
        first = 0
        for cases in self._stays.cases(self.narrow.points):
            yield paid.paid(cases, first)
            first += cases.height


def earned_in_buckets(
    stays: Iterable[pl.DataFrame],
    filings: Filings,
    rules: StayRules,
    before: Before,
    period: str,
    own: Dataset | None,
    output: Path,
    work: Path | None,
) -> EarnedPeriod:
    """The points of stays in buckets, with the rows on stays of the runs that paid before.

    stays: as `points_of_stays` takes them, in ranges of case_id, one behind the other. filings: of all
    of them, and of earlier stays. own: the records of the stays. output: where runs lie, for messages.
    work: a private folder for what does not fit in memory; None: all stays there.
    """
    former = rules.former.catalogue if rules.former else None
    by = PointRules(rules.catalogue, rules.policy.points, rules.compiled.exempt, former)
    looks_back = bool(before.paid)
    found = PointsInBuckets(
        by, filings, Shelves(work, "cases"), Shelves(work, "persons"), not looks_back
    )
    returning = []
    for bucket in stays:
        found.add(bucket)
        if looks_back:
            returning.append(bucket.select("person_id", *RETURN_COLUMNS))
    mine = before.mine(filings, found.seen("deductions"), output)
    rows = [no_adjustments()]
    if looks_back:
        back = before.looking_back(pl.concat(returning), filings, rules, period, own)
        steps = found.steps(mine, back.returns)
        rows.append(back.rows)
    else:
        steps = found.steps(mine, found.returns(mine))
    growing, of_former, alone = GrowingCases(), [pl.DataFrame(schema=FORMER_SCHEMA)], 0
    for earned in found.earned(mine, steps):
        growing.add(earned.cases)
        rows.append(earned.adjustments)
        of_former.append(earned.former)
        alone += new_alone(earned)
    narrow = growing.finished(OrderOfBuckets(found.firsts, found.starts, found.ids))
    adjustments = pl.concat(rows)
    if looks_back:
        adjustments = adjustments.sort("case_id", "step")
    return EarnedPeriod(narrow, adjustments, pl.concat(of_former), alone, found)
