"""The languages that people read results in; Chinese first. One is chosen for a process, once.

`--lang` of the command line chooses, else the environment variable DRGPAY_LANG, else it is Chinese.
"""

import os
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
VARIABLE = "DRGPAY_LANG"

_chosen: Language | None = None


def chosen() -> Language:
    """The language of this process; a DRGPAY_LANG that is no language counts as none."""
    if _chosen is not None:
        return _chosen
    named = os.environ.get(VARIABLE)
    return next((one for one in LANGUAGES if one == named), LANGUAGES[0])


def choose(language: Language | None) -> None:
    """Choose the language of this process, or leave it to DRGPAY_LANG again."""
    global _chosen
    _chosen = language


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

    def __str__(self) -> str:
        return self.said_in(chosen())

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def edited(self, edit: Callable[[str], str]) -> "Words":
        """The wording with the same done to both languages."""
        return Words(edit(self.zh), edit(self.en))

    def filled(self, **values: object) -> "Words":
        """The wording with values in its places, in both languages."""
        return Words(self.said_in("zh", **values), self.said_in("en", **values))


class Problem(Words):
    """What is wrong, which knows the code of its sentence: the room and the key, `base.no_month`."""

    code: str = ""


def alike(text: object) -> Words:
    """A text that is the same in both languages: a name, a path, a number."""
    return Words(str(text), str(text))


def listed(names: Iterable[object]) -> Words:
    """Names one after the other, as each language lists them."""
    texts = [*names]
    both = [one if isinstance(one, Words) else alike(one) for one in texts]
    return Words("、".join(one.zh for one in both), ", ".join(one.en for one in both))
