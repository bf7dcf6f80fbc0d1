"""A scheme as JSON and back: what a compiled one keeps of the scheme it was made of."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from drgpay.grouper.exempt_groups import ExemptGroup
from drgpay.grouper.rules.as_json import rule_as_json, rule_from_json
from drgpay.grouper.rules.nodes import Rule
from drgpay.grouper.scheme import Adrg, Complication, Drg, Mdc, Scheme, SchemeInfo


def scheme_as_json(scheme: Scheme) -> bytes:
    """The whole scheme. Rules and sets of tables stand once, and by their number elsewhere."""
    rules: dict[Rule, int] = {}
    removing: dict[frozenset[str], int] = {}

    def row(group: Mdc | Adrg | Drg) -> list[Any]:
        rule = rules.setdefault(group.rule, len(rules))
        return [group.sort, group.code, group.name, group.rule_text, rule]

    content = {
        "info": scheme.info.model_dump(mode="json"),
        "mdcs": [
            [*row(mdc), [[*row(adrg), [row(drg) for drg in adrg.drgs]] for adrg in mdc.adrgs]]
            for mdc in scheme.mdcs
        ],
        "rules": [rule_as_json(rule) for rule in rules],
        "sets": {name: sorted(codes) for name, codes in scheme.sets.items()},
        "complications": {
            code: [entry.level, entry.exclusion_table]
            for code, entry in scheme.complications.items()
        },
        "excluding_tables": {
            code: removing.setdefault(tables, len(removing))
            for code, tables in scheme.excluding_tables.items()
        },
        "removing": [sorted(tables) for tables in removing],
        "content_hash": scheme.content_hash,
        "packaging": sorted(scheme.packaging),
        "not_principal": sorted(scheme.not_principal),
        "no_part": sorted(scheme.no_part),
        "primary_care": sorted(scheme.primary_care),
        "exempt_groups": [asdict(row) for row in scheme.exempt_groups],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def scheme_from_json(content: bytes) -> Scheme:
    """The scheme that `scheme_as_json` wrote."""
    found = json.loads(content)
    rules = [rule_from_json(rule) for rule in found["rules"]]
    removing = [frozenset(tables) for tables in found["removing"]]
    return Scheme(
        info=SchemeInfo.model_validate(found["info"]),
        mdcs=tuple(
            Mdc(sort, code, name, text, rules[rule], tuple(_adrgs(adrgs, rules)))
            for sort, code, name, text, rule, adrgs in found["mdcs"]
        ),
        sets={name: frozenset(codes) for name, codes in found["sets"].items()},
        complications={
            code: Complication(level, table)
            for code, (level, table) in found["complications"].items()
        },
        excluding_tables={
            code: removing[number] for code, number in found["excluding_tables"].items()
        },
        content_hash=found["content_hash"],
        packaging=frozenset(found["packaging"]),
        not_principal=frozenset(found["not_principal"]),
        no_part=frozenset(found["no_part"]),
        primary_care=frozenset(found["primary_care"]),
        exempt_groups=tuple(ExemptGroup(**row) for row in found["exempt_groups"]),
    )


def _adrgs(found: Iterable[Any], rules: list[Rule]) -> Iterable[Adrg]:
    for sort, code, name, text, rule, drgs in found:
        yield Adrg(sort, code, name, text, rules[rule], tuple(_drgs(drgs, rules)))


def _drgs(found: Iterable[Any], rules: list[Rule]) -> Iterable[Drg]:
    for sort, code, name, text, rule in found:
        yield Drg(sort, code, name, text, rules[rule])
