"""drgpay's tables against the recomputation, every row and every value of both."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from drgpay.points.catalogue import Catalogue as DrgpayCatalogue

from .by_drgpay import Tables
from .recomputation.adjusting import Earned
from .recomputation.calibration import Catalogue
from .recomputation.clearing import Year
from .recomputation.coefficients import coefficient
from .recomputation.ledger import Entry
from .recomputation.prepayment import Month
from .recomputation.records import Stay
from .recomputation.rounding import half_up
from .recomputation.settlement import Settled

Row = dict[str, Any]
LINE = ("hospital_id", "account", "out_of_area", "payment")
RATE = ("pool", "account", "level")


def compare(found: Iterable[Row], expected: Mapping[Any, Row], key: tuple[str, ...]) -> int:
    """Every expected value; no row too few or too many. Returns how many rows were compared."""
    found = list(found)
    rows = {tuple(row[name] for name in key): row for row in found}
    assert len(rows) == len(found)
    assert rows.keys() == expected.keys(), (
        f"drgpay only: {sorted(rows.keys() - expected.keys(), key=str)[:5]}, "
        f"recomputed only: {sorted(expected.keys() - rows.keys(), key=str)[:5]}"
    )
    for place, wanted in expected.items():
        row = rows[place]
        differing = {
            name: (row[name], value) for name, value in wanted.items() if row[name] != value
        }
        assert not differing, f"{place}: drgpay, recomputed: {differing}"
    return len(rows)


def compare_catalogue(
    found: DrgpayCatalogue, expected: Catalogue, hospitals: Mapping[str, str]
) -> None:
    """Groups, the coefficient of every group and hospital, means and bed days."""
    assert found.info.stays_eligible == expected.eligible
    assert found.info.stays_trimmed == expected.trimmed
    assert found.info.all_total_fen == expected.all_cost * 100
    assert found.info.all_cases == expected.all_cases
    assert found.info.all_mean_yuan == str(half_up(expected.all_mean, 2))
    groups = {
        (drg,): {
            "cases": group.cases,
            "kept": group.kept,
            "mean_fen": group.mean_cost * 100,
            **(
                dict.fromkeys(("median_fen", "sd_fen", "cv"))
                if group.stability == "stand_in"
                else {
                    "median_fen": group.median * 100,
                    "sd_fen": group.sd * 100,
                    "cv": group.cv * 10_000,
                }
            ),
            "stable": group.stable,
            "stability": group.stability,
            "account": None,
            "base_points": None if group.base_points is None else group.base_points * 10_000,
        }
        for drg, group in expected.groups.items()
    }
    compare(found.groups.iter_rows(named=True), groups, ("drg",))
    compare_coefficients(found, expected, hospitals)
    days = {
        key: {"cases": row.cases, "days": row.days, "total_fen": row.cost * 100}
        for key, row in expected.bed_days.items()
    }
    compare(found.bed_days.iter_rows(named=True), days, ("bed_day_class", "level"))


def compare_coefficients(
    found: DrgpayCatalogue, expected: Catalogue, hospitals: Mapping[str, str]
) -> None:
    """What the rows of the catalogue say for every group and hospital, and every level alone."""
    rows = list(found.coefficients.iter_rows(named=True))
    keyed = {(row["drg"], row["level"], row["hospital_id"]): row for row in rows}
    assert len(keyed) == len(rows)
    for drg in expected.groups:
        for hospital, level in [
            *hospitals.items(),
            *((None, level) for level in hospitals.values()),
        ]:
            own = keyed.get((drg, level, hospital), {})
            of_level = keyed.get((drg, level, None), {})
            every = keyed.get((None, level, None), {})
            given = [row.get("coefficient") for row in (own, of_level, every)]
            first = next((value for value in given if value is not None), 10_000)
            wanted = coefficient(expected, drg, level, hospital) * 10_000
            assert first == wanted, (drg, level, hospital, first, wanted)
            mean = expected.of_level.get((drg, level))
            assert (of_level.get("level_cases"), of_level.get("level_total_fen")) == (
                (mean.cases, mean.cost * 100) if mean else (None, None)
            ), (drg, level)
            sums = expected.of_hospital.get((drg, hospital)) if hospital else None
            if hospital:
                assert (own.get("hospital_cases"), own.get("hospital_total_fen")) == (
                    (sums.cases, sums.cost * 100) if sums else (None, None)
                ), (drg, hospital)


def compare_points(tables: Tables, stays: list[Stay], earned: Earned) -> int:
    """Cases and adjustments, row by row."""
    cases = {
        (stay.case_id,): {
            "hospital_id": stay.hospital_id,
            "account": stay.account,
            "out_of_area": stay.out_of_area,
            "drg": stay.drg,
            "points_before": earned.cases[stay.case_id].points_before,
            "points": earned.points[stay.case_id],
            "total_cost": stay.total_cost,
            "payment_unit": stay.payment_unit,
            "complete": stay.complete,
            "fund_cost": stay.fund_cost,
            "patient_cost": stay.patient_cost,
            "other_cost": stay.other_cost,
            **{
                name: value
                for name, value in vars(earned.cases[stay.case_id]).items()
                if name not in ("exact", "base", "compared")
            },
        }
        for stay in stays
    }
    adjustments = {
        (row.case_id, row.step): {
            "applies_to": row.applies_to,
            "kind": row.kind,
            "points": row.points,
            "evidence": row.evidence,
            **row.why.columns(),
        }
        for row in earned.adjustments
    }
    compare(tables.adjustments.iter_rows(named=True), adjustments, ("case_id", "step"))
    return compare(tables.cases.iter_rows(named=True), cases, ("case_id",))


def compare_settled(tables: Tables, expected: Settled) -> None:
    """What every line, case and minus row is settled with; the values are compared apart."""
    lines = {
        key: {name: value for name, value in vars(line).items() if name not in _OF_MEMBERS}
        for key, line in expected.lines.items()
    }
    compare(tables.statements.iter_rows(named=True), lines, LINE)
    cases: dict[Any, Row] = {(case,): vars(amounts) for case, amounts in expected.cases.items()}
    compare(tables.cases.iter_rows(named=True), cases, ("case_id",))
    minus: dict[Any, Row] = {key: vars(amounts) for key, amounts in expected.minus.items()}
    of_hospitals = tables.adjustments.filter(pl.col("applies_to") == "hospital")
    nothing, of_hospitals = (
        of_hospitals.filter(pl.col("points") == 0),
        of_hospitals.filter(pl.col("points") != 0),
    )
    assert not nothing["standard_amount"].sum()
    compare(of_hospitals.iter_rows(named=True), minus, ("case_id", "step"))
    of_cases = tables.adjustments.filter(pl.col("applies_to") == "case")
    assert of_cases["payment"].null_count() == of_cases.height
    assert of_cases["standard_amount"].null_count() == of_cases.height


_OF_MEMBERS = ("members", "minus", "waiting")


def _rates(expected: Settled) -> dict[Any, Row]:
    """The rows of rates: nothing of a budget."""
    return {key: vars(row) for key, row in expected.rates.items()}


def compare_month(tables: Tables, expected: Month) -> None:
    """Values, lines, cases, minus rows and prepayments of a month."""
    values: dict[Any, Row] = {
        (pool,): vars(value) for pool, value in expected.settled.values.items()
    }
    of_pools = pl.col("level").is_null()
    compare(tables.values.filter(of_pools).iter_rows(named=True), values, ("pool",))
    compare(tables.values.filter(~of_pools).iter_rows(named=True), _rates(expected.settled), RATE)
    compare_settled(tables, expected.settled)
    prepaid: dict[Any, Row] = {key: vars(line) for key, line in expected.prepaid.items()}
    compare(tables.statements.iter_rows(named=True), prepaid, LINE)


def compare_year(tables: Tables, expected: Year) -> None:
    """Pools, lines, cases and minus rows of a clearing."""
    pools: dict[Any, Row] = {
        (pool,): vars(value) | vars(expected.pools[pool])
        for pool, value in expected.settled.values.items()
    }
    for (name,), pool in pools.items():
        due = [
            expected.due[key]
            for key, line in expected.settled.lines.items()
            if line.pool == name and line.in_pool
        ]
        for column in ("assessment", "redistributed", "deduction", "withheld", "payable"):
            pool[column] = sum(getattr(line, column) for line in due)
        for column in ("prepaid", "clearing"):
            pool[column] = sum(getattr(line, column) for line in due)
    of_pools = pl.col("level").is_null()
    compare(tables.values.filter(of_pools).iter_rows(named=True), pools, ("pool",))
    compare(tables.values.filter(~of_pools).iter_rows(named=True), _rates(expected.settled), RATE)
    compare_settled(tables, expected.settled)
    due_lines: dict[Any, Row] = {key: vars(line) for key, line in expected.due.items()}
    compare(tables.statements.iter_rows(named=True), due_lines, LINE)


def compare_ledger(found: Iterable[Row], expected: Iterable[Entry]) -> int:
    """The same entries, numbered from 1 in the order they stand; returns how many."""
    rows = list(found)
    assert [row["entry"] for row in rows] == list(range(1, len(rows) + 1))
    booked = Counter(Entry(*(row[name] for name in Entry._fields)) for row in rows)
    wanted = Counter(expected)
    assert booked == wanted, f"drgpay only: {booked - wanted}, recomputed only: {wanted - booked}"
    return len(rows)
