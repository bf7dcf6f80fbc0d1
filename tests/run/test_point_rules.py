"""Rules of the policy on their way through a run: read, applied, shown, kept, and refused if wrong."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.cli.main import app
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from tests.run.small_region import small_region

RULES = """incomplete_if = "LYFS = 4 or ZYTS < 2"
outside_drg_if = "ZYTS <= 1"
age_factors = [{ rule = "NL >= 70", times = 1.05 }, { rule = "NL < 6", divide = 1.1 }]
"""


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A small month; of every other stay nobody knows whether it was complete."""
    folder = tmp_path_factory.mktemp("rules") / "region"
    small_region(sample_data, folder)
    stays = pl.read_parquet(folder / "small.parquet")
    unknown = pl.int_range(pl.len()) % 2 == 0
    stays.with_columns(
        complete=pl.when(~unknown).then("complete"),
        discharge_type=pl.when(pl.int_range(pl.len()) % 7 == 0).then(4).otherwise(1),
    ).write_parquet(folder / "small.parquet")
    return folder


def with_policy(region: Path, rules: str) -> Path:
    """The job with further keys in [points] of the policy."""
    text = (region / "policy.toml").read_text(encoding="utf-8")
    plain = text.split("# more\n")[-1] if "# more\n" in text else text
    changed = plain.replace("[points]\n", f"[points]\n{rules}", 1)
    (region / "ruled.toml").write_text(changed, encoding="utf-8")
    job = (region / "small.toml").read_text(encoding="utf-8")
    path = region / "ruled_job.toml"
    path.write_text(job.replace("policy.toml", "ruled.toml"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(region: Path) -> Finished:
    return run_month(load_job(with_policy(region, RULES)), "en")


def test_stays_are_as_the_rules_make_them(region: Path, run: Finished) -> None:
    given = pl.read_parquet(region / "small.parquet").select(
        "case_id", "complete", "payment_unit", "length_of_stay", "discharge_type", "total_cost"
    )
    cases = pl.read_parquet(run.folder / "cases.parquet").select(
        "case_id", "hospital_id", "complete", "payment_unit", "age", "age_times", "age_divide"
    )
    both = given.join(cases, on="case_id", suffix="_now")
    rule = (pl.col("discharge_type") == 4) | (pl.col("length_of_stay") < 2)
    short = (pl.col("payment_unit") == "drg") & (pl.col("length_of_stay") <= 1)
    due = both.with_columns(
        due=pl.col("complete").fill_null(~rule),
        unit=pl.when(short).then(pl.lit("fee")).otherwise("payment_unit"),
    )
    assert due["complete_now"].equals(due["due"], check_names=False)
    assert due["payment_unit_now"].equals(due["unit"], check_names=False)
    shown = pl.read_parquet(run.folder / "stay_rules.parquet")
    outside = both.filter(short).group_by("hospital_id").agg(pl.len(), pl.col("total_cost").sum())
    assert (
        shown.filter(pl.col("rule") == "outside_drg_if")
        .select("hospital_id", "stays", "total_cost")
        .rows()
        == outside.sort("hospital_id").rows()
    )
    assert set(shown["rule"]) == {"incomplete_if", "outside_drg_if", "complete_differs"}
    warned = pl.read_parquet(run.folder / "warnings.parquet")
    differing = warned.filter(pl.col("code") == "complete_differs").height
    assert differing == shown.filter(pl.col("rule") == "complete_differs")["stays"].sum() > 0
    assert cases["age"].null_count() == 0
    assert {cases["age_times"].drop_nulls().n_unique(), cases["age_divide"].n_unique()} == {1, 2}


def test_a_run_by_other_rules_than_its_catalogue_says_so(run: Finished) -> None:
    assert run.stays
    assert [note.split(":")[1].strip() for note in run.stays.notes[1:]] == [
        "points.incomplete_if was (none) then, it is LYFS = 4 or ZYTS < 2 now",
        "points.outside_drg_if was (none) then, it is ZYTS <= 1 now",
    ]


def test_the_terminal_shows_hospitals_and_money(region: Path) -> None:
    job = with_policy(region, RULES)
    result = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["run", str(job), "--lang", "en", "-v"])
    assert result.exit_code == 0, result.output
    assert "outside_drg_if: paid item by item" in result.output
    assert "the catalogue was calibrated by another rule" in result.output


def test_without_rules_nothing_is_shown(region: Path) -> None:
    finished = run_month(load_job(region / "small.toml"), "en")
    assert finished.stays
    assert finished.stays.get("stay_rules") is None
    (note,) = finished.stays.notes
    assert "names no month before" in note
    assert not (finished.folder / "stay_rules.parquet").exists()
    cases = pl.read_parquet(finished.folder / "cases.parquet", columns=["age", "age_days"])
    assert cases["age"].null_count() == cases.height


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('incomplete_if = "LYFS ="\n', "points.incomplete_if is no rule"),
        ('outside_drg_if = "NL < 3"\n', "points.outside_drg_if asks for NL"),
        ('age_factors = [{ rule = "ZYTS < 3", times = 2 }]\n', "age_factors.0.rule asks for ZYTS"),
        (
            'age_factors = [{ groups = ["XX99"], rule = "NL < 3", times = 2 }]\n',
            "points.age_factors.0.groups names XX99",
        ),
        ('no_coefficient_groups = ["XX99"]\n', "points.no_coefficient_groups names XX99"),
    ],
)
def test_a_wrong_rule_stops_before_anything_is_read(region: Path, rules: str, said: str) -> None:
    job = replace(load_job(with_policy(region, rules)), output=region / "nothing")
    with pytest.raises(DrgpayError, match=said):
        run_month(job, "en")
    assert not (region / "nothing").exists()


def test_the_exempt_groups_belong_to_the_run(run: Finished) -> None:
    import json

    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert "RN13" in manifest["exempt_groups"]
