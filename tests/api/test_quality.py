"""Checks, statistics, reconciliation, schemes and samples: what the commands write."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import drgpay
from drgpay.cli.main import app
from drgpay.grouper.compiled import CompiledScheme
from tests.adjust.conftest import INFO, TABLES


@pytest.fixture(scope="module")
def scheme() -> CompiledScheme:
    return drgpay.load_scheme("chs-drg-2.0")


@pytest.fixture(scope="module")
def stays(sample_data: Path) -> Path:
    return sample_data / "stays" / "2026-10.parquet"


def _command(*arguments: object) -> None:
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code in (0, 1), done.output


def _same(found: pl.DataFrame, written: Path) -> bool:
    """The command's files may have the names of groups beside it."""
    file = pl.read_parquet(written).select(found.columns)
    return found.equals(file.cast(found.schema))


def test_the_check_of_a_month(
    sample_data: Path, stays: Path, scheme: CompiledScheme, tmp_path: Path
) -> None:
    rest = (sample_data / "policy.toml", sample_data / "hospitals.csv")
    found = drgpay.check_stays(pl.scan_parquet(stays), scheme, *rest, period="2026-10")
    options = ["--scheme", "chs-drg-2.0", "--policy", rest[0], "--hospitals", rest[1]]
    _command("check", stays, *options, "--period", "2026-10", "--out", tmp_path / "q")
    for name in ("findings", "findings_by_hospital", "hospitals", "coding"):
        assert _same(getattr(found, name), tmp_path / "q" / f"{name}.parquet"), name
    with pytest.raises(drgpay.DrgpayError, match=r"^the frame of stays lacks the column sex"):
        drgpay.check_stays(pl.read_parquet(stays).drop("sex"), scheme, *rest)


def test_statistics_of_groups(
    sample_data: Path, stays: Path, scheme: CompiledScheme, tmp_path: Path
) -> None:
    groups = drgpay.group_stays(stays, scheme)
    grouped = groups.join(pl.read_parquet(stays), on="case_id", maintain_order="left")
    found = drgpay.group_statistics(
        grouped,
        hospitals=sample_data / "hospitals.csv",
        weights=sample_data / "catalogue",
        policy=sample_data / "policy.toml",
    )
    path = tmp_path / "grouped.parquet"
    _command("group", stays, "--scheme", "chs-drg-2.0", "--out", path, "--with-input")
    options = ["--hospitals", sample_data / "hospitals.csv", "--weights", sample_data / "catalogue"]
    options += ["--policy", sample_data / "policy.toml", "--out", tmp_path / "s"]
    _command("stats", path, *options)
    for name in ("coverage", "explained", "hospitals", "groups"):
        assert _same(getattr(found, name), tmp_path / "s" / f"{name}.parquet"), name
    with pytest.raises(drgpay.DrgpayError, match=r"^the frame of grouped stays"):
        drgpay.group_statistics(grouped.drop("status"))


def test_reconciliation_with_causes(stays: Path, scheme: CompiledScheme, tmp_path: Path) -> None:
    ours = drgpay.group_stays(stays, scheme)
    official = ours.select("case_id", "drg").with_columns(
        drg=pl.when(pl.int_range(pl.len()) % 100 == 7).then(pl.lit("GC35")).otherwise("drg")
    )
    found = drgpay.reconcile_groups(ours, official.lazy(), scheme=scheme, stays=stays)
    ours.write_parquet(tmp_path / "ours.parquet")
    official.write_parquet(tmp_path / "official.parquet")
    options = ["--scheme", "chs-drg-2.0", "--stays", stays, "--out", tmp_path / "r"]
    _command("reconcile", tmp_path / "ours.parquet", tmp_path / "official.parquet", *options)
    assert _same(found.differing, tmp_path / "r" / "cases.parquet")
    assert found.differing.height > 10 and set(found.differing["cause"]) != {"not_examined"}
    alone = drgpay.reconcile_groups(ours, official)
    assert set(alone.differing["cause"]) == {"not_examined"}
    with pytest.raises(drgpay.DrgpayError, match="the frame of official groups"):
        drgpay.reconcile_groups(ours, official.rename({"drg": "group"}))


def test_a_scheme_is_checked_exported_and_imported(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    (small / "scheme.toml").write_text(INFO, encoding="utf-8")
    for table, text in TABLES.items():
        (small / f"{table}.csv").write_text(text, encoding="utf-8")
    assert drgpay.check_scheme(small).filter(severity="error").height == 0
    (small / "adrg.csv").rename(small / "gone.csv")
    found = drgpay.check_scheme(small, language="en")
    assert "missing_table" in found.filter(severity="error")["code"].to_list()
    (small / "gone.csv").rename(small / "adrg.csv")
    rows = drgpay.export_scheme(small, tmp_path / "small.xlsx")
    assert sum(rows.values()) > 0
    imported = drgpay.import_scheme(
        tmp_path / "small.xlsx", "again", tmp_path / "again", about={"name": "Again"}
    )
    assert imported.info.id == "again" and imported.info.name == "Again"
    changes = drgpay.compare_schemes(small, tmp_path / "again")
    assert changes.filter(pl.col("level") != "option").height == 0
    with pytest.raises(drgpay.DrgpayError, match="exists already"):
        drgpay.import_scheme(tmp_path / "small.xlsx", "again", tmp_path / "again")


@pytest.mark.slow
def test_a_sample_is_that_of_the_command(tmp_path: Path) -> None:
    made = drgpay.make_sample(
        tmp_path / "a", stays=50, history_months=1, history_stays=400, seed=3, visits=60
    )
    assert [path.name for path in made.jobs] == ["2026-10.toml"]
    assert made.stays.stays == 50 and made.visits is not None
    options = ["--stays", 50, "--history-months", 1, "--history-stays", 400, "--seed", 3]
    _command("sample", "--out", tmp_path / "b", *options, "--visits", 60)
    for path in sorted((tmp_path / "a").rglob("*.*")):
        if path.is_file() and path.suffix not in (".xlsx",):
            other = tmp_path / "b" / path.relative_to(tmp_path / "a")
            assert path.read_bytes() == other.read_bytes(), path
    with pytest.raises(drgpay.DrgpayError, match="is not empty"):
        drgpay.make_sample(tmp_path / "a")
