"""JSON that is read back: what nests or counts beyond all proportion is as damaged as a torn file."""

import json
from typing import Any

from drgpay.base.language import Words, alike
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/base")

_MOST_LEVELS = 60


class DeepJsonError(ValueError):
    """A JSON text that nests deeper than the program writes anything."""


def json_fault(error: ValueError | OSError) -> Words:
    """What is wrong with a JSON file that could not be read, or that `plain_json` refused."""
    if isinstance(error, OSError):
        return reason_of(error)
    if isinstance(error, DeepJsonError):
        return _ERRORS.words("deep_json")
    if isinstance(error, UnicodeDecodeError):
        return _ERRORS.words("json_no_utf_8", byte=error.start + 1)
    if isinstance(error, json.JSONDecodeError):
        place = {"line": error.lineno, "column": error.colno, "char": error.pos}
        return _ERRORS.words("no_json", said=error.msg, **place)
    return alike(error)


def plain_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError for a text that is none, DeepJsonError for one
    that nests too deeply; `json_fault` says what is wrong.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise DeepJsonError from None
    level, deep = [value], 0
    while level := [
        below
        for one in level
        if isinstance(one, dict | list)
        for below in (one.values() if isinstance(one, dict) else one)
    ]:
        deep += 1
        if deep > _MOST_LEVELS:
            raise DeepJsonError
    return value
