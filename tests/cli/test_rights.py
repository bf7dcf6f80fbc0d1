"""Nothing that a command writes about cases, visits or persons is open to others."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.cli.in_process import ends_well
from tests.modes import modes, open_to_others
from tests.run.small_region import small_job, small_region
from tests.run.visit_region import visit_job, visit_region


@pytest.fixture(scope="module", autouse=True)
def _open_umask() -> Iterator[None]:
    """With a umask that keeps nobody out, rights are what the program gives."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A small month of stays."""
    return small_region(sample_data, tmp_path_factory.mktemp("rights") / "region").parent


def test_a_month_its_correction_and_all_that_is_made_of_them(tmp_path: Path, region: Path) -> None:
    runs = tmp_path / "new" / "runs"
    ends_well("run", region / "small.toml", "--output", runs, "--run-id", "2026-10-paid")
    stays = pl.read_parquet(region / "small.parquet")
    stays[1:].write_parquet(region / "corrected.parquet")
    correction = small_job(region, "corrected.parquet", runs / "2026-10-paid")
    ends_well("run", correction, "--output", runs, "--run-id", "2026-10-corrected")
    ends_well("report", runs / "2026-10-paid")
    ends_well("report", runs / "2026-10-paid", "--out", tmp_path / "new" / "report.html")
    for form in ("csv", "json", "parquet"):
        out = tmp_path / "new" / f"runs.{form}"
        select = ["SELECT * FROM runs", "--output", runs, "--format", form, "--out", out]
        ends_well("runs", "sql", *select)
    ends_well("runs", "rebuild", "--output", runs)
    assert len(modes(tmp_path / "new")) > 50
    assert open_to_others(tmp_path / "new") == {}


@pytest.mark.slow
def test_a_month_with_visits(tmp_path: Path, sample_data: Path) -> None:
    region = visit_region(sample_data, tmp_path / "region")
    job = visit_job(region, "paid")
    runs = tmp_path / "runs"
    ends_well("run", job, "--output", runs)
    ends_well("report", next(path for path in runs.iterdir() if path.name.startswith("2026")))
    assert any(name.endswith("entries.parquet") for name in modes(runs))
    assert open_to_others(runs) == {}


def test_groups_and_quality(tmp_path: Path, region: Path) -> None:
    new = tmp_path / "new"
    new.mkdir(0o700)
    groups, checked = new / "groups.parquet", new / "in" / "check"
    # A file that is replaced does not pass on what it allowed.
    groups.write_text("")
    groups.chmod(0o666)
    stays, hospitals = region / "small.parquet", region / "hospitals.csv"
    ends_well("group", stays, "--scheme", "chs-drg-2.0", "--out", groups, "--with-input")
    entries, visits = new / "entries.parquet", new / "visits.parquet"
    ends_well(
        *("group-visits", region / "visits" / "2026-10.parquet", "--scheme", "open-apg-1"),
        *("--items", region / "visit_items" / "2026-10.parquet"),
        *("--policy", region / "policy.toml", "--out", entries, "--visits-out", visits),
        *("--findings", new / "findings"),
    )
    ends_well(
        *("check", stays, "--scheme", "chs-drg-2.0", "--policy", region / "policy.toml"),
        *("--hospitals", hospitals, "--period", "2026-10", "--out", checked),
    )
    ends_well("stats", groups, "--hospitals", hospitals, "--out", new / "stats")
    official = new / "official.csv"
    pl.read_parquet(groups).select("case_id", "drg").write_csv(official)
    official.chmod(0o600)
    ends_well(
        *("reconcile", groups, official, "--scheme", "chs-drg-2.0", "--stays", stays),
        *("--out", new / "reconciled"),
    )
    assert len(modes(new)) > 15
    assert open_to_others(new) == {}


@pytest.mark.slow
def test_what_is_handed_on_has_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        ends_well("scheme", "export", "chs-drg-2.0", "--xlsx", tmp_path / "scheme.xlsx")
    finally:
        os.umask(before)
    assert modes(tmp_path)["scheme.xlsx"] == 0o640
