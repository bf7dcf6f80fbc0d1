"""The tables that workbooks show, as shown.toml declares them: which columns, and how they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from drgpay.tables.declared import expanded, read_declarations, shared_columns


@dataclass(frozen=True)
class ShownTable:
    """A table of a sheet: the key of its title, its columns, and those that are added up below.

    worded: columns whose values are keys of words; prefixes: columns with what the keys of theirs begin
    with. note: the key of the sentence below it.
    """

    title: str
    columns: tuple[str, ...]
    sums: frozenset[str]
    worded: frozenset[str]
    prefixes: Mapping[str, str]
    note: str


@cache
def shown_table(key: str) -> ShownTable:
    """The table of a key."""
    raw = read_declarations("shown")
    declared = raw["shown"][key]
    fields = [shared_columns()[name] for name in expanded(declared["columns"], raw["groups"])]
    said = {field.name: field.said for field in fields} | declared.get("said", {})
    return ShownTable(
        declared.get("title", key),
        tuple(field.name for field in fields),
        frozenset(field.name for field in fields if field.kind.adds_up),
        frozenset(name for name, prefix in said.items() if prefix == ""),
        {name: prefix for name, prefix in said.items() if prefix},
        declared.get("note", ""),
    )
