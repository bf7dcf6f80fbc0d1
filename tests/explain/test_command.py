"""`drgpay explain` as a user types it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import typer

from drgpay.base.errors import DrgpayError
from drgpay.cli import explain
from drgpay.cli.commands import add_command

DATA = Path(__file__).resolve().parents[1] / "data"
ORACLE = DATA / "oracle-chs-drg-2.0.parquet"
Say = Callable[..., str]

# E8: CHS-DRG 1.1, female, 88 years.
E8 = ("explain-stay", "--scheme", "chs-drg-1.1", "--sex", 2, "--age", 88)
E8_CODES = (
    *("--diagnosis", "K22.301", "--diagnosis", "K11.901"),
    *("--diagnosis", "E11.900", "--diagnosis", "I10.x05", "--procedure", "96.0800x005"),
)


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """What the command prints; errors of the user are raised."""
    app = typer.Typer(pretty_exceptions_enable=False)
    add_command(app, explain.explain, ())
    add_command(app, explain.explain_stay, ())

    def run(*arguments: object) -> str:
        words = [*map(str, arguments), *([] if "--lang" in arguments else ["--lang", "zh"])]
        monkeypatch.setattr(sys, "argv", ["drgpay", *words])
        with pytest.raises(SystemExit) as ended:
            app()
        assert ended.value.code == 0
        return capsys.readouterr().out

    return run


def test_a_typed_stay_in_chinese(say: Say) -> None:
    said = say(*E8, *E8_CODES, "--what-if")
    first = said.splitlines()[1]
    assert "入组 MDCG 消化系统疾病及功能障碍 › GZ1 其他消化系统诊断 › GZ13" in first
    assert "✓ QTZD in CC — 其他诊断 K11.901 腮腺区肿物 在 CC 中" in said
    assert "计入 K11.901 腮腺区肿物（CC，排除表 110）" in said
    assert "✗ GB1 食管、胃、十二指肠大手术" in said
    assert "主要手术 96.0800x005 鼻十二指肠营养管置入术 不在其中" in said
    assert "以 E11.900 2型糖尿病 为主要诊断" in said
    assert "KS11 糖尿病，伴严重并发症或合并症" in said


def test_a_typed_stay_in_english(say: Say) -> None:
    said = say(*E8, *E8_CODES, "--lang", "en")
    assert "The stay typed (chs-drg-1.1): grouped MDCG" in said
    assert "✓ QTZD in CC — other diagnosis K11.901 腮腺区肿物 is in CC" in said
    assert "What if" not in said


def test_full_shows_every_rule_of_a_case(say: Say) -> None:
    brief = say("explain", ORACLE, "--case", "16985", "--scheme", "chs-drg-2.0")
    full = say("explain", ORACLE, "--case", "16985", "--scheme", "chs-drg-2.0", "--full")
    assert "FF23" in brief.split("\n╰")[0]
    assert "✗ MDC MDCP" not in brief
    assert "✗ MDC MDCP" in full
    assert len(full.splitlines()) > len(brief.splitlines()) + 20


def test_json_is_the_whole_trace(say: Say) -> None:
    said = say(
        "explain", ORACLE, "--case", "16985", "--scheme", "chs-drg-2.0", "--json", "--what-if"
    )
    trace = json.loads(said)
    assert list(trace) == [
        *("scheme", "stay", "answer", "missing", "attempts"),
        *("severity", "near_misses", "what_if"),
    ]
    assert trace["answer"]["drg"]["code"] == "FF23"
    assert trace["attempts"][0]["tried"][0]["code"] == "MDCA"
    assert "\\u" not in said
    assert said == say(
        "explain", ORACLE, "--case", "16985", "--scheme", "chs-drg-2.0", "--json", "--what-if"
    )


def test_an_invalid_stay_names_what_is_missing(say: Say) -> None:
    said = say("explain-stay", "--scheme", "chs-drg-1.1", "--age", 3)
    assert "无效：缺少主要诊断、性别" in said


def test_an_ungrouped_stay_tells_what_was_retried(say: Say) -> None:
    zhejiang = DATA / "oracle-zj-drg-2022.parquet"
    said = say("explain", zhejiang, "--case", "1084", "--scheme", "zj-drg-2022")
    assert "未入组 0000，严重程度：没有计入的 MCC 或 CC。" in said
    assert "MDCB 神经系统疾病及功能障碍 · 规则成立但其中无组成立" in said
    assert "均未入组：69.4900x006 宫腔镜下子宫修补术" in said
    assert "✗ BU1 神经系统肿瘤" in said
    full = say("explain", zhejiang, "--case", "1084", "--scheme", "zj-drg-2022", "--full")
    assert "重试：仅以其他手术 69.4900x006 宫腔镜下子宫修补术 为主要手术" in full


def test_a_case_in_a_folder_of_small_row_groups(say: Say, tmp_path: Path) -> None:
    frame = pl.read_parquet(ORACLE)
    frame.head(100).write_parquet(tmp_path / "a.parquet", row_group_size=7)
    frame.slice(100).write_parquet(tmp_path / "b.parquet", row_group_size=50)
    for row in (13, 100):
        case, drg = frame["case_id"][row], frame["expected_drg"][row]
        said = say("explain", tmp_path, "--case", case, "--scheme", "chs-drg-2.0", "--json")
        assert json.loads(said)["answer"]["drg"]["code"] == drg


def test_mistakes_are_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    add_command(app, explain.explain, ())
    add_command(app, explain.explain_stay, ())
    twice = tmp_path / "twice.parquet"
    frame = pl.read_parquet(ORACLE)
    pl.concat([frame, frame]).write_parquet(twice)
    for arguments, words in [
        (
            ("explain", ORACLE, "--case", "nobody"),
            ("oracle-chs-drg-2.0.parquet", "no case_id 'nobody'"),
        ),
        (("explain", twice, "--case", "16985"), ("2 rows with the case_id '16985'",)),
        (("explain-stay",), ("no stay was typed", "explain FILE --case ID")),
    ]:
        argv = ["drgpay", *map(str, arguments), "--scheme", "chs-drg-2.0"]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(DrgpayError) as refused:
            app()
        for word in words:
            assert word in str(refused.value)
