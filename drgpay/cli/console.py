"""What the user sees: results on standard output, progress and remarks on standard error.

Every command prints by `show`, `say` and `give`, and nothing of it is markup (drgpay.show.terminal).
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from drgpay.base.visible import visible, visible_json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def show(*shown: "RenderableType") -> None:
    """Print tables, trees and sentences, one below the other."""
    from drgpay.show.terminal import Screen

    screen = Screen()
    for each in shown:
        screen.print(each)


def say(text: object, err: bool = False) -> None:
    """Print one line; `err`: on standard error."""
    _write(f"{visible(str(text))}\n", err)


def give(text: str) -> None:
    """Print data for programs as they are; a terminal gets its lines made visible."""
    _write(visible(text, lines=True) if sys.stdout.isatty() else text)


def give_json(text: str) -> None:
    """Print JSON, with escapes for what cannot be shown or encoded."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _write(visible_json(text.rstrip("\n"), encoding) + "\n")


def _write(text: str, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    stream.write(text)
    stream.flush()


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, when that is a terminal; yields what advances it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from drgpay.show.terminal import Screen

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


def shown(path: Path) -> Path:
    """A path as a person would write it from here."""
    whole = path.resolve()
    return whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole


def table(title: str, *columns: str, numbers: tuple[str, ...] = ()) -> "Table":
    """A table whose columns in `numbers` are right-aligned."""
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left")
    return made
