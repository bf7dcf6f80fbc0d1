"""The points of stays that come bucket by bucket, so that no more than a bucket is held at once.

What a rule asks of all stays of a period is narrow: counts of discharges, places in quotas, the cases
of groups with a volume cap, and the stays of persons, which are told apart by hash and compared by id
(docs/decisions/0043). The points are those of `points_of_stays` over all of them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from drgpay.points.cases import (
    Asked,
    EarnedPoints,
    PeriodSteps,
    adjusted_points,
    refuse_strange_filings,
    refuse_unknown_cases,
)
from drgpay.points.catalogue import Catalogue
from drgpay.points.formulas import Choice, class_formulas
from drgpay.points.pricing import priced_cases
from drgpay.points.readmission import counted_stays, followed, previous_of, split_stays
from drgpay.policy.points import Points
from drgpay.records.filings import Filings
from drgpay.records.shelves import Shelves

_PARTS_OF_PERSONS = 32
_ONLY_TOLD = ("formula", "mdc", "adrg", "severity")
"""Texts of cases that no step of their points asks for."""


@dataclass(frozen=True)
class PointRules:
    """What points are made by; exempt and former as `points_of_stays` takes them."""

    catalogue: Catalogue
    points: Points
    exempt: Collection[str]
    former: Catalogue | None = None

    @cached_property
    def formulas(self) -> dict[str, list[Choice]]:
        """Of each class."""
        return class_formulas(self.catalogue, self.points)


@dataclass
class PointsInBuckets:
    """The stays of a period on the way to their points.

    First `add` every bucket, in the order of case_id; then `steps`, then `earned` bucket by bucket;
    `cases` gives the buckets once more with their final points. filings: as they were filed; those of
    the stays alone are given later. cases_kept, persons_kept: where buckets and persons wait. with_persons: whether returns are found here.
    """

    rules: PointRules
    filings: Filings
    cases_kept: Shelves
    persons_kept: Shelves
    with_persons: bool = True
    firsts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    _asked: list[Asked] = field(default_factory=list)
    _seen: dict[str, list[pl.Series]] = field(default_factory=dict)

    def add(self, stays: pl.DataFrame) -> None:
        """The next stays (`points_of_stays`), all after those before."""
        if not stays.height:
            return
        rules = self.rules
        cases = priced_cases(stays, rules.catalogue, rules.points, rules.formulas)
        mine = self.filings.between(*_range(cases))
        self._asked.append(Asked.of(cases, rules.points, mine))
        for name, (table, _) in mine.of_cases.items():
            if table.height:
                known = pl.col("case_id").is_in(cases["case_id"].implode())
                self._seen.setdefault(name, []).append(table.filter(known)["case_id"])
        if self.with_persons:
            self._put_persons(counted_stays(cases))
        self.cases_kept.put(len(self.firsts), cases.drop("person_id"))
        self.firsts.append(cases["case_id"][0])
        self.starts.append(self.starts[-1] + cases.height)

    def _put_persons(self, counted: pl.DataFrame) -> None:
        part = (pl.col("person_id").hash() % _PARTS_OF_PERSONS).alias("part")
        parts = counted.with_columns(part).partition_by("part", include_key=False, as_dict=True)
        for (number,), rows in parts.items():
            self.persons_kept.put(int(number), rows)

    def seen(self, table: str) -> pl.Series:
        """The cases of a table of filings that are among the stays."""
        return pl.concat([pl.Series("case_id", [], pl.String), *self._seen.get(table, [])])

    def returns(self, filings: Filings) -> pl.DataFrame:
        """The stays that are followed by a return, and what follows (`returns_of`)."""
        rules, split = self.rules, split_stays(filings.deductions).to_list()
        found = [_NO_RETURNS]
        for part in self.persons_kept.shelves:
            pairs = previous_of(self.persons_kept.take(part))
            here = followed(pairs, rules.points.readmission, rules.exempt, split)
            found.append(here.cast(_NO_RETURNS.schema))
            self.persons_kept.clear(part)
        return pl.concat(found)

    def steps(self, filings: Filings, returns: pl.DataFrame) -> PeriodSteps:
        """What of the steps is found over all cases. Raises DrgpayError for filings of others, and as
        `points_of_stays` does.
        """
        refuse_strange_filings(filings, self.rules.points)
        known = {name: self.seen(name) for name in filings.of_cases}
        refuse_unknown_cases(filings, known)
        nothing = Asked.nothing(self.rules.points)
        return PeriodSteps.of(Asked.together([nothing, *self._asked]), returns, self.rules.points)

    def earned(self, filings: Filings, steps: PeriodSteps) -> Iterator[EarnedPoints]:
        """The points of each bucket, and its adjustments; of the cases no column of _ONLY_TOLD."""
        rules = self.rules
        for number in range(len(self.firsts)):
            cases = self.cases_kept.take(number, without=_ONLY_TOLD)
            ends = _range(cases)
            yield adjusted_points(
                cases,
                rules.catalogue,
                rules.points,
                filings.between(*ends),
                steps.between(*ends),
                rules.former,
            )

    def cases(self, points: np.ndarray) -> Iterator[pl.DataFrame]:
        """Each bucket with its final points; points: of all cases. A bucket is let go behind it."""
        for number, start in enumerate(self.starts[:-1]):
            cases = self.cases_kept.take(number)
            self.cases_kept.clear(number)
            final = pl.Series("points", points[start : start + cases.height])
            yield cases.with_columns(final)

    def ids(self, number: int) -> pl.Series:
        """The case_ids of a bucket."""
        return self.cases_kept.take(number, ["case_id"])["case_id"]


_NO_RETURNS = pl.DataFrame(schema={"case_id": pl.String, "readmission_case_id": pl.String})


def _range(cases: pl.DataFrame) -> tuple[str, str]:
    return cases["case_id"][0], cases["case_id"][-1]
