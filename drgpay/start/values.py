"""What the values of a column mean: by the catalogue of values, and by what stands beside them."""

import re

import polars as pl

from drgpay.records.columns import ITEM_KINDS, VISIT_TYPES
from drgpay.start.found import Values
from drgpay.start.headings import CONFIRM, KnownValue, compared_value, known_values, value_forms

VALUED = {
    "sex": ("sex",),
    "account": ("account",),
    "out_of_area": ("out_of_area", "flag"),
    "complete": ("flag",),
    "discharge_type": ("discharge_type",),
    "payment_unit": ("payment_unit",),
    "visit_type": ("visit_type",),
    "item_kind": ("item_kind",),
    "level": ("level",),
    "kind": ("kind",),
}
"""Columns that have few values, and which lists of the catalogue say what they are."""
_OURS = {
    "sex": ("1", "2"),
    "account": ("employee", "resident"),
    "discharge_type": ("1", "2", "3", "4", "5", "9"),
    "payment_unit": ("drg", "bed_day", "fee"),
    "visit_type": VISIT_TYPES,
    "item_kind": ITEM_KINDS,
    "level": ("3A", "3B", "2A", "2B", "1", "0"),
    "kind": ("general", "specialised", "tcm", "pharmacy", "community", "township", "clinic"),
}
_FLAGS = ("true", "false", "1", "0", "t", "f", "y", "n", "yes", "no")
_MOST_VALUES = 200
_DIGIT = re.compile(r"0?\d")
_LOCAL_CODE = re.compile(r"\d{4,6}")
"""Kinds of visit that regions number themselves, with opposite meanings."""
_MANY_ROWS = 500
_IN_BULK = 0.01


def values_of(column: str, texts: pl.Series, front_page: bool = False) -> Values:
    """What the values of a column mean. Values that are ours already need no word.

    A value that lists of the catalogue read differently, or leave to a person, is open; one that
    a person should confirm is likely. front_page: the heading is a code of the front page, whose
    single digits are known; those of other tables are not.
    """
    told = texts.drop_nulls().value_counts().rows()
    counts = {
        str(value): int(count) for value, count in sorted(told, key=lambda one: (-one[1], one[0]))
    }
    plain_flags = column == "out_of_area" and counts.keys() <= {"0", "1"}
    known: dict[str, str] = {}
    likely: dict[str, str] = {}
    left: dict[str, int] = {}
    for value, count in list(counts.items())[:_MOST_VALUES]:
        if plain_flags or _is_ours(column, value):
            continue
        ours, sure = _meaning(column, value)
        sure = sure and (front_page or column != "account" or not _DIGIT.fullmatch(value))
        sure = sure and not (column == "visit_type" and _LOCAL_CODE.fullmatch(value))
        if ours is None:
            left[value] = count
        elif sure:
            known[value] = ours
        else:
            likely[value] = ours
    if _contradicts(column, counts):
        own = {value: value for value in counts if _is_ours(column, value)}
        return Values(known, {**likely, **own}, left)
    return Values(known, likely, left)


def _is_ours(column: str, value: str) -> bool:
    said = compared_value(value)
    match column:
        case "complete":
            return said in _FLAGS
        case "out_of_area":
            return said in _FLAGS[:2]
        case "level" if said.isdigit():  # lists of levels contradict each other
            return False
        case "sex" | "discharge_type":
            return said.lstrip("0") in _OURS[column]
        case _:
            return value in _OURS[column]


def _contradicts(column: str, counts: dict[str, int]) -> bool:
    """Whether digits that are ours in the national lists look as if another list was used."""
    rows = sum(counts.values())
    match column:
        case "sex":
            return counts.get("0", 0) > _IN_BULK * rows
        case "discharge_type":
            return rows >= _MANY_ROWS and "5" not in counts and "3" in counts
        case _:
            return False


def _meaning(column: str, value: str) -> tuple[str | None, bool]:
    """What a value is, and whether that is sure."""
    for name in VALUED[column]:
        lists = known_values(name)
        for said in value_forms(value):
            if said in lists:
                return _agreed(lists[said])
    return None, False


def _agreed(known: tuple[KnownValue, ...]) -> tuple[str | None, bool]:
    """What all lists say of a value; nothing where they differ, or where something else decides."""
    said = {one.ours.rstrip(CONFIRM) for one in known}
    if len(said) != 1 or "|" in (ours := said.pop()) or not ours:
        return None, False
    return ours, not any(one.ours.endswith(CONFIRM) for one in known)
