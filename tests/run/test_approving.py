"""A run is verified before it is approved, and its record with it afterwards."""

import shutil
from pathlib import Path

import pytest

from drgpay.approval import steps
from drgpay.approval.record import Person, record_of
from drgpay.approval.state import history_of
from drgpay.base.errors import DrgpayError
from drgpay.run.approving import approve_verified
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.verify import verify_run
from tests.run.small_region import small_region

WANG = Person("王芳")


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """A small month that every hospital confirmed."""
    region = tmp_path_factory.mktemp("approving") / "region"
    folder = run_month(load_job(small_region(sample_data, region))).folder
    asked = steps.send(folder, WANG).history.hospitals
    answers = region / "answers.csv"
    rows = [f"{hospital},确认" for hospital in asked]
    answers.write_text("\n".join(["hospital_id,answer", *rows]), encoding="utf-8")
    steps.answer(folder, answers, WANG)
    return folder


@pytest.fixture
def run(sent: Path, tmp_path: Path) -> Path:
    """A copy of it with its record, to spoil."""
    shutil.copy(record_of(sent), tmp_path)
    return Path(shutil.copytree(sent, tmp_path / sent.name))


def test_a_run_that_is_right_is_approved_and_its_record_verified(run: Path) -> None:
    done = approve_verified(run, WANG, "会议纪要")
    assert done.step.about["verified"] == "right"
    assert done.state == "approved"
    verified = verify_run(run)
    check = next(check for check in verified.checks if check.key == "record")
    assert (verified.status, check.compared) == ("right", 3)
    assert str(check.finding) == f"approved; hash of the last line {done.step.sha256}"
    assert verified.evidence == history_of(run).steps[0].evidence


@pytest.mark.parametrize("spoiled", ["statements.parquet", "manifest.json", "gone"])
def test_a_run_that_is_not_as_it_was_cannot_be_approved(spoiled: str, run: Path) -> None:
    if spoiled == "gone":
        (run / "cases.parquet").unlink()
        words = "does not verify .*cases.parquet"
    elif spoiled == "manifest.json":
        text = (run / spoiled).read_text("utf-8")
        (run / spoiled).write_text(text.replace('"read": ', '"read": 1'), "utf-8")
        words = "has changed since its last step"
    else:
        with (run / spoiled).open("ab") as file:
            file.write(b"x")
        words = "does not verify"
    with pytest.raises(DrgpayError, match=words):
        approve_verified(run, WANG, "会议纪要")
    assert len(history_of(run).steps) == 2


def test_verify_finds_a_spoiled_record(run: Path) -> None:
    path = record_of(run)
    path.write_bytes(path.read_bytes().replace("确认".encode(), b"x").replace(b"confirmed", b"c"))
    verified = verify_run(run)
    assert [check.key for check in verified.checks if check.status == "wrong"] == ["record"]
    assert "do not edit it" in str(next(c.finding for c in verified.checks if c.key == "record"))
