"""The rules of CHS-DRG 3.0: every construct parses, and both evaluators agree on them.

The official texts lie beside the project where it is made; the constructs are always here.
"""

import csv
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import compile_scheme
from drgpay.grouper.reference import Stay, group_stay
from drgpay.grouper.rules.fields import CodeField, NumberField
from drgpay.grouper.rules.nodes import Always, And, Compare, Count, Member, Or, sets_of_fields
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.scheme import Adrg, Complication, Drg, Mdc, Scheme, tree_of
from tests.any_scheme import info
from tests.grouper.test_equivalence import batch_of
from tests.spread import drawn

OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "schemes" / "chs-drg-3.0-rules"
ZYZD, QTZD = CodeField.PRINCIPAL_DIAGNOSIS, CodeField.OTHER_DIAGNOSES
ZYSS, QTSS = CodeField.PRINCIPAL_PROCEDURE, CodeField.OTHER_PROCEDURES
NEWBORN = Compare(NumberField.AGE_DAYS, "<", Decimal(29))

CONSTRUCTS: dict[str, object] = {
    "{ZYSS, QTSS} in OP_ARB": Member((ZYSS, QTSS), ("OP_ARB",)),
    "NL<=6": Compare(NumberField.AGE, "<=", Decimal(6)),
    "QTZD in {MCC, CC} and NL>=70": And(
        (Member((QTZD,), ("MCC", "CC")), Compare(NumberField.AGE, ">=", Decimal(70)))
    ),
    "ZYZD in DI_OBD or QTZD in MCC": Or((Member((ZYZD,), ("DI_OBD",)), Member((QTZD,), ("MCC",)))),
    "length(OP_IC2 ∩ {ZYSS, QTSS})>=2 and ZYSS in OP_IC2": And(
        (Count("OP_IC2", (ZYSS, QTSS), ">=", 2), Member((ZYSS,), ("OP_IC2",)))
    ),
    "1": Always(True),
    "(ZYSS in A) OR \n(ZYSS in B and {ZYSS, QTSS} in A)": Or(
        (Member((ZYSS,), ("A",)), And((Member((ZYSS,), ("B",)), Member((ZYSS, QTSS), ("A",)))))
    ),
    "(ZYSS in A)_x000D_\nor (ZYSS in B_x000d_\n)": Or(
        (Member((ZYSS,), ("A",)), Member((ZYSS,), ("B",)))
    ),
    "(XSRTL<29) and (XSRTZ>2499) and ({ZYZD, QTZD} in A)": And(
        (
            NEWBORN,
            Compare(NumberField.WEIGHT_G, ">", Decimal(2499)),
            Member((ZYZD, QTZD), ("A",)),
        )
    ),
}


@pytest.mark.parametrize(("text", "rule"), CONSTRUCTS.items())
def test_its_constructs_parse(text: str, rule: object) -> None:
    assert parse_rule(text) == rule


def official(table: str) -> list[dict[str, str]]:
    with (OFFICIAL / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


beside = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official texts are not here")


@beside
@pytest.mark.parametrize("table", ["mdc", "adrg", "drg"])
def test_every_official_rule_parses(table: str) -> None:
    rows = official(table)
    assert rows
    for row in rows:
        parse_rule(row["rule"])


DIAGNOSES = tuple(f"D{number:03}" for number in range(120))
PROCEDURES = tuple(f"{number:03}.1" for number in range(120))
# Few codes a set: early groups must not take every stay.
_IN_A_SET = 5


def with_drawn_sets(mdcs: tuple[Mdc, ...], seed: int) -> Scheme:
    """A scheme of these rules whose sets, severities and exclusions are drawn."""
    draw = random.Random(seed)
    asked = {pair for mdc in mdcs for rule in _rules(mdc) for pair in sets_of_fields(rule)}
    kinds = {name: PROCEDURES if field in (ZYSS, QTSS) else DIAGNOSES for field, name in asked}
    levels: tuple[Literal["MCC", "CC"], ...] = ("MCC", "CC")
    return Scheme(
        info=info(retry=False),
        mdcs=mdcs,
        sets={
            name: frozenset(draw.sample(kinds[name], _IN_A_SET))
            for name in sorted(kinds)
            if name not in ("MCC", "CC")
        },
        complications={
            code: Complication(draw.choice(levels), draw.choice("123")) for code in DIAGNOSES[40:]
        },
        excluding_tables={
            code: frozenset(draw.sample("123", draw.randint(1, 2))) for code in DIAGNOSES[:9]
        },
        content_hash="",
    )


def _rules(mdc: Mdc) -> Iterator[Any]:
    yield mdc.rule
    for adrg in mdc.adrgs:
        yield adrg.rule
        yield from (drg.rule for drg in adrg.drgs)


stays = st.builds(
    Stay,
    principal_diagnosis=st.sampled_from([*DIAGNOSES, "unknown"]),
    sex=st.sampled_from([1.0, 2.0]),
    age=st.sampled_from([0.0, 0.0, 1.0, 6.0, 7.0, 69.0, 70.0, 101.0]),
    other_diagnoses=st.lists(st.sampled_from([*DIAGNOSES, "unknown"]), max_size=5).map(tuple),
    procedures=st.lists(st.sampled_from([*PROCEDURES, "unknown"]), max_size=5).map(tuple),
    department=st.none(),
    age_days=st.sampled_from([None, 0.0, 28.0, 28.5, 29.0, 365.0, 366.0]),
    weight_g=st.sampled_from([None, 999.0, 1000.0, 1499.0, 1500.0, 1999.0, 2499.0, 2500.0]),
    length_of_stay=st.none(),
    discharge_type=st.none(),
)


@drawn(150)
@given(st.permutations(list(CONSTRUCTS)), st.integers(0, 99), st.lists(stays, min_size=1))
def test_both_evaluators_agree_on_its_constructs(
    texts: list[str], seed: int, all_stays: list[Stay]
) -> None:
    rules = [parse_rule(text) for text in texts]
    thirds = [rules[:3], rules[3:6], rules[6:]]
    adrgs = tuple(
        Adrg(n, f"X{n}1", "", "", first, (Drg(1, f"X{n}11", "", "", second), *_rest(n, third)))
        for n, (first, second, third) in enumerate(thirds)
    )
    mdc = Mdc(1, "MDCX", "", "", Always(True), adrgs)
    scheme = with_drawn_sets((mdc,), seed)
    fast = group_batch(compile_scheme(scheme), batch_of(all_stays)).to_pylist()
    assert fast == [group_stay(scheme, stay).__dict__ for stay in all_stays]


def _rest(number: int, rule: Any) -> tuple[Drg, ...]:
    return (Drg(2, f"X{number}1F", "", "", rule), Drg(3, f"X{number}19", "", "", Always(True)))


def official_tree() -> tuple[Mdc, ...]:
    parents = {"mdc": None, "adrg": "mdc", "drg": "adrg"}
    nodes: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for table, parent in parents.items():
        nodes[table] = {}
        for row in official(table):
            node = {"sort": int(row["sort"]), "code": row[table], "name": row["name"]}
            node |= {"rule_text": row["rule"], "rule": parse_rule(row["rule"])}
            nodes[table].setdefault(row[parent] if parent else "", []).append(node)
    return tree_of(nodes["mdc"], nodes["adrg"], nodes["drg"], info(retry=False).options)


NEWBORN_RULE = parse_rule(
    "((NL=0) and (XSRTL>=29) and (ZYZD in DI_PV1)) or ((NL=0) and (XSRTL<29))"
)


def test_a_newborn_without_age_in_days_has_a_reason_of_its_own() -> None:
    fallback = Drg(1, "P000", "", "", Always(True))
    first = Adrg(1, "PR1", "", "", NEWBORN, (Drg(1, "PR19", "", "", Always(True)),))
    last = Adrg(2, "P00", "", "", Always(True), (fallback,))
    newborns = Mdc(1, "MDCP", "", "", NEWBORN_RULE, (first, last))
    others = parse_rule("ZYZD in DI_B")
    grown = Adrg(1, "BR1", "", "", parse_rule("NL>0"), (Drg(1, "BR19", "", "", Always(True)),))
    scheme = with_drawn_sets((newborns, Mdc(2, "MDCB", "", "", others, (grown,))), 3)
    inside, outside = sorted(scheme.sets["DI_B"])[0], "unknown"
    batch = batch_of(
        [
            Stay(outside, 1.0, 0.0),
            Stay(inside, 1.0, 0.0),
            Stay(outside, 1.0, 0.0, age_days=29.0),
            Stay(outside, 1.0, 0.0, age_days=3.0),
            Stay(outside, 1.0, 30.0),
        ]
    )
    rows = group_batch(compile_scheme(scheme), batch, reasons=True).to_pylist()
    assert [(row["drg"], row["ungrouped_reason"]) for row in rows] == [
        ("0000", "missing_age_days"),
        ("0000", "missing_age_days"),
        ("0000", "no_mdc"),
        ("PR19", None),
        ("0000", "no_mdc"),
    ]


@beside
def test_groups_are_counted_as_published() -> None:
    counts = with_drawn_sets(official_tree(), 30).counts()
    published = {"mdc": 26, "adrg": 492, "drg": 825, "ambiguous": 21, "fallback": 24}
    assert counts.items() >= published.items()


def test_ambiguous_groups_and_fallbacks_are_no_groups() -> None:
    def adrg(code: str, *drgs: str) -> Adrg:
        rows = tuple(Drg(1, drg, "", "", Always(True)) for drg in drgs)
        return Adrg(1, code, "", "", Always(True), rows)

    adrgs = adrg("BB1", "BB10", "BB1G", "BB19"), adrg("BQY", "BQY"), adrg("B00", "B000")
    mdcs = Mdc(1, "MDCB", "", "", Always(True), adrgs), Mdc(2, "0000", "", "", Always(True), ())
    counts = with_drawn_sets(mdcs, 1).counts()
    found = [counts[part] for part in ("mdc", "adrg", "drg", "ambiguous", "fallback")]
    assert found == [1, 1, 3, 1, 1]


@beside
def test_both_evaluators_agree_on_the_official_rules() -> None:
    draw = random.Random(30)
    scheme = with_drawn_sets(official_tree(), 30)
    all_stays = [
        Stay(
            draw.choice(DIAGNOSES),
            draw.choice([1.0, 2.0]),
            draw.choice([0.0, 0.0, 5.0, 40.0, 69.0, 70.0, 88.0]),
            tuple(draw.sample(DIAGNOSES, draw.randint(0, 4))),
            tuple(draw.sample(PROCEDURES, draw.randint(0, 4))),
            age_days=draw.choice([None, 3.0, 28.0, 29.0, 365.0, 366.0]),
            weight_g=draw.choice([None, 900.0, 1200.0, 1700.0, 2200.0, 3100.0]),
        )
        for _ in range(3000)
    ]
    fast = group_batch(compile_scheme(scheme), batch_of(all_stays)).to_pylist()
    assert fast == [group_stay(scheme, stay).__dict__ for stay in all_stays]
    assert len({row["drg"] for row in fast}) > 100
