"""A scenario without changes is its base, to the byte."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.simulate.cache import cache_folder
from drgpay.simulate.outcome import simulate
from drgpay.simulate.output import write_simulation
from tests.modes import open_to_others
from tests.simulate.region import Region


def test_unchanged_scenario_reproduces_the_run(region: Region, tmp_path: Path) -> None:
    scenario = region.write('name = "nothing"', "nothing.toml")
    found = simulate([scenario], region.run, region.job, cache=tmp_path / "cache")
    folder = write_simulation(found, tmp_path / "out", with_cases=True)
    assert open_to_others(folder) == {}
    for name in ("cases", "adjustments", "statements"):
        written = (folder / f"{name}.parquet").read_bytes()
        assert written == (region.run / f"{name}.parquet").read_bytes(), name
    assert found.after.settled.pools.equals(found.before.settled.pools)
    hospitals = pl.read_parquet(folder / "hospitals.parquet")
    assert (hospitals["change"] == 0).all()
    assert found.comparison.bins.filter(pl.col("hospitals") > 0)["bin"].to_list() == ["within"]


def test_unchanged_scenario_through_all_stages(region: Region) -> None:
    """Also where nothing is taken from the base: a shift of no case computes every stage again."""
    plan = region.plan('[[volume]]\nto_hospital = "H3390001"\nshare = 0')
    base, state = region.stages.base_state, region.stages.state(plan)
    assert state.earned is not base.earned
    assert state.settled.cases.equals(base.settled.cases.select(state.settled.cases.columns))
    assert state.settled.lines.equals(base.settled.lines)


def test_stages_are_reused_by_content(region: Region, tmp_path: Path) -> None:
    low = region.write('name = "low"\n[policy]\npoints.low_ratio = 0.5', "low.toml")
    first = simulate([low], region.run, region.job, cache=tmp_path / "cache")
    again = simulate([low], region.run, region.job, cache=tmp_path / "cache")
    assert {"grouped", "checked", "settled"} <= set(first.computed)
    assert again.computed == ()
    assert set(again.reused) == {"checked", "settled"}
    assert again.comparison.hospitals.equals(first.comparison.hospitals)
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


def test_damaged_stage_is_made_again(region: Region, tmp_path: Path) -> None:
    low = region.write('name = "low"\n[policy]\npoints.low_ratio = 0.5', "low.toml")
    first = simulate([low], region.run, region.job, cache=tmp_path / "cache")
    for path in (tmp_path / "cache").rglob("*.arrow"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    again = simulate([low], region.run, region.job, cache=tmp_path / "cache")
    assert "settled" in again.computed
    assert again.comparison.hospitals.equals(first.comparison.hospitals)


def test_no_cache_gives_the_same(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = region.write('name = "low"\n[policy]\npoints.low_ratio = 0.5', "low.toml")
    kept = simulate([low], region.run, region.job, cache=tmp_path / "cache")
    monkeypatch.setenv("DRGPAY_CACHE", "")
    without = simulate([low], region.run, region.job)
    assert without.comparison.hospitals.equals(kept.comparison.hospitals)
    assert cache_folder(region.folder / "runs") is None
