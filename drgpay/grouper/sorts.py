"""The numbers by which the groups of a scheme are put in order."""

import re

_WHOLE = re.compile(r"\s*([+-]?[0-9]{1,9})\s*")


def sort_of(text: str) -> int | None:
    """The number of a cell of the column sort; None for what is no whole number of at most 9 digits."""
    found = _WHOLE.fullmatch(text)
    return int(found[1]) if found else None
