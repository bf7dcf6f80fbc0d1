"""What the user sees: results on standard output, progress and remarks on standard error.

Every command prints by `show`, `say` and `give`, and nothing of it is markup (drgpay.show.terminal).
What is shown and said can be switched off (-q); data that was asked for and errors cannot.
"""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from drgpay.base.language import chosen
from drgpay.base.visible import visible, visible_json
from drgpay.base.words import Wording

if TYPE_CHECKING:
    from drgpay.show.tables import Block, Say
    from drgpay.show.terminal import Showable

_TITLES = Wording("cli")
Level = Literal["quiet", "usual", "verbose"]

_level: Level = "usual"
# By these rich takes for a terminal what is none.
_TERMINAL_VARIABLES = {"FORCE_COLOR", "TTY_COMPATIBLE"}


def speak(level: Level) -> Level:
    """Say from now on only what went wrong, the usual, or everything; returns what was said before."""
    global _level
    before, _level = _level, level
    return before


def is_verbose() -> bool:
    """Whether everything is to be said."""
    return _level == "verbose"


def show(*shown: "Showable") -> None:
    """Print tables, trees and sentences, one below the other."""
    if _level == "quiet":
        return
    from drgpay.show.terminal import Screen

    screen = Screen()
    for each in shown:
        screen.print(each)


def show_blocks(*blocks: "Block", say: "Say") -> None:
    """Print tables, in the words of `say`, and sentences; a table gives as many rows as it has."""
    from drgpay.show.tables_console import console_tables

    show(console_tables(blocks, say, sys.maxsize))


def say(text: object, err: bool = False) -> None:
    """Print one line of what is done; `err`: on standard error."""
    if _level != "quiet":
        _write(f"{visible(str(text))}\n", err)


def warn(text: object) -> None:
    """Print one line of what went wrong on standard error, however quiet the program is to be."""
    _write(f"{visible(str(text))}\n", err=True)


def give(text: str) -> None:
    """Print data for programs as they are; a terminal gets its lines made visible."""
    _write(visible(text, lines=True) if is_terminal() else text)


def give_bytes(content: bytes) -> None:
    """Print what is no text, for programs."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def give_json(text: str) -> None:
    """Print JSON, with escapes for what cannot be shown or encoded."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _write(visible_json(text.rstrip("\n"), encoding) + "\n")


def _write(text: str, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    stream.write(text)
    stream.flush()


def encoding() -> str:
    """In what results are printed."""
    return getattr(sys.stdout, "encoding", None) or "ascii"


def progress_bar(title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
    """A bar on standard error, when that is a terminal; yields what advances it."""
    # Imported where a bar can be seen: a command starts quicker without rich.
    if _level == "quiet" or not (sys.stderr.isatty() or _TERMINAL_VARIABLES & os.environ.keys()):
        return nullcontext(lambda advanced: None)
    from drgpay.show import terminal

    said = _TITLES.named("progress", title.replace(" ", "_"), chosen(), title)
    return terminal.progress_bar(said, total)


def shown(path: Path) -> Path:
    """A path as a person would write it from here."""
    whole = path.resolve()
    return whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole
