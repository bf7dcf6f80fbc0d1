"""`drgpay adjust` as a user meets it."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from drgpay.adjust.overlay import Overlay, read_overlay
from drgpay.cli.adjust import register
from drgpay.grouper.scheme import load_scheme

HEAD = '[scheme]\nid = "changed"\nname = "改后"\n'
SPLIT = '[[split]]\ndrg = "BR15"\n[[split.part]]\ncode = "BR12"\nname = "老年"\nrule = "{}"\n'


@pytest.fixture
def run() -> Callable[..., tuple[int, str]]:
    app = typer.Typer()
    register(app)
    app.callback()(lambda: None)

    def invoke(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["adjust", "--lang", "zh", *map(str, words)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return invoke


def test_check_then_apply(run: Callable[..., tuple[int, str]], small: Path, tmp_path: Path) -> None:
    overlay, out = tmp_path / "overlay.toml", tmp_path / "out"
    overlay.write_text(HEAD + SPLIT.format("NL >= 80"), encoding="utf-8")
    code, said = run("check", overlay, "--scheme", small, "--out", tmp_path / "changes.csv")
    assert code == 0
    assert "BR12" in said and "检查没有新的问题" in said and "MDCB" in said
    assert pl.read_csv(tmp_path / "changes.csv")["key"].to_list() == ["BR12"]
    code, said = run("apply", overlay, "--scheme", small, "--out", out, "--lang", "en")
    assert code == 0 and "MDCs touched: MDCB" in said
    assert load_scheme(str(out)).info.id == "changed"


def test_an_unsound_overlay_ends_with_1(
    run: Callable[..., tuple[int, str]], small: Path, tmp_path: Path
) -> None:
    overlay = tmp_path / "overlay.toml"
    lost = '[[remove_codes]]\nset = "DI_B"\ncodes = ["I60.1"]\n'
    overlay.write_text(HEAD + SPLIT.format("1") + lost, encoding="utf-8")
    code, said = run("check", overlay, "--scheme", small, "--lang", "en")
    assert code == 1
    assert "no stay can reach BR15" in said
    assert "no MDC takes the diagnosis I60.1 any more" in said
    assert "2 errors" in said


def test_propose_on_the_sample_region(
    run: Callable[..., tuple[int, str]], sample_data: Path, tmp_path: Path
) -> None:
    table, out = tmp_path / "table.parquet", tmp_path / "proposed.toml"
    words = ("propose", sample_data / "stays", "--scheme", "chs-drg-2.0", "--min-cases", 10)
    code, said = run(*words, "--out", out, "--table", table, "--lang", "en")
    assert code == 0
    assert "stays in" in said and "Left out" in said
    overlay: Overlay = read_overlay(out)
    assert overlay.scheme.base == "chs-drg-2.0"
    assert overlay.scheme.id == "chs-drg-2.0-proposed"
    found = pl.read_parquet(table)
    assert set(found["kind"]) <= {"split", "merge", "high_cv", "few_cases"}
    assert (found.filter(pl.col("kind") == "few_cases")["cases"] < 10).all()
