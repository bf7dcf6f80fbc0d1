"""What was probably meant by a name that does not exist."""

import difflib
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/base")

_LONGEST = 200  # characters that are compared


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like the given one; None if none is like it.

    Neither case nor width counts, and 三 is a 3.
    """
    names = {_folded(one): one for one in known}
    close = difflib.get_close_matches(_folded(name[:_LONGEST]), list(names), n=1, cutoff=0.6)
    return names[close[0]] if close else None


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    digits = (unicodedata.numeric(sign, -1.0) for sign in plain)
    return "".join(
        f"{digit:.0f}" if digit in range(10) else sign
        for sign, digit in zip(plain, digits, strict=True)
    )


def unknown_name(
    what: Words, name: str, other: Words | str, shipped: Collection[str]
) -> DrgpayError:
    """The mistake of a name that is neither that of a shipped thing nor a path to another.

    A name without a folder of its own was meant as an id: a job puts its own folder before it.
    """
    meant = nearest_name(Path(name).name.removesuffix(".toml"), shipped)
    said = {"what": what, "other": other, "known": listed(shipped)}
    if meant:
        return DrgpayError(*_ERRORS("name_like", name=Path(name).name, meant=meant, **said))
    return DrgpayError(*_ERRORS("no_name", name=name, **said))
