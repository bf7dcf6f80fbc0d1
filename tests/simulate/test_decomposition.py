"""The effects of every scenario add up to the change of every hospital."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drgpay.simulate.compare import compare
from drgpay.simulate.decomposition import EFFECTS, decomposition
from drgpay.simulate.outcome import _middle
from drgpay.simulate.plan import Plan
from tests.simulate.region import Region


def _effects(region: Region, plan: Plan) -> pl.DataFrame:
    stages = region.stages
    before, after = stages.base_state, stages.state(plan)
    found = decomposition(before, _middle(stages, plan), after, stages.base.settling)
    total = found.select(pl.sum_horizontal(f"{effect}_fen" for effect in EFFECTS)).to_series()
    assert (found["before_fen"] + total == found["after_fen"]).all()
    statements = after.settled.statements.group_by("hospital_id").agg(
        pl.col("fund_amount_fen").sum()
    )
    paid = dict(statements.iter_rows())
    for hospital, fen in found.select("hospital_id", "after_fen").iter_rows():
        assert paid.get(hospital, 0) == fen
    return found


def _used(effects: pl.DataFrame) -> set[str]:
    return {effect for effect in EFFECTS if (effects[f"{effect}_fen"] != 0).any()}


POLICY = st.fixed_dictionaries(
    {},
    optional={
        "points.low_ratio": st.sampled_from(["0.3", "0.55"]),
        "points.high_formula": st.sampled_from(['"excess"', '"at_cost"', '"cost_less_cap"']),
        "points.ungrouped_ratio": st.sampled_from(["0.4", "1"]),
        "points.readmission.factor": st.sampled_from(["0", "0.8"]),
        "points.reference_mean": st.sampled_from(['"level"']),
        "settlement.method": st.sampled_from(['"fund_only"', '"cost"']),
        "settlement.out_of_area": st.sampled_from(['"pooled"', '"excluded"']),
        "settlement.distribute_remainder": st.sampled_from(['"all"']),
        "settlement.value_places": st.sampled_from(["2"]),
        "settlement.merged_accounts": st.sampled_from(['[["employee", "resident"]]']),
    },
)
VOLUME = st.lists(
    st.sampled_from(
        [
            'hospital = "H3390001"\ntimes = 1.3',
            'account = "resident"\ntimes = 0.8',
            'hospital = "H3390002"\nto_hospital = "H3390003"\nshare = 0.25',
            'group = "XR19"\ntimes = 2.5',
        ]
    ),
    max_size=2,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    policy=POLICY, volume=VOLUME, times=st.sampled_from([None, "0.97", "1.05"]), level=st.booleans()
)
def test_effects_add_up(
    region: Region, policy: dict[str, str], volume: list[str], times: str | None, level: bool
) -> None:
    lines = ["[policy]", "settlement.may_exceed_budget = true"]
    lines += [f"{path} = {value}" for path, value in policy.items()]
    lines += ["[budget]", f"times = {times}"] if times else []
    lines += ["[hospitals.H3390005]", 'level = "3A"'] if level else []
    lines += [line for one in volume for line in ("[[volume]]", one)]
    _effects(region, region.plan("\n".join(lines)))


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("[policy]\npoints.low_ratio = 0.5", {"case_class", "value"}),
        ("[budget]\ntimes = 1.03", {"budget"}),
        ("[policy]\npoints.readmission.factor = 0", {"rules", "value"}),
        ('[hospitals.H3390005]\nlevel = "2A"', {"coefficient", "value"}),
        ('[[volume]]\nhospital = "H3390001"\ntimes = 1.2', {"volume", "value"}),
        ('[policy]\nsettlement.distribute_remainder = "all"', {"settlement"}),
    ],
)
def test_each_change_has_its_effect(region: Region, text: str, effects: set[str]) -> None:
    assert _used(_effects(region, region.plan(text))) == effects


def test_recalibration_and_another_scheme(region: Region) -> None:
    same = _used(_effects(region, region.plan('[recalibrate]\nhistory = "history"')))
    assert {"base_points", "coefficient", "case_class"} <= same
    assert not same & {"volume", "grouping", "budget", "settlement"}
    other = region.plan('scheme = "chs-drg-1.1"\n[recalibrate]\nhistory = "history"')
    assert "grouping" in _used(_effects(region, other))


def test_every_table_has_the_same_change(region: Region) -> None:
    stages = region.stages
    found = compare(
        stages.base_state,
        stages.state(region.plan("[policy]\npoints.low_ratio = 0.5")),
        stages.base.settling.amount,
    )
    change = found.hospitals["change_fen"].sum()
    for name in ("levels", "counties", "groups", "classes", "accounts", "bins"):
        assert getattr(found, name)["change_fen"].sum() == change, name
    assert found.hospitals["change_fen"].is_sorted(descending=True)
