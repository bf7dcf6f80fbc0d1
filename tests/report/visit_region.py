"""A small settled month of visits with capitation, for tests of what reports show of it."""

import random
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.period import Period
from drgpay.points.catalogue import COEFFICIENT_SCHEMA
from drgpay.policy.model import Policy
from drgpay.policy.outpatient import Outpatient
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.report.books import ReportedPart
from drgpay.report.explanation import Rules
from drgpay.results.part import VISITS
from drgpay.results.results import (
    Results,
    RunFacts,
    booking_frames,
    capitation_frames,
    case_frames,
    line_frames,
)
from drgpay.results.visits import entries_table, example_visits, groups_table
from drgpay.settle.capitation import CapitationAccounts, capitation_accounts
from drgpay.settle.ledger import ledger_of_month
from drgpay.settle.lines import NO_ADJUSTMENTS
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled
from drgpay.visits.entries import entries_of
from drgpay.visits.points import VisitPoints, visit_cases, visit_points
from drgpay.visits.sums import entry_sums, leading_entries
from tests.visits.frames import APGS, GROUPS, MEDICAL, PACKAGED
from tests.visits.rules import policy, rules

PERIOD = Period.parse("2026-03")
LEVELS = {"H1": "3A", "H2": "2B", "H3": "1", "P1": "0"}
PROVIDERS = pl.DataFrame(
    {
        "hospital_id": [*LEVELS],
        "name": ["市第一医院", "县医院", "镇卫生院", "国药大药房"],
        "level": [*LEVELS.values()],
    }
)
ALL_MEAN = Fraction(1_234_567, 43)
"""In fen; eye-2 has no base points and is paid at cost."""
NAMES = {apg: f"示例组{number}" for number, apg in enumerate(APGS)}
CAPITATION: dict[str, Any] = {
    "rates": (
        {"account": "employee", "age_band": "60+", "yuan_a_year": "900"},
        {"account": "employee", "yuan_a_year": "600"},
        {"account": "resident", "yuan_a_year": "300"},
    ),
    "band_rule": "marginal",
    "surplus_retained": ({"up_to": "0.1", "share": "0.85"}, {"share": "0.5"}),
    "overrun_shared": (
        {"up_to": "0.05", "share": "0.6"},
        {"up_to": "0.1", "share": "0.5"},
        {"share": "0.2"},
    ),
}
ENROLMENT = pl.DataFrame(
    [
        ("H1", "employee", "18-59", 30),
        ("H1", "employee", "60+", 10),
        ("H1", "resident", None, 900),
        ("H2", "employee", None, 60),
        ("X9", "resident", None, 20),
    ],
    schema=ENROLMENT_SCHEMA,
    orient="row",
)


@dataclass(frozen=True)
class OutpatientRegion:
    """A settled month of visits with what it was made of."""

    policy: Policy
    points: VisitPoints
    settled: Settled
    accounts: CapitationAccounts
    tables: Results

    @property
    def given(self) -> ReportedPart:
        """What the workbooks of a run are written from."""
        rules = Rules.of(self.policy.for_outpatient(), NAMES, ALL_MEAN)
        return ReportedPart(self.tables, rules)


def outpatient_rules(**capitation: Any) -> Outpatient:
    """[outpatient] with a budget for a few hundred visits, and capitation."""
    budget = {
        "annual_yuan": {"employee": "1200000", "resident": "600000"},
        "reserve_ratio": "0.05",
        "months": {"rule": "equal"},
    }
    return rules(budget=budget, capitation=CAPITATION | capitation)


def outpatient_region(seed: int, visits: int = 300, **capitation: Any) -> OutpatientRegion:
    """A month of random visits at three hospitals and a pharmacy."""
    rng = random.Random(seed)
    outpatient = outpatient_rules(**capitation)
    whole = policy(outpatient)
    frame = _visits(rng, visits)
    points = _points(rng, frame, outpatient)
    leading = leading_entries(points.entries)
    priced = points.visits.join(leading, on="visit_id", how="left", maintain_order="left")
    cases = visit_cases(priced)
    settled = settle_month(cases, NO_ADJUSTMENTS, whole.for_outpatient(), PERIOD)
    accounts = capitation_accounts(
        settled.cases, settled.lines, settled.pools, ENROLMENT, whole, PERIOD
    )
    findings = pl.DataFrame(
        {
            "visit_id": ["V9"],
            "hospital_id": ["H1"],
            "visit_date": [date(2026, 3, 1)],
            "column": ["visit_id"],
            "code": ["visit_without_lines"],
            "message": ["没有有效的收费明细"],
            "other_codes": [""],
        }
    )
    settlement = outpatient.settlement
    counts = {
        "read": visits + 1,
        "valid": visits,
        "quarantined": 1,
        "warnings": 0,
        "lines_read": 1000,
        "lines_valid": 990,
        "lines_quarantined": 10,
        "lines_netted": 4,
    }
    facts = RunFacts(
        run_id="2026-03-test",
        period=str(PERIOD),
        region="示例市",
        policy="示例政策",
        scheme="示例门诊方案",
        catalogue="visit-catalogue",
        method=settlement.method,
        value_places=settlement.value_places,
        deducted_points=settlement.deducted_points,
        counts=counts,
    )
    frames = {
        **case_frames(VISITS, settled),
        **line_frames(settled, whole.for_outpatient(), PROVIDERS),
        **booking_frames(VISITS, ledger_of_month(PERIOD, settled)),
        **capitation_frames(accounts, PROVIDERS, ENROLMENT),
        "groups": groups_table(entry_sums(points.entries, ALL_MEAN)),
        "quarantine": findings,
        "warnings": findings.clear(),
    }
    found = pl.DataFrame(
        {
            "table": ["lines", "lines", "visits"],
            "kind": ["quarantine", "warning", "quarantine"],
            "code": ["line_without_visit", "zero_amount", "visit_without_lines"],
            "rows": [10, 3, 1],
        }
    )
    examples = points.entries.filter(
        pl.col("visit_id").is_in(example_visits(frames["cases"]).implode())
    )
    beside = {"examples": entries_table(examples), "findings": found}
    tables = Results(VISITS, facts, frames, beside)
    return OutpatientRegion(whole, points, settled, accounts, tables)


def _visits(rng: random.Random, count: int) -> pl.DataFrame:
    rows = []
    for number in range(count):
        hospital = rng.choice(["H1", "H1", "H2", "H3", "P1"])
        total = rng.randrange(2_000, 90_000)
        patient, other = rng.randrange(total // 2), rng.randrange(total // 20)
        rows.append(
            {
                "visit_id": f"V{number:05d}",
                "hospital_id": hospital,
                "level": LEVELS[hospital],
                "account": rng.choice(["employee", "employee", "resident"]),
                "out_of_area": rng.random() < 0.05,
                "visit_date": date(2026, 3, rng.randrange(1, 29)),
                "visit_type": rng.choice(["ordinary", "ordinary", "chronic", "special"]),
                "department": None,
                "contractor_id": rng.choice(["H1", "H1", "H2", "H3", None]),
                "total_fen": total,
                "fund_fen": total - patient - other,
                "patient_fen": patient,
                "other_fen": other,
            }
        )
    return pl.DataFrame(
        rows, schema_overrides={"department": pl.String, "contractor_id": pl.String}
    )


def _points(rng: random.Random, visits: pl.DataFrame, outpatient: Outpatient) -> VisitPoints:
    """Lines of random groups, more of them than the total cost says: only their groups matter."""
    lines, medical = [], []
    for visit, hospital in visits.select("visit_id", "hospital_id").iter_rows():
        groups = GROUPS[6:11] if hospital == "P1" else GROUPS
        lines += [
            (visit, *rng.choice(groups), rng.randrange(100, 20_000))
            for _ in range(rng.randrange(1, 7))
        ]
        medical.append((visit, *rng.choice(MEDICAL)))
    texts = dict.fromkeys(("visit_id", "class", "family", "apg"), pl.String())
    line_frame = pl.DataFrame(lines, schema=texts | {"amount_fen": pl.Int64()}, orient="row")
    medical_frame = pl.DataFrame(
        medical,
        schema=dict.fromkeys(("visit_id", "family", "apg"), pl.String()),
        orient="row",
    )
    base = pl.DataFrame(
        {"apg": APGS, "base_points": [rng.randrange(1_000, 9_000_000) for _ in APGS]}
    ).filter(pl.col("apg") != "eye-2")
    rows = [
        {"level": "3A", "coefficient": 10_123},
        {"level": "1", "coefficient": 9_456},
        {"drg": "skin-1", "level": "3A", "coefficient": 11_000},
    ]
    coefficients = pl.DataFrame(rows, schema=COEFFICIENT_SCHEMA)
    entries = entries_of(visits, line_frame, medical_frame, PACKAGED, base, outpatient)
    return visit_points(entries, visits, coefficients, outpatient, ALL_MEAN)
