"""Returns and deductions that are known only when the stay is paid: months against one run over all."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.points.cases import EarnedPoints, points_of_stays
from drgpay.points.earlier_stays import look_back
from drgpay.points.known_returns import RETURN_COLUMNS, KnownStays
from drgpay.points.paid_again import PaidStays
from drgpay.policy.adjustment_rows import takes_deducted_points
from drgpay.policy.points import Points
from drgpay.records.filings import Filings
from tests.points.standard_stay import CORE, GROUP, catalogue, filings, reasons, stays, with_
from tests.spread import spread

OF = catalogue({}, {"drg": "G2", "base_points": 77_7777, "mean_fen": 777_777})
POINTS = with_(
    tcm={"groups": ["G1", "G2"], "uplift": "0.0333", "max_points": "11.1111"},
    high_formula="excess",
    reviews={**CORE.points.reviews.model_dump(), "quota_share": "0.2", "quota_scope": "region"},
    volume_caps=[{"groups": ["G2"], "cases_a_month": 2, "factor": "0.7"}],
    deductions=[
        {"kind": "split_stay", "case_factor": "0", "base_times": "0", "base_times_serious": "1"},
        {
            "kind": "up_coding",
            "case_factor": "0.3333",
            "base_times": "2",
            "base_times_serious": "2",
        },
        {"kind": "fraud", "case_factor": "0", "base_times": "5", "base_times_serious": "5"},
    ],
)
SCHEME = "s"


@dataclass(frozen=True)
class Settled:
    """A month that was settled: its stays, filings, cases and all adjustments."""

    period: str
    stays: pl.DataFrame
    filings: Filings
    cases: pl.DataFrame
    adjustments: pl.DataFrame
    points: Points
    exempt: tuple[str, ...] = ()
    scheme: str = SCHEME
    k: Fraction = Fraction(1)

    def known(self) -> KnownStays:
        facts = self.stays.select("person_id", *RETURN_COLUMNS)
        return KnownStays(self.period, facts, self.filings, self.points, self.exempt, self.scheme)

    def paid(self) -> PaidStays:
        cases = self.cases.with_columns(payment=pl.lit("points"))
        if "payment" in self.stays.columns:
            cases = cases.drop("payment").join(
                self.stays.select("case_id", "payment"), on="case_id"
            )

        def read(concerned: pl.Series) -> pl.DataFrame:
            return cases.filter(pl.col("case_id").is_in(concerned.implode()))

        factors = {} if self.k == 1 else {"employee": self.k}
        return PaidStays(self.known(), read, self.adjustments, OF, factors)


def settled(
    period: str,
    given: pl.DataFrame,
    filed: Filings,
    named: Sequence[Settled] = (),
    points: Points = POINTS,
    **more: Any,
) -> Settled:
    """Settle a month that names others, as a run does."""
    own = filed.deductions.join(given.select("case_id"), on="case_id", how="semi")
    month = Settled(period, given, filed, given, pl.DataFrame(), points, **more)
    records = given.drop("payment", strict=False)
    if not named:
        alone = points_of_stays(records, OF, points, replace(filed, deductions=own), exempt=())
        return replace(month, cases=alone.cases, adjustments=alone.adjustments)
    found = look_back([one.paid() for one in named], month.known(), _no_other_scheme)
    earned = points_of_stays(
        records, OF, points, replace(filed, deductions=own), exempt=(), returns=found.returns
    )
    rows = pl.concat([earned.adjustments, found.rows]).sort("case_id", "step")
    return replace(month, cases=earned.cases, adjustments=rows)


def _no_other_scheme(number: int, scheme_of: int) -> pl.DataFrame:
    raise AssertionError("all are of one scheme")


def by_line(*months: Settled | EarnedPoints) -> dict[str, tuple[int, int]]:
    """Points and deducted points of each hospital, over all these."""
    sums: dict[str, list[int]] = {}
    for month in months:
        for hospital, points in month.cases.select("hospital_id", "points").iter_rows():
            sums.setdefault(hospital, [0, 0])[0] += points
        rows = month.adjustments
        to_hospital = pl.col("applies_to") == "hospital"
        for hospital, points in (
            rows.filter(to_hospital).select("hospital_id", "points").iter_rows()
        ):
            sums.setdefault(hospital, [0, 0])[0] += points
        taken = rows.filter(takes_deducted_points(POINTS))
        for hospital, points in taken.select("hospital_id", "points").iter_rows():
            sums.setdefault(hospital, [0, 0])[1] -= points
    return {hospital: (points, deducted) for hospital, (points, deducted) in sums.items()}


def rows_of(month: Settled) -> list[tuple[Any, ...]]:
    """The rows on earlier stays: case, kind, points, evidence."""
    earlier = month.adjustments.filter(pl.col("kind").str.ends_with("_earlier"))
    return list(earlier.select("case_id", "kind", "points", "evidence").iter_rows())


def stay(case: str, admitted: date, days: int = 3, **change: Any) -> dict[str, Any]:
    left = admitted + timedelta(days=days)
    dates = {"admission_date": admitted, "discharge_date": left, "settlement_date": left}
    return {"case_id": case, "person_id": "P", "length_of_stay": days, **dates, **change}


FIRST, BACK = stay("a", date(2026, 1, 20)), stay("b", date(2026, 2, 1))
NOTHING = filings()


def test_a_return_in_the_next_month_takes_half_of_the_paid_stay() -> None:
    """The row takes what the case would have lost, its uplift of Chinese medicine included."""
    january = settled("2026-01", stays(FIRST), NOTHING)
    february = settled("2026-02", stays(BACK), NOTHING, [january])
    both = points_of_stays(stays(FIRST, BACK), OF, POINTS, exempt=())
    lost = both.cases["points"][0] - january.cases["points"][0]
    assert rows_of(february) == [("a", "readmission_earlier", lost, "b")]
    assert by_line(january, february) == by_line(both)
    assert reasons(february.adjustments)[0] == "points * 0.5: the patient came back within 15 days"
    assert february.adjustments["paid_in"].to_list() == ["2026-01", None]


def test_what_is_booked_is_not_booked_again() -> None:
    january = settled("2026-01", stays(FIRST), NOTHING)
    february = settled("2026-02", stays(BACK), NOTHING, [january])
    march = settled("2026-03", stays(stay("c", date(2026, 3, 25))), NOTHING, [january, february])
    assert rows_of(march) == []


def test_a_return_in_a_month_that_is_not_named_stays_taken() -> None:
    january = settled("2026-01", stays(FIRST), NOTHING)
    february = settled(
        "2026-02", stays(BACK, stay("z", date(2026, 1, 1), person_id="Q")), NOTHING, [january]
    )
    march = settled("2026-03", stays(stay("c", date(2026, 3, 25))), NOTHING, [february])
    assert rows_of(march) == []
    # The stay of January that is settled in February, its return in January: seen by February alone.
    late = settled("2026-02", stays({**FIRST}), NOTHING, [settled("2026-01", stays(BACK), NOTHING)])
    assert late.adjustments.filter(pl.col("kind") == "readmission")["evidence"].to_list() == ["b"]
    assert rows_of(settled("2026-03", stays(stay("c", date(2026, 3, 25))), NOTHING, [late])) == []


def test_a_deducted_stay_gets_two_rows_that_cancel() -> None:
    fraud = filings(deductions=[{"case_id": "a", "kind": "fraud"}])
    january = settled("2026-01", stays(FIRST), fraud)
    february = settled("2026-02", stays(BACK), fraud, [january])
    rows = rows_of(february)
    assert [kind for _, kind, _, _ in rows] == ["readmission_earlier", "deduction_earlier"]
    assert rows[0][2] == -rows[1][2] < 0


def test_deductions_of_a_paid_stay_are_taken_together() -> None:
    """At the case in one row, from the hospital one for each."""
    january = settled("2026-01", stays(FIRST), NOTHING)
    both = [{"case_id": "a", "kind": kind} for kind in ("up_coding", "fraud")]
    listed = filings(deductions=both)
    february = settled("2026-02", stays(stay("c", date(2026, 2, 25))), listed, [january])
    earlier = february.adjustments.filter(pl.col("case_id") == "a")
    assert reasons(earlier) == [
        "points * 0: 2 deductions",
        "- 5 * base_points",
        "- 2 * base_points",
    ]


def test_a_deduction_of_a_paid_stay_is_two_rows_once() -> None:
    january = settled("2026-01", stays(FIRST), NOTHING)
    listed = filings(deductions=[{"case_id": "a", "kind": "fraud", "document": "No. 7"}])
    february = settled("2026-02", stays(stay("c", date(2026, 2, 25))), listed, [january])
    lost = january.cases["points"][0]
    five_times = 5 * GROUP["base_points"]
    assert rows_of(february) == [
        ("a", "deduction_earlier", -lost, "No. 7"),
        ("a", "deduction_earlier", -five_times, "No. 7"),
    ]
    kinds = february.adjustments.filter(pl.col("case_id") == "a")["deduction_kind"].to_list()
    assert kinds == [None, "fraud"]
    march = settled("2026-03", stays(stay("d", date(2026, 3, 25))), listed, [january, february])
    assert rows_of(march) == []


def test_a_return_that_was_a_split_stay_is_given_back() -> None:
    january = settled("2026-01", stays(FIRST), NOTHING)
    february = settled("2026-02", stays(BACK), NOTHING, [january])
    split = filings(deductions=[{"case_id": "b", "kind": "split_stay"}])
    march = settled("2026-03", stays(stay("c", date(2026, 3, 25))), split, [january, february])
    (given_back,) = [row for row in rows_of(march) if row[1] == "readmission_earlier"]
    assert given_back == ("a", "readmission_earlier", -rows_of(february)[0][2], "b")
    assert reasons(march.adjustments)[0] == "given back"


def test_a_stay_paid_item_by_item_has_the_minus_alone_on_the_local_line() -> None:
    outside = {**FIRST, "out_of_area": True, "payment": "item_by_item"}
    january = settled("2026-01", stays(outside), NOTHING)
    listed = filings(deductions=[{"case_id": "a", "kind": "fraud"}])
    february = settled("2026-02", stays(BACK), listed, [january])
    (row,) = february.adjustments.filter(pl.col("kind").str.ends_with("_earlier")).iter_rows(
        named=True
    )
    assert (row["points"], row["out_of_area"]) == (-5 * GROUP["base_points"], False)


def test_points_of_another_scale_are_divided_by_k() -> None:
    """D6: 50 points of 2026 are 49.0000 of 2027, with k 1.020408."""
    plain = with_(tcm=None)
    hundred = {**FIRST, "complete": False, "total_fen": 1_000_000, "hospital_id": "H2"}
    december = settled("2026", stays(hundred), NOTHING, points=plain, k=Fraction("1.020408"))
    assert december.cases["points"][0] == 100_0000
    back = {**BACK, "hospital_id": "H2"}
    january = settled("2027-01", stays(back), NOTHING, [december], points=plain)
    assert rows_of(january) == [("a", "readmission_earlier", -49_0000, "b")]


def test_a_stay_is_judged_by_the_policy_that_paid_it() -> None:
    """A rule that changes later moves nothing of what is paid."""
    january = settled("2026-01", stays(FIRST, stay("b", date(2026, 1, 25))), NOTHING)
    rule = {**POINTS.readmission.model_dump(), "days": 1, "factor": "0.1"}
    stricter = Points.model_validate({**POINTS.model_dump(), "readmission": rule})
    february = settled("2026-02", stays(stay("c", date(2026, 2, 25))), NOTHING, [january], stricter)
    assert rows_of(february) == []


def test_the_scheme_of_the_earlier_stay_compares_both() -> None:
    december = settled("2026", stays({**FIRST, "drg": "G1"}), NOTHING, scheme="old")
    january = stays({**BACK, "drg": "G2"})
    asked = []

    def regroup(number: int, scheme_of: int) -> pl.DataFrame:
        asked.append((number, scheme_of))
        return january.select("case_id", drg=pl.lit("G1"))

    known = Settled("2027-01", january, NOTHING, january, pl.DataFrame(), POINTS, scheme="new")
    found = look_back([december.paid()], known.known(), regroup)
    assert found.rows["evidence"].to_list() == ["b"]
    assert asked == [(1, 0)]
    exempt = replace(december, exempt=("G1",))
    assert look_back([exempt.paid()], known.known(), regroup).rows.is_empty()


def test_what_does_not_come_out_again_stops() -> None:
    january = settled("2026-01", stays(FIRST), NOTHING)
    forged = replace(january, cases=january.cases.with_columns(points_before=pl.lit(1)))
    with pytest.raises(DrgpayError, match="case a, which the run of 2026-01 paid"):
        settled("2026-02", stays(BACK), NOTHING, [forged])


PERIODS = ("2026-01", "2026-02", "2026-03")


@dataclass
class Region:
    """Stays of three months, what offices file of them, and the list of deductions of each month."""

    months: list[pl.DataFrame]
    lists: list[Filings]


def random_region(draw: random.Random) -> Region:
    """Persons who come back, stays settled late, and deductions brought by any month's list."""
    months: list[list[dict[str, Any]]] = [[], [], []]
    for number in range(draw.randint(3, 14)):
        admitted = date(2026, 1, 1) + timedelta(days=draw.randint(0, 85))
        days = draw.randint(0, 9)
        earliest = (admitted + timedelta(days=days)).month - 1
        month = draw.randint(min(earliest, 2), 2)
        first = date(2026, month + 1, 1)
        change = {
            "person_id": f"P{draw.randint(1, 3)}",
            "hospital_id": f"H{draw.randint(1, 2)}",
            "drg": draw.choice(["G1", "G1", "G2"]),
            "total_fen": draw.choice([100_003, 700_001, 2_000_000, 2_500_000, 9_000_001]),
            "complete": draw.random() > 0.1,
        }
        row = stay(f"{number:02}", admitted, days, **change)
        months[month].append({**row, "settlement_date": max(row["discharge_date"], first)})
    ids = [[row["case_id"] for row in month] for month in months]
    brought: list[dict[str, Any]] = []
    lists = []
    for number in range(3):
        known = [case for month in ids[: number + 1] for case in month]
        for case in draw.sample(known, min(len(known), draw.choice([0, 0, 1, 2]))):
            kind = draw.choice(["split_stay", "up_coding", "fraud"])
            if (case, kind) not in [(row["case_id"], row["kind"]) for row in brought]:
                serious = draw.random() < 0.3
                brought.append({"case_id": case, "kind": kind, "serious": serious})
        cumulative = draw.random() < 0.5
        reviewed = [
            {"case_id": case, "approved": draw.random() < 0.8}
            for case in draw.sample(ids[number], min(len(ids[number]), draw.choice([0, 1])))
        ]
        shown = brought if cumulative else brought[-1:] if brought else []
        mine = [row for row in shown if row["case_id"] in known]
        lists.append(filings(reviews=reviewed, deductions=mine))
    return Region([stays(*month) for month in months], lists)


def in_one_run(region: Region) -> dict[str, tuple[int, int]]:
    """One run over all stays. Quotas and caps are those of the months: reviews are left out."""
    lists = [
        one.deductions
        for one, month in zip(region.lists, region.months, strict=True)
        if month.height  # a month without stays is not settled
    ]
    found = pl.concat(lists).unique(["case_id", "kind"])
    every = pl.concat([month for month in region.months if month.height], how="vertical_relaxed")
    return by_line(
        points_of_stays(
            every,
            OF,
            _alone(),
            replace(NOTHING, deductions=found.sort("case_id", "kind")),
            exempt=(),
        )
    )


def _alone() -> Points:
    """Without reviews: their quota is that of the frame."""
    return POINTS


@pytest.mark.parametrize("seed", spread(range(240), 12))
def test_three_months_take_what_one_run_takes(seed: int) -> None:
    """Whatever the order of settlement, also after corrections of the first and the third month."""
    draw = random.Random(seed)
    region = random_region(draw)
    region = replace(region, lists=[replace(one, reviews=NOTHING.reviews) for one in region.lists])
    paid: list[Settled] = []
    for period, month, listed in zip(PERIODS, region.months, region.lists, strict=True):
        if month.height:
            paid.append(settled(period, month, listed, paid))
    assert by_line(*paid) == in_one_run(region)
    if len(paid) < 3:
        return
    # January is corrected: a stay is withdrawn, unless a list names it. March puts it right.
    named = pl.concat([one.deductions["case_id"] for one in region.lists]).to_list()
    first = region.months[0].filter(
        pl.col("case_id").is_in(named) | (pl.int_range(pl.len()) != draw.randint(0, 3))
    )
    if first.height:
        corrected = settled(PERIODS[0], first, region.lists[0])
        march = settled(PERIODS[2], region.months[2], region.lists[2], [corrected, paid[1]])
        now = replace(region, months=[first, *region.months[1:]])
        assert by_line(corrected, paid[1], march) == in_one_run(now)
