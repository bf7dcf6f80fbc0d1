"""Paid months once more under another scheme: `drgpay shadow`."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.scheme import load_scheme
from drgpay.points.catalogue import load_catalogue
from drgpay.records.dataset import RecordsInput
from drgpay.results.manifest import TRANSITION, write_manifest
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from drgpay.simulate.scenario import load_scenario
from drgpay.transition.shadow import Shadow, factors_of, shadow
from drgpay.transition.shadow_folders import read_shadow_months
from drgpay.transition.shadow_output import write_shadow
from drgpay.transition.shadow_page import command_of
from tests.accepting import EVERYTHING
from tests.cli.in_process import status_of
from tests.results.packages import broken_rules, read_package
from tests.run.no_books import without_books

Printed = pytest.CaptureFixture[str]
K = {"employee": Decimal("1.020408"), "resident": Decimal("0.981")}
OLD = "chs-drg-1.1"
"""The months are paid by 2.0; this one stands for the scheme that is to come."""
SCHEMES = {"old": OLD, "new": "chs-drg-2.0"}


@dataclass(frozen=True)
class Paid:
    """A region with two paid months, and a catalogue of another scheme."""

    folder: Path
    runs: tuple[Path, Path]
    jobs: tuple[Path, Path]

    @property
    def catalogue(self) -> Path:
        """Of OLD, from the same history."""
        return self.folder / "other"

    def shadow(self, factors: Mapping[str, Decimal] | None = None) -> Shadow:
        """Both months under OLD, the later one named first."""
        return shadow(self.runs[::-1], self.jobs, OLD, self.catalogue, factors=factors)


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Paid:
    folder = tmp_path_factory.mktemp("shadow") / "region"
    plan = SamplePlan(
        stays_per_month=400,
        months=2,
        history_months=2,
        last_period="2026-11",
        seed=11,
        history_stays_per_month=1500,
    )
    write_region(plan, folder)
    files = [path for path in write_job_files(plan, folder) if path.name != "2026.toml"]
    with without_books():
        runs = tuple(run_month(load_job(file)).folder for file in files)
    history = RecordsInput(folder / "history")
    policy, hospitals = str(folder / "policy.toml"), folder / "hospitals.csv"
    make_catalogue(history, OLD, policy, hospitals, folder / "other")
    assert [path.stem for path in files] == ["2026-10", "2026-11"]
    return Paid(folder, (runs[0], runs[1]), (files[0], files[1]))


@pytest.fixture(scope="module")
def found(paid: Paid) -> Shadow:
    return paid.shadow(K)


def test_what_was_paid_stands_beside_what_the_other_scheme_would_give(
    paid: Paid, found: Shadow, tmp_path: Path
) -> None:
    """Settled by the same code with a job of that scheme, the other side is the same to the fen."""
    for month, run, job in zip(found.months, paid.runs, paid.jobs, strict=True):
        sides = month.comparison.hospitals.sort("hospital_id")
        was = pl.read_parquet(run / "statements.parquet")
        assert _by_hospital(was) == sides["fund_amount_fen_before"].to_list()
        other = paid.folder / f"{job.stem}-other.toml"
        text = job.read_text("utf-8").replace("chs-drg-2.0", OLD)
        changed = text.replace('catalogue = "catalogue"', 'catalogue = "other"')
        assert changed != text
        other.write_text(changed, encoding="utf-8")
        with without_books():
            settled = replace(load_job(other), output=tmp_path / job.stem)
            now = run_month(settled, accept=EVERYTHING).folder
        due = pl.read_parquet(now / "statements.parquet")
        assert _by_hospital(due) == sides["fund_amount_fen_after"].to_list()


def _by_hospital(statements: pl.DataFrame) -> list[int]:
    sums = statements.group_by("hospital_id").agg(pl.col("fund_amount").sum()).sort("hospital_id")
    return [int(yuan * 100) for yuan in sums["fund_amount"]]


def test_the_months_add_up(found: Shadow) -> None:
    assert [month.period for month in found.months] == ["2026-10", "2026-11"]
    for whole, table in (
        (found.hospitals, "hospitals"),
        (found.levels, "levels"),
        (found.accounts, "accounts"),
        (found.groups, "groups"),
    ):
        for name in ("cases_before", "points_after", "fund_amount_fen_before", "change_fen"):
            months = sum(int(getattr(m.comparison, table)[name].sum()) for m in found.months)
            assert whole[name].sum() == months
        assert whole[whole.columns[0]].is_unique().all()
    assert found.hospitals["change_fen"].is_sorted(descending=True)
    assert found.migration["cases"].sum() == sum(
        int(month.schemes.migration["cases"].sum()) for month in found.months
    )
    quality = {row["side"]: row for row in found.quality.iter_rows(named=True)}
    for side, row in quality.items():
        each = [month.schemes.quality.filter(side=side) for month in found.months]
        assert row["grouped"] == sum(one["grouped"].item() for one in each)
        assert row["groups"] >= max(one["groups"].item() for one in each)
        assert 0 < row["explained"] < 10_000


def test_values_compare_by_the_neutral_factors(paid: Paid, found: Shadow) -> None:
    for month in found.months:
        for row in month.values.iter_rows(named=True):
            points = Decimal(row["points_after"])
            old = points * K[row["pool"]]
            assert row["points_on_paid_scale"] == old.quantize(Decimal(1), ROUND_HALF_UP)
            value = row["point_value_after"] * points / old
            places = row["point_value_after"].as_tuple().exponent
            assert row["value_on_paid_scale"] == value.quantize(
                Decimal(1).scaleb(int(places)), ROUND_HALF_UP
            )
    without = paid.shadow().months[0].values
    assert without["value_on_paid_scale"].null_count() == without.height
    one_known = paid.shadow({"employee": K["employee"]}).months[0].values
    assert one_known["value_on_paid_scale"].null_count() == one_known.height - 1


def test_the_folder_has_declared_tables_and_can_be_made_again(found: Shadow) -> None:
    folder = write_shadow(found, language="en")
    assert write_shadow(found, language="en") == folder
    assert folder.name.startswith("2026-10_2026-11-")
    assert broken_rules(folder) == []
    package = read_package(folder)
    assert package["kind"] == "shadow"
    for resource in package["resources"]:
        for field in resource.get("schema", {}).get("fields", []):
            assert field.get("title"), (resource["path"], field["name"])
    assert (folder / "shadow.xlsx").is_file()
    page = (folder / "report.html").read_text("utf-8")
    assert "2026-10 – 2026-11" in page
    assert load_scenario(next((folder / "scenarios").iterdir())).scheme == OLD
    assert command_of(found).startswith("drgpay shadow ")
    for table in ("shadow_months", "month_values", "month_hospitals", "month_quality"):
        assert set(pl.read_parquet(folder / f"{table}.parquet")["period"].drop_nulls()) == {
            "2026-10",
            "2026-11",
        }


def test_the_months_stand_in_the_report_of_a_transition(found: Shadow, tmp_path: Path) -> None:
    folder = write_shadow(found, tmp_path / "shadow")
    months = read_shadow_months([folder], OLD, tmp_path / "transition.toml")
    written = pl.read_parquet(folder / "shadow_months.parquet")
    assert months["period"].to_list() == written["period"].to_list() == sorted(months["period"])
    for fen, yuan in (
        ("fund_paid_fen", "fund_amount_before"),
        ("fund_shadow_fen", "fund_amount_after"),
        ("fund_change_fen", "change"),
    ):
        assert [Decimal(one) / 100 for one in months[fen]] == written[yuan].to_list()
    assert months["cases"].to_list() == written["cases_before"].to_list()


def test_the_command_prints_both_and_gives_json(
    paid: Paid, tmp_path: Path, capsys: Printed
) -> None:
    named = ["--scheme", OLD, "--catalogue", paid.catalogue]
    named += ["--job", paid.jobs[0], "--k", "employee=1.020408"]
    assert status_of("shadow", paid.runs[0], *named, "--out", tmp_path / "zh", "--lang", "zh") == 0
    said = capsys.readouterr().out
    assert "影子" in said
    assert "只作比较，不支付" in said
    assert status_of("shadow", paid.runs[0], *named, "--out", tmp_path / "en", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["periods"]) == ("shadowed", ["2026-10"])
    assert told["schemes"] == {"before": "chs-drg-2.0", "after": OLD}
    assert {row["pool"] for row in told["month_values"]} == {"employee", "resident"}


def test_points_of_another_policy(paid: Paid, tmp_path: Path) -> None:
    other = tmp_path / "2027.toml"
    text = (paid.folder / "policy.toml").read_text("utf-8")
    assert 'high_floor = "normal"' not in text
    other.write_text(
        text.replace("low_ratio = 0.4", "low_ratio = 0.3").replace("year = 2026", "year = 2027"),
        encoding="utf-8",
    )
    found = shadow(paid.runs[:1], paid.jobs[:1], OLD, paid.catalogue, points=other)
    assert found.months[0].basis["after"]["points"]["low_ratio"] == "0.3"


@pytest.mark.parametrize(
    ("runs", "jobs", "scheme", "said"),
    [
        ((0, 1), (0,), OLD, r"the job of .*2026-11.* is missing; add --job"),
        ((0,), (0, 1), OLD, "of which no run is named"),
        ((0, 0), (0,), OLD, "two runs of 2026-10"),
        ((0,), (0, 0), OLD, "two jobs of 2026-10"),
        ((0,), (0,), "chs-drg-2.0", "was paid by chs-drg-2.0 already"),
        ((0,), (0,), "zj-drg-2022", "zj-drg-2022"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    paid: Paid, runs: tuple[int, ...], jobs: tuple[int, ...], scheme: str, said: str
) -> None:
    with pytest.raises(DrgpayError, match=said):
        shadow(
            [paid.runs[one] for one in runs],
            [paid.jobs[one] for one in jobs],
            scheme,
            paid.catalogue,
        )


def test_a_run_whose_files_changed_since(paid: Paid, tmp_path: Path) -> None:
    folder = tmp_path / "region"
    shutil.copytree(paid.folder, folder, ignore=shutil.ignore_patterns("runs", ".cache"))
    with (folder / "hospitals.csv").open("a", encoding="utf-8") as table:
        table.write("\n")
    job = folder / paid.jobs[0].name
    with pytest.raises(DrgpayError, match="hospitals"):
        shadow(paid.runs[:1], [job], OLD, folder / "other")


def test_a_clearing_is_no_month(paid: Paid, tmp_path: Path) -> None:
    run = tmp_path / "clearing"
    shutil.copytree(paid.runs[0], run)
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    (run / "manifest.json").write_text(
        json.dumps(manifest | {"kind": "clearing", "period": "2026"}), encoding="utf-8"
    )
    with pytest.raises(DrgpayError, match=r"is no settled month"):
        shadow([run], paid.jobs[:1], OLD, paid.catalogue)


def test_the_catalogue_is_of_the_other_scheme(paid: Paid) -> None:
    assert load_catalogue(paid.catalogue, load_scheme(OLD)).info.scheme == OLD
    with pytest.raises(DrgpayError, match=r"made for the scheme chs-drg-2\.0, not for"):
        shadow(paid.runs[:1], paid.jobs[:1], OLD, paid.folder / "catalogue")


def test_factors_of_a_transition_are_of_its_schemes(tmp_path: Path) -> None:
    """k for points of its new scheme, 1 / k for those of its old one (D6)."""
    hashes = {side: load_scheme(name).content_hash for side, name in SCHEMES.items()}
    told = {side: {"id": SCHEMES[side], "sha256": hashes[side]} for side in SCHEMES}
    k = pl.DataFrame({"account": ["employee"], "k": [K["employee"]]})
    k.write_parquet(tmp_path / "factors.parquet")
    basis = {"kind": TRANSITION, "period": "2024_2026", "schemes": told}
    write_manifest(tmp_path, "t", basis, {}, {})
    assert factors_of(tmp_path, "chs-drg-2.0") == {"employee": Decimal("1.020408")}
    assert factors_of(tmp_path, OLD) == {"employee": Decimal("0.980000")}
    with pytest.raises(DrgpayError, match="compares other schemes than zj-drg-2022"):
        factors_of(tmp_path, "zj-drg-2022")
    with pytest.raises(DrgpayError, match="has no neutral factors"):
        factors_of(_run_like(tmp_path / "run"), OLD)


def _run_like(folder: Path) -> Path:
    folder.mkdir()
    write_manifest(folder, "r", {"kind": "month", "period": "2026-10"}, {}, {})
    return folder
