"""Random runs of months that know each other: patients who come back over the ends of months and
years, stays settled late, deductions brought late and in cumulative lists, corrections, clearings.
"""

import random
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy

from .policies import changed
from .random_policy import CHOICES, DEDUCTIONS, RATES
from .random_runs import BASE
from .recomputation.calibration import Catalogue, calibrate
from .recomputation.earlier import By, Change
from .recomputation.records import Filed, HeldBack, Review, Stay, UsedTechnology, Violation

Month = tuple[int, int]
MEANS = {"AA11": 10_000, "BB11": 5_000, "NN11": 20_000, "CC11": 3_333}
BIG = {"GG11": 400_000}
"""A stay of it holds up the points of a pool, so that seldom nothing has a value."""
HOSPITALS = {"H1": "3A", "H2": "2A", "H3": "1"}
ACCOUNTS = ("employee", "resident")
GAPS = (0, 0, 1, 9, 10, 11, 14, 15, 16, 33)
LAYOUTS = ("months", "corrected", "new year", "fewer named", "cleared", "year after", "two years")
NEW_YEAR = 2026
REGROUPED = {"AA11": "AA11", "BB11": "AA11", "NN11": "BB11", "CC11": "NN11", "GG11": "GG11"}
"""The group of the second scheme for each of the first one."""
EXEMPT = {"tiny": ("CC11",), "tiny-2": ("BB11",)}
_K = (Decimal("1.020408"), Decimal("0.333333"), None)
_COSTS = ("1", "1.1", "0.3", "0.4", "2.7", "6", "0.8")
_KEYS = (
    *("points.readmission.days", "points.readmission.factor", "points.readmission.scope"),
    *("points.readmission.exempt_groups", "points.high_formula", "points.low_formula"),
    *("points.incomplete_formula", "points.age_factors"),
    *("settlement.method", "settlement.deducted_points", "settlement.out_of_area"),
    *("settlement.distribute_remainder", "settlement.merged_accounts"),
    *("settlement.prepay_ratio", "budget.less_item_by_item"),
)
_TCM = [
    None,
    {"groups": ["BB11"], "uplift": "0.0501", "max_points": "1.2345"},
    {"groups": ["BB11", "AA11"], "uplift": "0.1", "max_points": "1000"},
    {"groups": ["AA11", "BB11", "NN11"], "uplift": "0.3333", "max_points": "4"},
]

_CAPS = [[], [{"groups": ["AA11", "BB11"], "cases_a_month": 2, "factor": "0.8333"}]]


@dataclass(frozen=True)
class Planned:
    """A run: of a month, of a correction (`corrects` names the run), or the clearing of a year.

    previous: the runs that it names, in order. stays: as grouped by the scheme of their year;
    recorded: by the first one, which says what is in their records.
    """

    name: str
    months: tuple[Month, ...]
    stays: list[Stay]
    filed: Filed
    previous: tuple[str, ...]
    corrects: str | None
    recorded: list[Stay]

    @property
    def clears(self) -> bool:
        """Whether it closes a year."""
        return len(self.months) > 1


@dataclass(frozen=True)
class Plan:
    """All runs in the order in which they are made.

    policies: by year. standing: the runs that say what each month is at the end. changed: "scheme" or
    "catalogue" if 2026 has another one. k: by account, what a point of 2026 is in points of 2025.
    """

    layout: str
    policies: Mapping[int, Policy]
    runs: tuple[Planned, ...]
    standing: Mapping[Month, str]
    cleared: Mapping[int, str]
    changed: str
    k: Mapping[str, Decimal]

    def by(self, planned: Planned) -> By:
        """By what a run is made."""
        year = planned.months[0][0]
        new = self.changed if year == NEW_YEAR else ""
        scheme = "tiny-2" if new == "scheme" else "tiny"
        return By(
            catalogue(new),
            self.policies[year],
            EXEMPT[scheme],
            scheme,
            f"{NEW_YEAR}" if new else "",
        )

    def change(self, planned: Planned) -> Change:
        """What a run is told of runs of another year: the groups of both schemes, and k."""
        drgs = {}
        for name in (*planned.previous, planned.name):
            for stay in self.by_name[name].recorded:
                drgs["tiny", stay.case_id] = stay.drg
                drgs["tiny-2", stay.case_id] = REGROUPED[stay.drg]
        k = {("", account): Fraction(k) for account, k in self.k.items()}
        return Change(drgs, k if self.by(planned).scale else {})

    @property
    def by_name(self) -> dict[str, Planned]:
        """The runs."""
        return {run.name: run for run in self.runs}


def random_plan(
    number: int, months_of_year: int = 3, layout: str | None = None, changed: str = ""
) -> Plan:
    """The plan of a number; a year that is cleared has its last months, or all twelve.

    changed: "scheme" or "catalogue", where a plan over New Year has a new one in 2026.
    """
    rng = random.Random(f"months {number}")
    layout = layout or LAYOUTS[number % len(LAYOUTS)]
    return _Planner(rng, layout, months_of_year, changed).plan()


@cache
def history(changed: str = "") -> list[Stay]:
    """Past stays, the same for all plans: grouped by the first scheme, or those of a later year."""
    rng = random.Random(f"history {changed}")
    return [
        _costing(
            rng,
            Stay(
                case_id=f"P{drg}{hospital}{place}",
                hospital_id=hospital,
                level=level,
                person_id=f"Q{drg}{hospital}{place}",
                account="employee",
                out_of_area=False,
                admission_date=date(2024, 3, 1),
                discharge_date=date(2024, 3, 6),
                settlement_date=date(2024, 3, 6),
                length_of_stay=5,
                payment_unit="drg",
                bed_day_class=None,
                complete=True,
                status="grouped",
                drg=drg,
                total_cost=(mean * Decimal(rng.choice(["0.9", "1", "1.05", "1.2"]))),
                fund_cost=Decimal(0),
                patient_cost=Decimal(0),
                other_cost=Decimal(0),
            ),
        )
        for drg, mean in (MEANS | BIG).items()
        for hospital, level in HOSPITALS.items()
        for place in range(6)
    ]


@cache
def catalogue(changed: str = "") -> Catalogue:
    """What the past stays make of the groups, by the rules of the illustrative policy."""
    stays = history(changed)
    if changed == "scheme":
        stays = [regrouped(stay) for stay in stays]
    return calibrate(stays, load_policy(BASE).policy.calibration)


def regrouped(stay: Stay) -> Stay:
    """By the second scheme."""
    return replace(stay, drg=REGROUPED[stay.drg])


class _Planner:
    """Draws stays, filings and runs one after the other."""

    def __init__(self, rng: random.Random, layout: str, months_of_year: int, changed: str) -> None:
        self.rng, self.layout, self.changed = rng, layout, changed
        full = range(13 - months_of_year, 13)
        of_first = [(2025, month) for month in full]
        self.months: list[Month] = {
            "new year": [(2025, 11), (2025, 12), (2026, 1), (2026, 2)],
            "cleared": of_first,
            "year after": [*of_first, (2026, 1), (2026, 2)],
            "two years": [
                *of_first,
                *[(2026, month) for month in range(1, months_of_year + 1)],
            ],
        }.get(layout, [(2026, 1), (2026, 2), (2026, 3)])
        self.to_clear = {"cleared": [2025], "year after": [2025], "two years": [2025, 2026]}
        self.cumulative = rng.random() < 0.5
        self.ground = rng.random() < 0.8
        self.wrong = rng.choice([0.2, 0.9])
        self.stays: dict[Month, list[Stay]] = {month: [] for month in self.months}
        self.everyone: list[Stay] = []
        self.due: list[tuple[int, Violation]] = []  # the place of the month that brings it
        self.runs: list[Planned] = []
        self.standing: dict[Month, str] = {}
        self.cleared: dict[int, str] = {}

    def plan(self) -> Plan:
        per_month = self.rng.randrange(4, 13)
        for _ in range(per_month * len(self.months)):
            self._draw_stay()
        for month in self.months:
            self._ground(month)
        for stay in self.everyone:
            self._draw_violations(stay)
        clear_after = self.rng.randrange(3)
        for place, month in enumerate(self.months):
            year, number = month
            if number > clear_after and self._open(year - 1):
                self._clear(year - 1)
            self._run(month, self.stays[month], self._list(place))
        if self.layout in ("corrected", "cleared", "two years") or self.rng.random() < 0.5:
            self._correct()
        for year in self.to_clear.get(self.layout, []):
            if self._open(year):
                self._clear(year)
        if self.layout == "year after":
            self._again(self.months[-1])
        k = {account: self.rng.choice(_K) for account in ACCOUNTS} if self.changed else {}
        return Plan(
            self.layout,
            self._policies(),
            tuple(self.runs),
            self.standing,
            self.cleared,
            self.changed,
            {account: value for account, value in k.items() if value},
        )

    # ------------------------------------------------------------------------------------- stays

    def _draw_stay(self) -> None:
        rng, number = self.rng, len(self.everyone)
        first, last = date(*self.months[0], 1), _end(self.months[-1])
        admitted = first + timedelta(days=rng.randrange(-8, (last - first).days))
        person: str | None = f"N{number}"
        drg, hospital = rng.choice([*MEANS]), rng.choice([*HOSPITALS])
        if self.everyone and rng.random() < 0.65:  # somebody comes back
            earlier = rng.choice(self.everyone[-12:])
            person, drg = earlier.person_id, earlier.drg if rng.random() < 0.9 else drg
            hospital = earlier.hospital_id if rng.random() < 0.75 else hospital
            admitted = earlier.discharge_date + timedelta(days=rng.choice(GAPS))
        days = rng.randrange(9)
        discharged = admitted + timedelta(days=days)
        if not first <= discharged <= last:
            return
        place = self.months.index((discharged.year, discharged.month))
        place = min(place + rng.choice([0, 0, 0, 0, 1, 1, 2]), len(self.months) - 1)
        month = self.months[place]
        settled = date(*month, rng.randrange(1, monthrange(*month)[1] + 1))
        unit = rng.choice(["drg"] * 12 + ["bed_day", "fee"])
        stay = Stay(
            case_id=f"C{rng.randrange(10**4):04d}-{number}",
            hospital_id=hospital,
            level=HOSPITALS[hospital],
            person_id=person,
            account=rng.choice(ACCOUNTS),
            out_of_area=rng.random() < 0.15,
            admission_date=admitted,
            discharge_date=discharged,
            settlement_date=max(settled, discharged),
            length_of_stay=days,
            payment_unit=unit,
            bed_day_class="psychiatry" if unit == "bed_day" else None,
            complete=rng.random() < 0.9,
            status="grouped",
            drg=drg,
            total_cost=MEANS[drg] * Decimal(rng.choice(_COSTS)) + Decimal(rng.randrange(99)) / 100,
            fund_cost=Decimal(0),
            patient_cost=Decimal(0),
            other_cost=Decimal(0),
            age=rng.choice([3, 40, 40, 85]),
        )
        stay = _costing(rng, stay)
        self.stays[month].append(stay)
        self.everyone.append(stay)

    def _ground(self, month: Month) -> None:
        """A local stay of each account, so that every pool has a price."""
        for account in ACCOUNTS:
            drg = "GG11" if self.ground else "CC11"
            self.stays[month].append(
                _costing(
                    self.rng,
                    Stay(
                        case_id=f"G{month[0]}-{month[1]:02d}-{account}",
                        hospital_id="H1",
                        level="3A",
                        person_id=f"G{account}",
                        account=account,
                        out_of_area=False,
                        admission_date=date(*month, 1),
                        discharge_date=date(*month, 6),
                        settlement_date=date(*month, 6),
                        length_of_stay=5,
                        payment_unit="drg",
                        bed_day_class=None,
                        complete=True,
                        status="grouped",
                        drg=drg,
                        total_cost=Decimal((MEANS | BIG)[drg]),
                        fund_cost=Decimal(0),
                        patient_cost=Decimal(0),
                        other_cost=Decimal(0),
                    ),
                )
            )

    def _draw_violations(self, stay: Stay, least: int = 0) -> None:
        """Brought with the stay's month, or later."""
        rng = self.rng
        if rng.random() > 0.25:
            return
        kinds = [str(row["kind"]) for row in DEDUCTIONS]
        place = self.months.index((stay.settlement_date.year, stay.settlement_date.month))
        for kind in rng.sample(kinds, rng.choice([1, 1, 1, 2])):
            brought = max(place + rng.choice([0, 0, 1, 1, 2]), least)
            reason, document = rng.choice([None, "seen"]), rng.choice([None, f"document {kind}"])
            row = Violation(stay.case_id, kind, rng.random() < 0.5, reason, document)
            self.due.append((min(brought, len(self.months) - 1), row))

    # ------------------------------------------------------------------------------------ filings

    def _list(self, place: int) -> list[Violation]:
        """What the job of a month brings: new deductions, and some or all of those before."""
        again = [row for brought, row in self.due if brought < place]
        if not self.cumulative:
            again = [row for row in again if self.rng.random() < 0.3]
        return [*again, *(row for brought, row in self.due if brought == place)]

    def _filed(self, stays: list[Stay], violations: list[Violation], known: set[str]) -> Filed:
        rng = self.rng
        reviews = [
            Review(
                stay.case_id,
                stay.discharge_date,
                rng.random() < 0.7,
                (stay.total_cost * Decimal(rng.choice(["0", "0.1"]))).quantize(Decimal("0.01")),
                rng.choice([None, None, Decimal("33.3333")]),
            )
            for stay in stays
            if rng.random() < 0.1 and stay.payment_unit == "drg"
        ]
        used = [
            UsedTechnology(stay.case_id, "robot")
            for stay in stays
            if stay.drg == "NN11" and rng.random() < 0.6
        ]
        held = [HeldBack("H2", "employee", Decimal("123.45"))] if rng.random() < 0.2 else []
        rows = [row for row in violations if row.case_id in known]
        return Filed(tuple(reviews), tuple(rows), tuple(used), tuple(held))

    # --------------------------------------------------------------------------------------- runs

    def _previous(self, month: Month) -> tuple[str, ...]:
        """The clearing of the year before, or its months, and those of the year."""
        year = month[0]
        names = [self.cleared[year - 1]] if year - 1 in self.cleared else []
        names += [
            self.standing[other]
            for other in self.months
            if other < month and other[0] not in self.cleared
        ]
        if self.layout == "fewer named" and names:
            names = names[self.rng.randrange(len(names) + 1) :]
        return tuple(names)

    def _run(
        self,
        month: Month,
        stays: list[Stay],
        violations: list[Violation],
        corrects: str | None = None,
    ) -> None:
        previous = self._previous(month)
        known = {stay.case_id for stay in stays}
        known |= {stay.case_id for run in self.runs if run.name in previous for stay in run.stays}
        filed = self._filed(stays, violations, known)
        again = sum(run.months == (month,) for run in self.runs)
        name = f"{month[0]}-{month[1]:02d}{f'-{again}' if again else ''}"
        self._plan_run(name, (month,), stays, filed, previous, corrects)
        self.standing[month] = name

    def _plan_run(
        self,
        name: str,
        months: tuple[Month, ...],
        stays: list[Stay],
        filed: Filed,
        previous: tuple[str, ...],
        corrects: str | None,
    ) -> None:
        again = self.changed == "scheme" and months[0][0] == NEW_YEAR
        grouped = [regrouped(stay) for stay in stays] if again else [*stays]
        self.runs.append(
            Planned(name, months, grouped, filed, previous, corrects, recorded=[*stays])
        )

    def _correct(self) -> None:
        """Some months, last the last one: it puts right what the others left as it was."""
        open_months = [month for month in self.months if month[0] not in self.cleared]
        for month in self.rng.sample(open_months[:-1], min(2, len(open_months) - 1)):
            self._again(month)
        self._again(open_months[-1])

    def _again(self, month: Month) -> None:
        """Stays that came late, that are withdrawn, or that were wrong; and another list."""
        rng, place, corrected = self.rng, self.months.index(month), self.standing[month]
        before = next(run for run in self.runs if run.name == corrected)
        stays = [
            self._changed(stay)
            for stay in before.recorded
            if stay.case_id.startswith("G") or rng.random() < 0.8
        ]
        if before.recorded and rng.random() < 0.7:
            late = replace(rng.choice(before.recorded), case_id=f"L{len(self.runs)}-{place}")
            stays.append(replace(late, person_id=f"{late.person_id}L"))
            back = rng.choice(before.recorded)
            day = back.discharge_date + timedelta(days=1)
            if (day.year, day.month) == month:
                stays.append(
                    replace(
                        back,
                        case_id=f"B{len(self.runs)}-{place}",
                        admission_date=day,
                        discharge_date=day,
                        settlement_date=day,
                        length_of_stay=0,
                    )
                )
        for stay in stays[-2:]:
            if not stay.case_id.startswith("G"):
                self._draw_violations(stay, place)
        rows = [row for row in before.filed.violations if rng.random() < 0.8]
        rows += [row for brought, row in self.due if brought == place and row not in rows]
        seen: dict[tuple[str, str], Violation] = {}
        for row in rows:
            seen.setdefault((row.case_id, row.kind), row)
        self._run(month, stays, [*seen.values()], corrected)

    def _changed(self, stay: Stay) -> Stay:
        rng = self.rng
        if stay.case_id.startswith("G") or rng.random() > self.wrong:
            return stay
        drg, hospital = rng.choice([*MEANS]), rng.choice([*HOSPITALS])
        other = next(account for account in ACCOUNTS if account != stay.account)
        return [
            replace(stay, drg=drg),
            replace(stay, hospital_id=hospital, level=HOSPITALS[hospital]),
            replace(stay, account=other),
            replace(stay, out_of_area=not stay.out_of_area),
            replace(stay, person_id=rng.choice(self.everyone).person_id),
            replace(stay, payment_unit="fee", bed_day_class=None),
            _costing(rng, replace(stay, total_cost=stay.total_cost * 2)),
        ][rng.randrange(7)]

    def _open(self, year: int) -> bool:
        return year in self.to_clear.get(self.layout, []) and year not in self.cleared

    def _clear(self, year: int) -> None:
        """With the final list: some deductions are dropped, some come last."""
        months = tuple(month for month in self.months if month[0] == year)
        runs = [run for run in self.runs if run.name in {self.standing[m] for m in months}]
        stays = [stay for run in runs for stay in run.recorded]
        previous = (self.cleared[year - 1],) if year - 1 in self.cleared else ()
        known = {stay.case_id for stay in stays}
        known |= {stay.case_id for run in self.runs if run.name in previous for stay in run.stays}
        seen: dict[tuple[str, str], Violation] = {}
        for row in (row for run in runs for row in run.filed.violations):
            seen.setdefault((row.case_id, row.kind), row)
        kept = [row for row in seen.values() if self.rng.random() < 0.9]
        kept += [
            Violation(stay.case_id, "up_coding", serious=False, document="late")
            for stay in stays
            if self.rng.random() < 0.05
            and not stay.case_id.startswith("G")
            and (stay.case_id, "up_coding") not in seen
        ]
        filed = self._filed(stays, kept, known)
        name = f"{year}-cleared"
        self._plan_run(name, months, stays, replace(filed, held_back=()), previous, None)
        self.cleared[year] = name

    # ------------------------------------------------------------------------------------- policy

    def _policies(self) -> dict[int, Policy]:
        rng = self.rng
        chosen: dict[str, Any] = {key: rng.choice(CHOICES[key]) for key in _KEYS}
        if chosen["settlement.method"] == "rate":
            chosen |= {"settlement.rates": RATES, "settlement.distribute_remainder": "none"}
            chosen["settlement.value_places"] = 6
        share = {str(year): "0.3333" for year in (2025, 2026)}
        chosen |= {
            "points.no_coefficient_groups": [],
            "points.base_level": None,
            "points.always_low_groups": [],
            "points.tcm": rng.choice(_TCM),
            "points.volume_caps": rng.choice(_CAPS),
            "points.new_technologies": [
                {"technology": "robot", "groups": ["NN11"], "share_by_year": share, "filed": True},
            ],
            "points.deductions": [dict(row) for row in DEDUCTIONS],
            # Quotas are of the period of a run: every review fits.
            "points.reviews.quota_share": "1",
            "points.reviews.quota_of": "drg",
            "points.reviews.quota_rounding": "up",
            "points.outside_drg_if": None,
            "points.incomplete_if": None,
            "settlement.may_exceed_budget": True,
        }
        budgets: dict[int, dict[str, dict[str, str]]] = {}
        for (year, month), stays in self.stays.items():
            of_month = {}
            for account in ACCOUNTS:
                cost = sum((s.fund_cost for s in stays if s.account == account), Decimal(0))
                budget = cost * Decimal(rng.choice(["0.9", "1.1"]))
                of_month[account] = str(budget.quantize(Decimal("0.01")))
            budgets.setdefault(year, {})[f"{year}-{month:02d}"] = of_month
        base = load_policy(BASE).policy
        return {
            year: changed(base, {**chosen, "budget.month_yuan": months})
            for year, months in budgets.items()
        }


def _end(month: Month) -> date:
    return date(*month, monthrange(*month)[1])


def _costing(rng: random.Random, stay: Stay) -> Stay:
    """The patient pays a part, another fund a smaller one."""
    total = stay.total_cost.quantize(Decimal("0.01"))
    patient = (total * Decimal(rng.choice(["0.1", "0.25"]))).quantize(Decimal("0.01"))
    other = (total * Decimal(rng.choice(["0", "0.03"]))).quantize(Decimal("0.01"))
    fund = total - patient - other
    return replace(stay, total_cost=total, fund_cost=fund, patient_cost=patient, other_cost=other)
