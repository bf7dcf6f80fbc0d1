"""The files of words: each key is used, each look-up finds its key, both languages say the same."""

import re
from string import Formatter

import pytest

from drgpay.base.language import Words
from drgpay.base.words import TERMS, all_words, own_words, read_words
from tests.words.keys_used import ERROR_PARTS, FILES, asked, patterns, texts

REACHED = {
    "adjust": "(age|days|count)_.+",  # kind of a number and how it is bounded
    "cli": "(head|progress|table|kind)_.+",  # facts of schemes, bars, tables and kinds of findings
    "errors/cli": "argument|staged|unwritten|sampled_so_far",
    "help": ".+",  # by command and parameter: tests/cli/test_help.py
    "html": "s_.+",  # titles of sections, by their ids
    "html_visits": "s_.+",
    "errors/system": "E[A-Z]+",  # names of the system's errors
    "report": "(case|year)_.+",  # where the number of a step of an explanation comes from
    "simulate": "True|False|s_.+",  # values of flags; titles of sections
    "visits": "type_.+",  # kinds of visits
}
"""Keys that are put together of parts that stand apart in the code."""
SAID_TWICE = {("case", "all_mean")}
"""With its unit: what the case has words of its own for is no heading of a table (label_of)."""


@pytest.mark.parametrize("file", FILES)
def test_every_key_has_both_languages_with_the_same_values(file: str) -> None:
    for key, words in own_words(file).items():
        zh, en = (_places(text) for text in words)
        assert zh == en, f"{file}.{key}"
        assert words.zh or not words.en, f"{file}.{key}"


def _places(text: str) -> set[str]:
    """The names of the values, and how many without a name."""
    names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    unnamed = text.replace("{{}}", "{}").count("{}")
    return {*filter(None, names), *map(str, range(unnamed))}


@pytest.mark.parametrize("file", FILES)
def test_every_key_is_used(file: str) -> None:
    known = {_called(text) for text in texts()}
    built = re.compile("|".join(patterns()))
    reached = re.compile(REACHED.get(file, "(?!)"))
    left = [
        key
        for key in {_called(key) for key in own_words(file)}
        if key not in known and not built.fullmatch(key) and not reached.fullmatch(key)
    ]
    assert not left


def _called(key: str) -> str:
    """What code calls a key: an error by one name, for its problem and its remedy."""
    name, _, part = key.rpartition(".")
    return name if part in ERROR_PARTS else key


def test_every_key_that_code_names_has_words() -> None:
    lacking = []
    for place, pattern, files in asked():
        keys = {key for file in files or FILES for key in all_words(file)}
        if not any(re.fullmatch(pattern, key) for key in keys):
            lacking.append(f"{place} {pattern} ({', '.join(files)})")
    assert not lacking


def test_nothing_is_said_twice() -> None:
    """What a file says in other words than those it falls back on stays; what it says alike goes."""
    for file in FILES:
        _, others = read_words(file)
        below: dict[str, Words] = {}
        for other in reversed([*others] if file == TERMS else [*others, TERMS]):
            below |= own_words(other)
        alike = {(file, key) for key, words in own_words(file).items() if below.get(key) == words}
        assert alike <= SAID_TWICE
