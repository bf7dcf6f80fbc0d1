"""The trace of a visit says what the batch does, for its diagnosis and for every line."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from drgpay.base.language import Language
from drgpay.explain.code_names import CodeNames
from drgpay.explain.stays import batch_of
from drgpay.explain.trace import Placed, trace_json
from drgpay.explain.visits import explain_visit
from drgpay.grouper.apg import CompiledApg, compile_apg, group_lines, group_visits, load_apg
from drgpay.grouper.apg_reference import Line, Visit
from drgpay.grouper.scheme import Scheme
from drgpay.report.trace_console import visit_view
from tests.any_scheme import apg_schemes, lines, visits
from tests.small_apg import write_small_apg
from tests.spread import drawn

NAMES = CodeNames(
    {"I10.x02": "高血压"}, {"45.2300": "结肠镜检查"}, {"3109": "消化系统", "31": "临床"}
)
VISIT = Visit("I10.x02", ("J40",), visit_type="chronic", age=66.0, sex=2.0)
LINES = [
    Line.of(VISIT, "310902001", "treatment"),
    Line.of(VISIT, "45.2300", "procedure"),
    Line.of(VISIT, "45.2300", "procedure"),
    Line.of(VISIT, "990", "fee"),
]


def codes(placed: Placed) -> tuple[str, str, str]:
    return placed.apg_class.code, placed.family.code, placed.apg.code


@pytest.fixture
def small(tmp_path: Path) -> CompiledApg:
    return load_apg(str(write_small_apg(tmp_path / "small")))


@drawn(60)
@given(apg_schemes(), visits, st.lists(lines, min_size=1, max_size=3))
def test_trace_equals_batch(scheme: Scheme, visit: Visit, given_: list[Line]) -> None:
    compiled = compile_apg(scheme)
    trace = explain_visit(compiled, visit, given_, CodeNames({}, {}))
    fast = group_lines(compiled, batch_of(given_)).to_pylist()
    assert [codes(line.placed) for line in trace.lines] == [tuple(row.values()) for row in fast]
    (medical,) = group_visits(compiled, batch_of([visit])).to_pylist()
    assert codes(trace.medical)[1:] == tuple(medical.values())
    json.loads(trace_json(trace))


def test_what_it_tells(small: CompiledApg) -> None:
    trace = explain_visit(small, VISIT, LINES, NAMES, "V1")
    assert codes(trace.medical) == ("MED", "M1", "M11")
    assert [codes(line.placed)[2] for line in trace.lines] == ["P12", "P12", "P12", "I10"]
    names = [line.item.name for line in trace.lines if line.item]
    assert names == ["消化系统", "结肠镜检查", "结肠镜检查", None]
    assert [step.level for step in trace.medical.attempt.path()] == ["class", "family", "apg"]
    (asked,) = trace.lines[0].placed.attempt.path()[1].questions
    assert (asked.text, asked.codes[0].in_sets) == ("XM in P_SCOPE", ("P_SCOPE",))
    child = explain_visit(small, Visit("I10", visit_type="special"), [], NAMES)
    assert codes(child.medical)[2] == "M12"
    assert [miss.code for miss in child.near_misses] == ["M11"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["门诊就诊 V1（small）", "310902001 消化系统", "✓ 组族 P1", "项目 310902001 消化系统 在 P_SCOPE 中"]),
        ("en", ["Visit V1 (small-apg)", "visit type chronic is in CHRONIC", "✓ APG M11"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("full", [False, True])
def test_view(small: CompiledApg, language: Language, words: list[str], full: bool) -> None:
    trace = explain_visit(small, VISIT, LINES, NAMES, "V1")
    screen = Console(width=200)
    with screen.capture() as captured:
        screen.print(visit_view(trace, language, full))
    for text in words:
        assert text in captured.get()
    assert ("ANC" in captured.get()) is full  # tried for the last line
