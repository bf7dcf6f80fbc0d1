"""The words of a policy's explanation: words/policy.toml, read once."""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from drgpay.base.language import Words
from drgpay.base.words import WORDS_FOLDER, Sentences
from drgpay.policy.load import read_keys

_ERRORS = Sentences("errors/report")

Part = Literal["stays", "visits"]


def is_nothing(value: Any) -> bool:
    """Whether a key is absent, or an empty list or table."""
    return value is None or value in ((), {})


def value_text(value: Any) -> str:
    """A value as words/policy.toml names it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UsedIf(_Table):
    """A value does something where another key has one of these values, or any if none is named."""

    key: str
    values: Annotated[tuple[str, ...], Field(alias="is")] = ()

    def holds(self, value: Any) -> bool:
        """Whether the other key has such a value."""
        return value_text(value) in self.values if self.values else not is_nothing(value)


class KeyWords(_Table):
    """What is said of a key (the head of words/policy.toml)."""

    zh: str | None = None
    en: str | None = None
    values: dict[str, Words] = Field(default_factory=dict)
    none: Words | None = None
    told_by: str | None = None
    used_if: UsedIf | None = None
    rows: str | None = None
    row: Words | None = None
    column: Words | None = None
    cell: str = "plain"
    blank: Words | None = None
    columns: tuple[Words, ...] = ()
    cells: tuple[str, ...] = ()

    @property
    def sentence(self) -> Words | None:
        """What is said whatever the value is."""
        return Words(self.zh, self.en) if self.zh and self.en else None


class ChapterWords(_Table):
    """A chapter with the beginnings of its keys."""

    zh: str
    en: str
    sections: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def title(self) -> Words:
        """What the chapter is called."""
        return Words(self.zh, self.en)


class PartWords(_Table):
    """What a stay, or a visit, and its groups are called."""

    stay: Words
    stays: Words
    group: Words


class PolicyWords(_Table):
    """words/policy.toml."""

    parts: dict[Part, PartWords]
    notes: dict[str, Words]
    units: dict[str, Words]
    names: dict[str, dict[str, Words]]
    chapters: tuple[ChapterWords, ...]
    keys: dict[str, KeyWords]

    def of_key(self, path: str) -> KeyWords | None:
        """The words of a key: its own, or those of the inpatients' key."""
        return self.keys.get(path) or self.keys.get(path.removeprefix("outpatient."))

    def place_of(self, path: str) -> int:
        """Where the words of a key stand in the file."""
        order = list(self.keys)
        return order.index(path if path in self.keys else path.removeprefix("outpatient."))

    def chapter_of(self, path: str) -> int:
        """The chapter that names the longest beginning of a key."""
        found = [
            (len(section), place)
            for place, chapter in enumerate(self.chapters)
            for section in chapter.sections
            if path == section or path.startswith(f"{section}.")
        ]
        return max(found)[1]


@cache
def policy_words() -> PolicyWords:
    """The words that come with the program."""
    path = WORDS_FOLDER / "policy.toml"
    return read_keys(
        path, PolicyWords, _ERRORS.words("policy_words"), _ERRORS.words("correct_words")
    )
