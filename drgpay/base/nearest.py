"""What was probably meant by a name that does not exist."""

import difflib
from collections.abc import Collection, Iterable
from pathlib import Path

from drgpay.base.errors import DrgpayError

_LONGEST = 200  # characters that are compared


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like the given one, whatever its case; None if none is like it."""
    names = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name[:_LONGEST].casefold(), list(names), n=1, cutoff=0.6)
    return names[close[0]] if close else None


def unknown_name(what: str, name: str, other: str, shipped: Collection[str]) -> DrgpayError:
    """The mistake of a name that is neither that of a shipped thing nor a path to another.

    A name without a folder of its own was meant as an id: a job puts its own folder before it.
    """
    meant = nearest_name(Path(name).name.removesuffix(".toml"), shipped)
    known = ", ".join(shipped)
    if meant:
        remedy = f"is {meant} meant? name {other} or one of {known}"
        return DrgpayError(f"there is no {what} {Path(name).name!r}", remedy)
    return DrgpayError(f"there is no {what} {name!r}", f"name {other} or one of {known}")
