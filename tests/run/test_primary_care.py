"""A policy that names the scheme's primary-care groups, and prices groups of few cases like others."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.shipped import shipped_folder
from drgpay.policy.load import load_policy
from drgpay.records.dataset import RecordsInput
from drgpay.report.case import explain_case
from drgpay.run.calibration import make_catalogue
from drgpay.run.case import CasesOfRun
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from drgpay.run.verify import verify_run
from drgpay.simulate.outcome import simulate
from tests.run.small_region import small_region

ONE, OF_LEVEL = "GE1", "GE2"
"""An ADRG that has one price, and one at the price of the base level."""


def changed(path: Path, **texts: str) -> None:
    text = path.read_text("utf-8")
    for before, after in texts.items():
        assert before in text
        text = text.replace(before, after, 1)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A month under a scheme with a list of primary-care groups, its catalogue made by a policy."""
    folder = tmp_path_factory.mktemp("primary") / "region"
    job = small_region(sample_data, folder)
    scheme = folder / "listed"
    shutil.copytree(shipped_folder("grouping_schemes") / "chs-drg-2.0", scheme)
    changed(scheme / "scheme.toml", **{'"chs-drg-2.0"': '"listed"'})
    (scheme / "primary_care.csv").write_text(f"group\n{ONE}\n{OF_LEVEL}\n", encoding="utf-8")
    policy = folder / "policy.toml"
    split = '[[calibration.stand_ins]]\ngroups = ["*3"]\nlike = ["*5"]\ntimes = 1.25\n\n'
    changed(policy, **{"[calibration]": f"{split}[calibration]"})
    base = '[points.base_level]\ngroups = ["primary_care"]\nlevel = "2A"\n\n[points.readmission]'
    changed(policy, **{"[points.readmission]": base})
    changed(job, **{'"chs-drg-2.0"': '"listed"', '"catalogue"': '"listed_catalogue"'})
    history = RecordsInput(sample_data / "history")
    out = folder / "listed_catalogue"
    made = make_catalogue(history, str(scheme), str(policy), folder / "hospitals.csv", out)
    assert made.report.files["stand_ins"].height
    assert made.catalogue.info.stand_ins
    return folder


@pytest.fixture(scope="module")
def run(region: Path) -> Finished:
    return run_month(load_job(region / "small.toml"), "en")


def test_the_list_stands_for_the_groups_of_the_scheme(region: Path, run: Finished) -> None:
    groups = CasesOfRun.of(run.folder, region / "small.toml").policy.points.base_level
    assert groups is not None
    assert {group[:3] for group in groups.groups} == {ONE, OF_LEVEL}
    of_file = load_policy(region / "policy.toml").policy.points.base_level
    assert of_file is not None
    assert of_file.groups == ("primary_care",)


def test_every_case_is_recomputed_and_the_run_verified(region: Path, run: Finished) -> None:
    cases = CasesOfRun.of(run.folder, region / "small.toml")
    paid = pl.read_parquet(run.folder / "cases.parquet")
    primary = paid.filter(pl.col("drg").str.slice(0, 3).is_in([ONE, OF_LEVEL]))
    assert primary.height
    assert primary.group_by("drg").agg(pl.col("coefficient").n_unique())["coefficient"].max() == 1
    instead = paid.filter(pl.col("stability") == "stand_in")
    assert instead.height
    assert set(instead["case_class"]) <= {"few_cases", "incomplete"}
    for case in [*primary["case_id"].head(5), *instead["case_id"].head(5)]:
        explained = explain_case(cases.read(case), "en")
        assert explained.differing == []
        names = {line.name for part in explained.parts for line in part.lines}
        assert ("like_times" in names) == (case in instead["case_id"])
    verified = verify_run(run.folder, region / "small.toml")
    assert [check for check in verified.checks if check.status == "wrong"] == []


@pytest.mark.slow
def test_a_scenario_of_another_scheme_has_the_list_of_that_one(
    region: Path, sample_data: Path
) -> None:
    other = region / "other"
    shutil.copytree(region / "listed", other, dirs_exist_ok=True)
    (other / "primary_care.csv").write_text(f"group\n{OF_LEVEL}\n", encoding="utf-8")
    scenario = region / "scenario.toml"
    scenario.write_text(
        f'name = "another list"\nscheme = "{other}"\n'
        '[base]\njob = "small.toml"\n[recalibrate]\nhistory = "'
        f'{sample_data / "history"}"\n',
        encoding="utf-8",
    )
    base_level = simulate([scenario]).after.plan.policy.points.base_level
    assert base_level is not None
    assert {group[:3] for group in base_level.groups} == {OF_LEVEL}


def test_a_scheme_without_a_list_is_told(region: Path) -> None:
    job = region / "small.toml"
    plain = region / "plain.toml"
    plain.write_text(job.read_text("utf-8").replace('"listed"', '"chs-drg-2.0"'), encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"points.base_level.groups names primary_care"):
        run_month(load_job(plain), "en")
