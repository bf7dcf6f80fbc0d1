"""What a report consists of: sections of blocks, which the template lays out one after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from drgpay.report.html.formulas import Formula
from drgpay.report.html.tables import Table


@dataclass(frozen=True)
class Text:
    """A heading inside a section, a sentence, or a note in small print."""

    text: str
    kind: Literal["heading", "sentence", "note"] = "note"


@dataclass(frozen=True)
class Figure:
    """A chart as SVG, with what it is called for those who do not see it."""

    svg: str
    label: str
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Listing:
    """A table."""

    table: Table
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Formulas:
    """Rules with the numbers of the run."""

    formulas: Sequence[Formula]
    kind: Literal["formulas"] = "formulas"


@dataclass(frozen=True)
class Commands:
    """Commands with what they are for."""

    commands: Sequence[tuple[str, str]]
    kind: Literal["commands"] = "commands"


Block = Text | Figure | Listing | Formulas | Commands


@dataclass(frozen=True)
class Section:
    """A numbered section; `key` names it in links. Blocks without content are left out."""

    key: str
    title: str
    blocks: Sequence[Block]

    @property
    def shown(self) -> list[Block]:
        """The blocks that have content."""
        return [block for block in self.blocks if _has_content(block)]


def _has_content(block: Block) -> bool:
    match block:
        case Text(text):
            return bool(text)
        case Figure(svg):
            return bool(svg)
        case Listing(table):
            return bool(table.rows)
        case Formulas(formulas):
            return bool(formulas)
        case Commands(commands):
            return bool(commands)
