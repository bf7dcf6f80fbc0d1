"""The trace of a visit for the terminal: where each line goes, then the rules that decided."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from drgpay.base.language import Language
from drgpay.base.terminal import Text
from drgpay.explain import wording
from drgpay.explain.console import facts_view, near_misses_view, walk_view
from drgpay.explain.trace import ExplainedLine, VisitTrace
from drgpay.explain.wording import named, word

_NOWHERE = "not_reached_apg"


def visit_view(trace: VisitTrace, language: Language, full: bool = False) -> RenderableType:
    """The trace as tables and trees; `full` shows every rule that was tried."""
    parts: list[RenderableType] = [
        Panel(Text(wording.visit_sentence(trace, language), style="bold")),
        facts_view(trace.visit, "visit", language),
    ]
    if trace.lines:
        parts.append(_lines(trace.lines, language))
    medical = f"{word('medical', language)} {named(trace.medical.apg)}"
    parts.append(walk_view(trace.medical.attempt, medical, language, full, _NOWHERE))
    if trace.near_misses:
        parts.append(near_misses_view(trace.near_misses, language, full))
    for line in dict.fromkeys(trace.lines):
        about = f"{_item(line)} {named(line.placed.apg)}"
        parts.append(walk_view(line.placed.attempt, about, language, full, _NOWHERE))
    return Group(*parts)


def _lines(lines: tuple[ExplainedLine, ...], language: Language) -> RenderableType:
    table = Table(title=word("lines", language), title_justify="left", title_style="bold")
    for key in ("item", "item_kind", "class", "family", "apg"):
        table.add_column(word(key, language))
    for line in lines:
        placed = line.placed
        style = "yellow" if placed.status == "ungrouped" else ""
        groups = (placed.apg_class, placed.family, placed.apg)
        table.add_row(
            Text(_item(line)),
            Text(line.item_kind or ""),
            *(Text(named(group)) for group in groups),
            style=style,
        )
    return table


def _item(line: ExplainedLine) -> str:
    return named(line.item) if line.item else "-"
