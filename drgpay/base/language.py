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
