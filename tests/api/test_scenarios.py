"""Scenarios in Python: files, values and objects over a base that is opened once."""

import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import drgpay

VALUES: dict[str, Any] = {
    "name": "更少 / less",
    "policy": {"settlement": {"prepay_ratio": 0.9}, "points.low_ratio": Decimal("0.35")},
    "budget": {"annual_yuan": {"employee": "88284000"}},
    "volume": [{"hospital": "H3390001", "times": "1.5"}],
}
FILE = """
name = "更少 / less"
policy = {settlement.prepay_ratio = 0.9, "points.low_ratio" = 0.35}
budget.annual_yuan.employee = "88284000"
volume = [{hospital = "H3390001", times = "1.5"}]
"""


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scenarios") / "region"
    shutil.copytree(sample_data, place, ignore=shutil.ignore_patterns("*history", "visit*"))
    job = place / "2026-10.toml"
    text = job.read_text(encoding="utf-8").split("[outpatient]")[0]
    job.write_text(text.replace('"../runs"', '"runs"'), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def base(region: Path) -> drgpay.ScenarioBase:
    return drgpay.open_base(job=region / "2026-10.toml", cache=region / "cache")


def _same(one: drgpay.Simulation, other: drgpay.Simulation) -> bool:
    tables, others = drgpay.simulation_tables(one), drgpay.simulation_tables(other)
    return all(tables[name].equals(others[name]) for name in tables)


def test_values_an_object_and_a_file_are_the_same_scenario(
    region: Path, base: drgpay.ScenarioBase
) -> None:
    file = region / "less.toml"
    file.write_text(FILE, encoding="utf-8")
    of_file = drgpay.simulate_scenarios(file, job=region / "2026-10.toml", cache=region / "cache")
    of_values = drgpay.simulate_scenarios(VALUES, base=base)
    of_object = drgpay.simulate_scenarios([drgpay.load_scenario(VALUES)], base=base)
    assert drgpay.load_scenario(file).policy == drgpay.load_scenario(VALUES).policy
    assert _same(of_file, of_values) and _same(of_file, of_object)
    changed = drgpay.simulation_tables(of_values)["values"]
    assert changed["point_value_before"].dtype == pl.Decimal(18, 4)
    assert (changed["point_value_before"] != changed["point_value_after"]).all()


def test_a_base_is_computed_once(region: Path, base: drgpay.ScenarioBase) -> None:
    first = drgpay.simulate_scenarios({"name": "a"}, base=base)
    (region / "hospitals.csv").rename(region / "away.csv")  # nothing is read again
    again = drgpay.simulate_scenarios(VALUES, base=base)
    (region / "away.csv").rename(region / "hospitals.csv")
    assert again.before is first.before
    assert "grouped" not in again.computed
    assert drgpay.simulate_scenarios(VALUES, base=base).computed == ()
    with pytest.raises(drgpay.DrgpayError, match="give them to open_base"):
        drgpay.simulate_scenarios({"name": "a"}, base=base, job=region / "2026-10.toml")
    assert re.fullmatch(r"ScenarioBase\(period=2026-10, job=.*, policy=[\w-]+\)", repr(base))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"points.low_ratio": 0.5},
        {"points.readmission.factor": 0.1},
        {"settlement.value_places": 2},
    ],
)
def test_amounts_at_once_are_those_of_the_simulation(
    base: drgpay.ScenarioBase, tmp_path: Path, more: dict[str, Any]
) -> None:
    scenarios = [VALUES, {"name": "more", "policy": more}]
    amounts = drgpay.amount_tables(drgpay.scenario_amounts(scenarios, base=base))
    whole = drgpay.simulate_scenarios(scenarios, base=base)
    tables = drgpay.simulation_tables(whole)
    for name in ("hospitals", "values"):
        assert amounts[name].equals(tables[name]), name
    folder = drgpay.save_simulation(whole, tmp_path / "saved")
    assert amounts["statements"].equals(pl.read_parquet(folder / "statements.parquet"))


def test_amounts_at_once_have_no_sweep(base: drgpay.ScenarioBase) -> None:
    sweep = {"path": "points.low_ratio", "values": [0.3]}
    with pytest.raises(drgpay.DrgpayError, match=r"no \[\[sweep\]\]; leave"):
        drgpay.scenario_amounts({"name": "x", "sweep": [sweep]}, base=base)


def test_what_is_saved_holds_the_scenario(
    region: Path, base: drgpay.ScenarioBase, tmp_path: Path
) -> None:
    found = drgpay.simulate_scenarios([{"name": "a"}, VALUES], base=base)
    folder = drgpay.save_simulation(found, tmp_path / "saved")
    kept = sorted((folder / "scenarios").iterdir())
    assert [path.name for path in kept] == ["1-a.toml", "2-更少-less.toml"]
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "drgpay simulate scenarios/1-a.toml" in report
    again = drgpay.simulate_scenarios(kept, base=base)
    assert _same(found, again)


def test_wrong_values_are_told_by_their_key(base: drgpay.ScenarioBase) -> None:
    for wrong, said in (
        ({"name": "x", "polici": {}}, r"^x\.toml: the key polici is unknown \(is policy meant"),
        ({}, r"^scenario\.toml: the key name is missing"),
        ({"name": 5}, "the key name is wrong"),
        ({"name": "x", "policy": {"points.low_ratio": object()}}, "a value of the type object"),
        ({"name": "x", "policy": {"points.low_rati": 1}}, r"x\.toml: .*points\.low_rati"),
        ({"name": "x", "policy": {5: 1}}, "int as a key"),
        ({"name": "x", "policy": {"points.low_ratio": float("nan")}}, "low_ratio"),
    ):
        with pytest.raises(drgpay.DrgpayError, match=said):
            drgpay.simulate_scenarios(wrong, base=base)


def test_a_sweep_of_places_keeps_all_of_them(base: drgpay.ScenarioBase) -> None:
    swept = {"name": "x", "sweep": [{"path": "settlement.value_places", "values": [2, 4]}]}
    values = drgpay.simulation_tables(drgpay.simulate_scenarios(swept, base=base))["sweep_values"]
    assert values["point_value"].dtype == pl.Decimal(18, 4)
    two, four = (values.filter(number=number)["point_value"] for number in (1, 2))
    assert (two <= four).all() and (two == two.round(2)).all() and (four != two).any()
