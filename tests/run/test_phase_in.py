"""A month in which a new scheme is phased in: 1.1 before, 2.0 now; run, verified, changed in a scenario."""

import shutil
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.points.catalogue import read_catalogue
from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from drgpay.run.verify import verify_run
from drgpay.simulate.outcome import simulate
from tests.run.small_region import small_region

PHASE_IN = """[points.phase_in]
factors = { employee = 1.020408, resident = 0.987654 }
share_by_month = { "2026-10" = 0.3 }

[settlement]
"""
K = {"employee": Fraction("1.020408"), "resident": Fraction("0.987654")}
SHARE = Fraction("0.3")


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A small month with a catalogue of the scheme before, made of the month itself."""
    folder = tmp_path_factory.mktemp("phase_in") / "region"
    small_region(sample_data, folder)
    stays = RecordsInput(folder / "small.parquet", None, None, False)
    hospitals, out = folder / "hospitals.csv", folder / "catalogue-1.1"
    make_catalogue(stays, "chs-drg-1.1", str(folder / "policy.toml"), hospitals, out)
    text = (folder / "policy.toml").read_text(encoding="utf-8")
    assert text.count("[settlement]\n") == 1
    phased = text.replace("[settlement]\n", PHASE_IN)
    (folder / "phased.toml").write_text(phased, encoding="utf-8")
    job = (folder / "small.toml").read_text(encoding="utf-8")
    job = job.replace('"policy.toml"', '"phased.toml"').replace(
        "policy =", 'former_scheme = "chs-drg-1.1"\nformer_catalogue = "catalogue-1.1"\npolicy ='
    )
    (folder / "phased_job.toml").write_text(job, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(region: Path) -> Finished:
    return run_month(load_job(region / "phased_job.toml"), "en")


def test_every_stay_has_the_blend_of_its_row_and_of_the_catalogues(run: Finished) -> None:
    """Recomputed with fractions from the tables alone, for stays of the class normal on both sides."""
    cases = pl.read_parquet(run.folder / "cases.parquet")
    former = pl.read_parquet(run.folder / "former_groups.parquet")
    rows = pl.read_parquet(run.folder / "adjustments.parquet").filter(pl.col("kind") == "phase_in")
    both = (
        cases.filter(pl.col("case_class") == "normal")
        .join(former.filter(pl.col("former_class") == "normal"), on="case_id")
        .join(rows.select("case_id", change="points"), on="case_id")
    )
    assert both.height > 100
    assert both.filter(pl.col("drg") != pl.col("former_drg")).height > 10
    for row in both.iter_rows(named=True):
        new = Fraction(row["base_points"]) * Fraction(row["coefficient"])
        old = Fraction(row["former_base_points"]) * Fraction(row["former_coefficient"])
        due = (1 - SHARE) * old + SHARE * K[row["account"]] * new
        assert row["points_before"] + row["change"] == _rounded(due), row["case_id"]


def _rounded(points: Fraction) -> Decimal:
    exact = Decimal(points.numerator) / Decimal(points.denominator)
    return exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def test_the_run_says_how_many_stays_are_paid_by_what(run: Finished) -> None:
    rows = pl.read_parquet(run.folder / "adjustments.parquet").filter(pl.col("kind") == "phase_in")
    counts = dict(rows["code"].value_counts().iter_rows())
    said = next(note for note in run.stays.notes if note.startswith("phase-in"))  # type: ignore[union-attr]
    assert f"{counts['phase_in']} stays are grouped by both" in said
    assert read_catalogue(run.folder / "former_catalogue").info.scheme == "chs-drg-1.1"


def test_the_run_is_verified(run: Finished, region: Path) -> None:
    verified = verify_run(run.folder, region / "phased_job.toml")
    assert verified.status == "right", [check for check in verified.checks if check.finding]


def test_a_forged_former_group_is_found(run: Finished, tmp_path: Path) -> None:
    forged = tmp_path / run.folder.name
    shutil.copytree(run.folder, forged)
    path = forged / "former_groups.parquet"
    table = pl.read_parquet(path)
    table.with_columns(former_points=pl.col("former_points") + 1).write_parquet(path)
    assert verify_run(forged, None).status == "wrong"


def test_a_scenario_without_a_change_is_the_run(
    run: Finished, region: Path, tmp_path: Path
) -> None:
    path = tmp_path / "share.toml"
    path.write_text(
        'name = "half"\n[policy]\n"points.phase_in.share_by_month" = {"2026-10" = 0.5}\n'
    )
    found = simulate([path], run.folder, region / "phased_job.toml")
    before = found.before.earned.cases.sort("case_id")["points"]
    paid = pl.read_parquet(run.folder / "cases.parquet").sort("case_id")["points"]
    assert before.to_list() == paid.to_physical().to_list()
    assert found.after.earned.cases["points"].to_list() != before.to_list()
    names = [name for name in found.effects.columns if name not in ("hospital_id", "before_fen")]
    changes = found.effects.select(
        pl.col("before_fen") + pl.sum_horizontal(names[:-1]) == pl.col("after_fen")
    )
    assert names[-1] == "after_fen" and changes.to_series().all()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('former_scheme = "chs-drg-1.1"\n', "", "former_catalogue without former_scheme"),
        ('"phased.toml"', '"policy.toml"', "has no points.phase_in"),
        (
            'former_scheme = "chs-drg-1.1"\nformer_catalogue = "catalogue-1.1"\n',
            "",
            "pays a share of the points of the scheme before",
        ),
        ('"catalogue-1.1"', '"catalogue"', "was made for the scheme chs-drg-2.0"),
    ],
)
def test_half_a_former_scheme_is_refused(region: Path, old: str, new: str, said: str) -> None:
    text = (region / "phased_job.toml").read_text(encoding="utf-8")
    path = region / "wrong.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DrgpayError, match=said):
        run_month(load_job(path), "en")


def test_stays_discharged_before_the_change_are_paid_by_the_scheme_before(region: Path) -> None:
    """A change in one step, by discharge: the month has stays of both, and is verified."""
    stays = pl.read_parquet(region / "small.parquet")
    back = pl.when(pl.int_range(pl.len()) % 5 == 0).then(31).otherwise(0)
    stays.with_columns(
        pl.col("admission_date", "discharge_date") - pl.duration(days=back)
    ).write_parquet(region / "over.parquet")
    text = (region / "phased.toml").read_text(encoding="utf-8")
    at_once = text.replace('{ "2026-10" = 0.3 }', '{ "2026-10" = 1 }\nby = "discharge_date"')
    assert at_once != text
    (region / "at_once.toml").write_text(at_once, encoding="utf-8")
    job = (region / "phased_job.toml").read_text(encoding="utf-8")
    path = region / "over_job.toml"
    path.write_text(
        job.replace("phased.toml", "at_once.toml").replace("small.parquet", "over.parquet")
    )
    finished = run_month(load_job(path), "en")
    cases = pl.read_parquet(finished.folder / "cases.parquet")
    rows = pl.read_parquet(finished.folder / "adjustments.parquet")
    former = pl.read_parquet(finished.folder / "former_groups.parquet")
    before = cases.filter(pl.col("discharge_date").dt.month() < 10)
    assert 0 < before.height < cases.height
    assert set(former["case_id"]) <= set(before["case_id"])
    old = rows.filter(pl.col("code") == "former_scheme").join(former, on="case_id")
    both = old.join(cases, on="case_id")
    assert both.height > 20
    assert (both["points_before"] + both["points"] == both["former_points"]).all()
    kept = rows.filter(pl.col("code") == "neutral_factor").join(before, on="case_id", how="semi")
    assert kept.is_empty()
    assert any("were discharged before the new scheme" in note for note in finished.stays.notes)  # type: ignore[union-attr]
    verified = verify_run(finished.folder, path)
    assert verified.status == "right", [check for check in verified.checks if check.finding]
