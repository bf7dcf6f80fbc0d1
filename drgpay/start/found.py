"""What recognition finds: where each of our columns comes from, how sure that is, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from drgpay.base.language import Words
from drgpay.start.given import Given
from drgpay.start.headings import Known


class Sureness(StrEnum):
    """How sure it is that a heading means one of our columns."""

    CERTAIN = "certain"
    LIKELY = "likely"
    ASKED = "asked"
    OPEN = "open"


class Form(StrEnum):
    """How a column is made of its headings."""

    ONE = "from"
    SUM = "sum"
    JOIN = "join"
    CELL = "list"
    SERIES = "columns"
    RECORDS = "records"


@dataclass(frozen=True)
class Candidate:
    """A heading of the file that may be one of our columns."""

    heading: str
    known: Known
    unit: str
    place: int


@dataclass(frozen=True)
class Values:
    """The values of a column: known ones as ours; open ones with how many rows have them."""

    known: Mapping[str, str] = field(default_factory=dict)
    likely: Mapping[str, str] = field(default_factory=dict)
    open: Mapping[str, int] = field(default_factory=dict)

    @property
    def mapped(self) -> dict[str, str]:
        """What the file writes -> what it is."""
        return {**self.known, **self.likely}


@dataclass(frozen=True)
class Found:
    """Where one of our columns comes from. An open one waits for a person.

    principal_first: of a cell with all diagnoses, the first is the principal one. fields: of
    records and of a sheet with a code a row: code, main, kind and main_values.
    """

    column: str
    headings: tuple[str, ...]
    form: Form
    sureness: Sureness
    why: Words
    values: Values = Values()
    default: str | None = None
    principal_first: bool = False
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def gives_principal(self) -> bool:
        """Whether the principal diagnosis comes from here too."""
        return self.form is Form.RECORDS or self.principal_first or "main" in self.fields

    def sure_as(self, sureness: Sureness, why: Words | None = None) -> "Found":
        """The same, found otherwise."""
        return replace(self, sureness=sureness, why=why or self.why)


@dataclass(frozen=True)
class Other:
    """A heading that no column of ours is taken from. known: what the catalogue calls it, if it does."""

    heading: str
    known: Known | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Recognition:
    """One table of a file, recognised. missing: columns that are needed and that it does not have."""

    table: str
    given: Given
    found: Mapping[str, Found]
    others: tuple[Other, ...]
    missing: tuple[str, ...]
    remarks: tuple[Words, ...] = ()

    def heading_of(self, column: str) -> str | None:
        """The one heading of a column."""
        found = self.found.get(column)
        return found.headings[0] if found and found.form is Form.ONE and found.headings else None

    @property
    def settled(self) -> bool:
        """Whether everything that is needed was found, and nothing waits for a person."""
        return not self.missing and all(
            one.sureness is not Sureness.OPEN for one in self.found.values()
        )


class Person(Protocol):
    """Who is asked. `live`: somebody is there; else every question is answered by its default."""

    @property
    def live(self) -> bool:
        """Whether somebody answers."""

    def choose(
        self, question: Words, choices: Sequence[tuple[str, Words]], default: str | None
    ) -> str | None:
        """One of some choices, or None to leave it open."""

    def write(self, question: Words, default: str | None = None) -> str | None:
        """A text, or None to leave it open."""


class Nobody:
    """Nobody is asked: defaults hold, and what has none stays open."""

    live = False

    def choose(
        self, _question: Words, _choices: Sequence[tuple[str, Words]], default: str | None
    ) -> str | None:
        """The default."""
        return default

    def write(self, _question: Words, default: str | None = None) -> str | None:
        """The default."""
        return default
