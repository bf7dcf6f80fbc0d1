"""What is shown in a terminal: text is text, and never markup, emoji codes or control characters.

rich turns a string into text in one place, `Console.render_str`, also for titles and the cells of
tables; `Screen` makes it visible there and reads no markup in it. Styled text is `Text` of here.
"""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import rich.text
from rich.console import Console, Group, RenderableType
from rich.style import Style

from drgpay.base.visible import visible

PIPE_WIDTH = 160
"""Columns of the lines that are no terminal's, where COLUMNS does not say how many."""

Showable = RenderableType
"""What a screen can print: tables, trees, sentences."""


class Text(rich.text.Text):
    """Text with a style, in which whatever a terminal would obey is written out.

    Line feeds too, since they may come with the data: a new line is begun by `add_line`.
    """

    def __init__(self, text: str = "", style: str | Style = "") -> None:
        super().__init__(visible(text), style)

    def append(self, text: "rich.text.Text | str", style: str | Style | None = None) -> "Text":
        """Add to the last line."""
        super().append(visible(text) if isinstance(text, str) else text, style)
        return self

    def add_line(self, text: "rich.text.Text | str", style: str | Style | None = None) -> "Text":
        """Begin a new line with a text."""
        super().append("\n")
        return self.append(text, style)


class Command(Text):
    """A line to be copied: it is never broken, the terminal shows as much of it as there is room."""

    def __init__(self, line: str) -> None:
        super().__init__(f"  {line}")
        self.no_wrap, self.overflow = True, "ignore"


class Screen(Console):
    """A console that shows strings as they are; a pipe gets wide lines without control codes."""

    def __init__(
        self, file: IO[str] | None = None, width: int | None = None, stderr: bool = False
    ) -> None:
        super().__init__(
            file=file,
            width=width,
            stderr=stderr,
            markup=False,
            emoji=False,
            highlight=False,
            color_system=None if file else "auto",
        )
        if width is None and not self.is_terminal:
            asked = os.environ.get("COLUMNS", "")
            self.width = int(asked) if asked.isdecimal() and int(asked) else PIPE_WIDTH

    def print(self, *objects: Any, **choices: Any) -> None:
        """Print; a line that has more columns than the screen is not cut off."""
        super().print(*objects, **({"crop": False} | choices))

    def render_str(self, text: str, **choices: Any) -> rich.text.Text:
        """A string as text. Markup is refused, also where rich would ask for it."""
        choices |= {"markup": False, "emoji": False, "highlight": False}
        return super().render_str(visible(text), **choices)


def as_text(*shown: RenderableType, width: int = PIPE_WIDTH) -> str:
    """What a screen of this many columns would show, one below the other, as text."""
    lines = io.StringIO()
    screen = Screen(file=lines, width=width)
    for each in shown:
        screen.print(each)
    return lines.getvalue()


def together(shown: Sequence[Showable]) -> Showable:
    """Several things one below the other, as one."""
    return Group(*shown)


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, when that is a terminal; yields what advances it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    screen = Screen(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=screen, transient=True, disable=not screen.is_terminal
    ) as progress:
        task = progress.add_task(visible(title), total=total)
        yield lambda rows: progress.advance(task, rows)
