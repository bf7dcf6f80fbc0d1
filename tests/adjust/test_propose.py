"""What drives the cost of a group is found, and nothing where nothing does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from drgpay.adjust.apply import apply_overlay
from drgpay.adjust.overlay import overlay_toml
from drgpay.adjust.propose import Choices, Proposals, propose
from drgpay.adjust.proposed import Proposed, proposed
from drgpay.adjust.stays import GroupedStays, read_stays
from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.scheme import load_scheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset

STAYS = 6000


def records(
    factor: Callable[[dict[str, Any]], np.ndarray[Any, Any]] | None = None, seed: int = 1
) -> pl.DataFrame:
    """Stays of the small scheme: log-normal costs by group, times what `factor` says."""
    rng = np.random.default_rng(seed)
    surgical = rng.random(STAYS) < 0.4
    pool = np.array(["I10", "E11.9", "E11.2", "J18.9", "A00.1", "A00.2"])
    has = rng.random((STAYS, len(pool))) < [0.3, 0.1, 0.1, 0.2, 0.15, 0.15]
    facts: dict[str, Any] = {
        "age": rng.integers(1, 95, STAYS),
        "sex": rng.integers(1, 3, STAYS),
        "procedures": [
            [*(["00.01"] if one else []), *(["11.01"] if two else [])]
            for one, two in zip(surgical, surgical & (rng.random(STAYS) < 0.4), strict=True)
        ],
        "other_diagnoses": [list(pool[row]) for row in has],
        "length_of_stay": rng.integers(1, 20, STAYS),
        "discharge_type": rng.choice([1, 2, 4, 5], STAYS, p=[0.8, 0.1, 0.05, 0.05]),
    }
    cost = np.exp(rng.normal(0, 0.4, STAYS)) * np.where(surgical, 20_000, 5_000)
    cost *= 1 + 0.4 * (has[:, 4] & ~surgical)  # MCC: the medical groups differ
    if factor is not None:
        cost = cost * factor(facts | {"has": has, "surgical": surgical})
    return pl.DataFrame(
        {
            "case_id": [f"{number:06}" for number in rng.permutation(STAYS)],
            "hospital_id": rng.choice(["H1", "H2", "H3"], STAYS),
            "settlement_date": rng.choice(
                np.array(["2025-05-01", "2026-05-01"], dtype="datetime64[D]"), STAYS
            ),
            "principal_diagnosis": ["I60.0"] * STAYS,
            **facts,
            "total_cost": pl.Series(np.round(cost, 2)).cast(pl.Decimal(18, 2)),
        }
    )


@pytest.fixture
def looked_at(
    tmp_path: Path, small: Path
) -> Callable[..., tuple[GroupedStays, Proposals, Proposed, CompiledScheme]]:
    """Read records, propose, write the proposals."""

    def look(
        frame: pl.DataFrame, threads: int = 1, **choices: Any
    ) -> tuple[GroupedStays, Proposals, Proposed, CompiledScheme]:
        frame.write_parquet(tmp_path / "stays.parquet", row_group_size=1700)
        compiled = compile_scheme(load_scheme(str(small)))
        stays = read_stays(open_dataset(tmp_path / "stays.parquet"), compiled, threads=threads)
        found = propose(stays, compiled.scheme, Choices(**choices), threads)
        return stays, found, proposed(found, stays, compiled.scheme, "zh"), compiled

    return look


def hypertension(facts: dict[str, Any]) -> np.ndarray[Any, Any]:
    """A diagnosis raises the cost of surgical stays, and only theirs, by 60 %."""
    return np.where(facts["has"][:, 0] & facts["surgical"], 1.6, 1.0)


def r2(frame: pl.DataFrame) -> float:
    """1 - squares within groups / squares in all: of cost in yuan, over drg and cost."""
    cost = frame.with_columns(pl.col("cost").cast(pl.Float64))
    inner = cost.select(((pl.col("cost") - pl.col("cost").mean().over("drg")) ** 2).sum()).item()
    whole = cost.select(((pl.col("cost") - pl.col("cost").mean()) ** 2).sum()).item()
    return float(1 - inner / whole)


def grouped(scheme: Path, tmp_path: Path) -> pl.DataFrame:
    """case_id, drg and cost of the stays by a scheme."""
    dataset = open_dataset(tmp_path / "stays.parquet")
    out = tmp_path / "groups.parquet"
    group_dataset(dataset, compile_scheme(load_scheme(str(scheme))), out)
    costs = pl.read_parquet(tmp_path / "stays.parquet", columns=["case_id", "total_cost"])
    groups = pl.read_parquet(out).select("case_id", pl.col("drg").cast(pl.String))
    return groups.join(costs, on="case_id").rename({"total_cost": "cost"})


def test_a_hidden_driver_is_found_and_raises_r2(
    looked_at: Any, small: Path, tmp_path: Path
) -> None:
    _, found, made, _ = looked_at(records(hypertension))
    assert [split.drg for split in found.splits] == ["BB19"]
    split = made.overlay.split[0]
    assert [part.rule for part in split.part] == ["QTZD in ADJ_QTZD_I10"]
    assert made.overlay.new_set[0].codes == ("I10",)
    assert "I10" in split.reason and "交叉验证" in split.reason
    one = found.splits[0]
    part, rest = (part.measures for part in one.parts)
    assert 1.5 < part.mean_cost / rest.mean_cost < 1.7
    assert one.gain_group_cv > 0.15
    assert one.hospitals.share == 1.0 and one.hospitals.judged == 3
    assert one.years.share == 1.0 and one.years.judged == 2

    apply_overlay(small, made.overlay, tmp_path / "out")
    before, after = grouped(small, tmp_path), grouped(tmp_path / "out", tmp_path)
    assert found.r2 == pytest.approx(r2(before))
    only_split = made.overlay.model_copy(update={"merge": ()})
    apply_overlay(small, only_split, tmp_path / "split")
    after_split = grouped(tmp_path / "split", tmp_path)
    assert r2(after_split) - r2(before) == pytest.approx(one.gain_scheme)
    assert r2(after) == pytest.approx(found.r2_after)
    told = made.table.filter(pl.col("kind") == "split")
    counted = after["drg"].value_counts()
    for code, cases in told.select("code", "cases").iter_rows():
        assert counted.filter(pl.col("drg") == code)["count"].item() == cases


DRIVERS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "age": (lambda facts: np.where(facts["age"] >= 65, 1.8, 1.0), "NL >= 6"),
    "band": (
        lambda facts: np.where((facts["age"] >= 45) & (facts["age"] < 60), 2.0, 1.0),
        "NL >= 45",
    ),
    "sex": (lambda facts: np.where(facts["sex"] == 2, 1.8, 1.0), "XB"),
    "category": (
        lambda facts: np.where(facts["has"][:, 1] | facts["has"][:, 2], 2.2, 1.0),
        "QTZD in ADJ_QTZD_E11",
    ),
    "procedure": (
        lambda facts: np.array([2.0 if "11.01" in one else 1.0 for one in facts["procedures"]]),
        "{ZYSS,QTSS} in ADJ_SS_11_01",
    ),
    "discharge": (lambda facts: np.where(facts["discharge_type"] == 2, 0.3, 1.0), "LYFS = 2"),
    "count": (
        lambda facts: np.array([2.0 if len(one) > 1 else 1.0 for one in facts["procedures"]]),
        "length(OP_B ∩ {ZYSS,QTSS}) >= 2",
    ),
    "stay": (lambda facts: np.where(facts["length_of_stay"] >= 10, 2.0, 1.0), "ZYTS >= 10"),
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_each_kind_of_driver_is_expressed_as_it_was_seen(
    looked_at: Any, small: Path, tmp_path: Path, driver: str
) -> None:
    factor, said = DRIVERS[driver]
    kinds = Choices().kinds + (("length_of_stay",) if driver == "stay" else ())
    frame = records(factor)
    if driver == "count":  # of procedures that one set has, the only one that rules ask for
        kinds = ("procedure_count",)
        second = pl.col("procedures").list.eval(pl.element().replace("11.01", "00.02"))
        frame = frame.with_columns(second)
    _, found, made, _ = looked_at(frame, kinds=kinds, merge_below=0)
    assert "BB19" in [split.drg for split in found.splits]
    rules = " | ".join(part.rule for split in made.overlay.split for part in split.part)
    assert said in rules
    apply_overlay(small, made.overlay, tmp_path / "out")
    counted = grouped(tmp_path / "out", tmp_path)["drg"].value_counts()
    told = made.table.filter(pl.col("kind") == "split").select("code", "cases")
    both = told.join(counted, left_on="code", right_on="drg", how="left")
    assert both["cases"].to_list() == both["count"].to_list()


def test_the_length_of_stay_is_left_alone_unless_asked(looked_at: Any) -> None:
    assert not looked_at(records(DRIVERS["stay"][0]))[1].splits


@pytest.mark.parametrize("seed", range(3))
def test_noise_gives_no_split(looked_at: Any, seed: int) -> None:
    _, found, made, _ = looked_at(records(seed=seed), min_cases=20, min_gain=0.0, merge_below=0)
    assert not found.splits
    assert not made.overlay.split and not made.overlay.new_set
    assert found.r2_after == found.r2


def test_neither_order_nor_threads_matter(looked_at: Any) -> None:
    frame = records(hypertension)
    first = looked_at(frame)[2]
    second = looked_at(frame.sample(fraction=1, shuffle=True, seed=3), threads=3)[2]
    assert overlay_toml(first.overlay) == overlay_toml(second.overlay)
    assert first.table.equals(second.table)


def test_groups_of_the_same_cost_are_merged(looked_at: Any, small: Path, tmp_path: Path) -> None:
    """CC raises no cost here: BR13 and BR15 cost the same, BR11 (MCC) more."""
    _, found, made, _ = looked_at(records(), merge_below=0.1)
    assert [one.drgs for one in made.overlay.merge] == [("BR13", "BR15")]
    assert found.merges[0].gain_scheme <= 0
    apply_overlay(small, made.overlay, tmp_path / "out")
    after = grouped(tmp_path / "out", tmp_path)
    assert "BR13" not in set(after["drg"])
    assert r2(after) == pytest.approx(found.r2_after)


def test_groups_to_look_at_are_listed(looked_at: Any) -> None:
    frame = records().with_columns(
        total_cost=pl.when(pl.int_range(pl.len()) % 500 == 0)
        .then(pl.lit("2000000"))
        .otherwise(pl.col("total_cost").cast(pl.String))
        .cast(pl.Decimal(18, 2))
    )
    _, found, made, _ = looked_at(frame, min_cases=700)
    assert {one.drg for one in found.high_cv} >= {"BB19"}
    assert {one.drg for one in found.few_cases} == {"BR11", "BR13"}
    assert set(made.table["kind"]) >= {"high_cv", "few_cases"}


def test_groups_can_be_named_and_given(looked_at: Any, tmp_path: Path) -> None:
    frame = records(hypertension)
    stays, found, _, compiled = looked_at(frame, adrgs=("BR1",))
    assert found.groups == 3 and not found.splits
    for wrong in (Choices(adrgs=("BR2",)), Choices(drgs=("BR",))):
        with pytest.raises(DrgpayError, match="the scheme has no"):
            propose(stays, compiled.scheme, wrong)
    dataset = open_dataset(tmp_path / "stays.parquet")
    given = tmp_path / "given.parquet"
    group_dataset(dataset, compiled, given)
    again = read_stays(dataset, compiled, given)
    assert (again.group == stays.group).all() and (again.fen == stays.fen).all()
    pl.DataFrame({"case_id": ["000001"], "status": ["grouped"], "drg": ["ZZ99"]}).write_parquet(
        given
    )
    with pytest.raises(DrgpayError, match="has the group ZZ99"):
        read_stays(dataset, compiled, given)


def test_stays_that_cannot_be_used_are_counted(looked_at: Any) -> None:
    frame = records().with_columns(
        payment_unit=pl.when(pl.int_range(pl.len()) < 100).then(pl.lit("bed_day")),
        principal_diagnosis=pl.when(pl.int_range(pl.len()) >= STAYS - 50)
        .then(pl.lit("X99"))
        .otherwise("principal_diagnosis"),
    )
    stays = looked_at(frame)[0]
    assert stays.left_out == {"not grouped": 50, "not paid by DRG": 100, "without a cost": 0}
    assert len(stays) == STAYS - 150
    with pytest.raises(DrgpayError, match="holds no grouped stay with a cost") as told:
        looked_at(frame.with_columns(principal_diagnosis=pl.lit("X99")))
    assert told.value.problem_words.zh.endswith(f"（未入组 {STAYS} 例）")
