"""A year in which a new scheme is phased in: its months, their returns, the clearing, and its proof."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.clearing import run_clearing
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from drgpay.run.verify import verify_run
from drgpay.run.year_job import load_year_job
from tests.run.no_books import without_books

pytestmark = pytest.mark.slow

PHASE_IN = """[points.phase_in]
factors = { employee = 1.020408, resident = 0.987654 }
share_by_month = { "2026-01" = 0, "2026-04" = 0.3, "2026-08" = 1 }

[settlement]
"""
FORMER = 'former_scheme = "chs-drg-1.1"\nformer_catalogue = "catalogue-1.1"\npolicy ='


@pytest.fixture(scope="module")
def region(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve months, each of which looks back on those before; no share of former points from August on."""
    folder = tmp_path_factory.mktemp("phase_in_year") / "region"
    shutil.copytree(settled_year, folder, ignore=shutil.ignore_patterns("runs"))
    history = RecordsInput(folder / "history", None, None, False)
    policy, hospitals = folder / "policy.toml", folder / "hospitals.csv"
    make_catalogue(history, "chs-drg-1.1", str(policy), hospitals, folder / "catalogue-1.1")
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("[settlement]\n", PHASE_IN, 1), encoding="utf-8")
    paid: list[tuple[Path, str]] = []
    with without_books():
        for file in sorted(folder.glob("2026*.toml")):
            text = file.read_text(encoding="utf-8").replace("policy =", FORMER, 1)
            if "-" not in file.stem:
                file.write_text(text, encoding="utf-8")
                continue
            if file.stem >= "2026-08":  # nobody asks for the scheme before any more
                text = file.read_text(encoding="utf-8")
            before = "".join(
                f'[[inputs.previous]]\nrun = "{run}"\nstays = "stays/{month}.parquet"\n'
                for run, month in paid[-2:]
            )
            own, accepted = text.partition("[[accepted]]")[::2]
            rest = f"[[accepted]]{accepted}" if accepted else ""
            file.write_text(f"{own}\n{before}\n{rest}", encoding="utf-8")
            paid.append((run_month(load_job(file)).folder, file.stem))
    return folder


@pytest.fixture(scope="module")
def cleared(region: Path) -> Finished:
    return run_clearing(load_year_job(region / "2026.toml"))


def test_the_clearing_gives_each_stay_the_share_of_its_month(
    region: Path, cleared: Finished
) -> None:
    rows = pl.read_parquet(cleared.folder / "adjustments.parquet").filter(
        pl.col("kind") == "phase_in"
    )
    cases = pl.read_parquet(cleared.folder / "cases.parquet").select("case_id", "settlement_date")
    shares = rows.filter(pl.col("code") == "phase_in").join(cases, on="case_id")
    by_month = shares.group_by(pl.col("settlement_date").dt.month()).agg(pl.col("factor").unique())
    found = {month: [str(one) for one in values] for month, values in by_month.iter_rows()}
    assert found == {month: ["0.0000" if month < 4 else "0.3000"] for month in range(1, 8)}
    paid = pl.concat(
        pl.read_parquet(path)
        for path in sorted((region / "runs").glob("2026-??-*/former_groups.parquet"))
    )
    kept = pl.read_parquet(cleared.folder / "former_groups.parquet")
    assert kept.sort("case_id").equals(paid.sort("case_id"))
    assert cases.filter(pl.col("settlement_date").dt.month() < 8).height >= kept.height > 800


def test_months_and_clearing_take_the_same(region: Path, cleared: Finished) -> None:
    """What months took of earlier ones for returns, the clearing finds at the cases."""
    files = sorted((region / "runs").glob("2026-??-*/adjustments.parquet"))
    rows = pl.concat(pl.read_parquet(path) for path in files)
    before = pl.concat(
        pl.read_parquet(path) for path in sorted((region / "runs").glob("2026-??-*/cases.parquet"))
    )
    taken = _sum(rows.filter(pl.col("kind") == "readmission_earlier"))
    assert taken < 0
    assert _sum(pl.read_parquet(cleared.folder / "cases.parquet")) == _sum(before) + taken


def _sum(rows: pl.DataFrame) -> int:
    """Points in 1/10,000."""
    return int(rows["points"].to_physical().sum())


def test_a_cleared_phase_in_is_verified(cleared: Finished, region: Path) -> None:
    verified = verify_run(cleared.folder, region / "2026.toml")
    assert verified.status == "right", [check for check in verified.checks if check.finding]
    months = sorted((region / "runs").glob("2026-0[458]-*"))
    for month in months:
        checks = verify_run(month, None).checks
        assert {one.key for one in checks if one.status != "right"} <= {"workbooks"}  # none written


def test_a_clearing_asks_for_the_scheme_before(region: Path) -> None:
    text = (region / "2026.toml").read_text(encoding="utf-8").replace(FORMER, "policy =")
    path = region / "without.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DrgpayError, match="pays a share of the points of the scheme before"):
        run_clearing(load_year_job(path))
