"""Witnesses: every reachable group has a stay, and both evaluators agree on stays just outside."""

import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.reference import Stay, group_stay, holds
from drgpay.grouper.rules.fields import OUTPATIENT_FIELDS, CodeField, NumberField
from drgpay.grouper.rules.nodes import Always, And, Compare, Count, Member, Not, Or, Rule
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.scheme import (
    Adrg,
    Complication,
    Drg,
    Mdc,
    Scheme,
    SchemeInfo,
    load_scheme,
    scheme_folder,
)
from drgpay.schemes.boundaries import boundaries
from drgpay.schemes.candidates import batch_of
from drgpay.schemes.check import unreachable_findings
from drgpay.schemes.code_choice import CodeChoice
from drgpay.schemes.group_rows import GroupRow
from drgpay.schemes.reachability import Names, groups_of, search_reach
from drgpay.schemes.witnesses import WITNESS_SCHEMA, coverage, witness_table, write_witnesses
from tests.spread import drawn

DRG_ROW = GroupRow("drg", 2, "A11", "A1", "", 1, "", Always(True))
INTENSIVE_CARE = ["BR19", "BR29", "ES29", "FR19", "FR29", "FU19", "SR19", "VS29"]
Compiled = Callable[[str], CompiledScheme]


@cache
def table_of(name: str) -> pa.Table:
    return witness_table(load_scheme(name))


def stay_of(row: dict[str, Any]) -> Stay:
    values = {field.name: row[field.name] for field in fields(Stay)}
    return Stay(
        **values | {name: tuple(values[name]) for name in ("other_diagnoses", "procedures")}
    )


@pytest.mark.parametrize(
    ("name", "reached", "ambiguous"),
    [
        ("chs-drg-2.0", 654, 20),
        pytest.param("chs-drg-1.1", 648, 20, marks=pytest.mark.slow),
        pytest.param("zj-drg-2022", 975, 0, marks=pytest.mark.slow),
    ],
)
def test_every_reachable_group_and_both_evaluators(
    compiled: Compiled, name: str, reached: int, ambiguous: int
) -> None:
    scheme, table = compiled(name).scheme, table_of(name)
    groups: dict[str, set[str]] = {"witness": set(), "boundary": set()}
    for row in table.to_pylist():
        found = group_stay(scheme, stay_of(row))
        expected = (row["expected_mdc"], row["expected_adrg"], row["expected_drg"])
        assert (found.mdc, found.adrg, found.drg) == expected, row["case_id"]
        groups[row["kind"]].add(row["target_drg"])
        if row["kind"] == "witness":
            assert row["expected_drg"] == row["target_drg"]
            assert row["changed"] is None
    assert len(groups["witness"]) == reached
    assert groups["boundary"] == groups["witness"]
    assert sum(group.endswith("QY") for group in groups["witness"]) == ambiguous


@pytest.mark.slow
def test_table(tmp_path: Path) -> None:
    table = table_of("chs-drg-1.1")
    assert table.schema == WITNESS_SCHEMA
    frame = pl.DataFrame(table)
    assert frame["case_id"].n_unique() == frame.height
    assert frame.filter(kind="boundary")["changed"].null_count() == 0
    kinds = coverage(table).rows()
    assert [(kind, groups) for kind, groups, _ in kinds] == [("witness", 648), ("boundary", 648)]
    assert sum(stays for _, _, stays in kinds) == table.num_rows
    # A group that asks for a weight has stays on both sides of each number.
    asked = frame.filter(pl.col("target_drg").str.starts_with("PS3"))["changed"].drop_nulls()
    assert any("XSRTZ < 2500; weight_g: 2499 -> 2500" in text for text in asked)
    assert any("XSRTL <= 28; age_days: 28 -> 29" in text for text in asked)
    few = replace(load_scheme("chs-drg-1.1"), mdcs=load_scheme("chs-drg-1.1").mdcs[1:3])
    for name in ("a", "b"):
        write_witnesses(witness_table(few), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_intensive_care_groups_are_reached_when_department_rules_come_first(
    tmp_path: Path,
) -> None:
    scheme = load_scheme("zj-drg-2022")
    own = Path(shutil.copytree(scheme_folder("zj-drg-2022"), tmp_path / "own"))
    text = (own / "scheme.toml").read_text(encoding="utf-8")
    chosen = text.replace("department_rules_first = false", "department_rules_first = true")
    (own / "scheme.toml").write_text(chosen, encoding="utf-8")
    ordered = load_scheme(str(own))
    letters = {f"MDC{group[0]}" for group in INTENSIVE_CARE}
    few = replace(ordered, mdcs=tuple(mdc for mdc in ordered.mdcs if mdc.code in letters))
    reach = search_reach(few)
    assert set(INTENSIVE_CARE) <= {witness.group.drg.code for witness in reach.witnesses}
    assert {missed.group.drg.code for missed in reach.unreached} == {"ES19", "EW19"} | {
        *("FB31", "FB33", "FB35", "FC31", "FC33", "FC35", "FL29")
    }
    stay = Stay("I60.000", 1, 60, department="ICU")
    before, after = group_stay(scheme, stay), group_stay(ordered, stay)
    assert (before.drg, after.drg) == ("BR15", "BR19")
    elsewhere = Stay("I60.000", 1, 60, department="01")
    assert group_stay(ordered, elsewhere) == group_stay(scheme, elsewhere)


# Small schemes whose every stay can be tried.
DIAGNOSES, PROCEDURES = ("A00", "B01", "C02"), ("00.1", "11.2")
# Codes that no set, no table and no rule knows: a stay may have them all the same.
UNKNOWN_DIAGNOSIS, UNKNOWN_PROCEDURE = "Z99", "99.9"
SETS = {
    "S1": frozenset({"A00", "B01", "11.2", "ICU"}),
    "S2": frozenset({"B01", "00.1"}),
    "S3": frozenset({"C02"}),
    "S4": frozenset[str](),
}
places = st.lists(
    st.sampled_from(sorted(set(CodeField) - OUTPATIENT_FIELDS)), min_size=1, max_size=2, unique=True
).map(tuple)
names = st.lists(st.sampled_from(sorted(SETS)), min_size=1, max_size=2, unique=True).map(tuple)
counted = st.sampled_from(
    [
        (CodeField.PRINCIPAL_PROCEDURE,),
        (CodeField.OTHER_DIAGNOSES,),
        (CodeField.PRINCIPAL_DIAGNOSIS, CodeField.OTHER_DIAGNOSES),
        (CodeField.PRINCIPAL_PROCEDURE, CodeField.OTHER_PROCEDURES),
    ]
)
comparisons = st.builds(
    Compare,
    st.sampled_from([NumberField.AGE, NumberField.SEX, NumberField.WEIGHT_G]),
    st.sampled_from(["=", "!=", ">", ">=", "<", "<="]),
    st.sampled_from([Decimal(1), Decimal(2), Decimal(125)]),
)
atoms: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Always, st.booleans()),
    st.builds(Member, places, names),
    st.builds(
        Member,
        st.sampled_from(
            [(CodeField.PRINCIPAL_DIAGNOSIS,), (CodeField.OTHER_DIAGNOSES,)],
        ),
        st.sampled_from([("MCC",), ("MCC", "S1")]),
    ),
    comparisons,
    st.builds(
        Count,
        st.sampled_from(sorted(SETS)),
        counted,
        st.sampled_from([">=", ">", "="]),
        st.integers(0, 2),
    ),
)
rules: st.SearchStrategy[Rule] = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.tuples(inner, inner)),
        st.builds(Or, st.tuples(inner, inner)),
    ),
    max_leaves=3,
)


def row_of(code: str, rule: Rule) -> dict[str, Any]:
    return {"sort": 1, "code": code, "name": code, "rule_text": "", "rule": rule}


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    """Two MDCs with up to two ADRGs of up to two DRGs."""

    def row(code: str) -> dict[str, Any]:
        return row_of(code, draw(rules))

    def adrg(code: str) -> Adrg:
        drgs = tuple(Drg(**row(f"{code}{n}")) for n in range(draw(st.integers(1, 2))))
        return Adrg(**row(code), drgs=drgs)

    mdcs = tuple(
        Mdc(**row(f"MDC{m}"), adrgs=tuple(adrg(f"{m}{n}") for n in range(draw(st.integers(1, 2)))))
        for m in "AB"
    )
    return small_scheme(mdcs, SETS)


def small_scheme(mdcs: tuple[Mdc, ...], sets: dict[str, frozenset[str]]) -> Scheme:
    return Scheme(
        info=SchemeInfo(
            id="x", name="x", kind="drg", authority="", version="", code_system="", source=""
        ),
        mdcs=mdcs,
        sets=sets,
        complications={"C02": Complication("MCC", "1")},
        excluding_tables={"A00": frozenset({"1"})},
        content_hash="",
    )


def some(codes: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [part for size in range(len(codes) + 1) for part in combinations(codes, size)]


ALL_STAYS = [
    Stay(principal, sex, age, others, procedures, department, weight_g=weight)
    for principal, sex, (age, weight), others, procedures, department in product(
        [*DIAGNOSES, UNKNOWN_DIAGNOSIS],
        (1, 2, 9),
        ((0, None), (0, 125), (1, 1), (2, 2), (40, None), (130, 3000)),
        [*some(DIAGNOSES), (UNKNOWN_DIAGNOSIS,)],
        [*some(PROCEDURES), PROCEDURES[::-1], *product([UNKNOWN_PROCEDURE], PROCEDURES)],
        (None, "ICU"),
    )
]
ALL_STAYS_BATCH = batch_of(ALL_STAYS)


def reached_by_some_stay(scheme: Scheme) -> set[Names]:
    result = group_batch(compile_scheme(scheme), ALL_STAYS_BATCH)
    columns = [result.column(level).to_pylist() for level in ("mdc", "adrg", "drg")]
    return set(zip(*columns, strict=True))


@drawn(25)
@given(schemes())
def test_what_is_called_certainly_unreachable_is(scheme: Scheme) -> None:
    reach = search_reach(scheme)
    certain = {missed.group.names for missed in reach.unreached if missed.certain}
    reached = {witness.group.names for witness in reach.witnesses}
    everything = {group.names for group in groups_of(scheme)}
    assert reached | {missed.group.names for missed in reach.unreached} == everything
    assert not reached & {missed.group.names for missed in reach.unreached}
    assert not certain & reached_by_some_stay(scheme)
    for stay in ALL_STAYS[::97]:
        found = group_stay(scheme, stay)
        assert (found.mdc, found.adrg, found.drg) not in certain
    for witness in reach.witnesses:
        found = group_stay(scheme, witness.stay)
        assert (found.mdc, found.adrg, found.drg) == witness.group.names


@pytest.mark.parametrize(
    ("rules_of_levels", "stay"),
    [
        (
            # The only principal procedure outside S2 is one that no set lists.
            ("QTZD in MCC", "ZYSS not in S2", "length(S2 ∩ {ZYSS,QTSS}) >= 1"),
            Stay("B01", 1, 40, ("C02",), (UNKNOWN_PROCEDURE, "00.1")),
        ),
        (("NL > 120", "", ""), Stay("A00", 1, 130)),
        (("XB = 9", "", ""), Stay("A00", 9, 40)),
        (("length(S4 ∩ QTZD) = 0", "", ""), Stay("A00", 1, 40)),
        (("ZYSS not in S2 and QTSS in S2", "", ""), Stay("A00", 1, 40, (), ("99.9", "00.1"))),
        (("XSRTZ > 1 and XSRTZ < 2", "", ""), Stay("A00", 1, 0, weight_g=1.5)),
    ],
)
def test_a_group_that_a_stay_reaches_is_never_called_unreachable(
    rules_of_levels: tuple[str, str, str], stay: Stay
) -> None:
    mdc, adrg, drg = (parse_rule(text) for text in rules_of_levels)
    below = (Adrg(**row_of("A1", adrg), drgs=(Drg(**row_of("A11", drg)),)),)
    sets = SETS | {"S2": frozenset(PROCEDURES)}
    scheme = small_scheme((Mdc(**row_of("MDCA", mdc), adrgs=below),), sets)
    assert group_stay(scheme, stay).drg == "A11"
    reach = search_reach(scheme)
    assert [missed for missed in reach.unreached if missed.certain] == []
    said = list(unreachable_findings(reach, {"mdc": [], "adrg": [], "drg": [DRG_ROW]}))
    assert {one.code for one in said} <= {"not_reached"}
    assert not any("unreachable" in one.message.en for one in said)
    assert all("未到达" in one.message.zh for one in said)


@pytest.mark.parametrize(
    "rule",
    [
        "NL > 50 and NL < 50",
        "ZYZD in S3 and ZYZD in S1",
        "ZYZD in S3 and QTZD in S1 and ZYZD not in S3",
        "QTZD in S3 and QTZD not in S3",
        "QTZD in S1 and QTZD not in {S1,S3}",
        "QTZD in MCC and QTZD not in {MCC,S1}",
        "KS in S3 and KS in S1",
        "not NL >= 0 and not NL < 0",
        "length(S2 ∩ {ZYSS,QTSS}) >= 3",
        "length(S2 ∩ ZYSS) > 1",
        "length(S1 ∩ QTZD) = 0 and QTZD in S1",
        "length(S1 ∩ QTZD) = 1 and length(S1 ∩ QTZD) > 1",
        "length(S2 ∩ QTSS) = 2 and QTSS not in S1",
        "0",
    ],
)
def test_contradictions_are_proven(rule: str) -> None:
    below = (Adrg(**row_of("A1", Always(True)), drgs=(Drg(**row_of("A11", Always(True))),)),)
    sets = SETS | {"S2": frozenset(PROCEDURES)}
    mdcs = (Mdc(**row_of("MDCA", parse_rule(rule)), adrgs=below),)
    reach = search_reach(small_scheme(mdcs, sets))
    assert [missed.reason for missed in reach.unreached] == ["contradiction"]


def test_a_group_of_too_many_alternatives_is_accounted_for() -> None:
    """More alternatives than are looked at, none of which a stay can be made for."""
    rule = And((Or(tuple(Compare(NumberField.AGE, "=", Decimal(200 + n)) for n in range(600))),))
    below = (Adrg(**row_of("A1", rule), drgs=(Drg(**row_of("A11", Always(True))),)),)
    reach = search_reach(small_scheme((Mdc(**row_of("MDCA", Always(True)), adrgs=below),), SETS))
    assert [(missed.reason, missed.tried) for missed in reach.unreached] == [("not_found", 0)]


@drawn(25)
@given(schemes())
def test_a_boundary_stay_fails_what_its_witness_meets(scheme: Scheme) -> None:
    choice = CodeChoice(compile_scheme(scheme))
    for witness in search_reach(scheme).witnesses:
        for outside in boundaries(choice, witness):
            atom, wanted = outside.requirement.atom, outside.requirement.holds
            assert holds(scheme, atom, witness.stay) == wanted
            assert holds(scheme, atom, outside.stay) != wanted
            changed = [
                field.name
                for field in fields(Stay)
                if getattr(witness.stay, field.name) != getattr(outside.stay, field.name)
            ]
            assert len(changed) == 1
