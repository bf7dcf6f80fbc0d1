"""Random months that know each other, run by drgpay from their files: as recomputed, row by row.

DRGPAY_RANDOM_REGIONS plans are run, from DRGPAY_FIRST_REGION on; a usual run does a few.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.policy.load import load_policy
from drgpay.run.job import Inputs

from .by_drgpay import Tables
from .comparing import LINE, compare, compare_ledger, compare_month, compare_points, compare_year
from .month_files import SCORES, PlanOnDisk, write_shared
from .random_months import HOSPITALS, Plan, Planned, random_plan
from .random_runs import BASE
from .recomputation import ledger
from .recomputation.budgets import budget_of_month, reserve
from .recomputation.clearing import Year, clear
from .recomputation.differences import of_statements, paid_with
from .recomputation.earlier import CASE, RETURN, EarlierRow, Run, earlier_minus, make_run
from .recomputation.earned_cases import cases_of, minus_of, taken_of
from .recomputation.prepayment import Month, settle_month
from .recomputation.settlement import Minus, NoPointsError, OverBudgetError, pools_of

FIRST = int(os.environ.get("DRGPAY_FIRST_REGION", "0"))
FEW = 1
MANY = int(os.environ.get("DRGPAY_RANDOM_REGIONS", "30"))
EARLIER = ("readmission_earlier", "deduction_earlier")
REFUSED = (NoPointsError, OverBudgetError)
SHORT = ("months", "corrected", "new year", "fewer named")
OVER_NEW_YEAR = ("new year", "year after", "two years")
SEEN: Counter[str] = Counter()
WANTED = (*EARLIER, "given back", "by a clearing", "correction", "line without stays", "waiting")
pytestmark = pytest.mark.skipif(
    "previous" not in Inputs.model_fields, reason="jobs name no previous months yet"
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("months")
    write_shared(folder, load_policy(BASE).policy)
    return folder


@pytest.mark.parametrize("number", range(FIRST, FIRST + FEW))
def test_months_that_know_each_other(shared: Path, tmp_path: Path, number: int) -> None:
    Audit(random_plan(number, layout=SHORT[number % len(SHORT)]), shared, tmp_path / "plan").check()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(FIRST, FIRST + MANY))
def test_many_months_that_know_each_other(shared: Path, tmp_path: Path, number: int) -> None:
    """Of every tenth plan the years are cleared, for which they have twelve months. Some over New Year
    have another scheme or catalogue then.
    """
    layout = SHORT[number % len(SHORT)]
    if number % 10 == 9:
        layout = ("cleared", "year after", "two years")[number // 10 % 3]
    changed = ("", "scheme", "catalogue")[number % 3] if layout in OVER_NEW_YEAR else ""
    Audit(random_plan(number, 12, layout, changed), shared, tmp_path / "plan").check()


@pytest.mark.slow
def test_the_plans_have_everything() -> None:
    """After the others: what never occurs was not compared."""
    if MANY < 100 or not SEEN:
        pytest.skip("too few plans were run in this process")
    assert not [what for what in WANTED if SEEN[what] < 10], SEEN


@dataclass(frozen=True)
class Done:
    """A run both ways."""

    planned: Planned
    run: Run
    month: Month | None
    year: Year | None
    folder: Path


class Audit:
    """Every run of a plan, drgpay's and the recomputed one, in their order."""

    def __init__(self, plan: Plan, shared: Path, folder: Path) -> None:
        self.plan = plan
        self.disk = PlanOnDisk(plan, shared, folder)
        self.done: dict[str, Done] = {}

    def check(self) -> None:
        """Until the end, or until both refuse a run."""
        for planned in self.plan.runs:
            by, change = self.plan.by(planned), self.plan.change(planned)
            named = [self.done[name].run for name in planned.previous]
            run = make_run(planned.stays, by, planned.filed, named, change)
            settle: Callable[[Run, list[Minus]], Month | Year] = (
                self._clear if planned.clears else self._settle_month
            )
            try:
                settle(run, _minus(run, run.rows))
            except REFUSED:
                with pytest.raises(DrgpayError):
                    self.disk.run(planned)
                SEEN["refused"] += 1
                return
            folder = self.disk.run(planned)
            found = _tables(folder, "pools" if planned.clears else "values")
            steps = compare_earlier(found.adjustments, run)
            of_stays = pl.col("kind").is_in(EARLIER)
            own = replace(found, adjustments=found.adjustments.filter(~of_stays))
            compare_points(own, [*run.stays], run.earned)
            settled = settle(run, _minus(run, run.rows, steps))
            _note(planned, run, settled)
            if isinstance(settled, Year):
                compare_year(found, settled)
                self.done[planned.name] = Done(planned, run, None, settled, folder)
                months = [month for done in self._standing(run) if (month := done.month)]
                compare_ledger(_entries(folder), ledger.of_clearing(settled, months))
            else:
                compare_month(found, settled)
                self.done[planned.name] = Done(planned, run, settled, None, folder)
                self._check_books(self.done[planned.name], settled)

    def _settle_month(self, run: Run, minus: list[Minus]) -> Month:
        policy = run.by.policy
        return settle_month(
            cases_of([*run.stays], run.earned),
            minus,
            policy,
            _budgets(run),
            run.filed.held_back,
            taken_of(run.earned, policy),
            HOSPITALS,
        )

    def _clear(self, run: Run, minus: list[Minus]) -> Year:
        policy = run.by.policy
        assert policy.budget
        budgets = {}
        for pool, accounts in pools_of(policy).items():
            held = (reserve(policy.budget, account) for account in accounts)
            budgets[pool] = (_budgets(run)[pool], sum(held, Decimal(0)))
        return clear(
            cases_of([*run.stays], run.earned),
            minus,
            [done.month for done in self._standing(run) if done.month],
            policy,
            budgets,
            {hospital: Decimal(score) for hospital, score in SCORES.items()},
            run.filed.held_back,
            taken_of(run.earned, policy),
            HOSPITALS,
        )

    def _standing(self, run: Run) -> list[Done]:
        """The runs that say what each month of a year is when it is cleared."""
        last: dict[Any, Done] = {}
        for done in self.done.values():
            if not done.planned.clears and done.planned.months[0] in run.months:
                last[done.planned.months[0]] = done
        return [last[month] for month in sorted(last)]

    def _check_books(self, done: Done, month: Month) -> None:
        """The ledger of a month; of a correction those of its chain, and the statements."""
        if done.planned.corrects is None:
            compare_ledger(_entries(done.folder), ledger.of_month(month))
            return
        chain = [one for one in self.done.values() if one.planned.months == done.planned.months]
        rows = [row for one in chain for row in _entries(one.folder)]
        both = [ledger.Entry(*(row[name] for name in ledger.Entry._fields)) for row in rows]
        assert ledger.netted(both) == ledger.netted(ledger.of_month(month))
        paid = self.done[done.planned.corrects]
        assert paid.month
        before = paid_with(cases_of([*paid.run.stays], paid.run.earned), paid.month)
        now = paid_with(cases_of([*done.run.stays], done.run.earned), month)
        statements = pl.read_parquet(done.folder / "difference_statements.parquet")
        compare(statements.iter_rows(named=True), of_statements(before, now), LINE)


def compare_earlier(adjustments: pl.DataFrame, run: Run) -> list[int]:
    """The rows on earlier stays, and what they name; returns the step that drgpay gives to each."""
    found = adjustments.filter(pl.col("kind").is_in(EARLIER)).sort("case_id", "step").to_dicts()
    drgpay, wanted = Counter(map(_place, found)), Counter(map(_wanted, run.rows))
    assert drgpay == wanted, f"drgpay only: {drgpay - wanted}, recomputed only: {wanted - drgpay}"
    steps: list[int] = []
    for row in run.rows:
        alike = [one for one in found if _place(one) == _wanted(row)]
        alike = [one for one in alike if one["code"] in codes_of(row)]
        named = [one for one in alike if one["evidence"] in row.evidence]
        assert named, f"{row}: drgpay names {[one['evidence'] for one in alike]}"
        found.remove(named[0])
        steps.append(named[0]["step"])
    return steps


def codes_of(row: EarlierRow) -> tuple[str, ...]:
    """What drgpay may say of a row: what is taken again of a stay that lies elsewhere has no rule."""
    if row.points > 0:
        return ("given_back",)
    if row.part == RETURN:
        return "readmission", "put_right"
    if row.part == CASE:
        return "deduction", "deductions", "put_right"
    return "hospital_minus", "hospital_minus_serious", "put_right"


def _note(planned: Planned, run: Run, settled: Month | Year) -> None:
    for row in run.rows:
        SEEN[row.kind] += 1
        SEEN["given back"] += row.points > 0
        SEEN["by a clearing"] += planned.clears
        SEEN["correction"] += planned.corrects is not None
    for line in settled.settled.lines.values():
        earlier = [row for row in (*line.minus, *line.waiting) if row.earlier]
        SEEN["line without stays"] += bool(earlier) and not line.cases
        SEEN["waiting"] += any(row.earlier for row in line.waiting)


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("case_id", "kind", "hospital_id", "account", "out_of_area", "applies_to", "points")
    return tuple(row[name] for name in names)


def _wanted(row: EarlierRow) -> tuple[Any, ...]:
    line = (row.hospital_id, row.account, row.out_of_area)
    return (row.case_id, row.kind, *line, "hospital", row.points)


def _minus(run: Run, rows: tuple[EarlierRow, ...], steps: list[int] | None = None) -> list[Minus]:
    earlier = earlier_minus(rows)
    if steps is not None:
        earlier = [replace(row, step=step) for row, step in zip(earlier, steps, strict=True)]
    return [*minus_of(run.earned), *earlier]


def _budgets(run: Run) -> dict[str, Decimal]:
    """Of the months of a run, by pool."""
    policy = run.by.policy
    assert policy.budget
    return {
        pool: sum(
            (
                budget_of_month(policy.budget, account, *month) or Decimal(0)
                for account in accounts
                for month in run.months
            ),
            Decimal(0),
        )
        for pool, accounts in pools_of(policy).items()
    }


def _tables(folder: Path, values: str) -> Tables:
    names = ("cases", "adjustments", "statements", values)
    return Tables(*(pl.read_parquet(folder / f"{name}.parquet") for name in names))


def _entries(folder: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(folder / "ledger.parquet").to_dicts()
