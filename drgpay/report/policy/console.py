"""A policy's explanation on a screen."""

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table as Lines

from drgpay.report.policy.explanation import Explanation
from drgpay.report.policy.sentences import Said, Table
from drgpay.show.grid import Column, Grid
from drgpay.show.terminal import Text

_SENTENCE, _BELOW = (0, 0, 0, 2), (0, 0, 0, 6)


def on_screen(explanation: Explanation) -> list[RenderableType]:
    """Title, chapters and count, one below the other; a narrow screen folds them."""
    shown: list[RenderableType] = [
        Text(f"{explanation.title} · {explanation.name}", "bold"),
        *(Text(f"{name}  {value}") for name, value in explanation.facts),
        *(Text(note) for note in explanation.notes),
    ]
    for number, chapter in enumerate(explanation.chapters, start=1):
        shown += ["", Text(f"{number}  {chapter.title}", "bold")]
        for said in chapter.said:
            shown += _shown(explanation, said)
    shown += ["", *(Text(line, "bold") for line in explanation.count), Text(explanation.footnote)]
    return shown


def _shown(explanation: Explanation, said: Said) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Padding(_bullet(explanation.sentence(said)), _SENTENCE, expand=False),
        *(
            Padding(Text(explanation.standing(one), "dim"), _BELOW, expand=False)
            for one in said.standings
        ),
    ]
    if said.table:
        parts.append(Padding(_grid(said.table), _BELOW, expand=False))
    return parts


def _bullet(sentence: str) -> Lines:
    """A sentence whose further lines stand below its first one."""
    grid = Lines.grid(padding=(0, 1, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    grid.add_row("·", sentence)
    return grid


def _grid(table: Table) -> Grid:
    columns = [Column(name, place in table.numbers) for place, name in enumerate(table.columns)]
    return Grid("", columns, table.rows)
