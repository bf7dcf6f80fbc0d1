"""A small region: the same bytes again, the wanted groups, sums that add up, shares."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import compile_scheme
from drgpay.grouper.scheme import load_scheme
from drgpay.sample.admissions import draw_admissions
from drgpay.sample.coding import draw_coding
from drgpay.sample.costs import draw_costs
from drgpay.sample.plan import Month, SamplePlan
from drgpay.sample.region import RegionSummary, month_tables, write_region
from drgpay.sample.region_tables import RegionTables, build_tables
from drgpay.sample.table import STAY_SCHEMA, stay_table
from tests.spread import spread

PLAN = SamplePlan(stays_per_month=30_000, months=1, history_months=1, seed=1)
MONTH = Month.parse("2026-10")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RegionSummary]:
    folder = tmp_path_factory.mktemp("region")
    return folder, write_region(PLAN, folder)


@pytest.fixture(scope="module")
def tables(laid_out: Callable[[SamplePlan], RegionTables]) -> RegionTables:
    return laid_out(PLAN)


@pytest.fixture(scope="module")
def stays(written: tuple[Path, RegionSummary]) -> pl.DataFrame:
    return pl.read_parquet(written[0] / "stays" / "2026-10.parquet")


def test_files(written: tuple[Path, RegionSummary]) -> None:
    folder, summary = written
    names = [path.relative_to(folder).as_posix() for path in summary.files]
    assert names == ["hospitals.csv", "history/2026-09.parquet", "stays/2026-10.parquet"]
    assert summary.stays == 30_000
    assert 29_000 < summary.history_stays < 30_000
    file = pq.ParquetFile(folder / "stays" / "2026-10.parquet")
    assert file.schema_arrow.equals(STAY_SCHEMA)
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    hospitals = pl.read_csv(folder / "hospitals.csv")
    assert hospitals.columns == [
        "hospital_id",
        "name",
        "level",
        "county",
        "alliance",
        "kind",
        "assessment",
    ]
    assert set(hospitals["level"]) == {"3A", "3B", "2A", "2B", "1", "0"}


def test_nearly_all_groups_are_covered(written: tuple[Path, RegionSummary]) -> None:
    _, summary = written
    assert summary.groups == 634
    assert summary.covered >= 0.95 * summary.groups


@pytest.mark.slow
def test_same_seed_same_bytes_whatever_the_other_months(
    written: tuple[Path, RegionSummary], tables: RegionTables, tmp_path: Path
) -> None:
    folder, _ = written
    with pq.ParquetWriter(tmp_path / "again", STAY_SCHEMA, compression="zstd") as writer:
        for table in month_tables(tables, PLAN, MONTH, PLAN.stays_per_month):
            writer.write_table(table)
    first = (folder / "stays" / "2026-10.parquet").read_bytes()
    assert (tmp_path / "again").read_bytes() == first


@pytest.mark.slow
def test_a_seed_of_its_own_gives_other_stays(tables: RegionTables) -> None:
    other = SamplePlan(stays_per_month=2_000, months=1, seed=8)
    (mine,) = month_tables(tables, PLAN, MONTH, 2_000)
    (theirs,) = month_tables(tables, other, MONTH, 2_000)
    assert not mine.equals(theirs)


def test_the_intended_group_is_reached(tables: RegionTables) -> None:
    rng = np.random.default_rng(3)
    drawn, _ = draw_admissions(tables, MONTH, 0, 50_000, rng)
    costs = draw_costs(tables, drawn, 0, rng)
    table = stay_table(tables, MONTH, 0, drawn, draw_coding(tables, drawn, rng), costs)
    reached = group_batch(compile_scheme(load_scheme(PLAN.scheme)), _one_batch(table))
    group = tables.cores.group[drawn.core]
    wanted = np.array([leaf.drg for leaf in tables.groups.leaves])[group]
    normal = np.array([leaf.status == "grouped" for leaf in tables.groups.leaves])[group]
    same = np.array(reached["drg"].to_pylist()) == wanted
    assert same[normal].mean() > 0.97
    assert same[~normal].mean() > 0.9
    assert 0.015 < 1 - normal.mean() < 0.025


def test_costs_add_up_but_for_few(stays: pl.DataFrame) -> None:
    parts = pl.col("fund_cost") + pl.col("patient_cost") + pl.col("other_cost")
    broken = stays.filter(pl.col("total_cost") != parts)
    assert 0 < broken.height < 0.001 * stays.height
    assert stays.filter(pl.col("total_cost") < 0).height < 0.001 * stays.height
    details = pl.col("drug_cost") + pl.col("material_cost") + pl.col("exam_cost")
    assert stays.filter((pl.col("total_cost") > 0) & (details > pl.col("total_cost"))).is_empty()


def test_no_id_twice_and_all_settled_in_the_month(
    written: tuple[Path, RegionSummary], stays: pl.DataFrame
) -> None:
    earlier = pl.read_parquet(written[0] / "history" / "2026-09.parquet")
    ids = pl.concat([stays["case_id"], earlier["case_id"]])
    assert ids.n_unique() == len(ids)
    assert set(stays["settlement_date"].dt.strftime("%Y-%m")) == {"2026-10"}
    assert stays["settlement_date"].is_sorted()


def test_shares(stays: pl.DataFrame) -> None:
    shares = stays.select(
        bed_day=(pl.col("payment_unit") == "bed_day").mean(),
        fee=(pl.col("payment_unit") == "fee").mean(),
        incomplete=(~pl.col("complete")).mean(),
        out_of_area=pl.col("out_of_area").mean(),
        other_funds=(pl.col("other_cost") > 0).mean(),
        no_principal=pl.col("principal_diagnosis").is_null().mean(),
        newborn=pl.col("weight_g").is_not_null().mean(),
    ).row(0, named=True)
    expected = {
        "bed_day": (0.015, 0.03),
        "fee": (0.003, 0.007),
        "incomplete": (0.015, 0.025),
        "out_of_area": (0.025, 0.035),
        "other_funds": (0.07, 0.09),
        "no_principal": (0.0001, 0.001),
        "newborn": (0.005, 0.06),
    }
    for name, (low, high) in expected.items():
        assert low < shares[name] < high, name
    assert 2.5 < float(stays["other_diagnoses"].list.len().mean()) < 4  # type: ignore[arg-type]
    fund = stays.filter(pl.col("total_cost") > 0).select(
        pl.col("fund_cost").cast(pl.Float64).sum() / pl.col("total_cost").cast(pl.Float64).sum()
    )
    assert 0.55 < fund.item() < 0.8


def test_bed_day_stays_have_a_class_and_are_long(stays: pl.DataFrame) -> None:
    bed_day = stays.filter(payment_unit="bed_day")
    assert bed_day["bed_day_class"].null_count() == 0
    assert bed_day["length_of_stay"].is_between(20, 120).all()
    assert stays.filter(pl.col("payment_unit") != "bed_day")["bed_day_class"].is_null().all()


def _again(stays: pl.DataFrame) -> pl.DataFrame:
    """The stays of persons who had one before, with the gap in days and what that was."""
    stays = stays.filter(pl.col("admission_date") <= pl.col("discharge_date"))
    before = pl.col("hospital_id", "department", "discharge_type", "settlement_date")
    return (
        stays.sort("person_id", "discharge_date")
        .with_columns(
            before.shift().over("person_id").name.suffix("_before"),
            gap=(
                pl.col("admission_date") - pl.col("discharge_date").shift().over("person_id")
            ).dt.total_days(),
        )
        .filter(pl.col("gap").is_not_null())
        .with_columns(same=pl.col("hospital_id") == pl.col("hospital_id_before"))
    )


def test_returning_patients(stays: pl.DataFrame) -> None:
    again = _again(stays)
    assert 0.015 < again.height / stays.height < 0.03
    returns = again.filter("same")
    assert returns.height / again.height > 0.8
    assert returns["gap"].is_between(1, 20).mean() > 0.98  # type: ignore[operator]


def test_the_dead_do_not_return(stays: pl.DataFrame) -> None:
    assert stays.filter(discharge_type=5).height > 100
    assert _again(stays).filter(discharge_type_before=5).is_empty()


def test_patients_go_elsewhere_on_the_day_of_the_discharge_or_before(stays: pl.DataFrame) -> None:
    elsewhere = _again(stays).filter(~pl.col("same"))
    same_day = elsewhere.filter(pl.col("gap") == 0)
    assert 20 < same_day.height < 0.002 * stays.height
    assert same_day["discharge_type_before"].unique().to_list() == [2]
    assert 10 < elsewhere.filter(pl.col("gap") < 0).height < 0.001 * stays.height


def test_patients_return_over_the_end_of_a_month(
    written: tuple[Path, RegionSummary], stays: pl.DataFrame
) -> None:
    earlier = pl.read_parquet(written[0] / "history" / "2026-09.parquet")
    again = _again(pl.concat([earlier, stays])).filter(
        pl.col("settlement_date").dt.month() != pl.col("settlement_date_before").dt.month()
    )
    assert again["same"].mean() > 0.98  # type: ignore[operator]
    near = again.filter(pl.col("gap") < 12)
    assert near.height > 0.003 * stays.height
    assert (near["department"] == near["department_before"]).all()


def test_courses_of_chemotherapy_come_every_21_days(
    written: tuple[Path, RegionSummary], stays: pl.DataFrame, tables: RegionTables
) -> None:
    earlier = pl.read_parquet(written[0] / "history" / "2026-09.parquet")
    both = pl.concat([earlier, stays])
    often = both.filter(pl.len().over("person_id") > 2).sort("person_id", "discharge_date")
    assert often.height > 30
    days = often.with_columns(
        days=pl.col("discharge_date").diff().over("person_id").dt.total_days()
    )["days"]
    assert days.drop_nulls().unique().to_list() == [21]
    reached = group_batch(
        compile_scheme(load_scheme(PLAN.scheme)),
        _one_batch(often.select(STAY_SCHEMA.names).to_arrow()),
    )
    names = {
        drg.code: adrg.name
        for mdc in load_scheme(PLAN.scheme).mdcs
        for adrg in mdc.adrgs
        for drg in adrg.drgs
    }
    chemotherapy = ["化学治疗" in names.get(drg, "") for drg in reached["drg"].to_pylist()]
    assert np.mean(chemotherapy) > 0.97


def test_faulty_rows_are_few_and_of_many_kinds(stays: pl.DataFrame) -> None:
    faults = {
        "no sex": pl.col("sex").is_null(),
        "no days": (pl.col("age") == 0) & pl.col("age_days").is_null(),
        "no weight": (pl.col("age_days") <= 28) & pl.col("weight_g").is_null(),
        "reversed": pl.col("admission_date") > pl.col("discharge_date"),
        "no age": pl.col("age").is_null(),
        "negative": pl.col("total_cost") < 0,
    }
    for name, condition in faults.items():
        assert 0 < stays.filter(condition).height < 0.001 * stays.height, name


@pytest.mark.parametrize("scheme", spread(["chs-drg-1.1", "zj-drg-2022"], 1))
@pytest.mark.slow
def test_other_schemes(scheme: str) -> None:
    plan = SamplePlan(stays_per_month=3_000, months=1, scheme=scheme)
    tables = build_tables(plan)
    assert len(tables.covered) >= 0.95 * tables.group_count
    (table,) = month_tables(tables, plan, MONTH, plan.stays_per_month)
    reached = group_batch(compile_scheme(load_scheme(scheme)), _one_batch(table))
    status = reached["status"].to_pylist()
    assert status.count("grouped") > 0.96 * len(status)


def test_a_wrong_plan_is_refused() -> None:
    with pytest.raises(DrgpayError, match="too small"):
        SamplePlan(stays_per_month=0, months=1)
    with pytest.raises(DrgpayError, match="is no month"):
        Month.parse("2026-13")


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]
