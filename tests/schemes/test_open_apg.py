"""The scheme open-apg-1 is complete and free of overlaps: read from its files, without the engine."""

import csv
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from drgpay.grouper.rules.parser import parse_rule

SCHEMES = Path(__file__).resolve().parents[2] / "grouping_schemes"
SCHEME = SCHEMES / "open-apg-1"
CODES = SCHEMES / "codes"

LINE_CLASSES = ("PROC", "ANC", "DRUG", "INC")
# Visits without a known diagnosis and items without a known code; no code of a table lands there.
REST_FAMILIES = {"PZ99", "MZ99", "AZ98", "AZ99", "DX98", "DX99", "IN99"}
ITEM_KINDS = {"procedure", "lab", "imaging", "other_test", "treatment", "drug", "material", "fee"}


@cache
def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _table(name: str) -> list[dict[str, str]]:
    return _rows(SCHEME / f"{name}.csv")


@cache
def _sets() -> dict[str, tuple[str, ...]]:
    sets: dict[str, list[str]] = {}
    for row in _table("sets"):
        sets.setdefault(row["set"], []).append(row["code"])
    return {name: tuple(codes) for name, codes in sets.items()}


@cache
def _class_of() -> dict[str, str]:
    return {row["adrg"]: row["mdc"] for row in _table("adrg")}


Listing = dict[str, list[str]]


@cache
def _families_of(line: bool) -> Listing:
    """Code or pattern -> the families that list it; the families of lines, or those of visits."""
    found: Listing = {}
    for family, of_class in _class_of().items():
        if family not in REST_FAMILIES and (of_class in LINE_CLASSES) == line:
            for listed in _sets()[family]:
                found.setdefault(listed, []).append(family)
    return found


def _matches(code: str, families: Listing) -> list[str]:
    """The families that list the code or a pattern it begins with, one entry each time."""
    patterns = (f"{code[:length]}*" for length in range(1, len(code) + 1))
    return [family for listed in (code, *patterns) for family in families.get(listed, [])]


def _misplaced(codes: Iterable[str], families: Listing) -> list[str]:
    return [code for code in codes if len(_matches(code, families)) != 1]


def test_every_diagnosis_has_one_medical_family() -> None:
    codes = [row["code"] for row in _rows(CODES / "insurance-2.0" / "diagnoses.csv")]
    assert len(codes) == 33_304
    families = _families_of(line=False)
    without = [code for code in codes if not _matches(code, families)]
    assert len(without) < len(codes) / 100  # what the rest group MZ99 takes
    assert _misplaced(codes, families) == []


def test_every_procedure_has_one_family_of_lines() -> None:
    codes = [row["code"] for row in _rows(CODES / "insurance-2.0" / "procedures.csv")]
    assert len(codes) == 13_767
    assert _misplaced(codes, _families_of(line=True)) == []


def _codes_under(prefix: str, prefixes: set[str]) -> list[str]:
    """Item codes whose longest prefix in the table is this one, one for each way to go on."""
    further = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if prefix in {"X", "Z"} else "0123456789"
    tails = [first + second for first in further for second in "0123456789"]
    codes = [f"{prefix}{tail}{'0' * 12}"[:12] for tail in tails]
    return [code for code in codes if not any(_longer(code, prefix, p) for p in prefixes)]


def _longer(code: str, prefix: str, other: str) -> bool:
    return len(other) > len(prefix) and code.startswith(other)


def test_every_item_prefix_has_one_family_of_lines() -> None:
    families = _families_of(line=True)
    prefixes = {row["prefix"] for row in _rows(CODES / "service-items-1" / "items.csv")}
    reached = set()
    for prefix in prefixes:
        codes = _codes_under(prefix, prefixes)
        assert _misplaced([prefix, *codes], families) == [], prefix
        found = {_matches(code, families)[0] for code in codes}
        assert {_matches(prefix, families)[0]} >= found, prefix
        reached |= found
        if prefix[0].isdigit():  # the 15 digits of the national insurance code begin with 00
            long = {_matches(f"00{code}", families)[0] for code in (prefix, *codes)}
            assert long >= found and len(long) == 1, prefix
    by_procedure = {
        family
        for row in _rows(CODES / "insurance-2.0" / "procedures.csv")
        for family in _matches(row["code"], families)
    }
    of_lines = {name for name, of_class in _class_of().items() if of_class in LINE_CLASSES}
    assert of_lines - reached - by_procedure == REST_FAMILIES - {"MZ99"}


def test_nothing_listed_by_a_family_is_listed_by_another() -> None:
    for line in (True, False):
        families = _families_of(line)
        for listed, owners in families.items():
            assert len(owners) == 1, (listed, owners)
            assert _matches(listed.removesuffix("*"), families) == owners, listed


@pytest.mark.parametrize("of_class", LINE_CLASSES)
def test_the_set_of_a_class_holds_what_its_families_hold(of_class: str) -> None:
    whole = {listed: [of_class] for listed in _sets()[f"{of_class}_ALL"]}
    parts = _families_of(line=True)
    for listed, (family,) in parts.items():
        inside = bool(_matches(listed.removesuffix("*"), whole))
        assert inside == (_class_of()[family] == of_class), (listed, family)
    for listed in whole:
        assert any(part.startswith(listed.removesuffix("*")) for part in parts), listed


def test_size_codes_and_names() -> None:
    families, groups = _table("adrg"), _table("drg")
    assert 230 <= len(groups) <= 290
    assert {row["adrg"] for row in groups} == {row["adrg"] for row in families}
    assert {row["mdc"] for row in families} == {row["mdc"] for row in _table("mdc")}
    for table, key in (("mdc", "mdc"), ("adrg", "adrg"), ("drg", "drg")):
        for column in (key, "name", "name_en"):
            values = Counter(row[column] for row in _table(table))
            assert max(values.values()) == 1, values.most_common(1)
            assert all(value == value.strip() != "" for value in values)
        assert all(any(ord(sign) > 0x2E80 for sign in row["name"]) for row in _table(table))
        assert all(row["name_en"].isascii() for row in _table(table))
    assert all(row["drg"].startswith(row["adrg"]) and len(row["drg"]) == 5 for row in groups)


def test_the_last_group_of_a_family_takes_what_the_others_leave() -> None:
    by_family: dict[str, list[str]] = {}
    for row in sorted(_table("drg"), key=lambda row: int(row["sort"])):
        by_family.setdefault(row["adrg"], []).append(row["rule"])
    for family, rules in by_family.items():
        assert rules[-1] == "", family
        assert "" not in rules[:-1], family


def test_packaging_names_families_of_ancillaries_and_drugs() -> None:
    packaged = [row["apg"] for row in _table("packaging")]
    assert len(packaged) == len(set(packaged)) > 0
    assert {_class_of()[family] for family in packaged} <= {"ANC", "DRUG"}
    name_of = {row["adrg"]: row["name"] for row in _table("adrg")}
    assert all(name_of[row["apg"]] == row["name"] for row in _table("packaging"))


def test_items_are_sorted_named_and_of_a_known_kind() -> None:
    items = _rows(CODES / "service-items-1" / "items.csv")
    assert list(items[0]) == ["prefix", "kind", "name", "name_en"]
    prefixes = [row["prefix"] for row in items]
    assert prefixes == sorted(set(prefixes))
    assert {row["kind"] for row in items} == ITEM_KINDS
    assert all(row["name"] and row["name_en"].isascii() for row in items)


def test_the_toml_says_what_it_is() -> None:
    info = tomllib.loads((SCHEME / "scheme.toml").read_text(encoding="utf-8"))
    assert info["id"] == SCHEME.name
    assert info["kind"] == "apg"
    for system in (info["code_system"], info["item_system"]):
        assert (CODES / system).is_dir()
    assert "effective_from" not in info  # else it would be the scheme in force for inpatients
    assert set(info["apg"]) == {"procedure_discount", "repeat_discount"}
    assert all(0 <= share <= 1 for share in info["apg"].values())
    for table in ("cc", "exclusions"):
        assert _table(table) == []


def test_rules_parse() -> None:
    for table in ("mdc", "adrg", "drg"):
        for row in _table(table):
            parse_rule(row["rule"])
