"""Report tables in a terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from drgpay.show.tables import ReportTable, Say, kind_of, texts_of
from drgpay.show.terminal import Text


def console_tables(tables: Sequence[ReportTable], say: Say, most_rows: int = 20) -> RenderableType:
    """The tables one below the other, each with at most `most_rows` rows and its total."""
    return Group(*(part for table in tables for part in _parts(table, say, most_rows)))


def _parts(table: ReportTable, say: Say, most_rows: int) -> list[RenderableType]:
    made = Table(
        title=say(table.key), title_justify="left", title_style="bold", header_style="bold"
    )
    for name, dtype in table.frame.schema.items():
        made.add_column(say(name), justify="left" if kind_of(name, dtype) == "text" else "right")
    rows, total = texts_of(table, say, most_rows)
    for row in rows:
        made.add_row(*row)
    if total:
        made.add_section()
        made.add_row(*total)
    parts: list[RenderableType] = [made]
    if table.frame.height > most_rows:
        more = say("shown_note").format(shown=most_rows, rows=table.frame.height)
        parts.append(Text(more))
    if table.note:
        parts.append(Text(say(table.note)))
    return parts
