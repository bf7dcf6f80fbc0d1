"""Apply a list of amendments to the tables: what the published workbook lacks or has wrong.

The file is a CSV with the columns table, action, key, value, reason:

| table | add: value is | remove: value is | rename: value is |
|---|---|---|---|
| mdc | sort, name, rule, joined by a bar | empty | the new code |
| adrg, drg | parent, sort, name, rule, joined by a bar | empty | the new code |
| sets, exclusions | the code to put under the key | the code, or empty for all | the new name |
| cc | level and exclusion table, with a space between | empty | the new code |

A group takes those below it along when it is removed. A rename reaches every place that names the
key: groups below, rules, exclusion tables of MCC and CC.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import text_table
from drgpay.grouper.sorts import sort_of
from drgpay.schemes.workbook.notes import WORDS, Notes
from drgpay.schemes.workbook.tables import (
    ADDED,
    CODE_KEYS,
    GROUP_TABLES,
    PARENT_TABLE,
    Group,
    GroupTable,
    Tables,
)

_ERRORS = Sentences("errors/schemes")

COLUMNS = ("table", "action", "key", "value", "reason")
_ACTIONS = ("add", "remove", "rename")
_CHILD: dict[GroupTable, GroupTable] = {"mdc": "adrg", "adrg": "drg"}
_GROUP_TABLES: dict[str, GroupTable] = {table: table for table in GROUP_TABLES}


@dataclass(frozen=True)
class Amendment:
    """One line of the list; `place` names its file and row."""

    place: Words
    row: int
    table: str
    action: str
    key: str
    value: str
    reason: str


def read_amendments(path: Path) -> list[Amendment]:
    """Read the list; raises DrgpayError for a missing column or an unknown table or action."""
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_amendments", path=path))
    plain = text_table(path, COLUMNS).select(pl.all().fill_null("").str.strip_chars())
    amendments = [
        Amendment(_ERRORS.words("place.amendment", path=path, row=row), row, *values)
        for row, values in enumerate(plain.iter_rows(), start=2)
    ]
    for amendment in amendments:
        _refuse_unknown_words(amendment)
    return amendments


def amended(tables: Tables, amendments: list[Amendment], file: str, notes: Notes) -> Tables:
    """The tables after all amendments, in order; each is noted, also when it changes nothing."""
    for amendment in amendments:
        change = _change_of(amendment)
        after, lines = change(tables, amendment)
        said = f"{amendment.table} {amendment.action} {amendment.key} {amendment.value}".strip()
        if lines:
            notes.add(
                file,
                amendment.row,
                "amended",
                amendment=said,
                rows=lines,
                reason=amendment.reason or WORDS.words("part.no_reason"),
            )
        else:
            notes.add(
                file,
                amendment.row,
                "amendment_idle",
                amendment=said,
            )
        tables = after
    return tables


_Change = Callable[[Tables, Amendment], tuple[Tables, int]]


def _change_of(amendment: Amendment) -> _Change:
    of_codes = (_add_code, _remove_codes, _rename_codes)
    of_table: dict[str, tuple[_Change, ...]] = {
        **dict.fromkeys(GROUP_TABLES, (_add_group, _remove_group, _rename_group)),
        "cc": (_add_cc, _remove_cc, _rename_cc),
    }
    return of_table.get(amendment.table, of_codes)[_ACTIONS.index(amendment.action)]


def _refuse_unknown_words(amendment: Amendment) -> None:
    known = [*GROUP_TABLES, "cc", *CODE_KEYS]
    if amendment.table not in known:
        said = {"place": amendment.place, "table": amendment.table, "known": listed(known)}
        raise DrgpayError(*_ERRORS("unknown_table", **said))
    if amendment.action not in _ACTIONS:
        place = amendment.place
        raise DrgpayError(*_ERRORS("unknown_action", place=place, action=amendment.action))
    needs_value = amendment.action != "remove"
    if not amendment.key or (needs_value and not amendment.value):
        fault = "no_key_or_value" if needs_value else "no_key"
        raise DrgpayError(*_ERRORS(fault, place=amendment.place, action=amendment.action))


def _add_group(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    table = _GROUP_TABLES[amendment.table]
    names = (["parent"] if PARENT_TABLE[table] else []) + ["sort", "name", "rule"]
    values = [value.strip() for value in amendment.value.split("|", len(names) - 1)]
    given = dict(zip(names, values, strict=False))
    sort = sort_of(given.get("sort", ""))
    if len(values) != len(names) or sort is None:
        said = {"place": amendment.place, "value": amendment.value, "names": "|".join(names)}
        raise DrgpayError(*_ERRORS("no_group", **said))
    if any(group.code == amendment.key for group in tables.groups[table]):
        return tables, 0
    added = Group(
        ADDED,
        amendment.key,
        given.get("parent", ""),
        given["name"],
        given["rule"],
        sort,
    )
    return tables.with_groups(table, [*tables.groups[table], added]), 1


def _remove_group(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    table: GroupTable | None = _GROUP_TABLES[amendment.table]
    gone, by_parent, lines = {amendment.key}, False, 0
    while table and gone:
        below = {
            group.code
            for group in tables.groups[table]
            if (group.parent if by_parent else group.code) in gone
        }
        left = [group for group in tables.groups[table] if group.code not in below]
        lines += len(tables.groups[table]) - len(left)
        tables = tables.with_groups(table, left)
        gone, by_parent, table = below, True, _CHILD.get(table)
    return tables, lines


def _rename_group(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    table = _GROUP_TABLES[amendment.table]
    lines = sum(group.code == amendment.key for group in tables.groups[table])
    renamed = [
        replace(group, code=amendment.value) if group.code == amendment.key else group
        for group in tables.groups[table]
    ]
    tables = tables.with_groups(table, renamed)
    if table in _CHILD:
        below = [
            replace(group, parent=amendment.value) if group.parent == amendment.key else group
            for group in tables.groups[_CHILD[table]]
        ]
        tables = tables.with_groups(_CHILD[table], below)
    return tables, lines


def _add_cc(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    level, _, exclusion_table = amendment.value.replace(",", " ").partition(" ")
    if level.upper() not in ("MCC", "CC"):
        place = amendment.place
        raise DrgpayError(*_ERRORS("no_complication", place=place, value=amendment.value))
    values = [amendment.key, level.upper(), exclusion_table.strip()]
    return _with_row(tables, "cc", values)


def _remove_cc(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    return _filtered(tables, "cc", pl.col("code") != amendment.key)


def _rename_cc(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    return _replaced(tables, "cc", "code", amendment)


def _add_code(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    return _with_row(tables, amendment.table, [amendment.key, amendment.value])


def _remove_codes(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    key, code = CODE_KEYS[amendment.table]
    others = pl.col(key) != amendment.key
    if amendment.value:
        others |= pl.col(code) != amendment.value
    return _filtered(tables, amendment.table, others)


def _rename_codes(tables: Tables, amendment: Amendment) -> tuple[Tables, int]:
    key, _ = CODE_KEYS[amendment.table]
    tables, lines = _replaced(tables, amendment.table, key, amendment)
    if amendment.table == "exclusions":
        tables, named = _replaced(tables, "cc", key, amendment)
        return tables, lines + named
    word = re.compile(rf"\b{re.escape(amendment.key)}\b")
    for table in GROUP_TABLES:
        groups = [
            replace(group, rule=word.sub(lambda _: amendment.value, group.rule))
            for group in tables.groups[table]
        ]
        pairs = zip(groups, tables.groups[table], strict=True)
        lines += sum(new != old for new, old in pairs)
        tables = tables.with_groups(table, groups)
    return tables, lines


def _frame(tables: Tables, table: str) -> pl.DataFrame:
    frame: pl.DataFrame = getattr(tables, table)
    return frame


def _with_frame(tables: Tables, table: str, frame: pl.DataFrame) -> Tables:
    changed: dict[str, Any] = {table: frame}
    return replace(tables, **changed)


def _with_row(tables: Tables, table: str, values: list[str]) -> tuple[Tables, int]:
    frame = _frame(tables, table)
    row = pl.DataFrame([[ADDED, *values]], schema=frame.schema, orient="row")
    if not frame.join(row, on=frame.columns[1:], how="semi").is_empty():
        return tables, 0
    return _with_frame(tables, table, pl.concat([frame, row])), 1


def _filtered(tables: Tables, table: str, kept: pl.Expr) -> tuple[Tables, int]:
    frame = _frame(tables, table)
    left = frame.filter(kept)
    return _with_frame(tables, table, left), frame.height - left.height


def _replaced(tables: Tables, table: str, column: str, amendment: Amendment) -> tuple[Tables, int]:
    frame = _frame(tables, table)
    lines = int((frame[column] == amendment.key).sum())
    renamed = frame.with_columns(pl.col(column).replace(amendment.key, amendment.value))
    return _with_frame(tables, table, renamed), lines
