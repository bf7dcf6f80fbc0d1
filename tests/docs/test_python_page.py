"""docs/python.md: its examples run one after another, and print what the page shows."""

import ast
import contextlib
import io
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

import drgpay
from tests.docs.markdown import DOCS, blocks

PAGE = DOCS / "python.md"


@pytest.mark.slow
def test_examples_print_what_the_page_shows(
    tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample_data, tmp_path / "sample_data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    with pl.Config(restore_defaults=True, apply_on_context_enter=True):
        for block in blocks(PAGE, "python"):
            out = io.StringIO()
            code = compile(block.code, f"{PAGE.name}:{block.line}", "exec")
            with contextlib.redirect_stdout(out):
                exec(code, names)
            assert out.getvalue() == block.shown, f"{PAGE.name}:{block.line}"


def test_every_public_name_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    functions = [name for name in drgpay.__all__ if not re.match(r"_|[A-Z]", name)]
    assert [name for name in functions if f"`{name}`" not in text] == []


def test_the_page_uses_nothing_else() -> None:
    used = {
        node.attr
        for block in blocks(PAGE, "python")
        for node in ast.walk(ast.parse(block.code))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "drgpay"
    }
    assert used - set(drgpay.__all__) == set()
