"""File names made of ids: safe on every system, one for each id, and short enough."""

import unicodedata
from collections.abc import Iterable

MOST_BYTES = 200
"""Of a name without its ending: file systems allow 255, and names get `.partial` beside them."""

_SEPARATORS = '\\/:*?"<>|%'
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
)


def is_device(name: str) -> bool:
    """Whether Windows takes a name for a device, whatever its case and its ending: NUL, com1.csv."""
    return name.split(".")[0].rstrip(" ").casefold() in _DEVICES


def safe_name(text: str) -> str:
    """An id as a file name without its ending; different ids give different names.

    Percent-encoded are what separates or hides: separators, control and format characters, lone
    surrogates, a dot at the beginning, a dot or blank at the end, and the first letter of a device.
    """
    name = "".join(_encoded(letter) if _is_unsafe(letter) else letter for letter in text)
    if name.startswith((".", " ")) or is_device(name):
        name = _encoded(name[0]) + name[1:]
    if name.endswith((".", " ")):
        name = name[:-1] + _encoded(name[-1])
    return name or "%"


def is_too_long(text: str) -> bool:
    """Whether the safe name of an id is longer than file systems allow."""
    return len(safe_name(text).encode()) > MOST_BYTES


def file_names(ids: Iterable[str], ending: str) -> dict[str, str]:
    """The file name of each id, distinct also where a file system folds case or accents.

    Of ids that fold alike the first in order keeps its name, the others get `%2`, `%3` ... behind
    theirs, which no safe name has.
    """
    names: dict[str, str] = {}
    taken: dict[str, int] = {}
    for one in sorted(set(ids)):
        name = safe_name(one)
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        taken[folded] = taken.get(folded, 0) + 1
        names[one] = f"{name}{f'%{taken[folded]}' if taken[folded] > 1 else ''}{ending}"
    return names


def _is_unsafe(letter: str) -> bool:
    return letter in _SEPARATORS or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _encoded(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))
