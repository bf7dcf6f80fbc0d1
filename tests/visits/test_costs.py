"""Costs of entries: packaged cost falls to the entries that are paid, to the fen."""

from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.grouper.scheme import load_scheme
from drgpay.points.catalogue import Catalogue, load_catalogue, save_catalogue
from drgpay.visits.calibrate import base_points_of, calibrate_visits
from drgpay.visits.costs import VisitCosts, visit_costs, with_costs
from drgpay.visits.entries import entries_of
from tests.spread import drawn
from tests.visits.frames import (
    PACKAGED,
    any_visits,
    base_frame,
    base_points,
    line_frame,
    medical_frame,
    visit_frame,
)
from tests.visits.rules import CALIBRATION, STEPS, policy, rules
from tests.visits.slow_visits import Line, Visit, costs_of_visit, entries_of_visit

SCHEME = load_scheme("chs-drg-2.0")  # any: a catalogue only keeps its id and hash


def entries(
    visits: list[Visit], base: dict[str, int | None] | None = None, *off: str
) -> pl.DataFrame:
    return entries_of(
        visit_frame(visits),
        line_frame(visits),
        medical_frame(visits),
        PACKAGED,
        base_frame(base),
        rules(*off),
    )


def costs(visits: list[Visit]) -> VisitCosts:
    return visit_costs(entries(visits), visit_frame(visits), rules())


def catalogue(*visits: Visit, parts: int = 1, **calibration: object) -> Catalogue:
    outpatient = rules(calibration=CALIBRATION | calibration)
    given = [costs(list(visits[place::parts])) for place in range(parts)]
    return calibrate_visits(
        VisitCosts.together(given), len(visits), SCHEME, policy(outpatient), "c", "history"
    )


def said(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return {row["apg"]: row[column] for row in with_costs(frame).iter_rows(named=True)}


def test_packaged_cost_goes_to_paid_entries_in_proportion_to_their_own() -> None:
    lines = [
        Line("PROC", "eye", "eye-1", 200_00),
        Line("PROC", "eye", "eye-2", 50_00),  # consolidated
        Line("ANC", "ANC-blood", "blood-1", 100_00),
        Line("ANC", "ANC-urine", "urine-1", 10_00),  # packaged by the list
        Line("INC", "INC-fee", "fee-1", 40_01),
    ]
    visit = Visit("v1", "ordinary", lines, ("heart", "heart-1"))
    # 100.01 to share 2 : 1 is 66.673 and 33.337: the fen left goes to the larger rest
    assert said(entries([visit]), "packaged_fen") == {
        "eye-1": 66_67,
        "eye-2": 0,
        "blood-1": 33_34,
        "urine-1": 0,
        "fee-1": 0,
        "heart-1": 0,
    }


def test_a_paid_medical_entry_costs_what_the_incidental_lines_of_its_visit_do() -> None:
    lines = [
        Line("INC", "INC-fee", "fee-1", 30_00),
        Line("DRUG", "DRUG-b", "DRUG-b2", 60_00),
        Line("ANC", "ANC-urine", "urine-1", 9_00),
    ]
    found = entries([Visit("v1", "ordinary", lines, ("heart", "heart-1"))])
    assert said(found, "own_fen")["heart-1"] == 30_00
    assert said(found, "cost_fen") == {"heart-1": 33_00, "DRUG-b2": 66_00, "fee-1": 0, "urine-1": 0}


def test_base_points_of_a_previous_catalogue_weigh_in_its_place() -> None:
    lines = [
        Line("DRUG", "DRUG-b", "DRUG-b2", 60_00),
        Line("ANC", "ANC-blood", "blood-1", 50_00),
        Line("INC", "INC-fee", "fee-1", 40_00),
    ]
    visit = Visit("v1", "ordinary", lines, None)
    found = entries([visit], {"DRUG-b2": 10_0000, "blood-1": 30_0000})
    assert said(found, "packaged_fen") == {"blood-1": 30_00, "DRUG-b2": 10_00, "fee-1": 0}
    # A group that the catalogue lacks: 50 yuan of a mean of 500 are 10 points.
    found = entries([visit], {"DRUG-b2": 10_0000})
    shared = with_costs(found, Fraction(500_00))
    assert dict(shared.select(pl.col("apg").cast(pl.String), "packaged_fen").rows()) == {
        "DRUG-b2": 20_00,
        "blood-1": 20_00,
        "fee-1": 0,
    }


def test_base_points_are_of_one_ancillary_and_relate_to_the_mean_visit() -> None:
    """Two visits of 100 and 300 yuan: 200 are 100 points."""
    one = Visit("v1", "ordinary", [Line("DRUG", "DRUG-b", "DRUG-b2", 100_00)], None)
    lines = [Line("ANC", "ANC-blood", "blood-1", 100_00)] * 3
    made = catalogue(one, Visit("v2", "ordinary", lines, None, "H2", "3A"))
    assert made.all_mean_fen == 200_00
    assert made.groups.select("drg", "mean_fen", "base_points").rows() == [
        ("DRUG-b2", 100_00, 50_0000),
        ("blood-1", 100_00, 50_0000),
    ]
    assert made.info.kind == "apg"
    assert (made.info.stays_read, made.info.stays_eligible, made.info.stays_trimmed) == (2, 2, 0)
    assert made.coefficients["hospital_id"].null_count() == made.coefficients.height
    assert base_points_of(made).columns == ["base_points", "apg"]


def test_what_counts() -> None:
    drug = Line("DRUG", "DRUG-b", "DRUG-b2", 100_00)
    lost = Line("0000", "00", "0000", 1_00)
    refund = Line("ANC", "ANC-blood", "blood-1", -1_00)  # netted out before, as a rule
    visits = [
        Visit("v1", "ordinary", [drug], None),
        Visit("v2", "special", [drug], None),
        Visit("v3", "ordinary", [drug, lost], None),
        Visit("v4", "ordinary", [drug, refund], None),
        Visit("v5", "ordinary", [Line("DRUG", "DRUG-b", "DRUG-b2", 4_99)], None),
        Visit("v6", "ordinary", [], ("heart", "heart-1")),
        Visit("v7", "ordinary", [Line("INC", "INC-fee", "fee-1", 9_00)], None),
        Visit("v8", "ordinary", [drug], ("00", "0000")),
    ]
    found = costs(visits)
    assert found.steps.rows() == [
        ("eligible", 2, 200_00),
        ("left_cheap", 2, 99_00 + 4_99),
        ("left_fee", 1, 100_00),
        ("left_not_grouped", 1, 101_00),
        ("left_unpaid", 2, 9_00),
    ]
    assert (found.visits, found.eligible, found.total_fen) == (8, 2, 200_00)
    assert found.coverage.rows() == [("grouped", 7, 412_99), ("ungrouped", 1, 1_00)]


def test_refusals() -> None:
    free = Visit("v1", "ordinary", [Line("DRUG", "DRUG-b", "DRUG-b2", 0)], None)
    with pytest.raises(DrgpayError, match="none of 1 visits can be calibrated"):
        catalogue(free)
    paid = Visit("v1", "ordinary", [Line("DRUG", "DRUG-b", "DRUG-b2", 9_00)], None)
    with pytest.raises(DrgpayError, match="mean_over is stable"):
        catalogue(paid, mean_over="stable")


def test_a_group_that_costs_nothing_has_no_points() -> None:
    lines = [Line("DRUG", "DRUG-b", "DRUG-b2", 100_00)]
    for per in ("level", "group"):
        made = catalogue(
            Visit("v1", "ordinary", lines, ("heart", "heart-1")),
            coefficients=dict(CALIBRATION["coefficients"]) | {"per": per},
        )
        rows = made.groups.select("drg", "cv", "base_points").rows()
        assert rows == [("DRUG-b2", 0, 100_0000), ("heart-1", 0, 0)]


def test_a_catalogue_of_apgs_is_saved_and_read_again(tmp_path: Path) -> None:
    made = catalogue(Visit("v1", "ordinary", [Line("DRUG", "DRUG-b", "DRUG-b2", 9_00)], None))
    save_catalogue(made, tmp_path)
    again = load_catalogue(tmp_path, SCHEME)
    assert again.info == made.info
    assert again.groups.equals(made.groups)


@drawn(100)
@given(
    visits=any_visits(),
    base=st.one_of(st.none(), base_points),
    off=st.sets(st.sampled_from(STEPS)),
    mean=st.fractions(1, 10**6, max_denominator=999),
)
def test_the_slow_evaluator_agrees_on_every_cost(
    visits: list[Visit], base: dict[str, int | None] | None, off: set[str], mean: Fraction
) -> None:
    previous = None if base is None else mean
    found = with_costs(entries(visits, base, *off), previous)
    expected: list[tuple[str, int]] = []
    for visit in sorted(visits, key=lambda visit: visit.visit_id):
        slow = entries_of_visit(visit, PACKAGED, base, rules(*off))
        shared = costs_of_visit(slow, previous)
        expected += [(visit.visit_id, shared.get(place, 0)) for place in range(len(slow))]
        if shared:
            assert sum(shared.values()) == sum(line.fen for line in visit.lines)
    assert found.select("visit_id", "cost_fen").rows() == expected


@drawn(20)
@given(visits=any_visits(), parts=st.integers(1, 4), seed=st.integers(0, 9))
def test_neither_order_nor_parts_of_visits_matter(
    visits: list[Visit], parts: int, seed: int
) -> None:
    first = costs(visits)
    if not first.total_fen:
        return
    made = catalogue(*visits, trim={"method": "iqr", "factor": "1.5"})
    other = catalogue(
        *visits[::-1], parts=min(parts, len(visits)), trim={"method": "iqr", "factor": "1.5"}
    )
    assert made.info == other.info
    assert made.groups.equals(other.groups)
    assert made.coefficients.equals(other.coefficients)
