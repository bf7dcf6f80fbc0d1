"""The effects of every scenario add up to the change of every hospital."""

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA, REASON_SCHEMA
from drgpay.simulate.compare import compare
from drgpay.simulate.decomposition import EFFECTS, decomposition
from drgpay.simulate.outcome import _middle
from drgpay.simulate.paths import with_values
from drgpay.simulate.plan import Plan
from drgpay.simulate.settling import hospital_amounts
from drgpay.simulate.stages import Stages
from drgpay.simulate.sweep import sweep
from tests.simulate.region import Region
from tests.simulate.test_regroup import OVERLAY
from tests.spread import drawn, spread


def _effects(region: Region, plan: Plan) -> pl.DataFrame:
    stages = region.stages
    before, after = stages.base_state, stages.state(plan)
    found = decomposition(stages, before, _middle(stages, plan), after)
    total = found.select(pl.sum_horizontal(f"{effect}_fen" for effect in EFFECTS)).to_series()
    assert (found["before_fen"] + total == found["after_fen"]).all()
    statements = after.settled.lines.group_by("hospital_id").agg(pl.col("fund_amount_fen").sum())
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


@pytest.mark.slow
@drawn(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


MORE = {"H3390002": "3A", "H3390005": "2A"}
CAUSES: dict[str, tuple[str, set[str]]] = {
    "volume": ('[[volume]]\nhospital = "H3390001"\ntimes = 1.2', {"volume", "value"}),
    "records": ("[policy]\nrecords.max_amount_yuan.stay = 30000", {"volume", "value"}),
    "level": (
        "\n".join(f'[hospitals.{one}]\nlevel = "{level}"' for one, level in MORE.items()),
        {"coefficient", "case_class", "value"},
    ),
    "catalogue": (
        '[recalibrate]\nhistory = "history"',
        {"base_points", "coefficient", "case_class", "value"},
    ),
    "overlay": (
        'overlay = "overlay.toml"\n[recalibrate]\nhistory = "history"',
        {"grouping", "base_points", "coefficient", "case_class", "value"},
    ),
    "factor": ("[policy]\npoints.readmission.factor = 0.1", {"rules", "value"}),
    "low": ("[policy]\npoints.low_ratio = 0.55", {"rules", "case_class", "value"}),
    "mean": ("[policy]\npoints.high_bands.2.ratio = 2.2", {"rules", "case_class", "value"}),
    "outside": (
        '[policy]\npoints.outside_drg_if = "ZYTS >= 20"',
        {"rules", "case_class", "value"},
    ),
    "budget": ("[budget]\ntimes = 1.03", {"budget"}),
    "distribute": ('[policy]\nsettlement.distribute_remainder = "all"', {"settlement"}),
    "method": ('[policy]\nsettlement.method = "fund_only"', {"settlement"}),
    "outside_area": ('[policy]\nsettlement.out_of_area = "excluded"', {"settlement"}),
}
BASES: dict[str, dict[str, object]] = {
    "sample": {},
    "by level": {
        "points.reference_mean": "level",
        "settlement.distribute_remainder": "all",
        "points.high_bands.0.levels": ["3A"],
        "points.age_factors": [{"rule": "NL >= 70", "times": Decimal("1.2")}],
        "points.readmission.days": 300,
        "points.readmission.factor": Decimal("0.3"),
    },
    "fund only": {"settlement.method": "fund_only", "settlement.out_of_area": "pooled"},
}


def _over(region: Region, base: str) -> Region:
    """The region with a policy of its own."""
    of = region.stages.base
    values = {"settlement.may_exceed_budget": True, **BASES[base]}
    policy = with_values(of.rules.policy, values, base)
    rules = replace(of.rules, loaded=replace(of.rules.loaded, policy=policy))
    stages = Stages(replace(of, rules=rules, run=None), region.stages.cache)
    return replace(region, stages=stages)


@pytest.mark.slow
@pytest.mark.parametrize("base", spread(BASES, 1))
@drawn(12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(causes=st.sets(st.sampled_from(sorted(CAUSES)), min_size=1, max_size=3))
def test_an_effect_without_its_cause_is_zero(region: Region, base: str, causes: set[str]) -> None:
    _check_causes(_over(region, base), causes)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("cause", spread(CAUSES, 2))
def test_a_cause_alone_has_no_other_effect(region: Region, base: str, cause: str) -> None:
    over = _over(region, base)
    used, plan = _check_causes(over, {cause})
    assert used or plan.policy == over.stages.base.rules.policy  # the base has it already


def _check_causes(region: Region, causes: set[str]) -> tuple[set[str], Plan]:
    region.write(OVERLAY, "overlay.toml")
    tables: dict[str, list[str]] = {}
    for name in sorted(causes):
        table = ""
        for line in CAUSES[name][0].splitlines():
            table = line if line.startswith("[") else table
            known = tables.setdefault(table, [])
            if line not in (table, *known):
                known.append(line)
    text = "\n".join("\n".join([table, *lines]) for table, lines in sorted(tables.items()))
    plan = region.plan(text)
    used = _used(_effects(region, plan))
    assert used <= set.union(*(CAUSES[name][1] for name in causes))
    return used, plan


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("[policy]\npoints.low_ratio = 0.5", {"case_class", "value"}),
        ('[[volume]]\nhospital = "H3390002"\ntimes = 0.5', {"volume", "value"}),
        ("[budget]\ntimes = 1.03", {"budget"}),
    ],
)
def test_rows_on_stays_of_earlier_months_stay_as_they_are(
    region: Region, text: str, effects: set[str]
) -> None:
    base = replace(region.stages.base)
    rows = [
        ("H3390001-2026-09", "H3390001", "employee", kind, points)
        for kind, points in (("readmission_earlier", -500_000), ("deduction_earlier", -70_000))
    ]
    named = pl.DataFrame(
        rows, ["case_id", "hospital_id", "account", "kind", "points"], orient="row"
    )
    earlier = named.with_columns(
        out_of_area=False,
        step=1,
        applies_to=pl.lit("hospital"),
        **dict.fromkeys((*REASON_SCHEMA, "evidence")),
        **dict.fromkeys(("paid_in", "deduction_kind", "return_in"), None),
    )
    columns = [pl.col(name).cast(of) for name, of in ADJUSTMENT_SCHEMA.items()]
    vars(base)["earlier"] = earlier.select(columns)
    with_rows = replace(region, stages=Stages(base, region.stages.cache))
    plan = with_rows.plan(text)
    assert _used(_effects(with_rows, plan)) == effects

    def minus(stages: Stages, plan: Plan) -> int:
        lines = stages.state(plan).settled.lines.filter(
            pl.col("hospital_id") == "H3390001",
            pl.col("account") == "employee",
            ~pl.col("out_of_area"),
        )
        return int(lines["minus_points"].sum())

    assert minus(with_rows.stages, plan) - minus(region.stages, plan) == -570_000
    setting = {"points.readmission.factor": Decimal("0.4")}
    swept = sweep(with_rows.stages, plan, [setting], "x").hospitals
    other = replace(plan, policy=with_values(plan.policy, setting, "x"))
    whole = hospital_amounts(with_rows.stages.state(other).settled, "fund_amount_fen")
    assert swept["fund_amount_fen"].to_list() == whole["fund_amount_fen"].to_list()
