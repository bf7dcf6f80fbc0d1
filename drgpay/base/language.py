"""The languages that people read results in; Chinese first."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Words(NamedTuple):
    """One wording in both languages."""

    zh: str
    en: str

    def said_in(self, language: Language, /, **values: object) -> str:
        """The wording in one language, with values, if any, in the places of its {placeholders}.

        A value that is Words itself is said in the same language.
        """
        text = self.zh if language == "zh" else self.en
        said = {
            name: value.said_in(language) if isinstance(value, Words) else value
            for name, value in values.items()
        }
        return text.format_map(said) if said else text

    def between(self, said: Iterable["str | Words"]) -> "Words":
        """Texts, or wordings, with this one between them."""
        both = [one if isinstance(one, Words) else Words(one, one) for one in said]
        return Words(self.zh.join(one.zh for one in both), self.en.join(one.en for one in both))

    def filled(self, **values: object) -> "Words":
        """The wording with values in its places, in both languages."""
        return Words(self.said_in("zh", **values), self.said_in("en", **values))
