"""Scenario files: what they may say, and what is told of the mistakes in them."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.simulate.base import open_base
from drgpay.simulate.outcome import simulate
from drgpay.simulate.plan import plan_of
from drgpay.simulate.scenario import conflicts_of, load_scenario
from drgpay.simulate.sweep import grid_of
from tests.simulate.region import Region


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[policy]\npoints.low_ration = 0.5",
            "the policy has no points.low_ration; the nearest known path is points.low_ratio",
        ),
        ("[policy]\npoints.high_bands.7.ratio = 2", "the policy has no points.high_bands.7.ratio"),
        ('[policy]\npoints.low_ratio = "much"', "the key points.low_ratio is wrong"),
        ("[policy]\npoints.low_ratio = 2", "the key points.low_ratio is wrong"),
        ("[policy]\npoints.tcm.uplift = 0.1", "give the whole table points.tcm"),
        ("[policy]\nbudget.annual_yuan.nobody = 5", "does not list the account nobody"),
        ('[policy]\npoints.always_low_groups = ["ZZ99"]', "names ZZ99"),
        ("[policy]\ncalibration.stable_min_cases = 9", "add [recalibrate]"),
        ('scheme = "chs-drg-1.1"', "add [recalibrate] with history"),
        ('scheme = "no-such"', "no-such"),
        ('[hospitals.H9]\nlevel = "3A"', "there is no hospital H9"),
        ('[[volume]]\ngroup = "ZZ99"\ntimes = 2', "volume selects no case (drg ZZ99)"),
        ("[[volume]]\ntimes = 2\nshare = 0.5", "give times, or to_hospital and share"),
        ('[[volume]]\nto_hospital = "H9"\nshare = 0.5', "the hospital H9, which does not exist"),
        ('[[sweep]]\npath = "points.low_ratio"\nfrom = 0.1', "give values, or from, to and step"),
        ("[polices]\na = 1", "the key polices is unknown (is policy meant?)"),
        ("[[volume]]\ntimes = 99999", "repeats"),
        ("[[volume]]\ntimes = 1e9", "the key volume.0.times is wrong"),
        ("[[volume]]\ntimes = 3\n" * 12, "with times = 3 repeats"),
        ("[[volume]]\ntimes = 1.0\n" * 1001, "the key volume is wrong: "),
        ("[[sweep]]\npath = 'a'\nvalues = [1]\n" * 11, "the key sweep is wrong: "),
        (
            '[target]\npath = "points.low_ratio"\nfrom = 0.31\nto = 0.39\nplaces = 1\n'
            'hospital = "H3390001"\nwithin = 0.1',
            "no value of 1 places lies between from and to",
        ),
        ("[policy\n", "is not valid TOML"),
        ('overlay = "missing.toml"\n[recalibrate]\nhistory = "history"', "missing.toml"),
        ('[recalibrate]\nhistory = "nowhere"', "there is no file or folder"),
        ('[target]\npath = "points.low_ratio"\nfrom = 0\nto = 1\nwithin = 0.1', "needs hospital"),
    ],
)
def test_mistakes_are_told(region: Region, text: str, told: str) -> None:
    with pytest.raises(DrgpayError) as error:
        region.stages.state(region.plan(text))
    assert told in str(error.value)


def test_policy_keys_may_be_quoted_or_nested(region: Region) -> None:
    for text in (
        '[policy]\n"points.readmission.days" = 10',
        "[policy]\npoints.readmission.days = 10",
        "[policy.points.readmission]\ndays = 10",
    ):
        assert region.plan(text).policy.points.readmission.days == 10
    trim = '[policy]\ncalibration.trim = { method = "none" }\n[recalibrate]\nhistory = "history"'
    assert region.plan(trim).policy.calibration.trim.method == "none"
    band = region.plan("[policy]\npoints.high_bands.0.ratio = 1.8").policy.points.high_bands
    assert [str(one.ratio) for one in band] == ["1.8", "2", "3"]


def test_stacked_files_apply_in_order_and_conflicts_are_reported(region: Region) -> None:
    one = region.scenario(
        'name = "a"\n[policy]\npoints.low_ratio = 0.3\nsettlement.value_places = 2', "a.toml"
    )
    two = region.scenario(
        'name = "b"\n[policy]\npoints.low_ratio = 0.5\nsettlement.value_places = 2', "b.toml"
    )
    found = conflicts_of([one, two], "2026-10")
    assert [(c.key, c.first, c.first_value, c.then, c.then_value) for c in found] == [
        ("points.low_ratio", "a", "0.3", "b", "0.5")
    ]
    plan = plan_of(region.stages.base, [one, two], region.stages.cache)
    assert str(plan.policy.points.low_ratio) == "0.5"
    assert (
        str(plan_of(region.stages.base, [two, one], region.stages.cache).policy.points.low_ratio)
        == "0.3"
    )


@pytest.mark.parametrize(
    ("one", "two", "found"),
    [
        ("[policy]\npoints.low_ratio = 0.5", "[policy]\npoints.low_ratio = 0.5", []),
        ("[policy]\npoints.low_ratio = 0.5", "[policy]\npoints.ungrouped_ratio = 0.5", []),
        (
            '[policy]\n"points.tcm" = { groups = ["ES11"], uplift = 0.1, max_points = 20 }',
            "[policy]\npoints.tcm.uplift = 0.2",
            [("points.tcm.uplift", "0.1", "0.2")],
        ),
        (
            "[policy]\npoints.tcm.uplift = 0.2",
            '[policy]\n"points.tcm" = { groups = ["ES11"], uplift = 0.1 }',
            [("points.tcm.uplift", "0.2", "0.1")],
        ),
        (
            "[budget]\nmonth_yuan = { employee = 1 }",
            '[policy]\n"budget.month_yuan.2026-10.employee" = 2',
            [("budget.month_yuan.2026-10.employee", "1", "2")],
        ),
        ("[budget]\ntimes = 1.1", "[budget]\ntimes = 1.2", []),
        ('catalogue = "a"', '[recalibrate]\nhistory = "b"', [("catalogue", "a", "b")]),
        ('overlay = "a.toml"', 'overlay = "b.toml"', []),
        (
            'overlay = "a.toml"',
            'scheme = "chs-drg-1.1"',
            [("overlay", "a.toml", "scheme chs-drg-1.1")],
        ),
        (
            '[hospitals.H1]\nlevel = "3A"',
            '[hospitals.H1]\nlevel = "2A"\ncounty = "x"',
            [("hospitals.H1.level", "3A", "2A")],
        ),
    ],
)
def test_what_conflicts(
    tmp_path: Path, one: str, two: str, found: list[tuple[str, str, str]]
) -> None:
    files = []
    for name, text in (("one", one), ("two", two)):
        files.append(tmp_path / f"{name}.toml")
        files[-1].write_text(f'name = "{name}"\n{text}', encoding="utf-8")
    conflicts = conflicts_of([load_scenario(file) for file in files], "2026-10")
    told = [(one.key, one.first_value, one.then_value) for one in conflicts]
    assert [tuple(text.replace(f"{tmp_path}/", "") for text in row) for row in told] == found


def test_the_later_of_catalogue_and_recalibration_holds(region: Region) -> None:
    given = region.scenario('name = "a"\ncatalogue = "catalogue"', "a.toml")
    made = region.scenario('name = "b"\n[recalibrate]\nhistory = "history"', "b.toml")
    base, cache = region.stages.base, region.stages.cache
    assert plan_of(base, [made, given], cache).catalogue is not None
    assert plan_of(base, [given, made], cache).catalogue is None


def test_waterfall_ends_at_the_stack(region: Region, tmp_path: Path) -> None:
    one = region.write('name = "a"\n[policy]\npoints.low_ratio = 0.5', "a.toml")
    two = region.write('name = "b"\n[budget]\ntimes = 1.02', "b.toml")
    found = simulate([one, two], region.run, region.job, cache=tmp_path / "cache")
    steps = found.waterfall.group_by("hospital_id").agg(pl.col("change_fen").sum())
    change = dict(steps.iter_rows())
    hospitals = found.comparison.hospitals.select("hospital_id", "change_fen")
    assert change == dict(hospitals.iter_rows())


def test_exploding_sweep_is_refused_with_its_count(region: Region) -> None:
    scenario = region.scenario(
        'name = "x"\n'
        '[[sweep]]\npath = "points.low_ratio"\nfrom = 0\nto = 1\nstep = 0.0001\n'
        '[[sweep]]\npath = "settlement.value_places"\nvalues = [2, 4]'
    )
    with pytest.raises(DrgpayError, match=r"has 20002 points \(10001 x 2\), more than 1000"):
        grid_of(scenario.file.sweep, str(scenario.path))


def test_base_whose_files_changed_is_refused(region: Region, tmp_path: Path) -> None:
    copy = tmp_path / "region"
    shutil.copytree(region.folder, copy)
    hospitals = copy / "hospitals.csv"
    hospitals.write_text(
        hospitals.read_text(encoding="utf-8").replace("青岚", "清岚"), encoding="utf-8"
    )
    with pytest.raises(DrgpayError) as error:
        open_base([], region.run, copy / "2026-10.toml")
    assert "inputs.hospitals (hospitals.csv) changed since" in str(error.value)
    (copy / "runs" / region.run.name / "statements.parquet").write_bytes(b"")
    with pytest.raises(DrgpayError, match="are not those of its manifest"):
        open_base([], copy / "runs" / region.run.name, copy / "2026-10.toml")


def test_base_is_needed(region: Region) -> None:
    scenario = region.scenario('name = "x"')
    with pytest.raises(DrgpayError, match="names no base"):
        open_base([scenario])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[[sweep]]\npath = "points.low_ratio"\nfrom = 0\nto = 1e15\nstep = 1e-20',
            "the sweep has 100000000000000000000000000000000001 points",
        ),
        (
            '[[sweep]]\npath = "calibration.stable_min_cases"\nfrom = 1\nto = 101\nstep = 1',
            "the sweep has 101 points (101), more than 100 of calibration.stable_min_cases",
        ),
        (
            '[[sweep]]\npath = "points.low_ratio"\nfrom = 0\nto = 1\nstep = 0.01\n'
            '[[sweep]]\npath = "points.low_factor"\nfrom = 0\nto = 1\nstep = 0.01',
            "the sweep has 10201 points (101 x 101), more than 1000",
        ),
    ],
)
def test_a_sweep_that_would_not_end_is_refused(region: Region, text: str, told: str) -> None:
    scenario = region.scenario(f'name = "x"\n{text}', "sweep.toml")
    with pytest.raises(DrgpayError) as error:
        grid_of(scenario.file.sweep, str(scenario.path))
    assert told in str(error.value)
