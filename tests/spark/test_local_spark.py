"""A real Spark on this computer: the groups, entries and findings of the commands, to the byte."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import drgpay.spark
from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset
from drgpay.records.visits.tables import VisitInput
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.visit_entries import VisitGrouping, write_entries
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books
from tests.run.small_region import small_region
from tests.spark.howto_page import PAGES, examples

pytest.importorskip("pyspark", reason="pyspark is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="no Java on PATH"),
    # Of libraries of Spark's own.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ROOT = Path(__file__).resolve().parents[2]
SCHEMES = ("chs-drg-2.0", "chs-drg-1.1", "zj-drg-2022")
SMALL = {name: ROOT / "tests" / "data" / f"oracle-{name}.parquet" for name in SCHEMES}
FULL = {name: ROOT.parent / "shared" / "oracle" / f"{name}.parquet" for name in SCHEMES}
Compiled = Callable[[str], CompiledScheme]
EXAMPLES = 6


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The one session of all tests."""
    folder = tmp_path_factory.mktemp("spark")
    session = drgpay.spark.local_session(
        2,
        {
            "spark.sql.shuffle.partitions": "3",
            "spark.driver.memory": "1g",
            "spark.local.dir": str(folder),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
        },
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def collected(frame: Any) -> pl.DataFrame:
    """The rows of a DataFrame, in some order."""
    return pl.DataFrame(frame.toArrow())


def by_command(path: Path, compiled: CompiledScheme, out: Path, reasons: bool) -> pl.DataFrame:
    """What `drgpay group` writes, as texts and numbers."""
    group_dataset(open_dataset(path), compiled, out, reasons=reasons)
    return pl.read_parquet(out).cast({pl.Categorical: pl.String})


def same(found: pl.DataFrame, expected: pl.DataFrame, key: str = "case_id") -> bool:
    """Whether both have the same rows, every column of the same type and content."""
    return found.sort(key).equals(expected.select(found.columns).sort(key))


@pytest.mark.parametrize("name", SCHEMES)
def test_every_case_of_the_oracle_agrees(
    name: str, spark: Any, compiled: Compiled, tmp_path: Path
) -> None:
    path = FULL[name] if FULL[name].is_file() else SMALL[name]
    stays = spark.read.parquet(str(path)).repartition(3)
    groups = drgpay.spark.group(stays, name, ("case_id", "expected_drg"), reasons=True)
    found = collected(groups)
    assert found.height == open_dataset(path).rows
    assert found["drg"].equals(found["expected_drg"])
    expected = by_command(path, compiled(name), tmp_path / "groups.parquet", reasons=True)
    assert same(found.drop("expected_drg"), expected)


def test_the_sample_month_from_parquet_to_parquet(
    spark: Any, compiled: Compiled, sample_data: Path, tmp_path: Path
) -> None:
    scheme, given = compiled("chs-drg-2.0"), sample_data / "stays"
    stays = spark.read.parquet(str(given))
    drgpay.spark.group(stays, scheme).write.parquet(str(tmp_path / "groups"))
    found = pl.read_parquet(tmp_path / "groups" / "*.parquet")
    expected = by_command(given, scheme, tmp_path / "ours.parquet", reasons=False)
    assert found.height == 2000
    assert same(found, expected)
    # What Spark writes is read as what it was made of: the files have the same bytes.
    stays.coalesce(1).write.parquet(str(tmp_path / "stays"))
    group_dataset(open_dataset(tmp_path / "stays"), scheme, tmp_path / "theirs.parquet")
    assert (tmp_path / "theirs.parquet").read_bytes() == (tmp_path / "ours.parquet").read_bytes()


@pytest.mark.parametrize("rows", ["1", "100000"])
def test_batches_are_as_long_as_spark_likes(
    rows: str, spark: Any, compiled: Compiled, tmp_path: Path
) -> None:
    path = SMALL["chs-drg-2.0"]
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", rows)
    try:
        found = collected(drgpay.spark.group(spark.read.parquet(str(path)), "chs-drg-2.0"))
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    expected = by_command(path, compiled("chs-drg-2.0"), tmp_path / "groups.parquet", False)
    assert same(found, expected)


def test_partitions_may_be_empty(spark: Any, sample_data: Path) -> None:
    stays = spark.read.parquet(str(sample_data / "stays"))
    three = stays.limit(3).repartition(8)
    assert drgpay.spark.group(three, "chs-drg-2.0").count() == 3
    none = collected(drgpay.spark.group(stays.where("age < 0"), "chs-drg-2.0", reasons=True))
    assert none.height == 0
    assert none.columns[:3] == ["case_id", "status", "mdc"]


def test_folders_by_date_are_read_by_both(
    spark: Any, compiled: Compiled, sample_data: Path, tmp_path: Path
) -> None:
    place = str(tmp_path / "by_date")
    month = spark.read.parquet(str(sample_data / "stays"))
    few = month.where("settlement_date < '2026-10-06'").coalesce(1)
    few.write.partitionBy("settlement_date").parquet(place)
    assert len([*Path(place).glob("settlement_date=*")]) > 1
    stays = spark.read.parquet(place)
    found = collected(
        drgpay.spark.group(stays, "chs-drg-2.0", ("case_id", "settlement_date", "total_cost"))
    )
    out = tmp_path / "groups.parquet"
    group_dataset(open_dataset(Path(place)), compiled("chs-drg-2.0"), out, with_input=True)
    expected = pl.read_parquet(out).cast({pl.Categorical: pl.String})
    assert found.schema["settlement_date"] == pl.Date
    assert found["settlement_date"].n_unique() > 1
    assert same(found, expected)


def test_nothing_is_computed_before_rows_are_asked_for_and_columns_are_checked_first(
    spark: Any, sample_data: Path
) -> None:
    from pyspark.sql import functions as f
    from pyspark.sql.types import YearMonthIntervalType

    stays = spark.read.parquet(str(sample_data / "stays"))
    visits = spark.read.parquet(str(sample_data / "visits"))
    items = spark.read.parquet(str(sample_data / "visit_items"))
    context = spark.sparkContext
    context.setJobGroup("checks", "what is checked without a job")
    group, visit = drgpay.spark.group, drgpay.spark.group_visits
    broken: list[tuple[Callable[[], object], str]] = [
        (lambda: group(stays.drop("sex"), "chs-drg-2.0"), "stays lacks the column sex"),
        (lambda: group(stays, "chs-drg-2.0", ("case_id", "city")), "lacks the column city"),
        (
            lambda: group(stays.withColumn("age", f.current_date()), "chs-drg-2.0"),
            "the column age is date32",
        ),
        (
            lambda: group(
                stays.withColumn("sex", f.lit(None).cast(YearMonthIntervalType())), "chs-drg-2.0"
            ),
            "the column sex is interval year to month",
        ),
        (
            lambda: group(stays.select("*", stays.age), "chs-drg-2.0"),
            "has the column age twice",
        ),
        (
            lambda: visit(visits, items.drop("amount"), "open-apg-1", "illustrative"),
            "service lines lacks the column amount",
        ),
        (
            lambda: visit(
                visits.withColumn("visit_id", f.lit(1.5)), items, "open-apg-1", "illustrative"
            ),
            "visits: the column visit_id is double",
        ),
    ]
    for make, said in broken:
        with pytest.raises(DrgpayError, match=said):
            make()
    group(stays, "chs-drg-2.0", reasons=True)
    visit(visits, items, "open-apg-1", "illustrative")
    assert context.statusTracker().getJobIdsForGroup("checks") == []
    stays.limit(1).collect()
    assert context.statusTracker().getJobIdsForGroup("checks") != []  # or nothing could be seen
    context.setLocalProperty("spark.jobGroup.id", None)


def test_values_of_hive_mean_what_they_mean_in_files(
    spark: Any, compiled: Compiled, tmp_path: Path
) -> None:
    table = spark.createDataFrame(
        [
            ("A 　", "ｋ22.301 ", "2", "K11.901|E11.900|I10.X05", ["96.0800X005"], 88.0),
            ("B", None, "2", None, None, 1.0),
            ("C", "K22.301", "x", "", [None, ""], float("nan")),
        ],
        "case_id string, principal_diagnosis string, sex string, other_diagnoses string, "
        "procedures array<string>, age double",
    ).selectExpr("*", "cast(null as int) age_days", "cast(null as int) weight_g")
    scheme = compiled("chs-drg-1.1")
    table.coalesce(1).write.parquet(str(tmp_path / "stays"))
    found = collected(drgpay.spark.group(table, scheme, reasons=True))
    expected = by_command(tmp_path / "stays", scheme, tmp_path / "groups.parquet", reasons=True)
    assert same(found, expected)
    assert found.sort("case_id")["drg"].to_list() == ["GZ13", None, None]
    timed = table.selectExpr(
        "*", "timestamp'2026-10-01 20:00:00 UTC' discharge_date", "discharge_date seen"
    )
    kept = collected(drgpay.spark.group(timed, scheme, ("discharge_date", "seen")))
    # In China it is tomorrow; what is no column of ours is as it was.
    assert kept["discharge_date"].unique().to_list() == [date(2026, 10, 2)]
    assert kept["seen"].dt.convert_time_zone("UTC").dt.hour().unique().to_list() == [20]


def test_visits_have_the_entries_and_findings_of_the_command(
    spark: Any, sample_data: Path, tmp_path: Path
) -> None:
    policy = str(sample_data / "policy.toml")
    visits = spark.read.parquet(str(sample_data / "visits")).repartition(4)
    items = spark.read.parquet(str(sample_data / "visit_items")).repartition(3)
    entries = collected(drgpay.spark.group_visits(visits, items, "open-apg-1", policy))
    findings = collected(drgpay.spark.visit_findings(visits, items, "open-apg-1", policy))
    out = tmp_path / "entries.parquet"
    written = write_entries(
        VisitInput(sample_data / "visits", sample_data / "visit_items"),
        VisitGrouping("open-apg-1", policy),
        out,
        findings=tmp_path / "findings",
        language="en",
    )
    expected = pl.read_parquet(out).cast({pl.Categorical: pl.String})
    keys = entries.columns
    assert entries.height == written.grouped.entries > 10_000
    assert entries.sort(keys).equals(expected.cast(entries.schema).sort(keys))
    counted = findings.group_by("table", "kind", "code").agg(rows=pl.len().cast(pl.Int64))
    assert same(counted, written.grouped.findings, "code")
    refused = pl.read_parquet(tmp_path / "findings" / "visit_quarantine.parquet")
    named = findings.filter(table="visits", kind="quarantine").select("visit_id", "code", "message")
    assert named.sort("visit_id").equals(
        refused.select("visit_id", pl.col("code", "message").cast(pl.String)).sort("visit_id")
    )


def test_a_visit_is_whole_however_its_id_is_written(spark: Any, sample_data: Path) -> None:
    from pyspark.sql import functions as f

    policy = str(sample_data / "policy.toml")
    visits = spark.read.parquet(str(sample_data / "visits")).limit(200).cache()
    ids = [row.visit_id for row in visits.select("visit_id").collect()]
    items = spark.read.parquet(str(sample_data / "visit_items")).where(f.col("visit_id").isin(ids))
    blank = items.withColumn("visit_id", f.concat(f.lit("　 "), "visit_id", f.lit("\u00a0")))
    plain = drgpay.spark.group_visits(visits, items, "open-apg-1", policy)
    found = drgpay.spark.group_visits(visits, blank, "open-apg-1", policy)
    keys = plain.columns
    assert collected(found).sort(keys).equals(collected(plain).sort(keys))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_page_shows_what_is_printed(
    page: Path, spark: Any, sample_data: Path, tmp_path: Path
) -> None:
    shown = [(block.shown, printed) for block, printed in examples(page, sample_data, tmp_path)]
    assert len(shown) == EXAMPLES
    assert [printed for _, printed in shown] == [text for text, _ in shown]
    spark.sql("DROP DATABASE province CASCADE")


def test_what_the_cluster_grouped_is_settled_to_the_same_bytes(
    spark: Any, sample_data: Path, tmp_path: Path
) -> None:
    from pyspark.sql import functions as f

    job = load_job(small_region(sample_data, tmp_path / "region"))
    stays = spark.read.parquet(str(job.stays.path))
    # As tables of Hive have them: times in a zone, texts with blanks.
    stays = stays.withColumn("discharge_date", f.col("discharge_date").cast("timestamp"))
    stays = stays.withColumn("case_id", f.concat(f.lit(" "), "case_id"))
    place = tmp_path / "carried"
    carried = drgpay.spark.narrow(stays.coalesce(1), job.scheme, job.policy)
    carried.write.parquet(str(place))
    (file,) = place.glob("*.parquet")
    named = file.rename(place / job.stays.path.name)  # results name it
    taking = replace(job, stays=replace(job.stays, path=named), grouped=True)
    with without_books():
        plain = run_month(job, run_id="plain", accept=EVERYTHING).folder
        found = run_month(taking, run_id="taking", accept=EVERYTHING).folder
    tables = sorted(path.name for path in plain.glob("*.parquet"))
    assert "cases.parquet" in tables
    assert tables == sorted(path.name for path in found.glob("*.parquet"))
    assert [n for n in tables if (plain / n).read_bytes() != (found / n).read_bytes()] == []
