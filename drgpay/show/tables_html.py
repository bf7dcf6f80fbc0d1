"""Report tables in a page: headings in lines, cells with their side, totals and notes."""

from collections.abc import Sequence
from dataclasses import dataclass

from drgpay.show.tables import ReportTable, Say, heading, kind_of, texts_of


@dataclass(frozen=True)
class HtmlCell:
    """A cell of a page: its text, whether it is a number, and whether that is below nothing."""

    text: str
    number: bool

    @property
    def negative(self) -> bool:
        """Whether it is a number below nothing."""
        return self.number and self.text.startswith("−")


@dataclass(frozen=True)
class HtmlTable:
    """A table as `table.html.j2` writes it.

    columns: the lines of each heading, and whether it is of numbers. totals: rows below the others.
    """

    columns: Sequence[tuple[Sequence[str], bool]]
    rows: Sequence[Sequence[HtmlCell]]
    totals: Sequence[Sequence[HtmlCell]]
    notes: Sequence[str]


def html_table(table: ReportTable, say: Say, most_rows: int) -> HtmlTable:
    """A table with at most `most_rows` rows; a note says where it has more."""
    schema = table.frame.schema
    numbers = [
        kind_of(name, dtype) != "text" or name in table.numbers for name, dtype in schema.items()
    ]

    def cells(texts: Sequence[str]) -> list[HtmlCell]:
        both = zip(texts, numbers, strict=True)
        return [
            HtmlCell(text.replace("-", "−") if number else text, number) for text, number in both
        ]

    rows, below = texts_of(table, say, most_rows)
    notes = [say(table.note)] if table.note else []
    if len(rows) < table.frame.height:
        notes.append(say("shown_note").format(shown=most_rows, rows=table.frame.height))
    return HtmlTable(
        list(zip((heading(name, say) for name in schema), numbers, strict=True)),
        [cells(row) for row in rows],
        [cells(row) for row in below],
        notes,
    )
