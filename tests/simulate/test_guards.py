"""A scenario tells what a run under it would stop at."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import typer
from openpyxl import load_workbook
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.cli import simulate as simulate_command
from drgpay.cli.commands import Command
from drgpay.run.job import Job, load_job
from drgpay.run.month_end import run_month
from drgpay.run.stops import Accepted, RunStoppedError
from drgpay.simulate.guards import noticed
from drgpay.simulate.outcome import Simulation, simulate
from drgpay.simulate.output import write_simulation
from drgpay.simulate.sweep import sweep
from drgpay.simulate.target import TargetMissedError
from tests.simulate.region import Region
from tests.simulate.year import Year, first_hospital
from tests.spread import spread

TENTH = "[budget]\ntimes = 0.1\n[policy]\nsettlement.may_exceed_budget = true\n"


def _found(region: Region, text: str, cache: Path) -> Simulation:
    scenario = region.write(f'name = "x"\n{text}', "guards.toml")
    return simulate([scenario], region.run, region.job, cache=cache)


def _codes(found: Simulation) -> set[str]:
    return {one.stop.code for one in found.noticed}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TENTH, "plausible_budget"),
        ('[hospitals.H3390005]\nlevel = "9Z"', "unknown_level"),
        ("[policy]\nrecords.max_amount_yuan.stay = 20000", "refused_share"),
    ],
)
def test_what_stops_a_run_is_found(region: Region, tmp_path: Path, text: str, code: str) -> None:
    assert code in _codes(_found(region, text, tmp_path))


def test_a_hospital_without_a_valid_stay_is_found(region: Region, tmp_path: Path) -> None:
    least = region.stages.base_state.stays.group_by("hospital_id").agg(pl.col("total_fen").min())
    hospital, fen = least.sort("total_fen", descending=True).row(0)
    limit = Decimal(int(fen) - 1) / 100
    found = _found(region, f"[policy]\nrecords.max_amount_yuan.stay = {limit}", tmp_path)
    refused = [one.stop.subject for one in found.noticed if one.stop.code == "hospital_refused"]
    assert refused == [hospital]


def test_findings_are_those_of_a_run_with_these_rules(region: Region, tmp_path: Path) -> None:
    """The run that the scenario stands for stops at the same, with the same money."""
    found = _found(region, "[policy]\nrecords.max_amount_yuan.stay = 20000", tmp_path)
    policy = region.folder / "policy.toml"
    text = policy.read_text(encoding="utf-8")
    other = region.folder / "policy-20000.toml"
    changed = text.replace("[records]", "[records]\nmax_amount_yuan.stay = 20000", 1)
    other.write_text(changed, encoding="utf-8")
    job = region.folder / "2026-10-20000.toml"
    of_stays = region.job.read_text(encoding="utf-8").split("[outpatient]")[0]
    job.write_text(of_stays.replace("policy.toml", other.name), encoding="utf-8")
    with pytest.raises(RunStoppedError) as stopped:
        run_month(load_job(job))
    mine = [(one.stop.code, one.stop.subject, one.stop.fen) for one in found.noticed]
    assert mine == [(one.code, one.subject, one.fen) for one in stopped.value.stops]


def test_nothing_is_said_where_nothing_would_stop(region: Region, tmp_path: Path) -> None:
    found = _found(region, "[budget]\ntimes = 1.01", tmp_path)
    assert found.noticed == ()
    folder = write_simulation(found, tmp_path / "out")
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["stops"] == []
    assert pl.read_parquet(folder / "stops.parquet").height == 0
    assert "会停下" not in (folder / "report.html").read_text(encoding="utf-8")


def test_findings_are_told_everywhere(region: Region, tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(cls=Command)(simulate_command.simulate)
    scenario = region.write(f'name = "x"\n{TENTH}', "tenth.toml")
    out = tmp_path / "out"
    arguments = ["--base", str(region.run), "--job", str(region.job), "--out", str(out)]
    result = CliRunner().invoke(
        app, [str(scenario), "--lang", "zh", *arguments], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "按此方案结算会停下" in result.output and "plausible_budget" in result.output
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "按此方案结算会停下" in page and "未接受" in page
    book = load_workbook(out / "comparison.xlsx")
    first = {str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row}
    assert {"plausible_budget", "未接受"} <= first
    assert any("按此方案结算会停下" in text for text in first)
    stops = pl.read_parquet(out / "stops.parquet")
    assert set(stops["stop"]) == {"plausible_budget"} and stops["accepted_by"].null_count() == 2
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {one["pool"] for one in manifest["stops"]} == {"employee", "resident"}


def test_what_the_base_accepted_is_said_to_be(region: Region) -> None:
    """As far as it was accepted: more money is a finding of its own."""
    base = region.stages.base
    limits = base.rules.policy.settlement.plausible_budget.model_copy(
        update={"least": Decimal("1.2")}
    )
    settlement = base.rules.policy.settlement.model_copy(update={"plausible_budget": limits})
    state = replace(
        region.stages.base_state,
        plan=replace(
            region.stages.base_state.plan,
            policy=base.rules.policy.model_copy(update={"settlement": settlement}),
        ),
    )
    found = noticed(region.stages, state)
    assert {one.accepted_by for one in found} == {None} and found
    fen = {one.stop.subject: one.stop.fen for one in found}
    accepted = tuple(
        Accepted("plausible_budget", pool, fen[pool] - short, "王某")
        for pool, short in zip(sorted(fen), (0, 1), strict=False)
    )
    assert isinstance(base.job, Job)
    without_run = replace(base, run=None, job=replace(base.job, accepted=accepted))
    region_stages = type(region.stages)(without_run, region.stages.cache)
    told = {one.stop.subject: one.accepted_by for one in noticed(region_stages, state)}
    assert told[sorted(fen)[0]] == "王某"
    assert all(by is None for pool, by in told.items() if pool != sorted(fen)[0])


@pytest.mark.slow
def test_accepted_names_come_from_the_run(region: Region, tmp_path: Path) -> None:
    job = region.folder / "2026-10-level.toml"
    of_stays = region.job.read_text(encoding="utf-8").split("[outpatient]")[0]
    hospitals = (region.folder / "hospitals.csv").read_text(encoding="utf-8-sig")
    [row] = [one for one in hospitals.splitlines() if one.startswith("H3390005,")]
    level = pl.read_csv(region.folder / "hospitals.csv").filter(hospital_id="H3390005")["level"][0]
    changed = hospitals.replace(row, row.replace(f",{level},", ",9Z,"))
    (region.folder / "hospitals-9z.csv").write_text(changed, encoding="utf-8")
    job.write_text(of_stays.replace("hospitals.csv", "hospitals-9z.csv"), encoding="utf-8")
    run = run_month(load_job(job), accept=[Accepted("unknown_level", "H3390005", None, "李某")])
    scenario = region.write('name = "x"\n[policy]\npoints.low_ratio = 0.35', "level.toml")
    found = simulate([scenario], run.folder, job, cache=tmp_path / "cache")
    assert [(one.stop.code, one.accepted_by) for one in found.noticed] == [
        ("unknown_level", "李某")
    ]
    page = write_simulation(found, tmp_path / "out") / "report.html"
    text = page.read_text(encoding="utf-8")
    assert "基准中已由 李某 接受" in text and "均已在基准中接受" in text


def test_a_finding_on_few_stays_is_not_shared(region: Region, tmp_path: Path) -> None:
    text = "[policy]\nrecords.max_amount_yuan.stay = 20000"
    found = _found(region, text, tmp_path)
    few = [replace(one, small=True) for one in found.noticed[:1]]
    folder = write_simulation(replace(found, noticed=tuple(few)), tmp_path / "out")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "不足 5 例，数量与金额从略" in page
    assert few[0].stop.said.zh not in page and f"{few[0].stop.yuan:,}" not in page
    assert pl.read_parquet(folder / "stops.parquet")["concerned"].to_list() == [few[0].stop.yuan]


def test_points_of_a_sweep_count_their_findings(region: Region) -> None:
    plan = region.plan("[policy]\nsettlement.may_exceed_budget = true")
    annual = region.stages.base.rules.policy.budget
    assert annual is not None
    path = "budget.annual_yuan.employee"
    values = [annual.annual_yuan["employee"], Decimal(5_000_000)]
    found = sweep(region.stages, plan, [{path: value} for value in values], "x")
    assert found.points["stops"].to_list() == [0, 1]


@pytest.mark.slow
def test_a_year_tells_what_its_clearing_would_stop_at(year: Year) -> None:
    hospital = first_hospital(year)
    plan = year.plan(f'[hospitals.{hospital}]\nlevel = "9Z"')
    found = noticed(year.stages, year.stages.state(plan))
    assert [(one.stop.code, one.stop.subject) for one in found] == [("unknown_level", hospital)]
    assert noticed(year.stages, year.stages.base_state) == ()


@pytest.mark.slow
def test_another_level_without_recalibration_says_what_it_leaves_out(
    region: Region, tmp_path: Path
) -> None:
    level = '[hospitals.H3390005]\nlevel = "3A"\n'
    found = _found(region, level, tmp_path / "cache")
    folder = write_simulation(found, tmp_path / "out")
    said = "但目录未重新测算"
    assert said in (folder / "report.html").read_text(encoding="utf-8")
    sheet = load_workbook(folder / "comparison.xlsx").worksheets[0]
    assert any(said in str(cell.value) for row in sheet.iter_rows() for cell in row)
    again = _found(region, level + '[recalibrate]\nhistory = "history"', tmp_path / "cache")
    folder = write_simulation(again, tmp_path / "again")
    assert said not in (folder / "report.html").read_text(encoding="utf-8")


MISSED = (
    '[target]\npath = "points.low_ratio"\nfrom = 0.35\nto = 0.45\nplaces = 2\n'
    'measure = "point_value"\npool = "employee"\nat_least = 500'
)


def test_a_target_that_is_missed_has_no_result(region: Region, tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(cls=Command)(simulate_command.simulate)
    scenario = region.write(f'name = "x"\n{MISSED}', "missed.toml")
    out = tmp_path / "out"
    arguments = ["--base", str(region.run), "--job", str(region.job), "--out", str(out)]
    result = CliRunner().invoke(app, [str(scenario), *arguments, "--lang", "en"])
    assert result.exit_code == 1 and not out.exists()
    assert "no value of points.low_ratio between 0.35 and 0.45" in result.output
    assert "the nearest is 0.45" in result.output and "Value tried" in result.output
    assert "Hospitals by change" not in result.output and "Point value, base" not in result.output
    with pytest.raises(TargetMissedError, match=r"the nearest is 0\.45") as missed:
        simulate([scenario], region.run, region.job, cache=tmp_path / "cache")
    assert isinstance(missed.value, DrgpayError)
    assert "最接近的取值是 0.45" in missed.value.problem_words.zh
    found = missed.value.found
    assert found.nearest.measure == max(one.measure for one in found.tried)


@pytest.mark.parametrize(
    ("goal", "said"),
    spread(
        [
            (
                'hospital = "H3390010"\nwithin = 0.5',
                "的应付基金与基准相比的变化在 ±50.00% 以内",
            ),
            (
                'measure = "fund_amount"\nhospital = "H3390010"\nat_least = 1',
                "的应付基金（元）不低于 1",
            ),
            (
                'measure = "point_value"\npool = "employee"\nat_least = 1',
                "employee 的点值（元/点）不低于 1",
            ),
        ],
        1,
    ),
)
def test_a_target_is_called_what_it_is(
    region: Region, tmp_path: Path, goal: str, said: str
) -> None:
    text = f'[target]\npath = "points.low_ratio"\nfrom = 0.35\nto = 0.45\nplaces = 2\n{goal}'
    found = _found(region, text, tmp_path / "cache")
    folder = write_simulation(found, tmp_path / "out")
    assert said in (folder / "report.html").read_text(encoding="utf-8")
    book = load_workbook(folder / "comparison.xlsx")
    first = [str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row]
    assert any(said in text and "各表为取该值时的测算" in text for text in first)
    tried = [str(cell.value) for row in book["目标求解"].iter_rows() for cell in row]
    assert "试过的取值" in tried and "是" in tried and "点值效应（元）" not in tried


@pytest.mark.slow
def test_a_target_over_a_year_is_of_the_final_amount(year: Year, tmp_path: Path) -> None:
    hospital = first_hospital(year)
    scenario = year.write(
        'name = "x"\n[target]\npath = "points.low_ratio"\nfrom = 0.35\nto = 0.45\nplaces = 2\n'
        f'measure = "fund_amount"\nhospital = "{hospital}"\nat_least = 1',
        "target.toml",
    )
    found = simulate([scenario], year.run, year.job, cache=tmp_path / "cache")
    page = write_simulation(found, tmp_path / "out") / "report.html"
    assert "的全年应得（元）不低于 1" in page.read_text(encoding="utf-8")
