"""The order in which groups are tried: repeated sort numbers, fallbacks last, QY in its place.

The published sheet sorts some groups so that they would swallow those after them; the printed scheme
says how they are meant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from drgpay.base.language import Words
from drgpay.grouper.rules.fields import PROCEDURE_FIELDS
from drgpay.grouper.rules.nodes import Always, And, Count, Member, Not, Or, Rule
from drgpay.grouper.scheme import UNGROUPED_MDC
from drgpay.schemes.workbook.notes import WORDS, Notes
from drgpay.schemes.workbook.tables import GROUP_TABLES, Group, GroupTable, Tables, sheet_name

_FALLBACK_NAME = re.compile(r"[A-Z]?0{2,4}")
_AMBIGUOUS_SUFFIX = "QY"


@dataclass(frozen=True)
class _Scope:
    """Where groups compete: the groups below one parent, in the order of trial."""

    table: GroupTable
    parent: str
    groups: list[Group]


def ordered(tables: Tables, rules: dict[str, Rule], keep_order: bool, notes: Notes) -> Tables:
    """The tables with their groups in the order in which they must be tried.

    A scope that had to be changed, or whose numbers repeat, is numbered anew from 1; the others keep
    their numbers. With `keep_order` nothing is moved and what would have been is noted.
    """
    for table in GROUP_TABLES:
        groups = list(tables.groups[table])
        for places in _scopes(groups):
            before = [groups[place] for place in places]
            after = _in_order(table, before, rules, keep_order, notes)
            for place, group in zip(places, after, strict=True):
                groups[place] = group
        tables = tables.with_groups(table, groups)
    return tables


def _scopes(groups: Sequence[Group]) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group.parent, []).append(place)
    return list(places.values())


def _in_order(
    table: GroupTable, groups: list[Group], rules: dict[str, Rule], keep_order: bool, notes: Notes
) -> list[Group]:
    complete = all(group.sort is not None for group in groups)
    numbered = _numbered(table, groups, notes)
    repeated = _note_repeated_sorts(table, numbered, notes)
    sheet_order = sorted(numbered, key=_sort)
    scope = _Scope(table, groups[0].parent, sheet_order)
    moves = Notes()
    repaired = _fallbacks_last(scope, rules, moves)
    if table == "adrg":
        repaired = _ambiguous_in_place(replace(scope, groups=repaired), rules, moves)
    for move in moves.lines:
        if keep_order and move.kind != "surgical_after_medical":
            notes.add(move.sheet, move.row, "order_kept", move=move.text)
        else:
            notes.lines.append(move)
    if keep_order:
        return groups if complete else _renumbered(sheet_order)
    if repaired != sheet_order or repeated:
        return _renumbered(repaired)
    return numbered


def _sort(group: Group) -> int:
    return group.sort or 0


def _renumbered(groups: list[Group]) -> list[Group]:
    return [replace(group, sort=number) for number, group in enumerate(groups, start=1)]


def _numbered(table: GroupTable, groups: list[Group], notes: Notes) -> list[Group]:
    """Groups without a sort number get one after all others of their scope."""
    last = max((_sort(group) for group in groups), default=0)
    numbered = []
    for group in groups:
        if group.sort is None:
            last += 1
            notes.add(
                sheet_name(table),
                group.row or None,
                "sort_missing",
                group=group.code,
            )
        numbered.append(group if group.sort is not None else replace(group, sort=last))
    return numbered


def _note_repeated_sorts(table: GroupTable, groups: list[Group], notes: Notes) -> bool:
    first: dict[int, Group] = {}
    repeated = False
    for group in groups:
        earlier = first.setdefault(_sort(group), group)
        if earlier is not group:
            repeated = True
            notes.add(
                sheet_name(table),
                group.row or None,
                "sort_repeated",
                group=group.code,
                earlier=earlier.code,
                sort=group.sort,
            )
    return repeated


def _fallbacks_last(scope: _Scope, rules: dict[str, Rule], notes: Notes) -> list[Group]:
    """Groups that always hold, then groups named as fallbacks, behind all others."""

    def rank(group: Group) -> int:
        if scope.table == "mdc":
            return 2 if group.code == UNGROUPED_MDC else 0
        if _FALLBACK_NAME.fullmatch(group.code):
            return 2
        return 1 if rules[group.rule] == Always(True) else 0

    after = sorted(scope.groups, key=rank)
    for place, group in enumerate(scope.groups):
        passed = [other.code for other in scope.groups[place + 1 :] if rank(other) < rank(group)]
        if rank(group) and passed:
            notes.add(
                sheet_name(scope.table),
                group.row or None,
                "fallback_moved",
                group=group.code,
                sort=group.sort,
                passed=WORDS.words("part.comma").between(passed),
            )
    return after


def _ambiguous_in_place(scope: _Scope, rules: dict[str, Rule], notes: Notes) -> list[Group]:
    """QY behind the ADRGs that need a procedure and before the purely medical ones."""
    ambiguous = [
        group
        for group in scope.groups
        if group.code.endswith(_AMBIGUOUS_SUFFIX) and rules[group.rule] != Always(True)
    ]
    groups = scope.groups
    for group in ambiguous:
        others = [other for other in groups if other is not group]
        surgical = [n for n, other in enumerate(others) if needs_procedure(rules[other.rule])]
        medical = [n for n, other in enumerate(others) if not procedure_helps(rules[other.rule])]
        earliest = surgical[-1] + 1 if surgical else 0
        latest = medical[0] if medical else len(others)
        place = groups.index(group)
        if earliest <= place <= latest:
            continue
        if earliest > latest:
            _note_surgical_after_medical(scope, others[latest], others[earliest - 1], notes)
        target = earliest if place < earliest or earliest > latest else latest
        if target == place:
            continue
        groups = [*others[:target], group, *others[target:]]
        notes.add(
            sheet_name(scope.table),
            group.row or None,
            "ambiguous_moved",
            group=group.code,
            sort=group.sort,
            place=_neighbours(groups, target),
        )
    return groups


def _neighbours(groups: list[Group], place: int) -> Words:
    if place:
        before = groups[place - 1].code
        return WORDS.words("part.behind", code=before)
    after = groups[place + 1].code
    return WORDS.words("part.before", code=after)


def _note_surgical_after_medical(
    scope: _Scope, medical: Group, surgical: Group, notes: Notes
) -> None:
    notes.add(
        sheet_name(scope.table),
        surgical.row or None,
        "surgical_after_medical",
        parent=scope.parent,
        medical=medical.code,
        surgical=surgical.code,
    )


def needs_procedure(rule: Rule) -> bool:
    """Whether the rule is false of every stay without procedures."""
    return not _without_procedures(rule)[0]


def procedure_helps(rule: Rule) -> bool:
    """Whether having some procedure can make the rule true: it asks for one, not for none."""
    return _asks_for_procedure(rule, wanted=True)


def _without_procedures(rule: Rule) -> tuple[bool, bool]:
    """Whether the rule can be true, and can be false, of a stay without procedures."""
    match rule:
        case Always(value):
            return value, not value
        case Not(part):
            true, false = _without_procedures(part)
            return false, true
        case And(parts) | Or(parts):
            can = [_without_procedures(part) for part in parts]
            every, some = (all, any) if isinstance(rule, And) else (any, all)
            return every(true for true, _ in can), some(false for _, false in can)
        case Member(fields=fields) if PROCEDURE_FIELDS.issuperset(fields):
            return False, True
        case Count(fields=fields, op=op, number=number) if PROCEDURE_FIELDS.issuperset(fields):
            holds_for_none = number == 0 and op in (">=", "=")
            return holds_for_none, not holds_for_none
        case _:
            return True, True


def _asks_for_procedure(rule: Rule, wanted: bool) -> bool:
    match rule:
        case Not(part):
            return _asks_for_procedure(part, not wanted)
        case And(parts) | Or(parts):
            return any(_asks_for_procedure(part, wanted) for part in parts)
        case Member(fields=fields):
            return wanted and not PROCEDURE_FIELDS.isdisjoint(fields)
        case Count(fields=fields, op=op, number=number):
            asks_for_none = op == "=" and number == 0
            return wanted != asks_for_none and not PROCEDURE_FIELDS.isdisjoint(fields)
        case _:
            return False
