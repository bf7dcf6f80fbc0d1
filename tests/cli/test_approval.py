"""`drgpay send`, `confirm`, `approve` and `paid`, as a user types them."""

import json
from pathlib import Path

import pytest

from drgpay.approval import state
from drgpay.approval.record import record_of
from tests.approval.small_runs import at, small_run
from tests.cli.in_process import Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was just finished, in runs/ of the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(state, "datetime", _Clock)
    return small_run(tmp_path / "runs", names=True)


class _Clock:
    @staticmethod
    def now(zone: object) -> object:
        return at(3)

    fromisoformat = staticmethod(at(3).fromisoformat)


def test_send_writes_a_form_that_confirm_reads(run: Path, drgpay: Run) -> None:
    status, said, _ = drgpay("send", "2026-10", "--by", "王芳", "--out", "form.csv")
    assert status == 0
    assert "2026-10-a: sent (王芳, claim, 2026-11-03 09:00:00 +08:00)" in said
    assert "3 hospitals were asked, 3 have not answered" in said
    form = Path("form.csv")
    text = form.read_text("utf-8-sig")
    assert text.splitlines()[:2] == ["hospital_id,name,answer,note", "H1,医院 H1,,"]
    form.write_text(text.replace("H2,医院 H2,,", "H2,医院 H2,有异议,分组"), "utf-8-sig")
    status, said, _ = drgpay("confirm", "2026-10", "--from", form, "--by", "王芳", "--json")
    assert status == 0
    told = json.loads(said)
    assert (told["step"], told["state"], told["known_by"]) == ("answered", "sent", "claim")
    assert (told["silent"], told["objecting"]) == (["H1", "H3"], ["H2"])
    assert json.loads(record_of(run).read_text("utf-8").splitlines()[1])["step"] == told["step"]


def test_a_form_is_never_written_over(run: Path, drgpay: Run) -> None:
    Path("form.csv").write_text("filled in", "utf-8")
    status, _, said = drgpay("send", "2026-10", "--by", "王芳", "--out", "form.csv")
    assert status == 2
    assert "form.csv is there already" in said
    assert not record_of(run).exists()


def test_who_takes_a_step_has_to_be_said(run: Path, drgpay: Run) -> None:
    for arguments in (("send", run), ("paid", run), ("approve", run, "--note", "x")):
        status, _, said = drgpay(*arguments)
        assert status == 2
        assert "--by" in said
