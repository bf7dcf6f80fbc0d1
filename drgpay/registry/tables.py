"""Answers of the database as tables for people: the columns that fit, totals, words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.registry.queries import Answer
from drgpay.report.tables import ReportTable, Say

_LISTED = (
    *("run", "kind", "period", "policy", "scheme", "valid", "points", "fund_amount"),
    "finished",
)
_SHOWN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "values": (
        *("pool", "budget", "patient_cost", "other_cost", "points", "point_value"),
        *("fund_amount", "remainder"),
    ),
    "hospitals": (
        *("hospital_id", "name", "level", "cases", "points", "fund_amount", "fund_cost"),
        *("difference", "prepayment"),
    ),
    "classes": ("case_class", "cases", "days", "points", "total_cost", "fund_amount", "fund_cost"),
    "groups": ("drg", "cases", "days", "points", "total_cost", "fund_amount", "fund_cost"),
}
_COMPARED_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "values": (
        *("pool", "points_a", "points_b", "point_value_a", "point_value_b", "point_value_change"),
        *("fund_amount_a", "fund_amount_b", "fund_amount_change", "fund_amount_change_rate"),
    ),
    "hospitals": (
        *("name", "level", "points_a", "points_b", "fund_amount_a", "fund_amount_b"),
        *("fund_amount_change", "fund_amount_change_rate"),
    ),
    "groups": (
        *("drg", "cases_a", "cases_b", "points_a", "points_b", "fund_amount_a"),
        *("fund_amount_b", "fund_amount_change", "fund_amount_change_rate"),
    ),
    "classes": (
        *("case_class", "cases_a", "cases_b", "points_a", "points_b", "fund_amount_a"),
        *("fund_amount_b", "fund_amount_change", "fund_amount_change_rate"),
    ),
}
_WORDED = frozenset(("kind", "level", "pool", "account", "case_class", "applies_to", "fact"))
_WORDED_FACTS = ("kind", "method")
_TELLS_NOTHING = ["finished", "seconds", "manifest_sha256"]  # of what differs between two runs
_NO_SUMS = ("point_value", "value_places")


def list_tables(answer: Answer) -> list[ReportTable]:
    """The table of `drgpay runs list`."""
    return [_table("runs", _to_the_second(answer["runs"]).select(_LISTED), totalled=False)]


def show_tables(answer: Answer, say: Say) -> list[ReportTable]:
    """The tables of `drgpay runs show`; parts that the run does not have are left out."""
    facts = _to_the_second(answer["facts"]).row(0, named=True)
    known = {key: _text(key, value, say) for key, value in facts.items() if value is not None}
    frame = pl.DataFrame({"fact": list(known), "value": list(known.values())})
    tables = [_table("facts", frame, totalled=False)]
    for part, frame in answer.items():
        if part != "facts" and frame.height:
            columns = _SHOWN_COLUMNS.get(part, tuple(frame.columns))
            tables.append(_table(part, frame.select(columns)))
    return tables


def compare_tables(answer: Answer, say: Say) -> list[ReportTable]:
    """The tables of `drgpay runs compare`: what differs between the facts, then the money."""
    facts = answer["facts"].filter(~pl.col("same") & ~pl.col("fact").is_in(_TELLS_NOTHING))
    rows = [
        (fact, *(_text(fact, side, say) for side in sides))
        for fact, *sides in facts.select("fact", "a", "b").iter_rows()
    ]
    frame = pl.DataFrame(rows, schema=["fact", "a", "b"], orient="row")
    tables = [_table("facts", frame, totalled=False)]
    return tables + [
        _table(part, answer[part].select(columns)) for part, columns in _COMPARED_COLUMNS.items()
    ]


def answer_table(frame: pl.DataFrame) -> ReportTable:
    """The answer to a query."""
    return ReportTable("answer", frame)


def _table(part: str, frame: pl.DataFrame, totalled: bool = True) -> ReportTable:
    worded = _WORDED & set(frame.columns)
    return ReportTable(part, frame, _totals(frame) if totalled else None, worded)


def _totals(frame: pl.DataFrame) -> dict[str, Any]:
    """Sums of what can be added, and the change of the whole as a part of it."""
    sums: dict[str, Any] = {
        name: frame[name].sum()
        for name, dtype in frame.schema.items()
        if dtype.is_numeric() and not name.startswith(_NO_SUMS) and not name.endswith("_rate")
    }
    before = sums.get("fund_amount_a")
    if before:
        sums["fund_amount_change_rate"] = sums["fund_amount_change"] / abs(before)
    return sums


def _text(fact: str, value: Any, say: Say) -> str:
    if fact in _WORDED_FACTS:
        return say(str(value))
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def _to_the_second(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col("finished").dt.truncate("1s").dt.to_string("%Y-%m-%d %H:%M:%S")
    )
