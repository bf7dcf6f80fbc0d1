"""A section of a page of tables and charts, as `page.html.j2` of this folder writes it."""

from dataclasses import dataclass, field

from drgpay.show.tables_html import HtmlTable


@dataclass(frozen=True)
class PageSection:
    """Its heading, a table, charts above it, and texts to be copied, each with its note."""

    title: str
    table: HtmlTable | None = None
    figures: list[str] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)
