"""Plain values as the text of a TOML file."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]*")


def toml_text(values: Mapping[str, Any]) -> str:
    """TOML of texts, numbers, booleans, dates, lists of these, tables, and lists of tables."""
    lines = list(_pairs(values))
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *_pairs(value)]
        elif _is_tables(value):
            lines += [line for entry in value for line in _table(key, entry)]
    return "\n".join(lines).lstrip("\n") + "\n"


def toml_of_values(values: Mapping[str, Any]) -> str:
    """TOML of a dict as it comes: every key in a line, tables within it; what is None is left out.

    Raises TypeError for values that TOML has no words for.
    """
    return "".join(
        f"{_key(key)} = {_value(_plain(value))}\n"
        for key, value in values.items()
        if value is not None
    )


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str | bool | int | float | Decimal | date):
        return value
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(type(value).__name__)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{type(key).__name__} as a key")
    return key if key and _BARE.fullmatch(key) else _value(key)


def _table(path: str, entry: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"[[{path}]]", *_pairs(entry))
    for key, value in entry.items():
        if _is_tables(value):
            for below in value:
                yield from _table(f"{path}.{key}", below)


def _pairs(entry: Mapping[str, Any]) -> Iterator[str]:
    for key, value in entry.items():
        if not isinstance(value, Mapping) and not _is_tables(value):
            yield f"{key} = {_value(value)}"


def _is_tables(value: object) -> bool:
    return isinstance(value, tuple | list) and isinstance(next(iter(value), None), Mapping)


def _value(value: object) -> str:
    # JSON writes texts and booleans as TOML does, but for the control character 127.
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, Iterable):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)
