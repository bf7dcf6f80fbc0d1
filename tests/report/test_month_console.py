"""The end of a run: its headline, three tables a part, and what to do next."""

import re
import shlex
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.language import Language
from drgpay.report.month_console import headline, month_view, year_view
from drgpay.results.results import Results
from drgpay.show.terminal import as_text
from tests.report.html_runs import make_run
from tests.report.settled_region import cleared_region, policy_with, settled_region
from tests.report.visit_region import outpatient_region


@dataclass(frozen=True)
class Finished:
    folder: Path
    results: tuple[Results, ...]


@pytest.fixture(scope="module")
def month() -> Results:
    tables = settled_region(1, policy_with({})).tables
    refused = pl.DataFrame(
        {
            "code": ["bad_type", "cost_identity", "cost_identity"],
            "hospital_id": ["H1", "H2", None],
            "name": ["市第一医院", "市第二医院", None],
            "rows": [3, 2, 2],
            "total_cost": [Decimal("900000.00"), Decimal("20000.05"), Decimal("0.01")],
        }
    )
    return Results(tables.part, tables.facts, tables.frames, {"refused": refused}, ("noted",))


@pytest.fixture(scope="module")
def visits() -> Results:
    return outpatient_region(1).tables


def _said(finished: Finished, language: Language = "en", verbose: bool = False) -> str:
    return as_text(month_view(finished, language, verbose), width=160)


def test_the_headline_comes_first_in_five_lines_at_most(
    month: Results, visits: Results, tmp_path: Path
) -> None:
    for results in ((month,), (visits,), (month, visits)):
        finished = Finished(tmp_path, results)
        lines = headline(finished, "zh")
        assert len(lines) == 2 * len(results) + 1 <= 5
        assert _said(finished, "zh").startswith(lines[0])


def test_it_counts_hospitals_above_and_below_with_their_sums(
    month: Results, tmp_path: Path
) -> None:
    _, hospitals, _ = headline(Finished(tmp_path, (month,)), "en")
    lines = month.statements
    by_hospital = lines.group_by("hospital_id").agg(pl.col("difference").sum())["difference"]
    gains, losses = by_hospital.filter(by_hospital > 0), by_hospital.filter(by_hospital < 0)
    assert f"{len(gains)} above item-by-item costs by {gains.sum():,} yuan" in hospitals
    assert f"{len(losses)} below by {-losses.sum():,} yuan" in hospitals
    difference, cost = Decimal(by_hospital.sum()), Decimal(lines["fund_cost"].sum())
    assert f"together {difference:+,} yuan ({difference / cost:+.2%})" in hospitals


def test_what_was_refused_is_said_with_its_money_and_its_commonest_reason(
    month: Results, tmp_path: Path
) -> None:
    *_, refused = headline(Finished(tmp_path, (month,)), "zh")
    # As many rows of either reason would be: 3 of one, 2 + 2 of the other.
    assert "7 条，费用 920,000.06 元，最多的是费用不平（4 条）" in refused
    none = Results(month.part, month.facts, month.frames)
    assert "全部通过校验" in headline(Finished(tmp_path, (none,)), "zh")[-1]


def test_values_are_compared_with_those_of_the_month_before(month: Results, tmp_path: Path) -> None:
    run = make_run(tmp_path, "2026-10", seed=1)
    finished = Finished(run, (month,))
    assert "2026-09" not in headline(finished, "en")[0]
    before = make_run(tmp_path, "2026-09", seed=2)
    paid = pl.read_parquet(before / "values.parquet").select("pool", "point_value").rows()
    values = {pool: Decimal(value) for pool, value in paid}
    said = headline(finished, "en")[0]
    for pool, value in month.pools.select("pool", "point_value").iter_rows():
        change = value / values[pool] - 1
        side = "above" if change > 0 else "below"
        assert f"{pool} {value:,} yuan a point, {abs(change):.2%} {side} 2026-09" in said
    # Of two runs nobody knows which one paid.
    make_run(tmp_path, "2026-09", seed=3)
    assert "2026-09" not in headline(finished, "en")[0]


def test_the_next_step_can_be_pasted(month: Results, tmp_path: Path) -> None:
    folder = tmp_path / ("a run's folder with a long name " * 5).strip()
    said = as_text(month_view(Finished(folder, (month,)), "zh"), width=60)
    commands = [shlex.split(line) for line in said.splitlines() if line.startswith("  drgpay")]
    assert commands == [["drgpay", name, str(folder)] for name in ("verify", "report")]


def test_the_rest_is_shown_on_demand(month: Results, visits: Results, tmp_path: Path) -> None:
    finished = Finished(tmp_path, (month, visits))
    brief, every = _said(finished), _said(finished, verbose=True)
    assert brief.count("┏") == 3 + 2  # no visit was refused
    assert "Case classes" not in brief
    for title in ("Case classes", "APG classes", "Accounts of contractors", "Tie-out"):
        assert title in every
    assert "noted" in brief
    assert "-v" not in every


def test_of_many_hospitals_those_with_the_largest_differences_are_listed(
    month: Results, tmp_path: Path
) -> None:
    copies = [
        month.statements.with_columns(
            hospital_id=pl.format("{}-{}", "hospital_id", pl.lit(number)),
            difference=(pl.col("difference") * number).cast(pl.Decimal(18, 2)),
        )
        for number in range(1, 21)
    ]
    frames = {**month.frames, "statements": pl.concat(copies)}
    said = _said(Finished(tmp_path, (Results(month.part, month.facts, frames),)))
    shown = re.findall(r"│ (H\d-\d+)|│ \S+ +│ (H\d-\d+)", said)
    assert len(shown) == 20
    assert "The 20 of 60 hospitals" in said
    assert not any("-1" in one for one in shown)


def test_a_year_says_what_is_still_due(tmp_path: Path) -> None:
    year = cleared_region(settled_region(1, policy_with({})), 9_000_000)
    said = headline(Finished(tmp_path, (year,)), "en")[-1]
    assert said.split(";")[0] in as_text(year_view(Finished(tmp_path, (year,)), "en"), width=400)
    due = year.statements.filter("paid_here").group_by("hospital_id").agg(pl.col("clearing").sum())
    more = due["clearing"].filter(due["clearing"] > 0)
    assert f"{len(more)} are due {more.sum():,} yuan, {due.height - len(more)} pay back" in said
