"""Run the commands that pages show, and put what they print in the place of what is shown.

    python -m tests.docs.transcripts [PAGE...]

Run are, page by page in a folder of its own with a copy of sample_data: transcripts, which begin with
`$ `; ```sh blocks of the how-tos; the examples of python.md; and, before all that follows, what a comment
`<!-- before` holds. A transcript below `<!-- by hand -->` stays. Lines that are left out with … stay out:
each line that was shown is looked for among those printed now, and what is printed between two lines that
stood together is shown too. Pages in Chinese show what is printed in Chinese, all others what is printed with
DRGPAY_LANG=en.
"""

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest

from drgpay.base.language import VARIABLE, Language
from tests.databases.howto import surroundings
from tests.docs.markdown import DOCS, ZH, language_of
from tests.docs.shell import run, statements

ROOT = DOCS.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "README.zh-CN.md",
    DOCS / "commands.md",
    DOCS / "python.md",
    *sorted(DOCS.glob("howto-*.md")),
    *sorted(ZH.glob("howto-*.md")),
)
_CUT = "…"
_SHOWN = "(?:\n```text\n(?P<{name}>.*?)^```\n)?"
_BLOCK = re.compile(
    r"^<!-- before\n(?P<before>.*?)^-->\n"
    r"|^<!-- by hand -->\n\n```\n.*?^```\n"
    r"|^```\n(?P<transcript>\$ .*?)^```\n"
    rf"|^```sh\n(?P<sh>.*?)^```\n{_SHOWN.format(name='sh_shown')}"
    rf"|^```python\n(?P<python>.*?)^```\n{_SHOWN.format(name='python_shown')}",
    re.MULTILINE | re.DOTALL,
)
_ALIKE = 0.5  # below it two lines are not the same line with other numbers


def refresh(page: Path) -> None:
    """Write the page anew, with what its commands print now."""
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    language = language_of(page)

    def block(found: re.Match[str]) -> str:
        where = f"{page.name}:{text[: found.start()].count(chr(10)) + 1}"
        if found["before"]:
            _said(found["before"], where, language)
        elif found["transcript"]:
            return f"```\n{''.join(_transcript(found['transcript'], where, language))}```\n"
        elif found["sh"] and page.name.startswith("howto-"):
            printed = _said(found["sh"], where, language)
            if found["sh_shown"]:
                shown = _renewed(found["sh_shown"].splitlines(), printed, where, whole=False)
                return found[0].replace(found["sh_shown"], "".join(f"{line}\n" for line in shown))
        elif found["python"] and page.name == "python.md":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(found["python"], where, "exec"), names)
            if found["python_shown"]:
                return found[0].replace(found["python_shown"], out.getvalue())
        return found[0]

    with (
        tempfile.TemporaryDirectory() as user,
        surroundings(page, Path(user)),
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        pl.Config(restore_defaults=True, apply_on_context_enter=True),
        patch.dict(os.environ, {VARIABLE: language}),
    ):
        shutil.copytree(ROOT / "sample_data", "sample_data")
        renewed = _BLOCK.sub(block, text)
    page.write_text(renewed, encoding="utf-8")


def _said(code: str, where: str, language: Language) -> list[str]:
    said = ""
    for command, status in statements(code):
        ended, output = run(command, language)
        if ended != status:
            _warn(where, f"{command} ended with {ended}: {output[-2000:]}")
        said += output
    return [line.rstrip() for line in said.splitlines()]


def _transcript(block: str, where: str, language: Language) -> Iterator[str]:
    for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        length = 1
        while lines[length - 1].endswith("\\"):
            length += 1
        yield from (f"{line}\n" for line in lines[:length])
        (command, _), *_ = statements("\n".join(lines[:length])[2:])
        ended, output = run(command, language)
        if ended:
            _warn(where, f"{command} ended with {ended}")
        printed = [line.rstrip() for line in output.splitlines()]
        for line in _renewed(lines[length:], printed, where, whole=True):
            yield f"{line}\n"


def _renewed(shown: list[str], printed: list[str], where: str, *, whole: bool) -> list[str]:
    """The lines shown, as they are printed now; `whole`: with those between lines that stood together."""
    if not shown:
        return []
    found = _aligned(shown, printed)
    renewed: list[str] = []
    # Of an output that is shown from its beginning, or to its end, that is shown too.
    last = -1
    cut = False
    for number, line in enumerate([*shown, None]):
        if line == _CUT:
            renewed.append(line)
            cut = True
            continue
        place = len(printed) if line is None else found.get(number)
        if place is None:
            _warn(where, f"is not printed any more: {line}")
            continue
        if whole and not cut:
            renewed += printed[last + 1 : place]
        if line is not None:
            renewed.append(line if _CUT in line and _fits(line, printed[place]) else printed[place])
        last, cut = place, False
    return renewed


def _aligned(shown: list[str], printed: list[str]) -> dict[int, int]:
    """Which line printed each line shown is, in order, so that they are as alike as can be."""
    width = len(printed)
    best = [[0.0] * (width + 1) for _ in range(len(shown) + 1)]
    words = [_words(line) for line in printed]
    alike = [
        [_likeness(line, _words(line), *pair) for pair in zip(printed, words, strict=True)]
        for line in shown
    ]
    for row in range(len(shown) - 1, -1, -1):
        for place in range(width - 1, -1, -1):
            taken = alike[row][place] + best[row + 1][place + 1] if alike[row][place] else 0.0
            best[row][place] = max(taken, best[row + 1][place], best[row][place + 1])
    found: dict[int, int] = {}
    row = place = 0
    while row < len(shown) and place < width:
        likeness = alike[row][place]
        if likeness and best[row][place] == likeness + best[row + 1][place + 1]:
            found[row] = place
            row, place = row + 1, place + 1
        elif best[row][place] == best[row][place + 1]:
            place += 1
        else:
            row += 1
    return found


def _likeness(shown: str, shown_words: list[str], printed: str, printed_words: list[str]) -> float:
    """0 for lines that are not the same, else the share of what they have in common."""
    if shown == _CUT:
        return 0.0
    if shown == printed or (_CUT in shown and _fits(shown, printed)):
        return 2.0
    common = list(printed_words)
    for word in shown_words:
        if word in common:
            common.remove(word)
    everything = len(shown_words) + len(printed_words)
    share = 2 * (len(printed_words) - len(common)) / everything if everything else 0.0
    return share if share >= _ALIKE else 0.0


def _words(line: str) -> list[str]:
    """What a line is made of: names, signs, and numbers whatever they are."""
    return re.findall(
        r"[^\W\d]+|[^\w\s,.]", re.sub(r"[\d,.]*\d", "0", re.sub(r"([─━])\1+", r"\1", line))
    )


def _fits(shown: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in _squeezed(shown).split(_CUT))
    return re.fullmatch(pattern, _squeezed(printed)) is not None


def _squeezed(line: str) -> str:
    return re.sub(r"[ ─━]+", " ", line).strip()


def _warn(where: str, text: str) -> None:
    sys.stderr.write(f"{where}: {text}\n")


if __name__ == "__main__":
    os.environ["COLUMNS"] = "160"
    for named in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        try:
            refresh(named)
        except pytest.skip.Exception as error:  # there is no PostgreSQL to run its commands with
            _warn(named.name, f"left as it was: {error}")
