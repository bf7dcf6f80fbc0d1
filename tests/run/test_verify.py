"""verify finds what was changed in the folder of a run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.cli import verify as verify_command
from drgpay.cli.commands import Command
from drgpay.results.manifest import Manifest, basis_hash, run_id_of
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.verify import Verified, verify_run
from tests.run.forging import Edit, add, edit_manifest, forge
from tests.run.small_region import small_region
from tests.spread import spread


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A small month's records, settled into runs/."""
    region = tmp_path_factory.mktemp("verify") / "region"
    run_month(load_job(small_region(sample_data, region)))
    return region


@pytest.fixture
def run(region: Path, tmp_path: Path) -> Path:
    """A copy of the run, to spoil."""
    (folder,) = (region / "runs").iterdir()
    return Path(shutil.copytree(folder, tmp_path / folder.name))


def wrong(verified: Verified) -> list[str]:
    return [check.key for check in verified.checks if check.status == "wrong"]


def test_an_untouched_run_is_right(region: Path, run: Path) -> None:
    verified = verify_run(run, region / "small.toml")
    assert [check for check in verified.checks if check.status != "right"] == []
    assert verified.status == "right"
    assert [check.key for check in verified.checks] == [
        *("basis", "run_id", "outputs", "inputs", "catalogue", "counts", "case_points", "lines"),
        *("case_parts", "prices", "values", "pools", "prepayments", "ledger"),
        *("case_records", "points_again", "lines_again", "bookings_again", "groups", "workbooks"),
    ]
    assert all(check.compared for check in verified.checks)
    (original,) = (region / "runs").iterdir()
    assert verified.evidence == verify_run(original).evidence


def test_a_data_package_that_says_something_else(run: Path) -> None:
    package = run / "datapackage.json"
    package.write_text(package.read_text("utf-8").replace("sha256:", "sha256:0"), "utf-8")
    outputs = next(check for check in verify_run(run).checks if check.key == "outputs")
    assert outputs.status == "wrong"
    assert "datapackage.json was changed" in outputs.finding.en
    package.unlink()
    assert "outputs" not in wrong(verify_run(run)), "older runs have none"


def test_changed_missing_and_extra_files(run: Path) -> None:
    changed = bytearray((run / "values.parquet").read_bytes())
    changed[10] ^= 1
    (run / "values.parquet").write_bytes(changed)
    (run / "summary.xlsx").unlink()
    (run / "statements").mkdir(exist_ok=True)
    (run / "statements" / "new.xlsx").write_text("")
    outputs = next(check for check in verify_run(run).checks if check.key == "outputs")
    assert outputs.status == "wrong"
    assert "summary.xlsx is missing" in outputs.finding.en
    assert "statements/new.xlsx is extra" in outputs.finding.en
    assert "values.parquet was changed" in outputs.finding.en
    assert "缺少 summary.xlsx" in outputs.finding.zh


POINTS = pl.col("payment") == "points"
LOCAL = POINTS & ~pl.col("out_of_area")
FORGERIES: list[tuple[str, Edit, set[str]]] = [
    ("cases", add("points", "0.0001", POINTS), {"case_points", "lines"}),
    ("cases", add("standard_amount", "0.01", POINTS), {"lines"}),
    ("cases", add("fund_amount", "-0.01", POINTS), {"lines"}),
    ("cases", lambda frame: frame.head(frame.height - 1), {"counts", "lines"}),
    ("statements", add("fund_amount", "0.01", LOCAL), {"lines", "prices", "pools", "ledger"}),
    ("statements", add("points", "0.0001", LOCAL), {"lines", "pools"}),
    ("statements", add("prepayment", "0.01", LOCAL), {"prepayments", "ledger"}),
    ("statements", add("difference", "0.01", LOCAL), {"prices"}),
    ("statements", add("home_fund_bill", "1", LOCAL), {"prepayments"}),
    ("values", add("point_value", "0.0001", pl.lit(True)), {"values"}),
    ("values", add("remainder", "0.01", pl.lit(True)), {"pools", "ledger"}),
    ("values", add("budget", "100", pl.lit(True)), {"values", "pools", "ledger"}),
    ("ledger", add("amount", "0.01", pl.lit(True)), {"ledger"}),
    ("ledger", lambda frame: frame.head(frame.height - 1), {"ledger"}),
    ("quarantine", lambda frame: pl.concat([frame, frame.head(1)]), {"counts"}),
]


@pytest.mark.parametrize("case", spread(range(len(FORGERIES)), 3))
def test_a_forged_table_with_its_hash_does_not_balance(run: Path, case: int) -> None:
    table, edit, expected = FORGERIES[case]
    forge(run, table, edit)
    assert expected <= set(wrong(verify_run(run)))
    assert "outputs" not in wrong(verify_run(run))


@pytest.mark.slow
def test_a_forged_manifest(run: Path) -> None:
    settlement = ("policy", "parameters", "settlement")

    def lower(manifest: dict[str, Any]) -> None:
        manifest[settlement[0]][settlement[1]][settlement[2]]["prepay_ratio"] = "0.5"

    edit_manifest(run, lower)
    assert {"basis", "prepayments"} <= set(wrong(verify_run(run)))

    def with_its_hash(manifest: dict[str, Any]) -> None:
        manifest["basis_sha256"] = basis_hash(Manifest(run, manifest).basis)

    edit_manifest(run, with_its_hash)
    checks = {check.key: check for check in verify_run(run).checks}
    assert checks["basis"].status == "right"
    assert checks["run_id"].status == "wrong", "nobody gave this id by hand"

    def by_an_older_program(manifest: dict[str, Any]) -> None:
        del manifest["id_given"]

    edit_manifest(run, by_an_older_program)
    checks = {check.key: check for check in verify_run(run).checks}
    assert checks["run_id"].status == "unknown"

    edit_manifest(run, lambda manifest: manifest.update(id_given=True))
    checks = {check.key: check for check in verify_run(run).checks}
    assert "named by hand: the id proves neither" in checks["run_id"].finding.en

    edit_manifest(
        run, lambda manifest: manifest.update(run=run_id_of(Manifest(run, manifest).basis))
    )
    assert "run_id" in wrong(verify_run(run))
    renamed = run.rename(run.with_name(json.loads((run / "manifest.json").read_text())["run"]))
    edit_manifest(renamed, lambda manifest: manifest.update(id_given=False))
    # With all that is hashed and named anew, what follows from the parameter still gives it away.
    found = wrong(verify_run(renamed))
    assert {"prepayments", "lines_again", "bookings_again", "workbooks"} <= set(found)
    assert not {"basis", "run_id", "outputs"} & set(found)


def test_changed_inputs(region: Path, run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(region, tmp_path / "region"))
    hospitals = copy / "hospitals.csv"
    hospitals.write_text(hospitals.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    inputs = next(c for c in verify_run(run, copy / "small.toml").checks if c.key == "inputs")
    assert inputs.status == "wrong"
    assert "inputs.hospitals.sha256" in inputs.finding.en
    hospitals.unlink()
    verified = verify_run(run, copy / "small.toml")
    assert verified.status == "unknown"
    assert wrong(verified) == []


def test_a_table_that_cannot_be_read(run: Path) -> None:
    (run / "ledger.parquet").write_text("no Parquet")
    verified = verify_run(run)
    assert wrong(verified) == ["outputs"]
    unknown = [c.key for c in verified.checks if c.status == "unknown"]
    assert unknown == ["ledger", "bookings_again", "workbooks"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"run": 1'])
def test_no_manifest(run: Path, text: str) -> None:
    (run / "manifest.json").write_text(text)
    with pytest.raises(DrgpayError, match=r"manifest\.json"):
        verify_run(run)


@pytest.fixture
def command() -> Callable[..., Any]:
    app = typer.Typer()
    app.command(cls=Command)(verify_command.verify)
    app.callback()(lambda: None)
    return lambda *words: CliRunner().invoke(app, ["verify", "--lang", "zh", *map(str, words)])


def test_the_command(run: Path, tmp_path: Path, command: Callable[..., Any]) -> None:
    result = command(run)
    assert result.exit_code == 0
    assert "账簿" in result.stdout
    assert "证据哈希" in result.stdout
    result = command(run, tmp_path / "none", "--json", "--lang", "en")
    assert result.exit_code == 2
    right, unreadable = json.loads(result.stdout)["runs"]
    assert right["status"] == "right"
    assert right["run"] == run.name
    assert unreadable["status"] == "unknown"
    forge(run, "ledger", add("amount", "0.01", pl.lit(True)))
    result = command(run, tmp_path / "none", "--lang", "en")
    assert result.exit_code == 1
    assert "wrong" in result.stdout
    assert "is not the folder of a run" in result.stderr
