"""Fenced blocks of a page, in order, each with the output that is shown below it."""

import re
from dataclasses import dataclass
from pathlib import Path

from drgpay.base.language import Language

DOCS = Path(__file__).resolve().parents[2] / "docs"
ZH = DOCS / "zh"
_FENCE = r"^```{language}\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?"


@dataclass(frozen=True)
class Block:
    """A block of code, the text block that follows it, and the line where it starts."""

    code: str
    shown: str
    line: int


def language_of(page: Path) -> Language:
    """The language in which a page shows what commands print: that in which it is written."""
    return "zh" if page.parent == ZH or page.stem.endswith(".zh-CN") else "en"


def blocks(page: Path, language: str) -> list[Block]:
    """The blocks of a language."""
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(_FENCE.format(language=language), re.MULTILINE | re.DOTALL)
    return [
        Block(found[1], found[2] or "", text[: found.start()].count("\n") + 1)
        for found in pattern.finditer(text)
    ]
