"""An overlay groups again only what it touches, with the result of grouping everything."""

import polars as pl
import pytest

from drgpay.grouper.grouped_stays import read_grouped_stays
from drgpay.simulate.compare import compare_schemes
from tests.simulate.region import Region

OVERLAY = """
[scheme]
id = "split"
name = "split"
[[split]]
drg = "XR19"
[[split.part]]
code = "XR1A"
name = "from 75 years"
rule = "NL >= 75"
"""


@pytest.mark.slow
def test_overlay_to_effect(region: Region) -> None:
    region.write(OVERLAY, "overlay.toml")
    plan = region.plan('overlay = "overlay.toml"\n[recalibrate]\nhistory = "history"')
    assert plan.touched is not None and len(plan.touched) < 10
    grouped = region.stages._grouped(plan, region.stages.base.records[0])
    whole = read_grouped_stays(region.stages.base.records[0].dataset, plan.compiled)
    assert grouped.equals(whole)
    state = region.stages.state(plan)
    assert "XR1A" in state.catalogue.groups["drg"].to_list()
    found = compare_schemes(region.stages.base_state, state)
    assert found is not None
    moved = found.migration.filter(pl.col("from_drg") != pl.col("to_drg"))
    assert moved.select("from_drg", "to_drg").rows() == [("XR19", "XR1A")]
    assert found.migration["cases"].sum() == state.settled.cases.height
    before, after = found.quality["explained"]
    assert before <= after + 1


def test_schemes_on_the_same_stays(region: Region) -> None:
    plan = region.plan('scheme = "chs-drg-1.1"\n[recalibrate]\nhistory = "history"')
    found = compare_schemes(region.stages.base_state, region.stages.state(plan))
    assert found is not None
    sides = {row["side"]: row for row in found.quality.iter_rows(named=True)}
    assert sides["before"]["scheme"] == "chs-drg-2.0"
    assert sides["after"]["scheme"] == "chs-drg-1.1"
    # The rates are of the stays whose payment_unit is drg; all stays go from group to group.
    by_drg = region.stages.base_state.stays.filter(pl.col("payment_unit") == "drg").height
    assert sides["before"]["cases"] == sides["after"]["cases"] == by_drg
    assert found.migration["cases"].sum() == region.stages.base_state.stays.height > by_drg
    assert sides["after"]["ambiguous"] > sides["before"]["ambiguous"]
