"""How a result looks where it is printed, and in a notebook: short, whatever it holds."""

from collections.abc import Iterator, Sized
from dataclasses import fields
from datetime import date
from decimal import Decimal
from html import escape
from pathlib import PurePath
from typing import Any

from drgpay.base.errors import shortened

_LONGEST = 60
"""Characters of a value: names come from files."""


class Shown:
    """A result that is printed in one line, and in a notebook as a small table.

    By default it tells its fields: texts and numbers as they are, of tables and lists how long they
    are. No row is shown, it may be of a person. A class with more to say has `shown_facts` of its
    own; a dataclass is declared with repr=False.
    """

    __slots__ = ()

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What it tells of itself, by name; None is left out."""
        about: Any = self
        for field in fields(about):
            yield field.name, getattr(self, field.name)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={text}" for name, text in self._told())
        return f"{type(self).__name__}({told})"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
            for name, text in self._told()
        )
        return f"<table><caption>{escape(type(self).__name__)}</caption>{rows}</table>"

    def _told(self) -> Iterator[tuple[str, str]]:
        for name, value in self.shown_facts():
            text = _text_of(value)
            if text is not None:
                yield name, text


def _text_of(value: object) -> str | None:
    import polars as pl  # a compiled scheme, which is shown too, is loaded where there is none

    if isinstance(value, pl.DataFrame):
        return f"{value.height} rows"
    if isinstance(value, str | int | Decimal | date | PurePath):
        return shortened(" ".join(str(value).split()), _LONGEST)
    if isinstance(value, Sized):
        return str(len(value))
    return None
