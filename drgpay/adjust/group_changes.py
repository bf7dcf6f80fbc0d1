"""The changes that an overlay makes to groups: rules, new groups, splits, merges, names."""

from collections.abc import Sequence

from drgpay.adjust.overlay import AddGroup, Merge, Overlay, Split
from drgpay.adjust.tables import GROUP_LEVELS, Row, Rows, nearest
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.grouper.group_names import status_of
from drgpay.grouper.rules.nodes import Always, Or, Rule
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.scheme import Drg, SchemeOptions, in_trial_order

_ERRORS = Sentences("errors/adjust")

_PARENT = {"adrg": "mdc", "drg": "adrg"}


def changed_groups(groups: Rows, overlay: Overlay, options: SchemeOptions) -> Rows:
    """The rows of mdc, adrg and drg after the overlay's changes, in the order of its fields.

    Raises DrgpayError for an unknown group, a code that is taken, merged DRGs of several ADRGs, and
    changes whose meaning the option department_rules_first would turn round.
    """
    found = {level: [dict(row) for row in rows] for level, rows in groups.items()}
    where = overlay.scheme.id
    for change in overlay.change_rule:
        _row(where, "change_rule", found, change.group, change.level)["rule"] = change.rule
    for added in overlay.add_group:
        _add(where, found, added)
    for split in overlay.split:
        _split(where, found, split, options)
    for merge in overlay.merge:
        _merge(where, found, merge, options)
    for rename in overlay.rename:
        _row(where, "rename", found, rename.group, rename.level)["name"] = rename.name
    return found


def both(first: str, second: str) -> str:
    """A rule that holds where both do."""
    texts = [text for text in (first, second) if parse_rule(text) != Always(True)]
    if len(texts) < 2:
        return texts[0] if texts else ""
    return " and ".join(map(_bracketed, texts))


def _row(where: str, key: str, groups: Rows, code: str, level: str | None) -> Row:
    levels = [level] if level else list(GROUP_LEVELS)
    rows = [row for level in levels for row in groups[level] if row[level] == code]
    if not rows:
        known = [row[level] for level in levels for row in groups[level]]
        facts = {"where": where, "key": key, "code": code, "nearest": nearest(code, known)}
        raise DrgpayError(*_ERRORS("no_group", **facts))
    if len(rows) > 1:
        raise DrgpayError(*_ERRORS("several_levels", where=where, key=key, code=code))
    return rows[0]


def _add(where: str, groups: Rows, added: AddGroup) -> None:
    level, parent_level = added.level, _PARENT[added.level]
    parent = _row(where, "add_group", groups, added.parent, parent_level)
    _refuse_taken(where, _ERRORS.words("add_group"), groups, added.code)
    siblings = _siblings(groups, level, parent[parent_level])
    place = len(siblings)
    if added.before is not None:
        codes = [row[level] for row in siblings]
        if added.before not in codes:
            raise DrgpayError(
                *_ERRORS(
                    "before_what_is_elsewhere",
                    where=where,
                    code=added.code,
                    before=added.before,
                    parent=added.parent,
                    nearest=nearest(added.before, codes),
                )
            )
        place = codes.index(added.before)
    made = {parent_level: added.parent, level: added.code, "name": added.name, "rule": added.rule}
    _replace(groups, level, siblings, [*siblings[:place], made, *siblings[place:]])


def _split(where: str, groups: Rows, split: Split, options: SchemeOptions) -> None:
    row = _row(where, "split", groups, split.drg, "drg")
    made: list[Row] = []
    what = _ERRORS.words("split_of", drg=split.drg)
    for part in split.part:
        _refuse_taken(where, what, groups, part.code, made)
        if status_of(row["adrg"], part.code) != status_of(row["adrg"], split.drg):
            raise DrgpayError(
                *_ERRORS("code_without_group", where=where, drg=split.drg, code=part.code)
            )
        rule = both(row["rule"], part.rule)
        made.append({"adrg": row["adrg"], "drg": part.code, "name": part.name, "rule": rule})
    siblings = _tried(_siblings(groups, "drg", row["adrg"]), options)
    place = siblings.index(row)
    rest = {**row, "name": split.rest_name or row["name"]}
    ordered = [*siblings[:place], *made, rest, *siblings[place + 1 :]]
    _refuse_other_order(where, what, ordered, options)
    _replace(groups, "drg", siblings, ordered)


def _merge(where: str, groups: Rows, merge: Merge, options: SchemeOptions) -> None:
    rows = [_row(where, "merge", groups, code, "drg") for code in merge.drgs]
    what = _ERRORS.words("merge_of", drgs=listed(merge.drgs))
    if len(set(merge.drgs)) < len(merge.drgs):
        raise DrgpayError(*_ERRORS("named_twice", where=where, what=what))
    adrgs = list(dict.fromkeys(row["adrg"] for row in rows))
    if len(adrgs) > 1:
        raise DrgpayError(*_ERRORS("several_adrgs", where=where, what=what, adrgs=listed(adrgs)))
    siblings = _tried(_siblings(groups, "drg", adrgs[0]), options)
    places = [place for place, row in enumerate(siblings) if row["drg"] in merge.drgs]
    code = merge.code or siblings[places[-1]]["drg"]
    if code not in merge.drgs:
        _refuse_taken(where, what, groups, code)
    span = siblings[places[0] : places[-1] + 1]
    merged = {
        "adrg": adrgs[0],
        "drg": code,
        "name": merge.name,
        "rule": _merged_rule([(row["drg"] in merge.drgs, row["rule"]) for row in span]),
    }
    between = [row for row in span if row["drg"] not in merge.drgs]
    ordered = [*siblings[: places[0]], merged, *between, *siblings[places[-1] + 1 :]]
    _refuse_other_order(where, what, ordered, options)
    _replace(groups, "drg", siblings, ordered)


def _merged_rule(span: Sequence[tuple[bool, str]]) -> str:
    """The rule, at the place of the first, of the stays that ended in one of the merged rows.

    `span`: whether a row is merged, and its rule, in the order they are tried. A stay ended in a
    later row only if no row between took it.
    """
    ways: list[str] = []
    before: list[str] = []
    for is_merged, text in span:
        if not is_merged:
            before.append(f"not ({text.strip() or '1'})")
            continue
        own = [] if parse_rule(text) == Always(True) else [text]
        if not own and not before:
            return ""  # it took whatever came
        texts = [*before, *own]
        ways.append(" and ".join(map(_bracketed, texts)) if len(texts) > 1 else texts[0])
    parsed = [parse_rule(way) for way in ways]
    alternatives = [rule.parts for rule in parsed if isinstance(rule, Or)]
    # What another way says among others need not be said again.
    said = {part for parts in alternatives for part in parts}
    kept = [way for way, rule in zip(ways, parsed, strict=True) if rule not in said]
    return " or ".join(dict.fromkeys(kept))


def _bracketed(text: str) -> str:
    return f"({text})" if isinstance(parse_rule(text), Or) else text


def _siblings(groups: Rows, level: str, parent: str) -> list[Row]:
    """The rows under a parent by sort; equal sorts keep the row order."""
    rows = [row for row in groups[level] if row[_PARENT[level]] == parent]
    return sorted(rows, key=lambda row: int(row["sort"]))


def _tried(rows: Sequence[Row], options: SchemeOptions) -> list[Row]:
    """The rows of an ADRG in the order in which they are tried."""
    by_code = {row["drg"]: row for row in rows}
    drgs = [Drg(0, row["drg"], "", row["rule"], _rule(row)) for row in rows]
    return [by_code[drg.code] for drg in in_trial_order(drgs, options)]


def _rule(row: Row) -> Rule:
    return parse_rule(row["rule"])


def _replace(groups: Rows, level: str, old: Sequence[Row], new: Sequence[Row]) -> None:
    """Put the new rows where the first of the old ones stood, numbered in order."""
    places = [place for place, row in enumerate(groups[level]) if any(row is one for one in old)]
    start = places[0] if places else len(groups[level])
    kept_before = groups[level][:start]
    kept_after = [row for row in groups[level][start:] if not any(row is one for one in old)]
    numbered = [{**row, "sort": str(number)} for number, row in enumerate(new, start=1)]
    groups[level] = [*kept_before, *numbered, *kept_after]


def _refuse_taken(
    where: str, what: Words, groups: Rows, code: str, made: Sequence[Row] = ()
) -> None:
    taken = {row[level] for level in GROUP_LEVELS for row in groups[level]}
    if code in taken | {row["drg"] for row in made}:
        raise DrgpayError(*_ERRORS("code_taken", where=where, what=what, code=code))


def _refuse_other_order(
    where: str, what: Words, ordered: Sequence[Row], options: SchemeOptions
) -> None:
    if [row["drg"] for row in _tried(ordered, options)] != [row["drg"] for row in ordered]:
        raise DrgpayError(*_ERRORS("other_order", where=where, what=what))
