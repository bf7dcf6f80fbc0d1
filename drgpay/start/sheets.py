"""The sheets of a workbook beside the list of stays: diagnoses, operations and fees, a row for each.

They are joined by an id that both have. What is not joined, or may be meant otherwise, is said.
"""

from collections.abc import Iterable, Mapping

from drgpay.base.language import Words, listed
from drgpay.base.words import Wording
from drgpay.records.head import SheetHead
from drgpay.records.mapping.model import SheetRules
from drgpay.start.fee_classes import COST_KINDS, kind_of_fee
from drgpay.start.headings import Known, known_headings

WORDS = Wording("start")

BESIDE = {"diagnoses": "diagnoses", "procedures": "operations"}
"""Tables of the catalogue with a code a row, and what a mapping calls such a sheet."""
_FEES = "fees"
_ENOUGH = 0.5
_FEWEST = 2
"""A row a stay with fewer fees is no sheet of fees."""


def columns_of(head: SheetHead, table: str) -> dict[str, str]:
    """Our column -> heading, of a sheet with a row for each code or fee; the surest one of several."""
    found: dict[str, tuple[int, str]] = {}
    for heading, one in _known(head, table):
        if one.column not in found or one.confidence < found[one.column][0]:
            found[one.column] = one.confidence, heading
    return {column: heading for column, (_, heading) in found.items()}


def beside_rules(
    heads: Mapping[str, SheetHead], main: str
) -> tuple[SheetRules | None, list[Words]]:
    """What a mapping says of the sheets beside the list, and what there is to say of them."""
    keys = {sheet: _keys(heads[main], head) for sheet, head in heads.items() if sheet != main}
    meant = {sheet: _meant(heads[sheet]) for sheet in keys if keys[sheet]}
    counted = [key for sheet, of in keys.items() if meant.get(sheet) for key in of]
    # The id that most of them have; of several the surest.
    key = max(dict.fromkeys(counted), key=counted.count, default="")
    rules: dict[str, dict[str, str]] = {}
    remarks: list[Words] = []
    for sheet, found in meant.items():
        if found and found[0] not in rules and key in keys[sheet]:
            rules[found[0]] = {"sheet": sheet, **found[1]}
            remarks += _other_amounts(heads[sheet], found[1])
        else:
            remarks.append(WORDS.words("remark.sheet_not_read", sheet=sheet))
    if not rules:
        return None, remarks
    return SheetRules.model_validate({"key": key, "list": main, **rules}), remarks


def _keys(main: SheetHead, head: SheetHead) -> list[str]:
    """The ids of a stay that a sheet and the list both have, the surest first."""
    both = [
        (one.confidence, heading)
        for heading, one in _known(main, "stays", every=True)
        if one.column == "case_id" and heading in head.headings
    ]
    return [heading for _, heading in sorted(both, key=lambda pair: pair[0])]


def _meant(head: SheetHead) -> tuple[str, dict[str, str]] | None:
    """What a mapping calls a sheet, and the columns that it names of it."""
    for table, name in BESIDE.items():
        columns = columns_of(head, table)
        if "code" in columns:
            return name, {"order": columns["order"]} if "order" in columns else {}
    columns = columns_of(head, _FEES)
    if "name" in columns and "amount" in columns:
        # Names of single items are no classes of fees: each would be a column of its own.
        names = [one for one in head.column(columns["name"]) if one]
        known = sum(kind_of_fee(one) is not None for one in names)
        if known >= _ENOUGH * len(names):
            return _FEES, {name: columns[name] for name in ("name", "amount")}
        return None
    fees = [one for one in head.headings if one and _is_fee(one)]
    return (_FEES, {}) if len(fees) >= _FEWEST else None


def _is_fee(heading: str) -> bool:
    """Whether a heading is a class of fees of stays."""
    meant = known_headings("stays").of(heading)[:1]
    return kind_of_fee(heading) is not None or any(one.column in COST_KINDS for one in meant)


def _other_amounts(head: SheetHead, rule: Mapping[str, str]) -> list[Words]:
    """Columns that may be the amount of a fee as well as the one that is taken."""
    if "amount" not in rule:
        return []
    known = dict(_known(head, _FEES))
    same = known[rule["amount"]]
    others = [
        heading
        for heading, one in known.items()
        if heading != rule["amount"]
        and (one.column, one.confidence) == (same.column, same.confidence)
    ]
    said = {"sheet": head.sheet or "", "heading": rule["amount"], "others": listed(others)}
    return [WORDS.words("remark.other_amounts", **said)] if others else []


def _known(head: SheetHead, table: str, every: bool = False) -> Iterable[tuple[str, Known]]:
    """The headings of a sheet with what the catalogue first of all, or `every` time, says of them."""
    known = known_headings(table)
    for heading in head.headings:
        if heading:
            found = known.of(heading)
            yield from ((heading, one) for one in (found if every else found[:1]))
