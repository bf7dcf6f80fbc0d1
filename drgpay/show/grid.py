"""A table in a terminal of any width: no number and no name loses its end, or a row its difference.

What does not fit is wrapped between words, and beside Chinese characters, but never within a number.
Where that is not enough the columns go that may, as long as no two rows look alike then; and where
that is not enough, the rows stand one below the other, a line a column.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from drgpay.show.terminal import Text

Content = str | Text

_NARROW, _NARROW_HEADING, _LONG_WORD = 12, 8, 24
_MARKS = "（《“，。、；：？！）》”()"
# Blanks; a run of narrow letters; a wide one. What closes a clause stays at the end of its line.
_PIECES = re.compile(r"\s+|[（《“]*(?:[^\s\u1100-\uffef]+|[\u1100-\uffef])[，。、；：？！）》”]*")
_NUMBER = re.compile(r"[-+−]?\d[\d,]*(\.\d+)?[%…]?")


@dataclass(frozen=True)
class Column:
    """A column: its heading, and whether its cells stand to the right, as numbers do."""

    heading: str
    number: bool = False


@dataclass(frozen=True)
class Prose:
    """Sentences in the columns of a screen: no number in them is divided between two lines."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines."""
        yield _wrapped(self.text, options.max_width)


@dataclass(frozen=True)
class Facts:
    """Names and their values beside them, without lines; a value goes on below its beginning."""

    rows: Sequence[tuple[str, Content]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The names in a column, as wide as the longest."""
        names = max((cell_len(_text(name).plain) for name, _ in self.rows), default=0)
        room = max(options.max_width - names - 4, 1)
        table = Table.grid(padding=(0, 2))
        for name, value in self.rows:
            table.add_row(Text(name, style="dim"), _wrapped(_text(value), room))
        yield table


@dataclass(frozen=True)
class Grid:
    """A table that fits itself into the columns of a screen.

    `totals` are the rows below a line. `styles` are those of rows, by place; a line is drawn below
    the rows in `sections`. Columns in `may_go` go first where there is no room, in this order, but
    none that tells rows apart; `left_out` says so, of {columns} and of the {width} that shows all. `turned`: a column of the screen is a row, headed by its first cell.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Content]]
    totals: Sequence[Sequence[Content]] = ()
    styles: Sequence[str] = ()
    sections: frozenset[int] = frozenset()
    may_go: Sequence[int] = ()
    left_out: str = ""
    turned: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, or its rows as lines."""
        laid = _turned(self) if self.turned else self
        gone: list[int] = []
        for place in (None, *laid.may_go):
            if place is not None:
                if _different(_without(laid, [*gone, place])) < _different(laid):
                    continue
                gone.append(place)
            shown = _without(laid, gone)
            widths = _widths(shown, options.max_width)
            if widths:
                yield _table(shown, widths)
                if gone:
                    names = _listed([laid.columns[each].heading for each in gone])
                    needed = sum(least for least, _ in _bounds(laid)) + _lines(laid)
                    said = self.left_out.format(columns=names, width=needed)
                    yield _wrapped(Text(said), options.max_width)
                return
        yield from _stacked(self, options.max_width)


def _listed(names: Sequence[str]) -> str:
    wide = any(cell_len(name) > len(name) for name in names)
    return ("、" if wide else ", ").join(names)


def _turned(grid: Grid) -> Grid:
    heads = [Column("")] + [Column(str(row[0]), number=True) for row in grid.rows]
    rows = [
        [column.heading, *(row[place] for row in grid.rows)]
        for place, column in enumerate(grid.columns)
        if place
    ]
    return replace(grid, columns=heads, rows=rows, totals=(), may_go=(), turned=False)


def _without(grid: Grid, gone: Sequence[int]) -> Grid:
    if not gone:
        return grid

    def kept(row: Sequence[Content]) -> list[Content]:
        return [cell for place, cell in enumerate(row) if place not in gone]

    return replace(
        grid,
        columns=[column for place, column in enumerate(grid.columns) if place not in gone],
        rows=[kept(row) for row in grid.rows],
        totals=[kept(row) for row in grid.totals],
    )


def _different(grid: Grid) -> int:
    return len({tuple(map(str, row)) for row in grid.rows})


def _bounds(grid: Grid) -> list[tuple[int, int]]:
    """The least width of each column, and the one in which nothing is wrapped."""
    rows = [*grid.rows, *grid.totals]
    bounds = []
    for place, column in enumerate(grid.columns):
        heading = _text(column.heading)
        texts = [_text(row[place]) for row in rows]
        least = [_least(text.plain, _NARROW) for text in texts]
        natural = max(map(_width, (heading, *texts)))
        bounds.append((max(_least(heading.plain, _NARROW_HEADING), *least, 1), natural))
    return bounds


def _lines(grid: Grid) -> int:
    """Columns of the screen that lines and blanks take."""
    return 3 * len(grid.columns) + 1


def _widths(grid: Grid, width: int) -> list[int] | None:
    """The width of each column, None if there is no room; what is left goes where it is wanted."""
    bounds, room = _bounds(grid), width - _lines(grid)
    if sum(natural for _, natural in bounds) <= room:
        return [natural for _, natural in bounds]
    left = room - sum(least for least, _ in bounds)
    if left < 0:
        return None
    wanted = sum(natural - least for least, natural in bounds)
    widths = [least + left * (natural - least) // wanted for least, natural in bounds]
    for place in sorted(range(len(bounds)), key=lambda place: widths[place] - bounds[place][1]):
        if sum(widths) == room:
            break
        widths[place] += 1
    return widths


def _table(grid: Grid, widths: Sequence[int]) -> Table:
    made = Table(
        title=grid.title or None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        show_header=any(column.heading for column in grid.columns),
    )
    for column, width in zip(grid.columns, widths, strict=True):
        made.add_column(
            _wrapped(_text(column.heading), width),
            justify="right" if column.number else "left",
            width=width,
            overflow="fold",
        )

    def add(row: Sequence[Content], style: str = "", section: bool = False) -> None:
        cells = [_wrapped(_text(cell), width) for cell, width in zip(row, widths, strict=True)]
        made.add_row(*cells, style=style or None, end_section=section)

    for place, row in enumerate(grid.rows):
        add(row, grid.styles[place] if grid.styles else "", place in grid.sections)
    if grid.totals:
        made.add_section()
    for row in grid.totals:
        add(row)
    return made


def _stacked(grid: Grid, width: int) -> Iterator[Text]:
    """Each row as lines of `name: value`, a blank line between rows."""
    if grid.title:
        yield _wrapped(Text(grid.title, style="bold"), width)
    rows = [*grid.rows, *grid.totals]
    for number, row in enumerate(rows):
        style = grid.styles[number] if number < len(grid.styles) else ""
        for place, (column, cell) in enumerate(zip(grid.columns, row, strict=True)):
            value = _text(cell)
            if value.plain:
                line = Text(f"{column.heading}: " if column.heading else "", style=style)
                yield from _indented(line, value, 2 if place else 0, width)
        yield Text()


def _indented(line: Text, value: Text, indent: int, width: int) -> Iterator[Text]:
    """A name and its value; where they do not fit in one line, the value stands below, whole."""
    if indent + line.cell_len + _width(value) <= width:
        yield Text(" " * indent).append(line).append(value)
        return
    for text, further in ((line, indent), (value, indent + 2)):
        for each in _wrapped(text, max(width - further, 1)).split("\n"):
            yield Text(" " * further).append(each)


def _text(content: Content) -> Text:
    return content if isinstance(content, Text) else Text(content)


def _width(text: Text) -> int:
    return max(map(cell_len, text.plain.split("\n")))


def _least(text: str, narrow: int) -> int:
    """The width in which numbers stay whole, words as far as they are short, and a text readable."""
    least = min(narrow, max(map(cell_len, text.split("\n"))))
    for piece in _PIECES.findall(text):
        width = cell_len(piece)
        if width > _LONG_WORD and not _NUMBER.fullmatch(piece.strip(_MARKS)):
            width = _LONG_WORD
        least = max(least, width)
    return least


def _wrapped(text: Text, width: int) -> Text:
    """The text in lines of a width; a word that is wider is left to be folded."""
    made = Text()
    for number, line in enumerate(text.split("\n", allow_blank=True)):
        for part in line.divide(_breaks(line.plain, width)):
            part.rstrip()
            made = made.add_line(part) if number or made.plain else made.append(part)
    return made


def _breaks(line: str, width: int) -> list[int]:
    breaks: list[int] = []
    used = 0
    for piece in _PIECES.finditer(line):
        wide = cell_len(piece[0])
        if used and used + wide > width and not piece[0].isspace():
            breaks.append(piece.start())
            used = 0
        used += wide
    return breaks
