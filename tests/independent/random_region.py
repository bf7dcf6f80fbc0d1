"""Random regions: past stays, months of stays and filings in which everything happens often."""

import random
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from drgpay.policy.model import Policy

from .random_policy import BED_DAY_CLASSES, DEDUCTIONS, budget_of_cost, random_policy
from .recomputation.records import Filed, HeldBack, Review, Stay, UsedTechnology, Violation
from .recomputation.stay_rules import decided

YEAR = 2026
MEANS = {"AA11": 10_000, "BB11": 5_000, "CC11": 333, "TT11": 7_777, "NN11": 20_000, "VV11": 3_000}
RARE = {"UU11": 12_000}
STATUSES = {"QYA0": "ambiguous", "0000": "ungrouped"}
HOSPITALS = {"H1": "3A", "H2": "2A", "H3": "2A", "H4": "1", "H5": "0"}
LEVELS = {**HOSPITALS, "H6": "0"}
"""Of all hospitals: H6 has no stay, only money held back."""
LEVEL_COST = {"3A": "1.25", "2A": "1", "1": "0.75", "0": "0.6"}
RATIOS = ("0.4", "0.6", "1.5", "2", "2.5", "3", "0.3999", "7", "0.05")
GAPS = (0, 0, 1, 9, 10, 11, 14, 15, 16, 40)
MONTHS = (1, 2, 3)
STAYS_PER_MONTH = 110
HISTORY_STAYS = 320


@dataclass(frozen=True)
class RandomRegion:
    """What a year of a random region starts from.

    history and months are as the rules of the policy make the recorded stays. exempt: groups that
    the scheme lists.
    """

    policy: Policy
    history: list[Stay]
    months: dict[int, list[Stay]]
    recorded_history: list[Stay]
    recorded: dict[int, list[Stay]]
    exempt: tuple[str, ...]
    filed: dict[int, Filed]
    final: Filed
    scores: Mapping[str, Decimal]

    @property
    def stays(self) -> list[Stay]:
        """Of all months."""
        return [stay for month in self.months.values() for stay in month]


def random_region(number: int, base: Policy) -> RandomRegion:
    """A region and its policy, from a number alone."""
    rng = random.Random(number)
    history = [_past_stay(rng, place) for place in range(HISTORY_STAYS)]
    months: dict[int, list[Stay]] = {}
    before: list[Stay] = []
    for month in MONTHS:
        months[month] = []
        for place in range(STAYS_PER_MONTH):
            months[month].append(_stay(rng, month, place, before))
            before.append(months[month][-1])
    filed = {month: random_filings(rng, stays, month, ["NN11"]) for month, stays in months.items()}
    policy = random_policy(base, number, _budget(number, before))
    scores = {hospital: Decimal(rng.randrange(550, 1001)).scaleb(-1) for hospital in HOSPITALS}
    final = final_filings(rng, filed, before)
    return RandomRegion(
        policy,
        [decided(stay, policy.points) for stay in history],
        {
            month: [decided(stay, policy.points) for stay in stays]
            for month, stays in months.items()
        },
        history,
        months,
        ("CC11",) if number % 3 == 0 else (),
        filed,
        final,
        scores,
    )


def _budget(number: int, stays: list[Stay]) -> dict[str, dict[str, str]]:
    annual = {}
    for account in ("employee", "resident"):
        cost = sum(
            (stay.fund_cost for stay in stays if stay.account == account and not stay.out_of_area),
            Decimal(0),
        )
        year = cost / len(MONTHS) * 12 * Decimal(budget_of_cost(number))
        annual[account] = str(year.quantize(Decimal("0.01")))
    return {"budget.annual_yuan": annual}


def _past_stay(rng: random.Random, number: int) -> Stay:
    drg = "UU11" if number < 3 else rng.choice(list(MEANS))
    hospital = rng.choice([*["H1"] * 4, *["H2"] * 3, *["H3"] * 3, "H4", *["H5"] * 2])
    unit = "bed_day" if rng.random() < 0.1 else "drg"
    spread = 1.4 if drg == "VV11" else 0.35
    mean = (MEANS | RARE)[drg] * float(LEVEL_COST[HOSPITALS[hospital]])
    cost = Decimal(str(round(mean * rng.lognormvariate(0, spread), 2)))
    if rng.random() < 0.2:  # ties at quartiles and limits
        cost = Decimal(MEANS.get(drg, 9000)).quantize(Decimal("0.01"))
    # The level 1 has no past stays of some groups: a neighbour's part is taken.
    if HOSPITALS[hospital] == "1" and drg in ("AA11", "BB11"):
        hospital = "H2"
    day = date(YEAR - 1, rng.randrange(1, 13), rng.randrange(1, 28))
    days = rng.choice([0, 1, 3, 7, 12, 20, 21, 60, 61])
    return _with_costs(
        rng,
        Stay(
            case_id=f"P{number:04d}",
            hospital_id=hospital,
            level=HOSPITALS[hospital],
            person_id=f"Q{number}",
            account="employee",
            out_of_area=rng.random() < 0.1,
            admission_date=day - timedelta(days=days),
            discharge_date=day,
            settlement_date=day,
            length_of_stay=days,
            payment_unit=unit,
            bed_day_class=rng.choice(BED_DAY_CLASSES) if unit == "bed_day" else None,
            complete=rng.choice([None, rng.random() < 0.95]),
            **random_patient(rng),
            status="grouped",
            drg=drg,
            total_cost=cost,
            fund_cost=Decimal(0),
            patient_cost=Decimal(0),
            other_cost=Decimal(0),
        ),
    )


def random_patient(rng: random.Random) -> dict[str, Any]:
    """How old, and how the stay ended; newborns among them."""
    age = rng.choice([0, 0, 3, 5, 6, 13, 14, 40, 79, 80, 90])
    days = rng.choice([1, 19, 20, 28, 29, 300]) if age == 0 else None
    return {"age": age, "age_days": days, "discharge_type": rng.choice([1, 1, 1, 2, 4, 9, None])}


def _stay(rng: random.Random, month: int, number: int, before: list[Stay]) -> Stay:
    drg = rng.choice([*MEANS] * 4 + ["UU11", "UU11", "XX11", "QYA0", "QYA0", "0000"])
    hospital = rng.choice([*HOSPITALS])
    days = rng.randrange(12)
    settled = date(YEAR, month, rng.randrange(1, monthrange(YEAR, month)[1] + 1))
    admitted = settled - timedelta(days=days + rng.randrange(9))
    person: str | None = f"N{month}-{number}" if rng.random() < 0.9 else None
    if before and rng.random() < 0.5:  # somebody comes back, or was somewhere else meanwhile
        earlier = rng.choice(before[-60:])
        person, drg = earlier.person_id, earlier.drg if rng.random() < 0.9 else drg
        hospital = earlier.hospital_id if rng.random() < 0.7 else hospital
        admitted = earlier.discharge_date + timedelta(days=rng.choice(GAPS))
        if rng.random() < 0.1:  # overlapping
            admitted = earlier.admission_date + timedelta(days=1)
    unit = rng.choice(["drg"] * 17 + ["bed_day", "bed_day", "fee"])
    mean = Decimal((MEANS | RARE).get(drg, 4_000))
    if rng.random() < 0.4:
        cost = mean * Decimal(rng.choice(RATIOS)) + Decimal(rng.choice(["0", "0.01", "-0.01"]))
    else:
        cost = mean * Decimal(str(round(rng.lognormvariate(0, 0.6), 4)))
    return _with_costs(
        rng,
        Stay(
            case_id=f"C{rng.randrange(10**4):04d}-{month}-{number}",
            hospital_id=hospital,
            level=HOSPITALS[hospital],
            person_id=person,
            account=rng.choice(["employee", "resident"]),
            out_of_area=rng.random() < 0.15,
            admission_date=admitted,
            discharge_date=admitted + timedelta(days=days),
            settlement_date=settled,
            length_of_stay=days,
            payment_unit=unit,
            bed_day_class=rng.choice(BED_DAY_CLASSES) if unit == "bed_day" else None,
            complete=rng.choice([None, rng.random() < 0.9]),
            **random_patient(rng),
            status=STATUSES.get(drg, "grouped"),
            drg=drg,
            total_cost=cost.quantize(Decimal("0.01")),
            fund_cost=Decimal(0),
            patient_cost=Decimal(0),
            other_cost=Decimal(0),
        ),
    )


def _with_costs(rng: random.Random, stay: Stay) -> Stay:
    """Sometimes the patient pays nearly everything, and the fund part becomes negative."""
    share = Decimal(str(round(rng.choice([rng.uniform(0.1, 0.5), 0.97, 0.2]), 3)))
    patient = (stay.total_cost * share).quantize(Decimal("0.01"))
    other = (stay.total_cost * Decimal(rng.choice(["0", "0", "0.03"]))).quantize(Decimal("0.01"))
    fund = stay.total_cost - patient - other
    return replace(stay, fund_cost=fund, patient_cost=patient, other_cost=other)


def random_filings(
    rng: random.Random, stays: list[Stay], month: int, technology_groups: list[str]
) -> Filed:
    """Filings of a month, of every kind and often."""
    days = [date(YEAR, month, day) for day in (5, 6, 7)]
    reviews = [_review(rng, stay, days) for stay in stays if rng.random() < 0.3]
    kinds = [str(row["kind"]) for row in DEDUCTIONS]
    violations = [
        Violation(
            stay.case_id,
            kind,
            rng.random() < 0.5,
            rng.choice([None, "seen"]),
            rng.choice([None, "document 7"]),
        )
        for stay in stays
        if rng.random() < 0.04
        for kind in rng.sample(kinds, rng.choice([1, 1, 2]))
    ]
    technologies = [
        UsedTechnology(stay.case_id, "robot")
        for stay in stays
        if rng.random() < (0.5 if stay.drg in technology_groups else 0.05)
    ]
    held_back = [
        HeldBack(hospital, account, Decimal(rng.choice(["12.34", "1000.00", "99999999.99"])))
        for hospital in sorted({stay.hospital_id for stay in stays})
        for account in ("employee", "resident")
        if rng.random() < 0.2
    ]
    return Filed(tuple(reviews), tuple(violations), tuple(technologies), tuple(held_back))


def _review(rng: random.Random, stay: Stay, days: list[date]) -> Review:
    unreasonable = stay.total_cost * Decimal(rng.choice(["0", "0.1", "0.5"]))
    return Review(
        case_id=stay.case_id,
        filed_at=rng.choice(days),
        approved=rng.random() < 0.8,
        unreasonable_cost=unreasonable.quantize(Decimal("0.01")),
        fixed_points=rng.choice([None, None, None, Decimal("123.4567"), Decimal("0.0000")]),
        reason=rng.choice([None, "dear"]),
    )


def final_filings(
    rng: random.Random, filed: Mapping[int, Filed], stays: list[Stay], unseen: str = "H6"
) -> Filed:
    """Final filings: those of the months, some decided otherwise, and later ones. Money is held
    back also from a hospital that no month has seen.
    """
    reviews = [review for of_month in filed.values() for review in of_month.reviews]
    reviews = [
        replace(review, approved=not review.approved) if rng.random() < 0.2 else review
        for review in reviews
    ]
    reviewed = {review.case_id for review in reviews}
    late = [stay for stay in stays if stay.case_id not in reviewed and rng.random() < 0.05]
    reviews += [_review(rng, stay, [date(YEAR + 1, 2, 1)]) for stay in late]
    violations = [row for of_month in filed.values() for row in of_month.violations]
    technologies = [row for of_month in filed.values() for row in of_month.technologies]
    known = min(stay.hospital_id for stay in stays)
    held_back = (
        HeldBack(known, "employee", Decimal("250.50")),
        HeldBack(unseen, "resident", Decimal("1.00")),
    )
    return Filed(tuple(reviews), tuple(violations), tuple(technologies), held_back)
