"""Cells of examples as values of the program and back: yuan, points, dates, yes and no."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from drgpay.base.exact import scaled, unscaled
from drgpay.policy.model import Policy
from drgpay.results.columns import Column
from tests.examples.page import Example, Text, WrongExampleError

NOTHING = "-"
"""A cell without a value."""


def number(text: str) -> Decimal | None:
    """A number as people write it, with commas between thousands; None if it is none."""
    try:
        return Decimal(text.replace(",", "").replace("\u2212", "-"))
    except InvalidOperation:
        return None


def value_of(text: str, column: Column, kind: pl.DataType) -> Any:
    """What a cell says, as the program has it in memory; ValueError if it is not of its kind."""
    if text == NOTHING:
        return None
    if column.places is not None:
        given = number(text)
        if given is None:
            raise ValueError(f"{text} is no number")
        return scaled(given, column.places)
    if kind == pl.Boolean():
        if text not in ("yes", "no"):
            raise ValueError(f"{text} is neither yes nor no")
        return text == "yes"
    if kind == pl.Date():
        return date.fromisoformat(text)
    return int(text) if kind.is_integer() else float(text) if kind.is_float() else text


def rows_of(
    example: Example, name: str, columns: Sequence[Column], kinds: Mapping[str, pl.DataType]
) -> list[dict[str, Any]]:
    """The given rows of a table, by the names of memory; columns that it lacks are left out.

    kinds: the types of memory.
    """
    known = {column.name: column for column in columns}
    rows = []
    for text in example.rows(name):
        row = {}
        for title, cell in text.items():
            column = known.get(title)
            if column is None:
                raise WrongExampleError(
                    f"{example.where}, given {name}: the column {title} is unknown; "
                    f"there are {', '.join(known)}"
                )
            try:
                row[column.scaled] = value_of(cell, column, kinds[column.scaled])
            except ValueError as error:
                raise WrongExampleError(
                    f"{example.where}, given {name}: {title}: {error}"
                ) from None
        rows.append(row)
    return rows


def policy_of(example: Example, base: Policy) -> Policy:
    """The base policy with the keys that are given, each by its dotted path; values as in TOML."""
    raw = base.model_dump()
    for key, text in example.keys("policy").items():
        *path, last = key.split(".")
        table = raw
        for part in path:
            if not isinstance(table.get(part), dict):
                table[part] = {}
            table = table[part]
        table[last] = _toml(text)
    try:
        return Policy.model_validate(raw)
    except ValueError as error:
        raise WrongExampleError(f"{example.where}, given policy: {error}") from None


def _toml(text: str) -> Any:
    """A value as a policy file has it; words may stand without quotes, numbers with
    commas, and `-` for a table that the policy does not have.
    """
    plain = number(text)
    if text == NOTHING or plain is not None:
        return plain
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text


def compare(
    example: Example,
    name: str,
    found: pl.DataFrame,
    columns: Sequence[Column],
    keys: Sequence[str],
    *,
    whole: bool = False,
) -> list[str]:
    """A sentence for each figure of an expected table that is another one.

    found: what came out, in memory. keys: the columns that name a row. whole: the table has all rows.
    """
    table = example.expected.get(name)
    if table is None:
        return []
    where = f"{example.where}, expected {name}"
    made = {column.name: column for column in columns if column.scaled in found.columns}
    unknown = [title for title in table.columns if title not in made]
    if unknown:
        return [f"{where}: the column {unknown[0]} is unknown; there are {', '.join(made)}"]
    asked = [title for title in table.columns if title in keys]
    rows = [{title: shown(row, made[title]) for title in table.columns} for row in found.to_dicts()]
    wrong = []
    if whole and len(rows) != len(table.rows):
        wrong.append(f"{where}: there are {len(rows)} rows, the example says {len(table.rows)}")
    for expected in table.rows:
        named = " ".join(expected[title] for title in asked)
        mine = [row for row in rows if all(row[title] == expected[title] for title in asked)]
        if len(mine) != 1:
            wrong.append(f"{where}: {len(mine)} rows are called '{named}'")
            continue
        wrong += [
            f"{where}, {named or 'the row'}: {title} is {mine[0][title]}, "
            f"the example says {expected[title]}"
            for title in table.columns
            if not _same(mine[0][title], expected[title])
        ]
    return wrong


def shown(row: Mapping[str, Any], column: Column) -> str:
    """A value in memory as an example has it."""
    value = row[column.scaled]
    if value is None:
        return NOTHING
    if column.places is not None:
        return f"{unscaled(value, column.places):,}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _same(found: str, expected: str) -> bool:
    """Numbers are compared as numbers, exactly; all else as text."""
    numbers = number(found), number(expected)
    return found == expected if None in numbers else numbers[0] == numbers[1]


def copied(rows: Sequence[Text]) -> list[Text]:
    """Rows with `copies` that many times, the case and the hospital of each numbered from 1."""
    made = []
    for row in rows:
        copies = int(row.get("copies", "1"))
        plain = {title: cell for title, cell in row.items() if title != "copies"}
        if copies == 1:
            made.append(plain)
            continue
        for place in range(1, copies + 1):
            again = {name: f"{plain[name]}-{place}" for name in ("case_id", "hospital_id")}
            made.append(plain | again)
    return made
