"""Answers of the database as tables for people: the columns that fit, totals, words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.registry.queries import Answer
from drgpay.show.tables import ReportTable, Say, prefixed_text
from drgpay.tables.shown import listed_of_runs, listed_runs

_WORDED = frozenset((*("kind", "level", "pool", "account", "case_class", "applies_to", "fact"),))
# What the values of a column are called by, where other tables call them otherwise.
_PREFIXES: Mapping[str, Mapping[str, str]] = {
    "runs": {"kind": "kind", "state": "state"},
    "steps": {"step": "step", "known_by": "known", "before": "state"},
    "answers": {"answered": "answer"},
    "balances": {"ledger_account": "ledger"},
    "visit_balances": {"ledger_account": "ledger"},
    "visit_classes": {"visit_type": "type", "class": "class"},
    "visit_entries": {"class": "group", "reason": "reason"},
    "capitation_apart": {"reason": "apart"},
}
_WORDED_FACTS = ("method", "visit_method")
_TELLS_NOTHING = ["finished", "seconds", "manifest_sha256"]  # of what differs between two runs
_NO_SUMS = ("point_value", "value_places")


def list_tables(answer: Answer) -> list[ReportTable]:
    """The table of `drgpay runs list`; the columns of visits stand where a run has visits.

    The policy gives way to them, so that the ids of the runs stay whole.
    """
    to_the_minute = pl.col("local_time").str.head(16)
    runs = answer["runs"].select(listed_runs()).with_columns(to_the_minute)
    have_visits = runs["visits_valid"].count() > 0
    spare = ["policy"] if have_visits else ["visits_valid", "visit_fund_amount"]
    return [_table("runs", runs.drop(spare), totalled=False)]


def show_tables(answer: Answer, say: Say) -> list[ReportTable]:
    """The tables of `drgpay runs show`; parts that the run does not have are left out."""
    facts = answer["facts"].drop("finished", "time_zone").row(0, named=True)
    known = {key: _text(key, value, say) for key, value in facts.items() if value is not None}
    frame = pl.DataFrame({"fact": list(known), "value": list(known.values())})
    tables = [_table("facts", frame, totalled=False)]
    shown = listed_of_runs("show")
    for part, frame in answer.items():
        if part != "facts" and frame.height:
            if part.endswith("balances"):  # elsewhere an account is one of the insured
                frame = frame.rename({"account": "ledger_account"})
            columns = shown.get(part, tuple(frame.columns))
            tables.append(_table(part, frame.select(columns), part not in ("steps", "answers")))
    return tables


def compare_tables(answer: Answer, say: Say) -> list[ReportTable]:
    """The tables of `drgpay runs compare`: what differs between the facts, then the money.

    Parts that neither run has are left out.
    """
    facts = answer["facts"].filter(~pl.col("same") & ~pl.col("fact").is_in(_TELLS_NOTHING))
    rows = [
        (fact, *(_text(fact, side, say) for side in sides))
        for fact, *sides in facts.select("fact", "a", "b").iter_rows()
    ]
    frame = pl.DataFrame(rows, schema=["fact", "a", "b"], orient="row")
    tables = [_table("facts", frame, totalled=False)]
    return tables + [
        _table(part, answer[part].select(columns))
        for part, columns in listed_of_runs("compare").items()
        if answer[part].height
    ]


def answer_table(frame: pl.DataFrame) -> ReportTable:
    """The answer to a query."""
    return ReportTable("answer", frame)


def _table(part: str, frame: pl.DataFrame, totalled: bool = True) -> ReportTable:
    worded = _WORDED & set(frame.columns) - set(_PREFIXES.get(part, {}))
    totals = _totals(frame) if totalled else None
    return ReportTable(part, frame, totals, worded, prefixes=_PREFIXES.get(part, {}))


def _totals(frame: pl.DataFrame) -> dict[str, Any]:
    """Sums of what can be added, and the change of the whole as a part of it."""
    sums: dict[str, Any] = {
        name: frame[name].sum()
        for name, dtype in frame.schema.items()
        if dtype.is_numeric() and not name.startswith(_NO_SUMS) and not name.endswith("_rate")
    }
    for rate in (name for name in frame.columns if name.endswith("_change_rate")):
        measure = rate.removesuffix("_change_rate")
        if before := sums.get(f"{measure}_a"):
            sums[rate] = sums[f"{measure}_change"] / abs(before)
    return sums


def _text(fact: str, value: Any, say: Say) -> str:
    if fact in ("kind", "state"):
        return prefixed_text(value, fact, say)
    if fact in _WORDED_FACTS:
        return say(str(value))
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)
