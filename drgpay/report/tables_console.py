"""Report tables in a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from drgpay.base.terminal import Text
from drgpay.report.tables import Kind, ReportTable, Say, kind_of, prefixed_text, text_of


def console_tables(tables: Sequence[ReportTable], say: Say, most_rows: int = 20) -> RenderableType:
    """The tables one below the other, each with at most `most_rows` rows and its total."""
    return Group(*(part for table in tables for part in _parts(table, say, most_rows)))


def _parts(table: ReportTable, say: Say, most_rows: int) -> list[RenderableType]:
    kinds = {name: kind_of(name, dtype) for name, dtype in table.frame.schema.items()}
    made = Table(
        title=say(table.key), title_justify="left", title_style="bold", header_style="bold"
    )
    for name, kind in kinds.items():
        made.add_column(say(name), justify="left" if kind == "text" else "right")
    for row in table.frame.head(most_rows).iter_rows(named=True):
        made.add_row(*(_cell(row[name], name, kind, table, say) for name, kind in kinds.items()))
    total = _total(table)
    if total and table.frame.height:
        made.add_section()
        cells = [_cell(total.get(name), name, kind, table, say) for name, kind in kinds.items()]
        made.add_row(say("total"), *cells[1:])
    parts: list[RenderableType] = [made]
    if table.frame.height > most_rows:
        more = say("shown_note").format(shown=most_rows, rows=table.frame.height)
        parts.append(Text(more))
    if table.note:
        parts.append(Text(say(table.note)))
    return parts


def _total(table: ReportTable) -> dict[str, Any]:
    """The values of the last row: what is given, and the sums."""
    sums = {name: table.frame[name].sum() for name in table.sums}
    return {**sums, **(table.total or {})}


def _cell(value: Any, name: str, kind: Kind, table: ReportTable, say: Say) -> str:
    if value is None:
        return "–"
    if kind == "text":
        prefix = table.prefixes.get(name)
        worded = name in table.worded
        return prefixed_text(value, prefix, say) if prefix else text_of(value, worded, say)
    if kind == "percent":
        return f"{value:.2%}"
    return f"{value:,}"
