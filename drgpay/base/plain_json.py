"""JSON that is read back: what nests or counts beyond all proportion is as damaged as a torn file."""

import json
from typing import Any

_MOST_LEVELS = 60


def plain_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError for a text that is none, or that nests deeper than
    the program writes anything.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    level, deep = [value], 0
    while level := [
        below
        for one in level
        if isinstance(one, dict | list)
        for below in (one.values() if isinstance(one, dict) else one)
    ]:
        deep += 1
        if deep > _MOST_LEVELS:
            raise ValueError("it is nested too deeply")
    return value
