"""A clearing, and records behind mappings, out of a real PostgreSQL: the bytes that files give."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import pytest

from drgpay.results.manifest import read_manifest
from drgpay.run.clearing import run_clearing
from drgpay.run.fetching import fetch_job
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.year_job import load_any_year_job
from tests.databases.postgresql_server import Server, refuse_without_postgresql
from tests.run import database_region as region
from tests.run.no_books import without_books

pytestmark = pytest.mark.slow

_NATIONAL = {"case_id": "setl_id", "total_cost": "medfee_sumamt", "hospital_id": "Fixmedins Code"}
"""What the columns of records are called in the database, where a mapping says so."""


@pytest.fixture(autouse=True)
def _nobody_reads_books(
    postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setenv("PGPASSWORD", postgresql_server.password)
    with without_books():
        yield


@pytest.fixture
def year(settled_year: Path, tmp_path: Path) -> Path:
    """The year file of a settled region with all inputs in files, the stays of the year in one."""
    refuse_without_postgresql()
    folder = tmp_path / "region"
    shutil.copytree(settled_year, folder, ignore=shutil.ignore_patterns("*history"))
    months = sorted((folder / "stays").glob("*.parquet"))
    pl.concat(pl.read_parquet(month) for month in months).sort("case_id").write_parquet(
        folder / "stays.parquet"
    )
    hospitals = pl.read_csv(folder / "hospitals.csv", infer_schema=False).select("hospital_id")
    scores = pl.int_range(pl.len()) % 7 + 90
    hospitals.with_columns(score=scores).write_csv(folder / "assessment.csv")
    text = (folder / "2026.toml").read_text(encoding="utf-8")
    text = text.replace('stays = "stays"', 'stays = "stays.parquet"')
    file = folder / "files.toml"
    file.write_text(f'{text}assessment = "assessment.csv"\n', encoding="utf-8")
    return file


def _filled(server: Server, year: Path, renamed: Mapping[str, str]) -> None:
    server.execute("CREATE SCHEMA his")
    stays = pl.read_parquet(year.with_name("stays.parquet")).rename(renamed)
    region.write_table(server, "stays", stays.sample(fraction=1, shuffle=True, seed=3))
    for name in ("hospitals", "assessment"):
        table = pl.read_csv(year.with_name(f"{name}.csv"), infer_schema=False)
        region.write_table(server, name, table)


def _results(folder: Path) -> dict[str, str]:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.parquet"))
    }
    assert {"statements.parquet", "cases.parquet"} <= set(found)
    return found


def _mapping(renamed: Mapping[str, str]) -> str:
    return "\n".join(["[columns]", *(f'{own} = "{theirs}"' for own, theirs in renamed.items())])


_TABLES = {one: f'table = "his.{one}"' for one in ("stays", "hospitals", "assessment")}


def test_a_year_out_of_tables_is_cleared_to_the_bytes_of_files(
    postgresql_database: Server, year: Path
) -> None:
    _filled(postgresql_database, year, {})
    of_files = run_clearing(load_any_year_job(year), "en")
    assert of_files.stays is not None
    assert of_files.stays["assessment"]["score"].n_unique() > 1
    file = region.job_of(postgresql_database, year, "tables", _TABLES)
    fetched = fetch_job(file)
    assert set(fetched.inputs) == set(_TABLES)
    cleared = run_clearing(load_any_year_job(file), "en").folder
    assert cleared != of_files.folder
    assert _results(cleared) == _results(of_files.folder)
    assert set(read_manifest(cleared).content["fetched"]) == set(_TABLES)


def test_a_year_out_of_tables_with_other_names_goes_through_its_mappings(
    postgresql_database: Server, year: Path
) -> None:
    _filled(postgresql_database, year, _NATIONAL)
    of_files = run_clearing(load_any_year_job(year), "en").folder
    file = region.job_of(postgresql_database, year, "mapped", _TABLES)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[inputs]", '[inputs]\nmapping = "his.toml"'), encoding="utf-8")
    (year.parent / "his.toml").write_text(_mapping(_NATIONAL), encoding="utf-8")
    # Of a table behind a mapping every column may be meant, of a small one the mapping lies beside it.
    postgresql_database.execute("ALTER TABLE his.assessment RENAME score TO points_of_year")
    beside = year.parent / "fetched" / "mapped" / "assessment.mapping.toml"
    beside.parent.mkdir(parents=True)
    beside.write_text(_mapping({"score": "points_of_year"}), encoding="utf-8")
    fetch_job(file)
    assert _results(run_clearing(load_any_year_job(file), "en").folder) == _results(of_files)


def test_a_month_of_stays_and_visits_goes_through_its_mappings(
    postgresql_database: Server, sample_data: Path, tmp_path: Path
) -> None:
    files = region.lay_out(sample_data, tmp_path)
    region.fill(postgresql_database, tmp_path)
    expected = run_month(load_any_job(files), "en").folder
    renamed = {
        "stays": _NATIONAL,
        "visits": {"visit_id": "mdtrt_id", "hospital_id": "Fixmedins Code"},
        "items": {"visit_id": "mdtrt_id", "item_code": "med_list_codg"},
    }
    for name, columns in renamed.items():
        for own, theirs in columns.items():
            postgresql_database.execute(f'ALTER TABLE his.{name} RENAME {own} TO "{theirs}"')
        (tmp_path / f"{name}.map.toml").write_text(_mapping(columns), encoding="utf-8")
    # What is no column of a mapping passes through; what cannot be read is left out.
    job = region.job_of_tables(postgresql_database, files, "mapped")
    text = job.read_text(encoding="utf-8")
    text = text.replace("[inputs]", '[inputs]\nmapping = "stays.map.toml"')
    text = text.replace(
        "[outpatient]",
        '[outpatient]\nvisits_mapping = "visits.map.toml"\nitems_mapping = "items.map.toml"',
    )
    job.write_text(text, encoding="utf-8")
    fetched = fetch_job(job)
    assert fetched.inputs["stays"]["left_out"] == ["photo"]
    assert "Fixmedins Code" in fetched.inputs["visits"]["columns"]
    mapped, plain = _results(run_month(load_any_job(job), "en").folder), _results(expected)
    # What is said of a row calls its columns as the database does, and says where it stands there.
    about_rows = {name for name in plain if "quarantine" in name or "warnings" in name}
    assert len(about_rows) == 6
    assert {name for name in plain if mapped[name] != plain[name]} <= about_rows
    assert set(mapped) == set(plain)
