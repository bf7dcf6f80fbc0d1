"""The tables that workbooks and terminals show, as shown.toml declares them: which columns, and how."""

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


@cache
def listed_columns(table: str) -> tuple[str, ...]:
    """The columns of a table that a terminal, or a list of cases, shows in their order."""
    return _listed(read_declarations("shown")["listed"][table])


@cache
def listed_of_runs(command: str) -> Mapping[str, tuple[str, ...]]:
    """The columns that `drgpay runs show` or `compare` shows of each part of its answer."""
    declared = read_declarations("shown")["listed"]["runs"][command]
    return {part: _listed(columns) for part, columns in declared.items()}


@cache
def listed_runs() -> tuple[str, ...]:
    """The columns of `drgpay runs list`."""
    return _listed(read_declarations("shown")["listed"]["runs"]["list"])


def _listed(names: list[str]) -> tuple[str, ...]:
    return tuple(expanded(names, read_declarations("shown")["listed_groups"]))
