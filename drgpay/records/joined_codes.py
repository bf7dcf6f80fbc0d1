"""Texts that were read as one code and look like several, joined by a sign that is no separator."""

import re

_JOINED = re.compile(
    r"[A-Z]?[0-9][0-9A-Za-z.]{2,}([^0-9A-Za-z.\s]{1,3})[A-Z]?[0-9][0-9A-Za-z.]{2,}.*"
)


def separator_in(code: str) -> str | None:
    """What stands between two codes in a text that was read as one, or None.

    The signs behind a code (A17.0+) and in a code of morphology (M80000/3) stand between no two, and a
    dagger with its asterisk (M51.100+G55.1*) is one code of the tables.
    """
    found = _JOINED.fullmatch(code)
    return found[1] if found and not (found[1] == "+" and code.endswith("*")) else None
