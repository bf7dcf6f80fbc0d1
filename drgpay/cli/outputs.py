"""What a command is to write is none of what it is to read, whatever the command."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/records")

OUTPUTS = ("out", "visits_out", "table", "findings", "to", "log")
"""Parameters that name what a command writes; what --history keeps it reads first."""
_WRITTEN_INTO = ("runs", "folder")
"""Parameters that name a folder which is written into anyway."""


def refuse_outputs_over_inputs(params: Mapping[str, Any]) -> None:
    """Raise DrgpayError if an output of a command is one of its inputs, lies in a folder of them, or
    is another of its outputs.

    params: the parameters by name. A text is an input where a file or folder is called so.
    """
    outputs = {name: value for name in OUTPUTS if isinstance(value := params.get(name), Path)}
    if not outputs:
        return
    # Imported here: --help is quicker without the libraries of records.
    from drgpay.records.folder import is_same_file, refuse_overwriting

    for (first, one), (second, other) in combinations(outputs.items(), 2):
        if is_same_file(one, other):
            said = {"first": _option(first), "second": _option(second), "out": other}
            raise DrgpayError(*_ERRORS("two_outputs", **said))
    inputs = [
        place
        for name, value in params.items()
        if name not in OUTPUTS and not (name in _WRITTEN_INTO and isinstance(value, Path))
        for place in _places(value)
    ]
    for out in outputs.values():
        refuse_overwriting(out, inputs)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _places(value: Any) -> Iterator[Path]:
    """The files and folders that a parameter names."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, str):
        yield from _existing(value)
    elif isinstance(value, Iterable):
        for each in value:
            yield from _places(each)


def _existing(text: str) -> Iterator[Path]:
    try:
        if text and Path(text).exists():
            yield Path(text)
    except (OSError, ValueError):  # too long for a name, a NUL
        return
