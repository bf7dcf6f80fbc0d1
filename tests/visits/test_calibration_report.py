"""The calibration report of visits: counts that add up, as the slow evaluator counts them."""

from collections import Counter
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given

from drgpay.grouper.apg import CompiledApg, load_apg
from drgpay.points.calibration_report import CalibrationReport
from drgpay.policy.outpatient import Outpatient
from drgpay.report.calibration import calibration_tables
from drgpay.visits.calibrate import calibrate_visits
from drgpay.visits.calibration_report import visit_calibration_report
from drgpay.visits.costs import VisitCosts, visit_costs
from drgpay.visits.entries import entries_of
from tests.small_apg import write_small_apg
from tests.spread import drawn
from tests.visits.frames import PACKAGED, any_visits, line_frame, medical_frame, visit_frame
from tests.visits.rules import CALIBRATION, policy, rules
from tests.visits.slow_visits import Line, Visit, costs_of_visit, entries_of_visit


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledApg:
    return load_apg(str(write_small_apg(tmp_path_factory.mktemp("scheme") / "small-apg")))


def scope(fen: int) -> Line:
    return Line("PROC", "P1", "P12", fen)


def costs(visits: list[Visit], outpatient: Outpatient, packaged: frozenset[str]) -> VisitCosts:
    frame = visit_frame(visits)
    entries = entries_of(
        frame, line_frame(visits), medical_frame(visits), packaged, None, outpatient
    )
    return visit_costs(entries, frame, outpatient)


def reported(
    compiled: CompiledApg, visits: list[Visit], outpatient: Outpatient, read: int
) -> CalibrationReport:
    found = costs(visits, outpatient, compiled.packaged)
    made = calibrate_visits(found, read, compiled.scheme, policy(outpatient), "c", "visits")
    return visit_calibration_report(found, made, compiled, outpatient)


VISITS = [
    *(Visit(f"p{n}", "ordinary", [scope(100_00)], ("M1", "M12")) for n in range(5)),
    Visit("p5", "ordinary", [scope(900_00)], ("M1", "M12")),  # trimmed
    Visit(
        "m1",
        "chronic",
        [Line("ANC", "A1", "A10", 20_00), Line("INC", "I1", "I10", 10_00)],
        ("M1", "M11"),
    ),
    Visit("s1", "special", [scope(500_00)], ("M1", "M12")),
    Visit("lost", "ordinary", [scope(70_00), Line("0000", "00", "0000", 7_00)], ("M1", "M12")),
    Visit("cheap", "ordinary", [Line("DRUG", "D1", "D10", 4_00)], ("M1", "M12")),
]
TRIM = {"trim": {"method": "ratio", "low": "0.3", "high": "3"}}


def test_steps_go_from_visits_to_entries(compiled: CompiledApg) -> None:
    report = reported(compiled, VISITS, rules(calibration=CALIBRATION | TRIM), len(VISITS) + 3)
    assert report.steps.rows() == [
        ("read", 13, None, None),
        ("left_invalid", 3, None, None),
        ("left_fee", 1, None, Decimal("500.00")),
        ("left_not_grouped", 1, None, Decimal("77.00")),
        ("left_unpaid", 0, None, Decimal("0.00")),
        ("left_cheap", 1, None, Decimal("4.00")),
        ("eligible", 7, 7, Decimal("1430.00")),
        ("trimmed_low", None, 0, Decimal("0.00")),
        ("trimmed_high", None, 1, Decimal("900.00")),
        ("kept", None, 6, Decimal("530.00")),
    ]
    assert report.coverage.select("status", "lines", "total_cost").rows() == [
        ("grouped", 10, Decimal("1504.00")),
        ("ambiguous", 0, Decimal("0.00")),
        ("ungrouped", 1, Decimal("7.00")),
    ]
    assert report.explained.columns == ["trim", "entries", "groups", "r2"]
    assert report.explained["entries"].to_list() == [7, 6]
    groups = report.groups.select("drg", "name", "cases", "trimmed_high", "kept").rows()
    assert groups == [("M11", "chronic", 1, 0, 1), ("P12", "endoscopy", 6, 1, 5)]
    assert report.bed_days.is_empty()


def test_what_is_always_packaged_is_not_missing(compiled: CompiledApg) -> None:
    report = reported(compiled, VISITS, rules(), len(VISITS))
    assert report.missing["drg"].to_list() == ["D10", "M12", "M90", "P11", "P90"]
    open_steps = reported(compiled, VISITS, rules("package"), len(VISITS))
    assert open_steps.missing["drg"].to_list() == ["D10", "M90", "P11", "P90"]
    assert {"A10", "I10"} <= set(open_steps.groups["drg"])


def test_tables_of_visits_have_neither_hospitals_nor_bed_days(compiled: CompiledApg) -> None:
    found = costs(VISITS, rules(), compiled.packaged)
    made = calibrate_visits(found, 10, compiled.scheme, policy(rules()), "c", "visits")
    report = visit_calibration_report(found, made, compiled, rules())
    tables = calibration_tables(report, made, compiled.scheme, rules().calibration)
    assert tables.of_visits
    assert "bed_days" not in {table.key for table in tables.sheets}
    assert "hospital_id" not in tables.files["coefficients_clamped"].columns
    (made_table,) = (table for table in tables.sheets if table.key == "coefficients")
    assert "hospital_rows" not in made_table.frame["measure"]


def step_of(visit: Visit, outpatient: Outpatient) -> str:
    """What becomes of a visit, in plain Python."""
    if not visit.lines:
        return "left_unpaid"
    if visit.visit_type == "special":
        return "left_fee"
    if any(line.family == "00" for line in visit.lines):
        return "left_not_grouped"
    if not costs_of_visit(entries_of_visit(visit, PACKAGED, None, outpatient), None):
        return "left_unpaid"
    return "left_cheap" if sum(line.fen for line in visit.lines) < 500 else "eligible"


@drawn(60)
@given(visits=any_visits())
def test_the_slow_evaluator_agrees_on_steps_and_coverage(visits: list[Visit]) -> None:
    outpatient = rules()
    parts = [costs([visit], outpatient, PACKAGED) for visit in visits]
    found = VisitCosts.together(parts)
    counted = {step: (n, fen) for step, n, fen in found.steps.iter_rows() if n}
    expected = Counter(step_of(visit, outpatient) for visit in visits)
    assert {step: n for step, (n, _) in counted.items()} == expected
    for step, (_, fen) in counted.items():
        of_step = [visit for visit in visits if step_of(visit, outpatient) == step]
        assert fen == sum(line.fen for visit in of_step for line in visit.lines)
    lines = [line for visit in visits if visit.visit_type != "special" for line in visit.lines]
    status = Counter("ungrouped" if line.family == "00" else "grouped" for line in lines)
    assert dict(found.coverage.select("status", "lines").iter_rows()) == status
    assert found.coverage["fen"].sum() == sum(line.fen for line in lines)
    whole = costs(visits, outpatient, PACKAGED)
    assert whole.steps.equals(found.steps)
    assert whole.coverage.equals(found.coverage)
    assert pl.Series(whole.cases["total_fen"]).sum() == found.cases["total_fen"].sum()
