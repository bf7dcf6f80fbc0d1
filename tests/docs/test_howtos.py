"""The how-tos, followed literally: every command in order, its exit status, the lines shown."""

import re
import shutil
from pathlib import Path

import pytest

from tests.databases.howto import surroundings
from tests.docs.markdown import DOCS, Block, blocks, language_of
from tests.docs.shell import run, statements

PAGES = [
    *("howto-month-end.md", "howto-scenarios.md", "howto-group-review.md"),
    *("zh/howto-month-end.md", "zh/howto-scenarios.md", "zh/howto-group-review.md"),
    *("howto-transition.md", "zh/howto-transition.md"),
    *("howto-databases.md", "zh/howto-databases.md"),
    *("howto-supervision.md", "zh/howto-supervision.md"),
]
_CUT = "…"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.slow
def test_every_step_does_what_the_page_shows(
    page: str, tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample_data, tmp_path / "sample_data")
    monkeypatch.chdir(tmp_path)
    steps = blocks(DOCS / page, "sh")
    assert steps
    user = tmp_path / "user"
    user.mkdir()
    with surroundings(DOCS / page, user):
        for step in steps:
            _follow(step, page)


def _follow(step: Block, page: str) -> None:
    said = ""
    for command, status in statements(step.code):
        ended, output = run(command, language_of(DOCS / page))
        assert ended == status, f"{page}:{step.line}: {command} ended with {ended}\n{output}"
        said += output
    lines = [_squeezed(line) for line in said.splitlines()]
    for shown in step.shown.splitlines():
        assert any(_matches(_squeezed(shown), line) for line in lines), (
            f"{page}:{step.line} shows {shown!r}, which is not in\n{said}"
        )


def _squeezed(line: str) -> str:
    """Cells are as wide as their widest neighbour, which a page may leave out."""
    return re.sub(r"[ ─━]+", " ", line).strip()


def _matches(shown: str, line: str) -> bool:
    """A line of the page; … stands for anything."""
    pattern = ".*".join(re.escape(part) for part in shown.split(_CUT))
    return re.fullmatch(pattern, line) is not None
