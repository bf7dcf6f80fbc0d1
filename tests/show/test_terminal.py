"""What reaches a terminal of a text of the data."""

import io
from collections.abc import Callable

import pytest
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.tree import Tree

from drgpay.base.visible import visible
from drgpay.cli import console
from drgpay.show.grid import Column, Grid
from drgpay.show.terminal import Screen, Text
from tests.hostile_texts import SURROGATE, TEXTS


def _cell(text: str) -> Table:
    table = Table("name", "number")
    table.add_row(text, "1")
    return table


def _styled(text: str) -> Table:
    table = Table("name")
    table.add_row(Text(text, style="red"))
    return table


def _title(text: str) -> Table:
    return Table("name", title=text, caption=text, min_width=900)


def _heading(text: str) -> Grid:
    return Grid("title", [Column(text)], [])


def _grid_cell(text: str) -> Grid:
    return Grid("title", [Column("name"), Column("number", number=True)], [[text, "1"]])


def _tree(text: str) -> Tree:
    tree = Tree(text)
    tree.add(Text("first").append(text).add_line(text))
    return tree


SHOWN: tuple[Callable[[str], RenderableType], ...] = (
    *(_cell, _styled, _title, _heading, _grid_cell, _tree, Text, str),
    lambda text: Panel(text, title=Text(text)),
)


def printed(shown: RenderableType) -> str:
    lines = io.StringIO()
    Screen(file=lines, width=1_000).print(shown)
    return lines.getvalue()


@pytest.mark.parametrize("show", SHOWN)
@pytest.mark.parametrize("text", [*TEXTS, SURROGATE])
def test_a_text_is_shown_as_it_is(show: Callable[[str], RenderableType], text: str) -> None:
    lines = printed(show(text))
    assert visible(text) in lines
    assert visible(lines, lines=True) == lines


@pytest.mark.parametrize("text", ["line\nfeed", "a\r\nb", "\x0b\x0c"])
def test_a_cell_is_one_line(text: str) -> None:
    assert len(printed(_cell(text)).splitlines()) == len(printed(_cell("plain")).splitlines())
    assert len(printed(_styled(text)).splitlines()) == len(printed(_styled("plain")).splitlines())


def test_styles_are_codes_of_the_program_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    lines = io.StringIO()
    monkeypatch.setattr("sys.stdout", lines)
    console.show(Text("\x1b[5mblinking", style="red"))
    assert lines.getvalue() == "\x1b[31m\\x1b[5mblinking\x1b[0m\n"


@pytest.mark.parametrize("err", [False, True])
@pytest.mark.parametrize("text", [*TEXTS, SURROGATE])
def test_a_sentence_is_one_line(capsys: pytest.CaptureFixture[str], text: str, err: bool) -> None:
    console.say(f"drgpay: {text}", err)
    said = capsys.readouterr()
    assert (said.err if err else said.out) == f"drgpay: {visible(text)}\n"
