"""A cleared year as the base: cleared again by the same code, taken apart to the fen."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import typer
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.cli import simulate as simulate_command
from drgpay.cli.commands import Command
from drgpay.results.part import STAYS
from drgpay.results.run_folder import open_clearing
from drgpay.simulate.base import open_base
from drgpay.simulate.compare import compare, compare_schemes
from drgpay.simulate.decomposition import YEAR_EFFECTS, decomposition
from drgpay.simulate.outcome import _middle, simulate
from drgpay.simulate.output import write_simulation
from drgpay.simulate.paths import with_values
from drgpay.simulate.plan import Plan
from drgpay.simulate.scenario import load_scenario
from drgpay.simulate.settling import hospital_amounts
from drgpay.simulate.sweep import grid_of, sweep
from drgpay.simulate.target import find
from tests.simulate.year import Year, first_hospital
from tests.spread import drawn, spread

pytestmark = pytest.mark.slow

FINAL = "final_amount_fen"


def test_unchanged_scenario_reproduces_the_clearing(year: Year, tmp_path: Path) -> None:
    scenario = year.write('name = "nothing"', "nothing.toml")
    found = simulate([scenario], year.run, year.job, cache=tmp_path / "cache")
    folder = write_simulation(found, tmp_path / "out", with_cases=True)
    for name in ("cases", "adjustments", "statements", "pools", "assessment"):
        written = (folder / f"{name}.parquet").read_bytes()
        assert written == (year.run / f"{name}.parquet").read_bytes(), name
    assert (found.comparison.hospitals["change_fen"] == 0).all()


@pytest.mark.parametrize(
    "text",
    [
        '[[volume]]\nto_hospital = "H3390001"\nshare = 0',
        # Only visits have that finding, so every month is grouped and checked to the same stays.
        '[policy]\nrecords.severity.zero_amount = "ignore"',
    ],
)
def test_unchanged_scenario_through_all_stages(year: Year, text: str) -> None:
    base, state = year.stages.base_state, year.stages.state(year.plan(text))
    assert state.earned is not base.earned
    assert state.settled.is_year and base.settled.is_year
    for name in ("cases", "lines", "pools", "assessment", "adjustments"):
        before, after = getattr(base.settled, name), getattr(state.settled, name)
        assert after.equals(before.select(after.columns)), name


def test_what_is_compared_is_all_that_a_hospital_gets(year: Year) -> None:
    """The final amount is what the region pays and what it bills to the home funds of others."""
    statements = open_clearing(year.run).of(STAYS).scaled("statements")
    billed = pl.when("paid_here").then(0).otherwise("home_fund_bill_fen")
    paid = statements.group_by("hospital_id").agg((pl.col("payable_fen") + billed).sum())
    amounts = hospital_amounts(year.stages.base_state.settled, FINAL)
    assert dict(amounts.iter_rows()) == dict(paid.iter_rows())


def test_a_parameter_does_not_group_again(year: Year, tmp_path: Path) -> None:
    low = year.write('name = "low"\n[policy]\npoints.low_ratio = 0.5', "low.toml")
    first = simulate([low], year.run, year.job, cache=tmp_path / "cache")
    assert first.computed == ("paid", "settled")
    again = simulate([low], year.run, year.job, cache=tmp_path / "cache")
    assert again.computed == () and set(again.reused) == {"paid", "settled"}
    assert again.comparison.hospitals.equals(first.comparison.hospitals)


def _effects(year: Year, plan: Plan) -> set[str]:
    stages = year.stages
    before, after = stages.base_state, stages.state(plan)
    found = decomposition(stages, before, _middle(stages, plan), after)
    total = found.select(pl.sum_horizontal(f"{one}_fen" for one in YEAR_EFFECTS)).to_series()
    assert (found["before_fen"] + total == found["after_fen"]).all()
    for state, column in ((before, "before_fen"), (after, "after_fen")):
        amounts = dict(hospital_amounts(state.settled, FINAL).iter_rows())
        for hospital, fen in found.select("hospital_id", column).iter_rows():
            assert amounts.get(hospital, 0) == fen
    compared = compare(before, after, FINAL)
    change = (found["after_fen"] - found["before_fen"]).sum()
    for name in ("hospitals", "levels", "counties", "groups", "classes", "accounts", "bins"):
        assert getattr(compared, name)["change_fen"].sum() == change, name
    return {effect for effect in YEAR_EFFECTS if (found[f"{effect}_fen"] != 0).any()}


POLICY = st.fixed_dictionaries(
    {},
    optional={
        "points.low_ratio": st.sampled_from(["0.3", "0.55"]),
        "points.readmission.factor": st.sampled_from(["0", "0.8"]),
        "settlement.method": st.sampled_from(['"fund_only"', '"cost"']),
        "settlement.out_of_area": st.sampled_from(['"pooled"', '"excluded"']),
        "settlement.merged_accounts": st.sampled_from(['[["employee", "resident"]]']),
        "clearing.band_rule": st.sampled_from(['"whole"']),
        "clearing.overrun_beyond_reserve": st.sampled_from(["true"]),
        "clearing.assessment.withheld": st.sampled_from(['"redistribute"']),
    },
)
VOLUME = st.sampled_from(
    [
        "",
        '[[volume]]\nhospital = "H3390001"\ntimes = 1.3',
        '[[volume]]\nhospital = "H3390002"\nto_hospital = "H3390003"\nshare = 0.25',
    ]
)


@drawn(12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=POLICY, volume=VOLUME, times=st.sampled_from([None, "0.97", "1.2"]))
def test_effects_add_up(year: Year, policy: dict[str, str], volume: str, times: str | None) -> None:
    lines = ["[policy]", "settlement.may_exceed_budget = true"]
    lines += [f"{path} = {value}" for path, value in policy.items()]
    lines += ["[budget]", f"times = {times}"] if times else []
    _effects(year, year.plan("\n".join([*lines, volume])))


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("[policy]\npoints.low_ratio = 0.5", {"case_class", "value"}),
        ("[budget]\ntimes = 1.03", {"budget"}),
        ("[policy]\nclearing.overrun_shared.0.share = 0.9", {"budget"}),
        ("[policy]\nclearing.assessment.bands.1.factor = 0.9", {"assessment"}),
        ("[policy]\nsettlement.prepay_ratio = 0.9", set()),
        ('[[volume]]\nhospital = "H3390001"\ntimes = 1.3', {"volume", "value"}),
        ('[hospitals.H3390001]\nlevel = "2A"', {"coefficient", "value"}),
        ('[policy]\nsettlement.method = "fund_only"', {"settlement"}),
    ],
)
def test_each_change_has_its_effect(year: Year, text: str, effects: set[str]) -> None:
    assert _effects(year, year.plan(text)) == effects


def test_a_budget_of_the_year_is_that_of_its_months(year: Year) -> None:
    """A month's explicit budget and the annual one both come into the year's."""
    base = year.stages.base_state.settled.pools
    more = year.stages.state(year.plan("[budget]\ntimes = 1.1")).settled.pools
    for before, after in zip(base["budget_fen"], more["budget_fen"], strict=True):
        assert abs(after * 10 - before * 11) <= 12 * 10
    month = '[policy]\n"budget.month_yuan.2026-03.employee" = 1'
    less = year.stages.state(year.plan(f"{month}\nsettlement.may_exceed_budget = true")).settled
    share = base["budget_fen"][0] - less.pools["budget_fen"][0] + 100
    assert share * 11 < base["budget_fen"][0] < share * 13
    with pytest.raises(DrgpayError, match=r"base is the year 2026.*budget\.month_yuan\.2026-10"):
        year.plan("[budget]\nmonth_yuan = { employee = 5 }")


@pytest.mark.parametrize(
    "text",
    spread(
        [
            '[[sweep]]\npath = "points.low_ratio"\nvalues = [0.3, 0.5]',
            '[[sweep]]\npath = "budget.reserve_ratio"\nvalues = [0.02, 0.08]',
            '[[sweep]]\npath = "clearing.overrun_shared.0.share"\nvalues = [0.2, 1]',
            '[[sweep]]\npath = "records.severity.dates_reversed"\nvalues = ["warn", "reject"]',
            '[recalibrate]\nhistory = "history"\n'
            '[[sweep]]\npath = "calibration.stable_min_cases"\nvalues = [3, 9]',
        ],
        2,
    ),
)
def test_sweep_equals_the_whole_computation(year: Year, text: str) -> None:
    plan = year.plan(f"[policy]\nsettlement.may_exceed_budget = true\n{text}")
    grid = grid_of(load_scenario(year.folder / "scenario.toml").file.sweep, "x")
    found = sweep(year.stages, plan, grid, "x")
    for number, setting in enumerate(grid, start=1):
        other = replace(plan, policy=with_values(plan.policy, setting, "x"))
        whole = hospital_amounts(year.stages.state(other).settled, FINAL)
        swept = found.hospitals.filter(number=number).select("hospital_id", FINAL)
        assert dict(swept.iter_rows()) == dict(whole.iter_rows()), setting


def test_target_of_a_year(year: Year) -> None:
    hospital = first_hospital(year)
    text = (
        '[target]\npath = "budget.annual_yuan.employee"\nfrom = 1000000\nto = 9000000\n'
        f'places = 0\nhospital = "{hospital}"\nmeasure = "change_share"\nat_least = 0.01'
    )
    plan = year.plan(f"[policy]\nsettlement.may_exceed_budget = true\n{text}")
    target = load_scenario(year.folder / "scenario.toml").file.target
    assert target is not None
    found = find(year.stages, plan, target, "x")
    assert found.value is not None and found.measure is not None
    assert float(found.measure) >= 0.01


OVERLAY = """
[scheme]
id = "city"
name = "City"
base = "chs-drg-2.0"
[[merge]]
drgs = ["FR21", "FR23"]
name = "Both"
"""


@pytest.mark.slow
def test_overlay_and_recalibration_of_a_year(year: Year) -> None:
    """Only the records of the touched MDC are grouped again; every stay keeps its place."""
    groups = year.stages.base_state.stays["drg"].value_counts(sort=True).drop_nulls()
    merged = next(
        (one[:3], one)
        for one in groups["drg"]
        if one[3] in "135" and groups.filter(pl.col("drg").str.starts_with(one[:3])).height > 1
    )
    drgs = sorted(one for one in groups["drg"] if one.startswith(merged[0]))
    overlay = OVERLAY.replace('["FR21", "FR23"]', json.dumps(drgs))
    year.write(overlay, "overlay.toml")
    plan = year.plan('overlay = "overlay.toml"\n[recalibrate]\nhistory = "history"')
    state = year.stages.state(plan)
    assert state.stays["case_id"].equals(year.stages.base_state.stays["case_id"])
    found = compare_schemes(year.stages.base_state, state)
    assert found is not None
    moved = found.migration.filter(pl.col("from_drg") != pl.col("to_drg"))
    assert set(moved["from_drg"]) == set(drgs[:-1]) and set(moved["to_drg"]) == {drgs[-1]}
    assert "grouping" in _effects(year, plan)


@pytest.mark.slow
def test_another_scheme_for_a_year(year: Year) -> None:
    plan = year.plan('scheme = "chs-drg-1.1"\n[recalibrate]\nhistory = "history"')
    state = year.stages.state(plan)
    assert state.stays.height == year.stages.base_state.stays.height
    assert "grouping" in _effects(year, plan)


def test_level_of_a_hospital_in_all_months(year: Year) -> None:
    hospital = first_hospital(year)
    plan = year.plan(f'[hospitals.{hospital}]\nlevel = "2A"')
    stays = year.stages.state(plan).stays
    assert set(stays.filter(hospital_id=hospital)["level"]) == {"2A"}
    others = stays.filter(pl.col("hospital_id") != hospital)
    before = year.stages.base_state.stays.filter(pl.col("hospital_id") != hospital)
    assert others.equals(before)


class TestRefusals:
    @pytest.fixture
    def copied(self, year: Year, tmp_path: Path) -> Year:
        folder = tmp_path / "region"
        shutil.copytree(year.folder, folder, ignore=shutil.ignore_patterns("cache", "history"))
        run = folder / "runs" / year.run.name
        return replace(year, folder=folder, job=folder / "2026.toml", run=run)

    def test_a_month_that_was_changed(self, copied: Year) -> None:
        month = next((copied.folder / "runs").glob("2026-05-*"))
        pl.read_parquet(month / "cases.parquet").head(9).write_parquet(month / "cases.parquet")
        with pytest.raises(DrgpayError, match=r"files of .*2026-05-.* are not those of its man"):
            open_base([], copied.run, copied.job)

    def test_inputs_that_were_changed(self, copied: Year) -> None:
        hospitals = copied.folder / "hospitals.csv"
        text = hospitals.read_text(encoding="utf-8")
        hospitals.write_text(text.replace("云泽", "云溪"), encoding="utf-8")
        with pytest.raises(
            DrgpayError, match=r"inputs\.hospitals \(hospitals\.csv\) changed sin"
        ) as told:
            open_base([], copied.run, copied.job)
        assert told.value.problem_words.zh.endswith("有变动的是 inputs.hospitals（hospitals.csv）")
        assert told.value.remedy_words.zh == "请恢复这些文件，或重新清算该年度并写明该次清算"

    def test_a_month_that_was_settled_anew(self, copied: Year) -> None:
        path = next((copied.folder / "runs").glob("2026-05-*")) / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["counts"]["read"] += 1
        path.write_text(json.dumps(manifest), encoding="utf-8")
        with pytest.raises(
            DrgpayError, match="the run of 2026-05 changed since; restore the files,"
        ):
            open_base([], copied.run, copied.job)

    def test_records_that_are_not_there(self, copied: Year) -> None:
        path = copied.folder / "stays" / "2026-05.parquet"
        job = copied.job.read_text(encoding="utf-8")
        pl.read_parquet(path).reverse().write_parquet(path)
        base = open_base([], None, copied.job)
        with pytest.raises(DrgpayError, match=r"records 2026-05\.parquet that .* was settled from"):
            _ = base.records
        alone = job.replace("across_months = true", "across_months = false")
        copied.job.write_text(alone, encoding="utf-8")
        base = open_base([], None, copied.job)
        with pytest.raises(DrgpayError, match="does not name the records of the year"):
            _ = base.records

    def test_a_base_without_its_file(self, year: Year) -> None:
        with pytest.raises(DrgpayError, match=r"the year file that .* was made from is not named"):
            open_base([], year.run)

    def test_a_month_in_the_place_of_a_year(self, year: Year) -> None:
        month = next((year.folder / "runs").glob("2026-05-*"))
        with pytest.raises(DrgpayError, match="not the clearing of a year"):
            open_base([], month, year.job)
        with pytest.raises(DrgpayError, match="not the run of a month"):
            open_base([], year.run, year.folder / "2026-05.toml")

    def test_a_budget_below_what_was_prepaid(self, year: Year) -> None:
        with pytest.raises(DrgpayError, match=r"below the .* that its months have already paid"):
            year.stages.state(year.plan("[budget]\ntimes = 0.5"))


def test_command_over_a_year(year: Year, tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(cls=Command)(simulate_command.simulate)
    low = year.write('name = "低倍率 0.5"\n[policy]\npoints.low_ratio = 0.5', "low.toml")
    out = tmp_path / "out"
    arguments = ["--base", str(year.run), "--job", str(year.job), "--out", str(out)]
    told = (
        CliRunner()
        .invoke(app, [str(low), "--lang", "zh", *arguments], catch_exceptions=False)
        .output
    )
    assert "全年应得·测算（元）" in told and "病例类型效应" in told and "考核效应" not in told
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["period"] == "2026"
    assert manifest["base"]["run"]["run"] == year.run.name
    assert manifest["commands"][0] == f"drgpay clear {year.job}"
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "全年应得" in page and page.count("<svg") == 4
    assert "变化分解" in load_workbook(out / "comparison.xlsx").sheetnames
    hospitals = pl.read_parquet(out / "hospitals.parquet")
    final = hospitals["final_amount_after"] - hospitals["final_amount_before"]
    assert final.equals(hospitals["change"], check_names=False)
