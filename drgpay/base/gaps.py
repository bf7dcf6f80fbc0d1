"""Gaps: what a generated file leaves for people to fill in, marked so that nothing is paid with it.

A text that begins with the mark, in whichever language it was written, is a gap. Readers of files
refuse it by its place (`base/toml_reader.py`, `records/small_tables.py`).
"""

from drgpay.base.language import Language, Words
from drgpay.base.words import Wording

_WORDS = Wording("errors/base")


def gap(what: Words | str, language: Language) -> str:
    """What stands in the place of something that is still to be filled in."""
    said = what.said_in(language) if isinstance(what, Words) else what
    return _WORDS.said("gap", language, what=said)


def is_gap(text: str) -> bool:
    """Whether a text is a gap."""
    return text.lstrip().startswith(_marks())


def _marks() -> tuple[str, ...]:
    return tuple(text.partition("{")[0].strip() for text in _WORDS.words("gap"))
