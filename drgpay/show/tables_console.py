"""Report tables and sentences in a terminal."""

from collections.abc import Sequence

from rich.console import Group

from drgpay.show.grid import Column, Grid, Prose
from drgpay.show.tables import Block, ReportTable, Say, Sentence, kind_of, texts_of
from drgpay.show.terminal import Showable, Text


def console_tables(blocks: Sequence[Block], say: Say, most_rows: int = 20) -> Showable:
    """The blocks one below the other, a table with at most `most_rows` rows and its total."""
    parts: list[Showable] = []
    for block in blocks:
        if isinstance(block, Sentence):
            parts.append(Prose(Text(block.text, style=block.style)))
        else:
            parts += _parts(block, say, block.most_rows or most_rows)
    return Group(*parts)


def _parts(table: ReportTable, say: Say, most_rows: int) -> list[Showable]:
    schema = table.frame.schema
    columns = [
        Column(say(name), kind_of(name, dtype) != "text" or name in table.numbers)
        for name, dtype in schema.items()
    ]

    def cells(texts: Sequence[str]) -> list[Text]:
        pairs = zip(texts, columns, strict=True)
        return [Text(text, _style(text) if column.number else "") for text, column in pairs]

    rows, below = texts_of(table, say, most_rows)
    names = list(schema)
    grid = Grid(
        title=table.title or (say(table.key) if table.key else ""),
        columns=columns,
        rows=[cells(row) for row in rows],
        totals=[cells(row) for row in below],
        styles=_styles(table),
        sections=_sections(table),
        may_go=[names.index(name) for name in table.may_go if name in names],
        left_out=say("columns_left_out") if table.may_go else "",
        turned=table.turned,
    )
    parts: list[Showable] = [grid]
    if table.frame.height > most_rows:
        more = say("shown_note").format(shown=most_rows, rows=table.frame.height)
        parts.append(Prose(Text(more)))
    if table.note:
        parts.append(Prose(Text(say(table.note))))
    return parts


def _style(number: str) -> str:
    return "red" if number.startswith("-") else ""


def _styles(table: ReportTable) -> list[str]:
    if table.styles is None:
        return []
    column, styles = table.styles
    return [styles.get(value, "") for value in table.frame[column]]


def _sections(table: ReportTable) -> frozenset[int]:
    """The places of rows below which another value begins."""
    if not table.parted:
        return frozenset()
    column = table.frame[table.parted]
    last = (column != column.shift(-1)).fill_null(value=True)
    return frozenset(last.arg_true())
