"""Plain values as the text of a TOML file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def toml_text(values: Mapping[str, Any]) -> str:
    """TOML of texts, numbers, booleans, dates, lists of these, tables, and lists of tables."""
    lines = list(_pairs(values))
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *_pairs(value)]
        elif _is_tables(value):
            lines += [line for entry in value for line in _table(key, entry)]
    return "\n".join(lines).lstrip("\n") + "\n"


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
    if isinstance(value, Iterable):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)
