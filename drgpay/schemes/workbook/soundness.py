"""What must hold of tables before they are a scheme: no row twice, parents there, rules understood,
sets defined.
"""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.grouper.rules.fields import SEVERITY_SETS
from drgpay.grouper.rules.nodes import Rule
from drgpay.grouper.rules.parser import RuleError, parse_rule
from drgpay.grouper.scheme import asked_sets
from drgpay.schemes.workbook.cleaning import in_usual_case, is_bare_one
from drgpay.schemes.workbook.notes import WORDS, Notes
from drgpay.schemes.workbook.tables import (
    GROUP_TABLES,
    PARENT_TABLE,
    Group,
    GroupTable,
    Tables,
    sheet_name,
)

_ERRORS = Sentences("errors/schemes")


@dataclass(frozen=True)
class SoundTables:
    """Tables whose rules parse; `rules` has the tree of each rule text."""

    tables: Tables
    rules: dict[str, Rule]
    empty_sets: tuple[str, ...]


def sound_tables(
    path: Path, tables: Tables, known_empty: frozenset[str], allow_empty_sets: bool, notes: Notes
) -> SoundTables:
    """The tables without repeated rows, rules in the usual case, with their trees.

    Sets that rules name and no row defines are errors, unless they are in `known_empty` or
    `allow_empty_sets` holds. Raises DrgpayError naming sheet, row and rule.
    """
    tables = _without_repeated_rows(path, tables, notes)
    _refuse_orphans(path, tables)
    _note_missing_exclusion_tables(tables, notes)
    tables = _rules_in_usual_case(tables, notes)
    rules = _parsed(path, tables)
    missing = _missing_sets(tables, rules)
    refused = [name for name in missing if name not in known_empty and not allow_empty_sets]
    if refused:
        table, group = missing[refused[0]][0]
        names = listed(refused[1:])
        further = _ERRORS.words("nor_sets", names=names) if refused[1:] else ""
        said = {"place": _place(path, table, group), "group": group.code, "rule": group.rule}
        said |= {"set": refused[0], "sheet": sheet_name("sets"), "further": further}
        raise DrgpayError(*_ERRORS("undefined_set", **said))
    for name, naming in missing.items():
        for table, group in naming:
            notes.add(
                sheet_name(table),
                group.row or None,
                "empty_set",
                group=group.code,
                set=name,
            )
    return SoundTables(tables, rules, tuple(sorted(missing)))


def _without_repeated_rows(path: Path, tables: Tables, notes: Notes) -> Tables:
    for table in GROUP_TABLES:
        first: dict[str, Group] = {}
        for group in tables.groups[table]:
            earlier = first.setdefault(group.code, group)
            if earlier is group:
                continue
            if replace(group, row=earlier.row) != earlier:
                place = _place(path, table, group)
                said = _ERRORS("group_twice", place=place, group=group.code, earlier=earlier.row)
                raise DrgpayError(*said)
            _note_repeated(sheet_name(table), group.row, group.code, earlier.row, notes)
        tables = tables.with_groups(table, list(first.values()))
    cc = _distinct(tables.cc, "cc", notes)
    twice = cc.filter(pl.col("code").is_duplicated())
    if twice.height:
        row, code = twice["row"][0], twice["code"][0]
        sheet = sheet_name("cc")
        raise DrgpayError(*_ERRORS("code_twice", path=path, sheet=sheet, row=row, code=code))
    return replace(
        tables,
        cc=cc,
        sets=_distinct(tables.sets, "sets", notes),
        exclusions=_distinct(tables.exclusions, "exclusions", notes),
    )


def _distinct(frame: pl.DataFrame, table: str, notes: Notes) -> pl.DataFrame:
    keys = frame.columns[1:]
    nth = pl.int_range(pl.len()).over(keys)
    marked = frame.with_columns(first=pl.col("row").first().over(keys), nth=nth)
    for line in marked.filter(pl.col("nth") > 0).iter_rows(named=True):
        text = " ".join(line[key] for key in keys)
        _note_repeated(sheet_name(table), line["row"], text, line["first"], notes)
    return marked.filter(pl.col("nth") == 0).select(frame.columns)


def _note_repeated(sheet: str, row: int, text: str, earlier: int, notes: Notes) -> None:
    notes.add(
        sheet,
        row or None,
        "duplicate",
        text=text,
        earlier=earlier,
    )


def _refuse_orphans(path: Path, tables: Tables) -> None:
    for table in GROUP_TABLES:
        parent = PARENT_TABLE[table]
        if parent is None:
            continue
        known = {group.code for group in tables.groups[parent]}
        for group in tables.groups[table]:
            if group.parent not in known:
                said = {"place": _place(path, table, group), "group": group.code}
                said |= {"parent": group.parent or _ERRORS.words("nothing")}
                raise DrgpayError(*_ERRORS("orphan", sheet=sheet_name(parent), **said))


def _note_missing_exclusion_tables(tables: Tables, notes: Notes) -> None:
    known = tables.exclusions.select("exclusion_table").unique()
    without = tables.cc.join(known, on="exclusion_table", how="anti", maintain_order="left")
    for row, code, level, table in without.iter_rows():
        lack = "no_exclusion_rows" if table else "no_exclusion_table"
        notes.add(
            sheet_name("cc"),
            row or None,
            "exclusion_table_missing",
            level=level,
            code=code,
            lack=WORDS.words(f"part.{lack}", table=table),
        )


def _rules_in_usual_case(tables: Tables, notes: Notes) -> Tables:
    names = frozenset(tables.sets["set"].unique())
    times = Counter(name.upper() for name in names)
    by_capitals = {name.upper(): name for name in sorted(names) if times[name.upper()] == 1}
    for table in GROUP_TABLES:
        groups = []
        for group in tables.groups[table]:
            rule = in_usual_case(group.rule, names, by_capitals)
            if rule != group.rule:
                notes.add(
                    sheet_name(table),
                    group.row or None,
                    "letter_case",
                    group=group.code,
                    was=group.rule,
                    now=rule,
                )
            if is_bare_one(rule):
                rule = "1"
                notes.add(
                    sheet_name(table),
                    group.row or None,
                    "always_true",
                    group=group.code,
                )
            groups.append(replace(group, rule=rule))
        tables = tables.with_groups(table, groups)
    return tables


def _parsed(path: Path, tables: Tables) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for table in GROUP_TABLES:
        for group in tables.groups[table]:
            if group.rule in rules:
                continue
            try:
                rules[group.rule] = parse_rule(group.rule)
            except RuleError as error:
                said = {"place": _place(path, table, group), "group": group.code}
                said |= {"rule": group.rule, "said": error.words}
                raise DrgpayError(*_ERRORS("unparsed_rule", **said)) from None
    return rules


def _missing_sets(
    tables: Tables, rules: dict[str, Rule]
) -> dict[str, list[tuple[GroupTable, Group]]]:
    """Each set that no row defines, with the groups whose rules name it."""
    known = {*tables.sets["set"].unique(), *SEVERITY_SETS}
    missing: dict[str, list[tuple[GroupTable, Group]]] = {}
    for table in GROUP_TABLES:
        for group in tables.groups[table]:
            for name in sorted(set(asked_sets(rules[group.rule])) - known):
                missing.setdefault(name, []).append((table, group))
    return missing


def _place(path: Path, table: GroupTable, group: Group) -> Words:
    sheet = sheet_name(table)
    if group.row:
        return _ERRORS.words("place.row", path=path, sheet=sheet, row=group.row)
    return _ERRORS.words("place.added", path=path, sheet=sheet)
