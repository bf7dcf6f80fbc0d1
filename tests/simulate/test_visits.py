"""A base with visits: they stay as they are, or are settled by other parameters of [outpatient]."""

import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from drgpay.base.errors import DrgpayError
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.simulate.console import console_report
from drgpay.simulate.notes import visits_sentence
from drgpay.simulate.outcome import Simulation, simulate
from drgpay.simulate.output import write_simulation
from drgpay.simulate.visits import compare_visits
from tests.run.no_books import without_books
from tests.simulate.region import Region
from tests.simulate.year import Year
from tests.spread import spread

DISCOUNT = "outpatient.procedure_discount = 0.3"
BUDGET = "outpatient.budget.annual_yuan.employee = 3000000"


def _simulated(region: Region, text: str, cache: Path, run: bool = True) -> Simulation:
    scenario = region.write(f'name = "visits"\n{text}', "visits.toml")
    return simulate([scenario], region.run if run else None, region.job, cache=cache)


def test_the_outpatient_part_is_said_to_be_unchanged(region: Region, tmp_path: Path) -> None:
    found = _simulated(region, "[policy]\npoints.low_ratio = 0.5", tmp_path)
    assert found.visits is None
    assert visits_sentence(found, "zh") == "基准中的门诊部分不在测算之内，与基准相同"
    folder = write_simulation(found, tmp_path / "out", "en")
    assert "is not simulated" in (folder / "report.html").read_text(encoding="utf-8")
    assert not list(folder.glob("visit_*"))


@pytest.mark.parametrize("with_run", [True, False])
def test_visits_are_those_of_a_run_with_these_parameters(
    region: Region, tmp_path: Path, with_run: bool
) -> None:
    found = _simulated(region, f"[policy]\n{DISCOUNT}\n{BUDGET}", tmp_path / "cache", with_run)
    folder = tmp_path / "region"
    shutil.copytree(region.folder, folder, ignore=shutil.ignore_patterns("runs", "cache"))
    policy = folder / "policy.toml"
    before, outpatient = policy.read_text(encoding="utf-8").split("[outpatient]", 1)
    changed = []
    for line in outpatient.splitlines():
        if line.startswith("procedure_discount"):
            line = "procedure_discount = 0.3"
        changed.append("employee = 3000000" if line.startswith("employee = ") else line)
    text = "\n".join(changed)
    if "employee = 3000000" not in text:
        inline = next(one for one in changed if one.startswith("annual_yuan"))
        parts = inline.split("employee = ")
        text = text.replace(
            inline, f"{parts[0]}employee = 3000000{parts[1].lstrip('0123456789._')}"
        )
    policy.write_text(f"{before}[outpatient]{text}", encoding="utf-8")
    with without_books():
        run = run_month(load_job(folder / "2026-10.toml")).folder
    for side, folder_of in (("before", region.run), ("after", run)):
        statements = pl.read_parquet(folder_of / "visit_statements.parquet")
        paid = statements.group_by("hospital_id").agg(pl.col("fund_amount").sum() * 100)
        assert found.visits is not None
        amounts = found.visits.hospitals.select("hospital_id", f"fund_amount_fen_{side}")
        assert dict(amounts.iter_rows()) == {one: int(fen) for one, fen in paid.iter_rows()}, side
        values = pl.read_parquet(folder_of / "visit_values.parquet")
        told = found.visits.values.select("pool", f"point_value_{side}")
        assert told.rows() == values.sort("pool").select("pool", "point_value").rows()
        accounts = pl.read_parquet(folder_of / "capitation.parquet")
        assert found.visits.contractors is not None
        settled = found.visits.contractors[f"settled_fen_{side}"]
        assert settled.to_list() == [int(one * 100) for one in accounts["settled"]]
    assert (found.comparison.hospitals["change_fen"] == 0).all()


@pytest.mark.slow
def test_a_budget_does_not_group_visits_again(region: Region, tmp_path: Path) -> None:
    found = _simulated(region, f"[policy]\n{BUDGET}", tmp_path / "cache")
    assert found.visits is not None and "visits" not in found.computed
    change = found.visits.hospitals["change_fen"]
    assert change.sum() > 0 and found.visits.hospitals["points_before"].equals(
        found.visits.hospitals["points_after"], check_names=False
    )
    again = _simulated(region, f"[policy]\n{DISCOUNT}", tmp_path / "cache")
    assert "visits" in again.computed
    reused = _simulated(region, f"[policy]\n{DISCOUNT}\n{BUDGET}", tmp_path / "cache")
    assert "visits" in reused.reused


@pytest.mark.parametrize("language", spread(["zh", "en"], 1))
def test_visits_have_tables_of_their_own(
    region: Region, tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    found = _simulated(region, f"[policy]\n{DISCOUNT}", tmp_path / "cache")
    folder = write_simulation(found, tmp_path / "out", "en" if language == "en" else "zh")
    tables = {path.stem for path in folder.glob("visit_*.parquet")}
    assert tables == {"visit_hospitals", "visit_values", "visit_contractors"}
    title = "门诊·点值" if language == "zh" else "Visits, point values"
    assert title in load_workbook(folder / "comparison.xlsx").sheetnames
    assert title in (folder / "report.html").read_text(encoding="utf-8")
    Console(width=200).print(console_report(found, "en" if language == "en" else "zh"))
    assert title in capsys.readouterr().out


class TestRefusals:
    def test_calibration_of_visits(self, region: Region, tmp_path: Path) -> None:
        text = "[policy]\noutpatient.calibration.stable_min_cases = 9"
        with pytest.raises(DrgpayError, match=r"outpatient\.calibration changes nothing"):
            _simulated(region, text, tmp_path)

    def test_sweeps(self, region: Region, tmp_path: Path) -> None:
        text = '[[sweep]]\npath = "outpatient.procedure_discount"\nvalues = [0.2, 0.4]'
        with pytest.raises(DrgpayError, match="neither swept nor solved for"):
            _simulated(region, text, tmp_path)

    def test_a_base_without_visits(self, region: Region, tmp_path: Path) -> None:
        job = region.folder / "stays.toml"
        stays = region.job.read_text(encoding="utf-8").split("[outpatient]")[0]
        job.write_text(stays, encoding="utf-8")
        scenario = region.write(f'name = "x"\n[policy]\n{DISCOUNT}', "x.toml")
        with pytest.raises(DrgpayError, match=r"stays\.toml has no visits"):
            simulate([scenario], None, job, cache=tmp_path)

    def test_visits_that_were_changed(self, region: Region, tmp_path: Path) -> None:
        folder = tmp_path / "region"
        shutil.copytree(region.folder, folder, ignore=shutil.ignore_patterns("cache"))
        path = folder / "visits" / "2026-10.parquet"
        pl.read_parquet(path).head(900).write_parquet(path)
        scenario = region.write(f'name = "x"\n[policy]\n{DISCOUNT}', "x.toml")
        run = folder / "runs" / region.run.name
        with pytest.raises(DrgpayError, match=r"visits of the base run .* outpatient\.visits chan"):
            simulate([scenario], run, folder / "2026-10.toml", cache=tmp_path / "cache")

    def test_a_year(self, region: Region, year: Year) -> None:
        outpatient = region.stages.base.rules.policy.outpatient
        plan = year.plan("")
        policy = plan.policy.model_copy(update={"outpatient": outpatient})
        with pytest.raises(DrgpayError, match=r"x: \[outpatient\] is not simulated over a year"):
            compare_visits(year.stages, replace(plan, policy=policy), "x")
