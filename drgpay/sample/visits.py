"""Drawn visits and their service lines, month by month."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.columns import ITEM_COLUMNS, VISIT_COLUMNS, VISIT_TYPES
from drgpay.sample.admissions import ACCOUNTS
from drgpay.sample.columns import (
    code_lists_column,
    dates_column,
    digits_column,
    money_column,
    numbers_column,
    schema_of,
    words_column,
)
from drgpay.sample.contractors import Persons, persons_of
from drgpay.sample.draws import CodeLists, Flags, Floats, Ints, lists_of_rows
from drgpay.sample.plan import Month
from drgpay.sample.visit_plan import VisitPlan
from drgpay.sample.visit_tables import FEE, VisitTables

VISITS_PER_PART = 262_144
_DEPARTMENTS = (
    "内科",
    "外科",
    "妇产科",
    "儿科",
    "眼耳鼻喉科",
    "口腔科",
    "皮肤科",
    "中医科",
    "急诊科",
)
_OTHER_DIAGNOSES = 0.7
_REFUNDS, _PARTLY, _WHOLE_VISITS = 0.004, 0.3, 0.0008
_REPEATED, _WITHOUT_PRICE = 0.0004, 0.0004
_FAULTY = 0.002
_UNKNOWN_CONTRACTOR = "H9999998"
_VISITS_STREAM = 2  # so that visits and stays of a month are drawn apart
# What the pooled fund pays by VISIT_TYPES, and how an account differs.
_FUND_SHARES = np.array([0.5, 0.62, 0.8])
_ACCOUNT_MORE = np.array([0.08, -0.06])
_OTHER_FUNDS = 0.03
_FACTOR_BY_LEVEL = {"3A": 1.15, "3B": 1.08, "2A": 1.0, "2B": 0.98, "1": 0.9, "0": 0.85}

VISIT_SCHEMA, ITEM_SCHEMA = schema_of(VISIT_COLUMNS), schema_of(ITEM_COLUMNS)


@dataclass
class _Visits:
    """One entry a visit, in numbers; -1 is missing."""

    provider: Ints
    number: Ints
    persons: Persons
    day: Ints
    diagnosis: Ints
    others: CodeLists
    kind: Ints
    department: Ints
    contractor: Ints


@dataclass(frozen=True)
class _Lines:
    """One entry a line, by visit; amounts in fen."""

    visit: Ints
    item: Ints
    quantity: Ints
    fen: Ints


def month_visits(
    tables: VisitTables, plan: VisitPlan, month: Month, visits: int
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Visits and lines of a month in parts, both by visit_id; visit_ids rise with the date."""
    days = _days(month, visits, plan.region.seed)
    for part, first in enumerate(range(0, visits, VISITS_PER_PART)):
        stream = [plan.region.seed, month.number, part, _VISITS_STREAM]
        rng = np.random.default_rng(np.random.SeedSequence(stream))
        drawn = _draw_visits(tables, plan, days[first : first + VISITS_PER_PART], rng)
        lines = _with_odd_lines(_draw_lines(tables, drawn, rng), len(drawn.day), rng)
        yield _tables(tables, month, first, drawn, lines, rng)


def _days(month: Month, visits: int, seed: int) -> Ints:
    """The day of each visit from the first of the month on, rising; fewer at weekends."""
    weekdays = (np.arange(month.days) + month.first_day.weekday()) % 7
    shares = np.where(weekdays >= 5, 0.55, 1.0)
    rng = np.random.default_rng(np.random.SeedSequence([seed, month.number, 0, _VISITS_STREAM + 1]))
    return np.repeat(np.arange(month.days), rng.multinomial(visits, shares / shares.sum()))


def _draw_visits(
    tables: VisitTables, plan: VisitPlan, day: Ints, rng: np.random.Generator
) -> _Visits:
    rows = len(day)
    number = rng.integers(0, plan.persons, rows)
    persons = persons_of(number, plan.region.seed, tables.contractors)
    diagnosis = rng.choice(len(tables.diagnosis_shares), rows, p=tables.diagnosis_shares)
    chance = rng.random(rows)
    special = tables.diagnosis_special[diagnosis]
    chronic = special + tables.diagnosis_chronic[diagnosis]
    others = rng.poisson(_OTHER_DIAGNOSES, rows)
    return _Visits(
        provider=rng.choice(len(tables.providers), rows, p=tables.provider_shares),
        number=number,
        persons=persons,
        day=day,
        diagnosis=diagnosis,
        others=lists_of_rows(
            np.repeat(np.arange(rows), others),
            rng.choice(len(tables.diagnosis_shares), int(others.sum()), p=tables.diagnosis_shares),
            rows,
        ),
        kind=np.where(chance < special, 2, np.where(chance < chronic, 1, 0)),
        department=rng.integers(0, len(_DEPARTMENTS), rows),
        contractor=persons.contractor.copy(),
    )


def _draw_lines(tables: VisitTables, visits: _Visits, rng: np.random.Generator) -> _Lines:
    rows = len(visits.day)
    means = tables.means[tables.diagnosis_profile[visits.diagnosis]]
    pharmacy = visits.provider >= len(tables.hospitals)
    sold = np.zeros(len(tables.categories), dtype=np.bool_)
    sold[tables.sold_in_pharmacies] = True
    owner, category = [], []
    for number, name in enumerate(tables.categories):
        if name == FEE:
            counts = (~pharmacy).astype(np.int64)
        else:
            counts = rng.poisson(means[:, number])
            if not sold[number]:
                counts[pharmacy] = 0
        owner.append(np.repeat(np.arange(rows), counts))
        category.append(np.full(int(counts.sum()), number))
    # A prescription that is filled at a pharmacy has a drug.
    without = np.flatnonzero(pharmacy & (np.bincount(np.concatenate(owner), minlength=rows) == 0))
    owner.append(without)
    category.append(tables.sold_in_pharmacies[without % len(tables.sold_in_pharmacies)])
    visit = np.concatenate(owner)
    order = np.argsort(visit, kind="stable")
    visit = visit[order]
    item = tables.items_of_category.draw(np.concatenate(category)[order], rng)
    level = np.array([_FACTOR_BY_LEVEL[each.level] for each in tables.providers])
    spread = tables.item_sigma[item]
    price = tables.item_yuan[item] * level[visits.provider[visit]]
    price *= np.exp(rng.normal(0, 1, len(item)) * spread - spread**2 / 2)
    drug = sold[np.concatenate(category)[order]]
    quantity = np.where(drug, rng.integers(1, 4, len(item)), 1)
    fen = np.maximum(np.rint(price * 100), 1).astype(np.int64) * quantity
    return _Lines(visit, item, quantity, fen)


def _with_odd_lines(lines: _Lines, visits: int, rng: np.random.Generator) -> _Lines:
    """Refunds of a line, of a part of one and of a whole visit, lines that are there twice, lines
    that cost nothing.
    """
    chance = rng.random(len(lines.visit))
    whole = (rng.random(visits) < _WHOLE_VISITS)[lines.visit]
    # The first line of a visit stays, so that only whole visits are left without any.
    later = np.concatenate(([False], lines.visit[1:] == lines.visit[:-1]))
    refunded = np.flatnonzero(((chance < _REFUNDS) & later) | whole)
    partly = (rng.random(len(refunded)) < _PARTLY) & ~whole[refunded]
    repeated = np.flatnonzero((chance > 1 - _REPEATED) & ~whole)
    fen = lines.fen.copy()
    fen[(chance > _REFUNDS) & (chance < _REFUNDS + _WITHOUT_PRICE) & later & ~whole] = 0
    rows = np.concatenate((np.arange(len(fen)), refunded, repeated))
    back = np.where(partly, fen[refunded] // 2, fen[refunded])
    amounts = np.concatenate((fen, -back, fen[repeated]))
    quantity = np.concatenate((lines.quantity, -lines.quantity[refunded], lines.quantity[repeated]))
    order = np.argsort(lines.visit[rows], kind="stable")
    rows = rows[order]
    return _Lines(lines.visit[rows], lines.item[rows], quantity[order], amounts[order])


def _tables(
    tables: VisitTables,
    month: Month,
    first: int,
    visits: _Visits,
    lines: _Lines,
    rng: np.random.Generator,
) -> tuple[pa.Table, pa.Table]:
    rows = len(visits.day)
    total = np.bincount(lines.visit, weights=lines.fen, minlength=rows).astype(np.int64)
    fund, other = _paid(visits, total, rng)
    patient = total - fund - other
    hospital_ids = [each.hospital_id for each in tables.providers]
    serials = np.arange(first, first + rows, dtype=np.uint64)
    numbers = serials + np.uint64(month.compact * 100_000_000)
    ids = pc.binary_join_element_wise("V", digits_column(numbers, 14), "")
    lost = _add_faults(visits, total, patient, len(tables.contractors.ids), rng)
    persons = visits.persons
    made = pa.table(
        {
            "visit_id": ids,
            "hospital_id": words_column(pa.array(hospital_ids), visits.provider),
            "person_id": pc.binary_join_element_wise(
                "M", digits_column(visits.number.astype(np.uint64), 10), ""
            ),
            "account": words_column(pa.array(ACCOUNTS), persons.account),
            "out_of_area": pa.array(persons.out_of_area),
            "visit_date": dates_column(month, visits.day),
            "sex": numbers_column("sex", persons.sex),
            "age": numbers_column("age", persons.age),
            "department": words_column(pa.array(_DEPARTMENTS), visits.department),
            "visit_type": words_column(pa.array(VISIT_TYPES), visits.kind),
            "principal_diagnosis": words_column(tables.diagnoses, visits.diagnosis),
            "other_diagnoses": code_lists_column(tables.diagnoses, visits.others),
            "contractor_id": words_column(
                pa.array([*tables.contractors.ids, _UNKNOWN_CONTRACTOR]), visits.contractor
            ),
            "total_cost": money_column(total),
            "fund_cost": money_column(fund),
            "patient_cost": money_column(patient),
            "other_cost": money_column(other),
        },
        schema=VISIT_SCHEMA,
    )
    kept = ~lost.without_lines[lines.visit]
    of_lines = digits_column(numbers, 14).take(pa.array(lines.visit[kept]))
    stray = lost.stray_lines[lines.visit[kept]]
    items = pa.table(
        {
            "visit_id": pc.binary_join_element_wise(
                "V", of_lines, words_column(pa.array(["", "X"]), stray.astype(np.int64)), ""
            ),
            "item_code": tables.item_codes.take(pa.array(lines.item[kept])),
            "item_kind": tables.item_kinds.take(pa.array(lines.item[kept])),
            "quantity": pa.array(lines.quantity[kept].astype(np.float64)),
            "amount": money_column(lines.fen[kept]),
        },
        schema=ITEM_SCHEMA,
    )
    return made, items


def _paid(visits: _Visits, total: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """What the pooled fund and other funds pay."""
    share: Floats = _FUND_SHARES[visits.kind] + _ACCOUNT_MORE[visits.persons.account]
    share = np.clip(share + rng.normal(0, 0.04, len(total)), 0.2, 0.92)
    helped = rng.random(len(total)) < _OTHER_FUNDS
    other = np.where(helped, np.floor(total * 0.05), 0).astype(np.int64)
    return np.floor(total * share).astype(np.int64), other


@dataclass(frozen=True)
class _Lost:
    """Visits whose lines are missing, and visits whose lines name an id that no visit has."""

    without_lines: Flags
    stray_lines: Flags


def _add_faults(
    visits: _Visits,
    total: Ints,
    patient: Ints,
    unknown_contractor: int,
    rng: np.random.Generator,
) -> _Lost:
    """Spoil some visits, each in one way that the checks of docs/files.md must find."""
    rows = np.flatnonzero(rng.random(len(total)) < _FAULTY)
    way = rng.integers(0, 6, len(rows))
    visits.diagnosis[rows[way == 0]] = -1
    total[rows[way == 1]] *= -1
    patient[rows[way == 2]] += 1000
    visits.contractor[rows[way == 3]] = unknown_contractor
    return _Lost(_marked(rows[way == 4], len(total)), _marked(rows[way == 5], len(total)))


def _marked(rows: Ints, count: int) -> Flags:
    marks: NDArray[np.bool_] = np.zeros(count, dtype=np.bool_)
    marks[rows] = True
    return marks
