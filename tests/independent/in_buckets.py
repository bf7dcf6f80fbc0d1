"""The same stays cut into ranges of case_id: points and money must not tell."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
from polars.testing import assert_frame_equal

from drgpay.base.period import Period
from drgpay.points.cases import EarnedPoints
from drgpay.points.catalogue import Catalogue
from drgpay.points.in_buckets import PointRules, PointsInBuckets
from drgpay.policy.adjustment_rows import no_adjustments
from drgpay.policy.model import Policy
from drgpay.records.filings import Filings
from drgpay.records.shelves import Shelves
from drgpay.settle.month import pay_month
from drgpay.settle.narrow import GrowingCases, OrderOfBuckets
from drgpay.settle.settled import Settled

_MOST_BUCKETS = 5


def cut(frame: pl.DataFrame, random: Random) -> list[pl.DataFrame]:
    """A frame in pieces, one behind the other; some may be empty."""
    cuts = sorted(random.randint(0, frame.height) for _ in range(random.randint(0, _MOST_BUCKETS)))
    ends = [0, *cuts, frame.height]
    return [frame[start:end] for start, end in pairwise(ends)]


def check_points(
    stays: pl.DataFrame,
    catalogue: Catalogue,
    policy: Policy,
    filings: Filings,
    exempt: Collection[str],
    whole: EarnedPoints,
) -> None:
    """Points made bucket by bucket, in memory and in files, are those of all stays at once."""
    random = Random(stays.height)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        found = PointsInBuckets(
            PointRules(catalogue, policy.points, exempt),
            filings,
            Shelves(place, "cases", most=random.choice([0, 10_000, 10**9])),
            Shelves(place, "persons", most=random.choice([0, 10**9])),
        )
        for bucket in cut(stays.sort("case_id"), random):
            found.add(bucket)
        parts = list(found.earned(filings, found.steps(filings, found.returns(filings))))
        points = pl.concat([part.cases["points"] for part in parts]).to_numpy()
        cases = pl.concat(found.cases(points))
    assert_frame_equal(cases, whole.cases, check_column_order=False)
    rows = pl.concat([no_adjustments(), *(part.adjustments for part in parts)])
    assert_frame_equal(rows, whole.adjustments)


def check_money(
    earned: EarnedPoints,
    policy: Policy,
    period: Period,
    payments: pl.DataFrame,
    levels: Mapping[str, str] | None,
    whole: Settled,
) -> None:
    """A month that is settled from what buckets leave of its cases pays the same."""
    buckets = [one for one in cut(earned.cases, Random(earned.cases.height)) if one.height]
    growing, starts = GrowingCases(), [0]
    for bucket in buckets:
        growing.add(bucket)
        starts.append(starts[-1] + bucket.height)
    firsts = [bucket["case_id"][0] for bucket in buckets]
    order = OrderOfBuckets(firsts, starts, lambda number: buckets[number]["case_id"])
    narrow = growing.finished(order)
    paid = pay_month(narrow, earned.adjustments, policy, period, payments, levels)
    cases = [paid.paid(bucket, start) for bucket, start in zip(buckets, starts, strict=False)]
    assert_frame_equal(pl.concat(cases), whole.cases)
    assert_frame_equal(paid.settled.lines, whole.lines)
    assert_frame_equal(paid.settled.adjustments, whole.adjustments)
