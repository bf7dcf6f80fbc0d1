"""The trace says what the batch does: same result, same truth of every rule, for any stay."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.explain.code_names import CodeNames
from drgpay.explain.stays import batch_of, find_case
from drgpay.explain.trace import Answer, Attempt, Question, Trace, Tried, trace_json
from drgpay.explain.tracing import explain_stay
from drgpay.explain.wording import sentence
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.reference import Grouping, Stay, group_stay, holds
from drgpay.grouper.rules.nodes import Always, Rule
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.scheme import (
    Adrg,
    Complication,
    Drg,
    Mdc,
    Scheme,
)
from drgpay.records.dataset import open_dataset
from tests.any_scheme import info, schemes, stays
from tests.spread import drawn, spread

DATA = Path(__file__).resolve().parents[1] / "data"
SCHEMES = ("chs-drg-2.0", "chs-drg-1.1", "zj-drg-2022")
NO_NAMES = CodeNames({}, {})


def rules_of(scheme: Scheme) -> dict[tuple[str, str], Rule]:
    """Every rule by level and code."""
    adrgs = [adrg for mdc in scheme.mdcs for adrg in mdc.adrgs]
    return (
        {("mdc", mdc.code): mdc.rule for mdc in scheme.mdcs}
        | {("adrg", adrg.code): adrg.rule for adrg in adrgs}
        | {("drg", drg.code): drg.rule for adrg in adrgs for drg in adrg.drgs}
    )


def walked(attempt: Attempt) -> list[Tried]:
    """Every group tried, in the order in which it was."""

    def flat(steps: tuple[Tried, ...]) -> list[Tried]:
        return [inner for step in steps for inner in (step, *flat(step.inside))]

    return flat(attempt.tried)


def grouping(answer: Answer) -> dict[str, str | None]:
    """An answer in the form of a row of the batch."""
    mdc, adrg, drg = (
        group.code if group else None for group in (answer.mdc, answer.adrg, answer.drg)
    )
    return Grouping(answer.status, mdc, adrg, drg, answer.severity).__dict__


def check(compiled: CompiledScheme, stay: Stay, by_group: dict[tuple[str, str], Rule]) -> Trace:
    """The trace equals the batch and the reference, down to every rule."""
    scheme = compiled.scheme
    trace = explain_stay(compiled, stay, NO_NAMES)
    (row,) = group_batch(compiled, batch_of([stay])).to_pylist()
    assert grouping(trace.answer) == row == group_stay(scheme, stay).__dict__
    (reason,) = group_batch(compiled, batch_of([stay]), True).column("ungrouped_reason").to_pylist()
    assert bool(trace.missing) == (reason or "").startswith("missing_")

    for number, attempt in enumerate(trace.attempts):
        seen = replace(stay, procedures=(attempt.retried.code,)) if attempt.retried else stay
        assert (number > 0) == (attempt.retried is not None)
        steps = walked(attempt)
        assert_right_order(scheme, attempt)
        for step in steps:
            assert step.holds == holds(scheme, by_group[step.level, step.code], seen)
            assert_answers(step)
    if trace.attempts:
        counted = {entry.level for entry in trace.severity.counted}
        expected = "MCC" if "MCC" in counted else "CC" if "CC" in counted else "none"
        assert trace.answer.severity == expected
    assert all(not question.holds for miss in trace.near_misses for question in miss.lacking)
    return trace


def assert_answers(step: Tried) -> None:
    """The deciding questions carry the rule, and the facts carry each question."""
    assert step.deciding()
    assert all(question.holds == step.holds for question in step.deciding())
    for question in step.questions:
        if " in " in question.text:
            found = any(code.in_sets for code in question.codes)
            assert question.holds == (found != (" not in " in question.text))
        for code in question.codes:
            assert code.excluded_by is None or not {"MCC", "CC"} & set(code.in_sets)


def assert_right_order(scheme: Scheme, attempt: Attempt) -> None:
    """Groups are tried by their sort, none is skipped, and nothing is tried after the result."""
    mdcs = [mdc.code for mdc in scheme.mdcs]
    assert [step.code for step in attempt.tried] == mdcs[: len(attempt.tried)]
    for step, mdc in zip(attempt.tried, scheme.mdcs, strict=False):
        adrgs = [adrg.code for adrg in mdc.adrgs]
        assert [inner.code for inner in step.inside] == adrgs[: len(step.inside)]
        for inner, adrg in zip(step.inside, mdc.adrgs, strict=False):
            drgs = [drg.code for drg in adrg.drgs]
            assert [last.code for last in inner.inside] == drgs[: len(inner.inside)]
            assert not inner.inside or inner.holds
        assert not step.inside or step.holds
    reached = [step.holds for step in walked(attempt) if step.level == "drg"]
    assert not any(reached[:-1])
    if not any(reached):
        assert len(attempt.tried) == len(mdcs)
        assert attempt.path() == ()


@drawn(80)
@given(schemes(), st.lists(stays, min_size=1, max_size=4))
@pytest.mark.slow
def test_trace_is_what_the_batch_does(scheme: Scheme, some: list[Stay]) -> None:
    compiled, by_group = compile_scheme(scheme), rules_of(scheme)
    for stay in some:
        check(compiled, stay, by_group)


@drawn(40)
@given(schemes(), stays)
def test_what_if_is_the_stay_regrouped(scheme: Scheme, stay: Stay) -> None:
    trace = explain_stay(compile_scheme(scheme), stay, NO_NAMES, changes=True)
    json.loads(trace_json(trace))
    former = (stay.principal_diagnosis,) if stay.principal_diagnosis else ()
    others, procedures = set(stay.other_diagnoses) - set(former), set(stay.procedures) - {""}
    assert len(trace.what_if) == len(others) + len(procedures)
    for other in trace.what_if:
        code = other.code.code
        if other.change == "principal":
            rest = former + tuple(kept for kept in stay.other_diagnoses if kept != code)
            changed = replace(stay, principal_diagnosis=code, other_diagnoses=rest)
        else:
            rest = tuple(kept for kept in stay.procedures if kept != code)
            changed = replace(stay, procedures=rest)
        assert grouping(other.answer) == group_stay(scheme, changed).__dict__


@pytest.mark.parametrize("name", spread(SCHEMES, 1))
def test_shipped_schemes(name: str, compiled: Callable[[str], CompiledScheme]) -> None:
    path = DATA / f"oracle-{name}.parquet"
    cases = pq.read_table(path, columns=["case_id", "expected_drg"]).to_pylist()[::15]
    dataset, by_group = open_dataset(path), rules_of(compiled(name).scheme)
    for case in cases:
        stay = find_case(dataset, compiled(name), case["case_id"])
        drg = check(compiled(name), stay, by_group).answer.drg
        assert drg
        assert drg.code == case["expected_drg"]


def scheme_of(*adrg_rules: str, retry: bool = False, **tables: object) -> CompiledScheme:
    """One MDC with ADRGs A0, A1 ... of these rules, each with one DRG."""
    adrgs = tuple(
        Adrg(
            n,
            f"A{n}",
            f"group {n}",
            text,
            parse_rule(text),
            (Drg(1, f"A{n}9", "", "", Always(True)),),
        )
        for n, text in enumerate(adrg_rules)
    )
    parts: dict[str, object] = {
        "sets": {"D": frozenset({"A00", "B01"}), "P": frozenset({"11.2", "33.4"})},
        "complications": {},
        "excluding_tables": {},
    }
    mdc = Mdc(1, "MDCA", "all", "", Always(True), adrgs)
    whole = Scheme(info=info(retry), mdcs=(mdc,), content_hash="", **(parts | tables))  # type: ignore[arg-type]
    return compile_scheme(whole)


def questions(compiled: CompiledScheme, stay: Stay) -> tuple[Question, ...]:
    """The questions of the first ADRG."""
    return explain_stay(compiled, stay, NO_NAMES).attempts[0].tried[0].inside[0].questions


def test_a_false_rule_rests_on_the_nearest_alternative() -> None:
    compiled = scheme_of("(ZYSS in P and NL < 18 and XB = 1) or (ZYZD in D and NL < 18) or 0")
    asked = questions(compiled, Stay("A00", 2, 40, procedures=("22.3",)))
    assert [(question.text, question.holds, question.decides) for question in asked] == [
        ("ZYSS in P", False, False),
        ("NL < 18", False, False),
        ("XB = 1", False, False),
        ("ZYZD in D", True, False),
        ("NL < 18", False, True),
        ("0", False, False),
    ]
    assert asked[1].number == 40


def test_a_newborn_without_age_in_days_is_told_so() -> None:
    compiled = scheme_of("XSRTL < 29")
    trace = explain_stay(compiled, Stay("A00", 2, 0), NO_NAMES)
    assert trace.missing == ("age_days",)
    assert sentence(trace, "en").startswith("The stay typed (any): ungrouped 0000")
    assert sentence(trace, "en").endswith("; age in days missing.")
    assert explain_stay(compiled, Stay("A00", 2, 0, age_days=40), NO_NAMES).missing == ()


def test_negations_are_written_into_the_questions() -> None:
    compiled = scheme_of("not (QTSS in P or XSRTL < 29) and not not ZYZD in D")
    asked = questions(compiled, Stay("A00", 2, 40, procedures=("22.3", "11.2")))
    assert [(question.text, question.holds) for question in asked] == [
        ("QTSS not in P", False),
        ("not XSRTL < 29", True),
        ("ZYZD in D", True),
    ]
    assert asked[0].codes[0].in_sets == ("P",)
    assert asked[1].missing == ("XSRTL",)


def test_a_count_names_what_it_counted() -> None:
    compiled = scheme_of("length(P ∩ {ZYSS,QTSS}) >= 2")
    (asked,) = questions(compiled, Stay("A00", 2, 40, procedures=("11.2", "11.2", "00.1")))
    assert (asked.holds, asked.number) == (False, 1)
    assert [(code.field, code.code, code.in_sets) for code in asked.codes] == [
        ("ZYSS", "11.2", ("P",)),
        ("QTSS", "11.2", ("P",)),
        ("QTSS", "00.1", ()),
    ]


def test_excluded_complications_are_told() -> None:
    compiled = scheme_of(
        "QTZD in MCC",
        complications={"B01": Complication("MCC", "7"), "C02": Complication("CC", "8")},
        excluding_tables={"A00": frozenset({"7"})},
    )
    trace = explain_stay(compiled, Stay("A00", 2, 40, ("B01", "C02")), NO_NAMES)
    assert [(entry.code, entry.exclusion_table) for entry in trace.severity.removed] == [
        ("B01", "7")
    ]
    assert [(entry.code, entry.level) for entry in trace.severity.counted] == [("C02", "CC")]
    assert trace.answer.severity == "CC"
    (miss,) = trace.near_misses
    assert [code.excluded_by for code in miss.lacking[0].codes] == ["7", None]


def test_retries_are_attempts_of_their_own() -> None:
    compiled = scheme_of("ZYSS in P and not QTSS in P", retry=True)
    trace = explain_stay(
        compiled, Stay("A00", 2, 40, (), ("00.1", "22.3", "11.2", "33.4")), NO_NAMES
    )
    assert [attempt.retried and attempt.retried.code for attempt in trace.attempts] == [
        None,
        "22.3",
        "11.2",
    ]
    assert [bool(attempt.path()) for attempt in trace.attempts] == [False, False, True]


def test_near_misses_stand_nearest_first() -> None:
    compiled = scheme_of(
        "ZYSS in P and XB = 1", "ZYSS in P", "ZYZD in D and ZYSS in P", "ZYZD in D", "QTSS in P"
    )
    trace = explain_stay(compiled, Stay("A00", 2, 40), NO_NAMES)
    assert trace.answer.drg
    assert trace.answer.drg.code == "A39"
    assert [miss.code for miss in trace.near_misses] == ["A2", "A1", "A0"]
