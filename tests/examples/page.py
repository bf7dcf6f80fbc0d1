"""The worked examples of a page: what is given and what is expected, as tables of text.

docs/examples/README.md says how they are written. A mistake in a page is a WrongExampleError, one
sentence that names the page, the example and what is wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

Text = dict[str, str]
"""A row as it is written: column -> cell."""

_HEADING = re.compile(r"^## (\S+): (.+)$")
_TITLE = re.compile(r"^(Given|Expected): ([a-z ]+)$")


class WrongExampleError(Exception):
    """An example that is not so, or cannot be read."""


@dataclass(frozen=True)
class Table:
    """A table of text, with its columns even where it has no rows."""

    columns: Sequence[str]
    rows: Sequence[Text]


Tables = Mapping[str, Table]


@dataclass(frozen=True)
class Example:
    """An example of a page.

    usual: the tables that stand before the first example of the page and hold for all of them.
    """

    page: str
    id: str
    title: str
    rule: str
    given: Tables
    expected: Tables
    usual: Tables = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The beginning of every sentence about it."""
        return f"{self.page}, example {self.id}"

    def rows(self, name: str) -> list[Text]:
        """The rows that are given: its own, or those of the page."""
        table = self.given.get(name) or self.usual.get(name)
        return [] if table is None else list(table.rows)

    def keys(self, name: str) -> Text:
        """A table of key and value: that of the page, with the example's own keys."""
        given = [table for table in (self.usual.get(name), self.given.get(name)) if table]
        return {row["key"]: row["value"] for table in given for row in table.rows}

    def refuse_unknown(self, given: Sequence[str], expected: Sequence[str]) -> None:
        """Raise WrongExampleError for tables that nothing reads."""
        for part, tables, known in (
            ("given", {**self.usual, **self.given}, given),
            ("expected", self.expected, expected),
        ):
            for name in tables:
                if name not in known:
                    raise WrongExampleError(
                        f"{self.where}: no example has a table '{part}: {name}'; "
                        f"there are {', '.join(known)}"
                    )


def examples_of(path: Path, text: str | None = None) -> list[Example]:
    """The examples of a page in their order; text: in the place of what the file holds."""
    page = f"docs/examples/{path.name}"
    parts = _parts((path.read_text(encoding="utf-8") if text is None else text).splitlines())
    usual = _tables(parts[0][1], page)["Given"]
    found: list[Example] = []
    for heading, lines in parts[1:]:
        named = _HEADING.match(heading)
        if not named:
            raise WrongExampleError(f"{page}: '{heading}' is no '## id: what it shows'")
        name, title = named.groups()
        if any(one.id == name for one in found):
            raise WrongExampleError(f"{page}: the example {name} is there twice")
        tables = _tables(lines, f"{page}, example {name}")
        rule = next((line for line in lines if line.startswith("Rule: ")), "")
        one = Example(page, name, title, rule, tables["Given"], tables["Expected"], usual)
        if not rule:
            raise WrongExampleError(f"{one.where} does not say by which rule: 'Rule: ...'")
        if not one.expected:
            raise WrongExampleError(f"{one.where} expects nothing")
        found.append(one)
    return found


def _parts(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The lines below each heading of the second level; first those before any."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if line.startswith("## "):
            parts.append((line, []))
        else:
            parts[-1][1].append(line)
    return parts


def _tables(lines: Sequence[str], where: str) -> dict[Literal["Given", "Expected"], Tables]:
    """The tables below a line `Given: ...` or `Expected: ...`, by what they are called."""
    found: dict[Literal["Given", "Expected"], dict[str, Table]] = {"Given": {}, "Expected": {}}
    waiting = iter([*lines, ""])
    for line in waiting:
        title = _TITLE.match(line)
        if line.startswith("|"):
            raise WrongExampleError(
                f"{where}: a table without a line 'Given: ...' or 'Expected: ...' before it"
            )
        if not title:
            continue
        part, name = title.groups()
        if name in found[part]:  # type: ignore[index]
            raise WrongExampleError(f"{where}: '{part}: {name}' is there twice")
        found[part][name] = _table(waiting, f"{where}, '{line}'")  # type: ignore[index]
    return {part: dict(tables) for part, tables in found.items()}


def _table(lines: Iterator[str], where: str) -> Table:
    """The table that comes next: a row of columns, a line of dashes, rows."""
    head: list[str] = []
    rows = []
    for line in lines:
        if not line.startswith("|"):
            if line.strip() or head:
                break
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not head:
            head = cells
        elif len(cells) != len(head):
            raise WrongExampleError(f"{where}: the row '{line}' has not {len(head)} cells")
        elif set("".join(cells)) - set("-:"):
            rows.append(dict(zip(head, cells, strict=True)))
    if not head:
        raise WrongExampleError(f"{where} is followed by no table")
    return Table(head, rows)
