"""The languages that people read results in; Chinese first."""

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Words(NamedTuple):
    """One wording in both languages."""

    zh: str
    en: str

    def said_in(self, language: Language) -> str:
        """The wording in one language."""
        return self.zh if language == "zh" else self.en

    def filled(self, **values: object) -> "Words":
        """The wording with values in the places of its {placeholders}."""
        return Words(self.zh.format_map(values), self.en.format_map(values))
