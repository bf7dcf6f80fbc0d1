"""Sweeps and targets give what the whole computation gives."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.grouped_stays import read_grouped_stays
from drgpay.records.dataset import Dataset
from drgpay.simulate import stages as stages_module
from drgpay.simulate.cache import StageCache
from drgpay.simulate.paths import with_values
from drgpay.simulate.settling import hospital_amounts
from drgpay.simulate.stages import Stages
from drgpay.simulate.sweep import grid_of, sweep
from drgpay.simulate.target import find
from tests.simulate.region import Region
from tests.spread import spread

FUND = "fund_amount_fen"


@pytest.mark.slow
@pytest.mark.parametrize(
    "sweeps",
    spread(
        [
            '[[sweep]]\npath = "points.low_ratio"\nfrom = 0.2\nto = 0.6\nstep = 0.1',
            '[[sweep]]\npath = "points.high_bands.1.base_points_from"\nvalues = [50, 100, 200]',
            '[[sweep]]\npath = "points.readmission.days"\nvalues = [0, 15, 30]',
            '[[sweep]]\npath = "points.ambiguous_ratio"\nvalues = [0.1, 0.6, 1]',
            '[[sweep]]\npath = "points.high_formula"\nvalues = ["excess", "at_cost"]',
            '[[sweep]]\npath = "records.cost_tolerance_yuan"\nvalues = [0, 0.1]',
            '[recalibrate]\nhistory = "history"\n'
            '[[sweep]]\npath = "calibration.stable_min_cases"\nvalues = [3, 5, 15]',
            '[[sweep]]\npath = "settlement.method"\nvalues = ["fund_only", "cost"]',
            '[[sweep]]\npath = "budget.annual_yuan.employee"\nvalues = [80000000, 90000000]',
            '[[sweep]]\npath = "points.low_ratio"\nvalues = [0.3, 0.4, 0.5]\n'
            '[[sweep]]\npath = "points.high_bands.2.ratio"\nvalues = [2.5, 3]',
        ],
        4,
    ),
)
def test_sweep_equals_the_whole_computation(region: Region, sweeps: str) -> None:
    text = f"[policy]\nsettlement.may_exceed_budget = true\n{sweeps}"
    plan = region.plan(text)
    file = region.scenario(f'name = "x"\n{text}').file
    grid = grid_of(file.sweep, "x")
    found = sweep(region.stages, plan, grid, "x")
    for number, setting in enumerate(grid, start=1):
        other = replace(plan, policy=with_values(plan.policy, setting, "x"))
        whole = hospital_amounts(region.stages.state(other).settled, FUND)
        swept = found.hospitals.filter(number=number)
        assert dict(swept.select("hospital_id", "fund_amount_fen").iter_rows()) == dict(
            whole.iter_rows()
        ), setting
    assert found.points["number"].to_list() == list(range(1, len(grid) + 1))


def test_points_of_a_sweep_group_nothing_again(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The month and the history are grouped once, and catalogues of points are not kept."""
    grouped = []

    def counted(dataset: Dataset, *rest: Any, **named: Any) -> pl.DataFrame:
        grouped.append(dataset.path.name)
        return read_grouped_stays(dataset, *rest, **named)

    monkeypatch.setattr(stages_module, "read_grouped_stays", counted)
    stages = Stages(region.stages.base, StageCache(tmp_path))
    for area, path, values in (
        ("calibration", "calibration.stable_min_cases", (3, 4, 6, 9)),
        ("records", "records.cost_tolerance_yuan", (Decimal(0), Decimal("0.01"), Decimal(5))),
    ):
        plan = region.plan('[recalibrate]\nhistory = "history"')
        found = sweep(stages, plan, [{path: value} for value in values], "x")
        assert found.points.height == len(values), area
    assert sorted(grouped) == ["2026-10.parquet", "history"]
    assert len(list(tmp_path.glob("catalogue-*"))) == 1
    assert len(list(tmp_path.glob("checked*"))) == 2


def test_calibration_is_not_swept_without_recalibration(region: Region) -> None:
    plan = region.plan("")
    with pytest.raises(DrgpayError, match=r"calibration changes nothing.*add \[recalibrate\]"):
        sweep(region.stages, plan, [{"calibration.stable_min_cases": 9}], "x")
    text = (
        '[target]\npath = "calibration.stable_min_cases"\nfrom = 2\nto = 9\nplaces = 0\n'
        'hospital = "H3390010"\nwithin = 0.02'
    )
    target = region.scenario(f'name = "x"\n{text}').file.target
    assert target is not None
    with pytest.raises(DrgpayError, match="calibration changes nothing"):
        find(region.stages, plan, target, "x")


def test_point_that_cannot_be_settled_is_named(region: Region) -> None:
    plan = region.plan("")
    with pytest.raises(DrgpayError, match=r"x: at settlement\.method = cost: the fund amounts"):
        sweep(region.stages, plan, [{"settlement.method": "cost"}], "x")


def test_target_keeps_a_hospital_within(region: Region) -> None:
    base = dict(hospital_amounts(region.stages.base_state.settled, FUND).iter_rows())
    lower = "[policy]\npoints.low_ratio = 0.5\n"
    moved = region.stages.state(region.plan(lower)).settled
    # One that moves too far.
    hospital, _ = max(
        hospital_amounts(moved, FUND).iter_rows(),
        key=lambda row: abs(row[1] - base[row[0]]) / base[row[0]],
    )
    text = (
        f'{lower}[target]\npath = "points.low_ratio"\nfrom = 0.3\nto = 0.6\nplaces = 2\n'
        f'hospital = "{hospital}"\nwithin = 0.02'
    )
    plan = region.plan(text)
    target = region.scenario(f'name = "x"\n{text}').file.target
    assert target is not None
    found = find(region.stages, plan, target, "x")
    assert found.value is not None and found.measure is not None
    assert abs(found.measure) <= Decimal("0.02")
    # One step nearer to the present value it is not within any more.
    nearer = with_values(plan.policy, {"points.low_ratio": found.value + Decimal("0.01")}, "x")
    amounts = dict(
        hospital_amounts(
            region.stages.state(replace(plan, policy=nearer)).settled, FUND
        ).iter_rows()
    )
    assert abs(amounts[hospital] - base[hospital]) * 50 > base[hospital]


def test_target_that_no_value_reaches(region: Region) -> None:
    text = (
        '[target]\npath = "points.low_ratio"\nfrom = 0.35\nto = 0.45\nplaces = 2\n'
        'measure = "point_value"\npool = "employee"\nat_least = 500'
    )
    target = region.scenario(f'name = "x"\n{text}').file.target
    assert target is not None
    found = find(region.stages, region.plan(text), target, "x")
    assert found.value is None
    assert not any(one.ok for one in found.tried)


def test_target_of_a_budget(region: Region) -> None:
    """The point value rises with the budget, so halving finds the least budget to the yuan."""
    now = pl.read_parquet(region.run / "values.parquet").filter(pool="employee")["point_value"][0]
    text = (
        '[target]\npath = "budget.annual_yuan.employee"\nfrom = 80000000\nto = 90000000\n'
        f'places = 0\nmeasure = "point_value"\npool = "employee"\nat_least = {now + 1}'
    )
    plan = region.plan(text)
    target = region.scenario(f'name = "x"\n{text}').file.target
    assert target is not None
    found = find(region.stages, plan, target, "x")
    assert found.steady and found.value is not None and found.measure is not None
    assert found.measure >= now + 1
    below = {one.value: one.measure for one in found.tried}[found.value - 1]
    assert below < now + 1
