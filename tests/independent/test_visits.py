"""Visits from raw records to statements and capitation, one at a time in plain Python.

Groups by the plain evaluator of rules, entries and points by the slow one of tests/visits, money by
the recomputation. Everything that the run wrote must be the same.
"""

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper import apg_reference
from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.policy.load import load_policy
from drgpay.policy.outpatient import Outpatient
from drgpay.records.visits.tables import VisitInput
from drgpay.run.job import OutpatientJob, VisitsJob, load_job
from drgpay.run.month_end import run_month
from drgpay.sample.plan import SamplePlan
from drgpay.sample.visit_plan import VisitPlan
from drgpay.sample.visit_region import write_visits
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books
from tests.spread import spread
from tests.visits.slow_visits import Entry, Line, Visit, entries_of_visit, points_of_visit

from .recomputation.settlement import Case, settle
from .recomputation.visits import Charge, left_of

Row = dict[str, Any]
VISITS = 1200
AMOUNTS = ["total_cost", "fund_cost", "patient_cost", "other_cost"]


def random_steps(rules: Outpatient, chance: random.Random) -> Outpatient:
    """Some steps off, other discounts, another type paid item by item."""
    steps = {name: chance.random() < 0.7 for name in type(rules.steps).model_fields}
    types = [
        row.model_copy(update={"payment": chance.choice(["points", "points", "item_by_item"])})
        for row in rules.visit_types
    ]
    types[0] = types[0].model_copy(update={"payment": "points"})
    return rules.model_copy(
        update={
            "steps": rules.steps.model_copy(update=steps),
            "visit_types": tuple(types),
            "procedure_discount": Decimal(chance.randint(0, 100)) / 100,
            "repeat_discount": Decimal(chance.randint(0, 100)) / 100,
        }
    )


@pytest.fixture(scope="module", params=spread([1, 2], 1))
def month(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sample_data: Path
) -> "Month":
    seed: int = request.param
    folder = tmp_path_factory.mktemp("visits")
    plan = SamplePlan(stays_per_month=10, months=1, history_months=0, seed=seed)
    write_visits(VisitPlan(plan, VISITS), folder)
    chance = random.Random(seed)
    outpatient = load_policy(str(sample_data / "policy.toml")).policy.outpatient
    assert outpatient is not None
    rules = random_steps(outpatient, chance) if seed > 1 else outpatient
    _shuffled(folder, chance)
    policy = folder / "policy.toml"
    policy.write_text(_with_rules((sample_data / "policy.toml").read_text("utf-8"), rules), "utf-8")
    sample = load_job(sample_data / "2026-10.toml")
    assert sample.outpatient is not None
    job = VisitsJob(
        path=folder / "job.toml",
        period=sample.period,
        policy=str(policy),
        output=folder / "runs",
        hospitals=folder / "hospitals.csv",
        outpatient=OutpatientJob(
            VisitInput(folder / "visits", folder / "visit_items"),
            "open-apg-1",
            sample.outpatient.catalogue,
            folder / "enrolment.csv",
        ),
    )
    with without_books():
        return Month(folder, job, run_month(job, accept=EVERYTHING).folder)


def _shuffled(folder: Path, chance: random.Random) -> None:
    for name in ("visits", "visit_items"):
        rows = pl.read_parquet(folder / name)
        path = folder / name / "2026-10.parquet"
        rows.sample(fraction=1, shuffle=True, seed=chance.randint(1, 99)).write_parquet(path)


def _with_rules(text: str, rules: Outpatient) -> str:
    """The policy's text with other steps, discounts and types; the rest stays."""
    head, rest = text.split("[outpatient]\n", 1)
    tail = rest.split("[outpatient.calibration]\n", 1)[1]
    types = ", ".join(
        f'{{ visit_type = "{row.visit_type}", payment = "{row.payment}" }}'
        for row in rules.visit_types
    )
    steps = "\n".join(
        f"{name} = {str(value).lower()}" for name, value in rules.steps.model_dump().items()
    )
    return (
        f"{head}[outpatient]\nprocedure_discount = {rules.procedure_discount}\n"
        f"repeat_discount = {rules.repeat_discount}\nvisit_types = [{types}]\n"
        f"[outpatient.steps]\n{steps}\n[outpatient.calibration]\n{tail}"
    )


class Month:
    """A settled month of visits and its slow recomputation."""

    def __init__(self, folder: Path, job: VisitsJob, run: Path) -> None:
        self.run = run
        self.policy = load_policy(job.policy).policy.for_outpatient()
        assert self.policy.outpatient is not None
        self.rules = self.policy.outpatient
        catalogue = job.outpatient.catalogue
        self.base = {
            row["drg"]: _scaled(row["base_points"]) for row in rows(catalogue / "groups.csv")
        }
        self.coefficients = rows(catalogue / "coefficients.csv")
        info = json.loads((catalogue / "catalogue.json").read_text("utf-8"))
        self.mean_fen = Fraction(info["all_total_fen"], info["all_cases"])
        self.levels = {row["hospital_id"]: row["level"] for row in rows(job.hospitals)}
        pharmacies = {
            row["hospital_id"] for row in rows(job.hospitals) if row["kind"] == "pharmacy"
        }
        assert job.outpatient.enrolment
        self.enrolment = rows(job.outpatient.enrolment)
        valid = set(self.read("visits")["visit_id"])
        self.visits = {
            row["visit_id"]: row
            for row in pl.read_parquet(folder / "visits").iter_rows(named=True)
            if row["visit_id"] in valid
        }
        lines = defaultdict(list)
        for row in pl.read_parquet(folder / "visit_items").iter_rows(named=True):
            lines[row["visit_id"]].append(row)
        scheme = load_scheme("open-apg-1")
        packaged = _packaged(scheme)
        self.entries = {
            name: entries_of_visit(
                grouped(scheme, visit, lines[name], visit["hospital_id"] in pharmacies),
                packaged,
                self.base,
                self.rules,
            )
            for name, visit in sorted(self.visits.items())
        }

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.run / f"{name}.parquet")

    def coefficient(self, apg: str, level: str) -> Decimal:
        for drg in (apg, ""):
            for row in self.coefficients:
                mine = row["drg"] == drg and row["level"] == level and not row["hospital_id"]
                if mine and row["coefficient"]:
                    return Decimal(row["coefficient"])
        return Decimal(1)

    def points(self, name: str) -> Decimal:
        level = self.levels[self.visits[name]["hospital_id"]]
        known = {entry.apg: self.coefficient(entry.apg, level) for entry in self.entries[name]}
        return points_of_visit(self.entries[name], known, self.mean_fen)

    def cases(self) -> list[Case]:
        items = {r.visit_type for r in self.rules.visit_types if r.payment == "item_by_item"}
        return [
            Case(
                case_id=name,
                hospital_id=visit["hospital_id"],
                account=visit["account"],
                out_of_area=bool(visit["out_of_area"]),
                case_class="fee" if visit["visit_type"] in items else "normal",
                points=self.points(name),
                **{amount: visit[amount] for amount in AMOUNTS},
            )
            for name, visit in self.visits.items()
        ]

    def budgets(self) -> dict[str, Decimal]:
        """A twelfth of the budget without the reserve; the fen left over go to the first months."""
        budget = self.policy.budget
        assert budget is not None
        result = {}
        for account, annual in budget.annual_yuan.items():
            fen = int((annual * 100 * (1 - budget.reserve_ratio)).to_integral_value(ROUND_FLOOR))
            result[account] = Decimal(fen // 12 + (fen % 12 > 9)) / 100
        return result


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _scaled(text: str) -> int | None:
    return int(Decimal(text) * 10_000) if text else None


def _packaged(scheme: Scheme) -> set[str]:
    return set(scheme.packaging)


def grouped(scheme: Scheme, visit: Row, lines: Iterable[Row], pharmacy: bool) -> Visit:
    """The visit with the groups of what refunds leave of its lines and its medical group."""
    seen = apg_reference.Visit(
        principal_diagnosis=visit["principal_diagnosis"],
        other_diagnoses=tuple(visit["other_diagnoses"] or ()),
        visit_type=visit["visit_type"],
        department=visit["department"],
        age=visit.get("age"),
        sex=visit.get("sex"),
    )
    charged = [
        Charge(row["item_code"], row["item_kind"], Decimal(row["quantity"]), row["amount"])
        for row in lines
    ]
    of_lines = [
        Line(
            *apg_reference.group_line(
                scheme, apg_reference.Line.of(seen, line.item_code, line.item_kind)
            ),
            int(line.amount * 100),
        )
        for line in left_of(charged).lines
    ]
    medical = apg_reference.group_visit(scheme, seen)
    return Visit(
        *(visit["visit_id"], visit["visit_type"], of_lines, medical, visit["hospital_id"]),
        pharmacy=pharmacy,
    )


def as_written(name: str, visit: Row, entries: list[Entry]) -> list[tuple[Any, ...]]:
    return [
        (
            name,
            visit["hospital_id"],
            visit["account"],
            entry.group_class,
            entry.family,
            entry.apg,
            len(entry.lines),
            Decimal(entry.fen) / 100,
            None if entry.base is None else Decimal(entry.base) / 10_000,
            entry.factor,
            None if entry.cost is None else Decimal(entry.cost) / 100,
            entry.reason,
        )
        for entry in entries
    ]


def test_enough_is_compared(month: Month) -> None:
    reasons = {entry.reason for entries in month.entries.values() for entry in entries}
    assert len(month.visits) > VISITS / 2
    assert "payable" in reasons and len(reasons) >= 4


def test_every_entry_of_every_visit(month: Month) -> None:
    written = month.read("entries").drop("coefficient").rows()
    expected = [
        row
        for name, entries in month.entries.items()
        for row in as_written(name, month.visits[name], entries)
    ]
    assert written == expected


def test_the_points_of_every_visit(month: Month) -> None:
    written = dict(month.read("visits").select("visit_id", "points").iter_rows())
    assert written == {name: month.points(name) for name in month.visits}


def test_values_and_statements_and_the_part_of_every_visit(month: Month) -> None:
    settled = settle(month.cases(), [], month.policy, month.budgets())
    for row in month.read("visit_values").iter_rows(named=True):
        value = settled.values[row["pool"]]
        for name in ("budget", "points", "point_value", "fund_amount", "remainder"):
            assert row[name] == getattr(value, name), (row["pool"], name)
    lines = {
        (row["hospital_id"], row["account"], row["out_of_area"], row["payment"]): row
        for row in month.read("visit_statements").iter_rows(named=True)
    }
    assert sorted(lines) == sorted(settled.lines)
    for key, line in settled.lines.items():
        for name in ("cases", "points", "standard_amount", "fund_amount", *AMOUNTS):
            assert lines[key][name] == getattr(line, name), (key, name)
    for row in month.read("visits").iter_rows(named=True):
        amounts = settled.cases[row["visit_id"]]
        assert row["standard_amount"] == amounts.standard_amount
        assert row["fund_amount"] == amounts.fund_amount


def test_contractors_are_charged_with_their_persons(month: Month) -> None:
    enrolled = {(row["contractor_id"], row["account"]) for row in month.enrolment}
    charged: Mapping[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in month.read("visits").iter_rows(named=True):
        contract = (month.visits[row["visit_id"]]["contractor_id"], row["account"])
        if not row["out_of_area"] and contract in enrolled:
            charged[contract].append(row["fund_amount"])
    accounts = month.read("capitation")
    assert {(row["contractor_id"], row["account"]) for row in accounts.iter_rows(named=True)} == (
        enrolled
    )
    for row in accounts.iter_rows(named=True):
        mine = charged[row["contractor_id"], row["account"]]
        assert row["visits"] == len(mine)
        assert row["charged"] == sum(mine, Decimal(0))
        assert row["balance"] == row["capitation"] - row["charged"]
    tie_out = month.read("capitation_tie_out")
    spent = tie_out.select(
        pl.sum_horizontal("contracted", "uncontracted", "remainder").alias("spent"),
        available=pl.col("budget") + pl.col("from_home_funds"),
    )
    assert spent["spent"].to_list() == spent["available"].to_list()
