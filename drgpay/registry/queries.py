"""What the commands ask of the database; every answer is sorted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.registry.database import (
    DATABASE,
    first_sentence,
    reading,
    rebuild_command,
    unreadable,
)
from drgpay.registry.states import on_record, with_states

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ERRORS = Sentences("errors/registry")

Answer = Mapping[str, pl.DataFrame]
"""Frames by the name of a part; decimals are exact, money in yuan."""

_SHOWN = {
    "facts": "SELECT * FROM runs WHERE run = {run}",
    "values": "SELECT * EXCLUDE (run) FROM run_values WHERE run = {run} ORDER BY pool",
    "hospitals": "SELECT * EXCLUDE (run) FROM run_hospitals WHERE run = {run} ORDER BY hospital_id",
    "classes": (
        "SELECT * EXCLUDE (run) FROM run_classes WHERE run = {run} ORDER BY cases DESC, case_class"
    ),
    "groups": (
        "SELECT * EXCLUDE (run) FROM run_groups WHERE run = {run} "
        "ORDER BY fund_amount DESC, mdc, adrg, drg"
    ),
    "adjustments": (
        "SELECT applies_to, kind, CAST(sum(adjustments) AS BIGINT) AS adjustments, "
        "CAST(sum(points) AS DECIMAL(18, 4)) AS points FROM run_adjustments WHERE run = {run} "
        "GROUP BY applies_to, kind ORDER BY applies_to, kind"
    ),
    "balances": (
        "SELECT * EXCLUDE (run) FROM run_balances WHERE run = {run} ORDER BY pool, account"
    ),
    "visit_values": "SELECT * EXCLUDE (run) FROM run_visit_values WHERE run = {run} ORDER BY pool",
    "visit_hospitals": (
        "SELECT * EXCLUDE (run) FROM run_visit_hospitals WHERE run = {run} ORDER BY hospital_id"
    ),
    "visit_classes": (
        "SELECT * EXCLUDE (run) FROM run_visit_classes WHERE run = {run} ORDER BY visit_type, class"
    ),
    "visit_groups": (
        "SELECT * EXCLUDE (run) FROM run_visit_groups WHERE run = {run} "
        "ORDER BY fund_amount DESC, class, family, apg"
    ),
    "visit_entries": (
        "SELECT class, reason, CAST(sum(entries) AS BIGINT) AS entries, "
        "CAST(sum(quantity) AS BIGINT) AS quantity, "
        "CAST(sum(lines_cost) AS DECIMAL(18, 2)) AS lines_cost, "
        "CAST(sum(points) AS DECIMAL(18, 4)) AS points FROM run_entries WHERE run = {run} "
        "GROUP BY class, reason ORDER BY class, reason"
    ),
    "contractors": (
        "SELECT * EXCLUDE (run) FROM run_capitation WHERE run = {run} "
        "ORDER BY contractor_id, account"
    ),
    "capitation_apart": (
        "SELECT * EXCLUDE (run) FROM run_capitation_apart WHERE run = {run} "
        "ORDER BY reason, contractor_id NULLS FIRST, account"
    ),
    "capitation_tie_out": (
        "SELECT * EXCLUDE (run) FROM run_capitation_tie_out WHERE run = {run} ORDER BY pool"
    ),
    "visit_balances": (
        "SELECT * EXCLUDE (run) FROM run_visit_balances WHERE run = {run} ORDER BY pool, account"
    ),
}
SHOWN_PARTS = (*_SHOWN, "steps", "answers")
_PLACES = {"values": "value_places", "visit_values": "visit_value_places"}
"""Parts with point values, and the column of `runs` that says how many places these have."""

_NAMED = 3  # runs that begin alike, in a sentence
_VALUES = ("budget", "points", "point_value", "fund_amount", "remainder")
_EARNED = ("points", "fund_amount")


@dataclass(frozen=True)
class _Compared:
    """A part of a comparison: its view and keys, labels (the later run's first) and measures.

    rate: the measure whose change is also given as a part of the first run's.
    """

    view: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    labels: tuple[str, ...] = ()
    rate: str = "fund_amount"


_COMPARED: Mapping[str, _Compared] = {
    "values": _Compared("run_values", ("pool",), _VALUES),
    "hospitals": _Compared(
        "run_hospitals", ("hospital_id",), ("cases", *_EARNED), ("name", "level")
    ),
    "classes": _Compared("run_classes", ("case_class",), ("cases", *_EARNED)),
    "groups": _Compared("run_groups", ("mdc", "adrg", "drg"), ("cases", *_EARNED)),
    "visit_values": _Compared("run_visit_values", ("pool",), _VALUES),
    "visit_hospitals": _Compared(
        "run_visit_hospitals", ("hospital_id",), ("visits", *_EARNED), ("name", "level")
    ),
    "visit_classes": _Compared("run_visit_classes", ("visit_type", "class"), ("visits", *_EARNED)),
    "visit_groups": _Compared("run_visit_groups", ("class", "family", "apg"), ("visits", *_EARNED)),
    "contractors": _Compared(
        "run_capitation",
        ("contractor_id", "account"),
        ("heads", "capitation", "charged", "balance", "settled"),
        ("name",),
        rate="charged",
    ),
}
COMPARED_PARTS = ("facts", *_COMPARED)


def list_runs(output: Path) -> Answer:
    """All runs: one frame `runs`, by period, time and id: the view of that name, and beside it
    state and local_time (drgpay.registry.states).
    """
    with reading(output) as connection:
        runs = _frame(connection, "SELECT * FROM runs ORDER BY period, finished, run")
    return {"runs": with_states(runs, output)}


def show_run(output: Path, run: str) -> Answer:
    """One run, named by its id or the beginning of it: a frame for each of SHOWN_PARTS.

    facts have state and local_time as in list_runs; steps and answers are those of its record.
    Raises DrgpayError if no run, or more than one, begins like that.
    """
    with reading(output) as connection:
        found = _find(connection, output, run)
        answer = {
            part: _frame(connection, query.format(run=f"'{found}'"))
            for part, query in _SHOWN.items()
        }
    answer["facts"] = with_states(answer["facts"], output)
    answer |= on_record(output / found, answer["hospitals"], answer["visit_hospitals"])
    for part, fact in _PLACES.items():
        places = answer["facts"][fact][0]
        if places is not None:
            as_published = pl.col("point_value").cast(pl.Decimal(26, places))
            answer[part] = answer[part].with_columns(as_published)
    return answer


def compare_runs(output: Path, one: str, other: str) -> Answer:
    """Two runs side by side: a frame for each of COMPARED_PARTS.

    facts: fact, a, b, same. The others: their keys, then for every measure m the columns m_a, m_b
    and m_change = m_b - m_a (0 stands for what a run does not have), and fund_amount_change_rate
    (of contractors charged_change_rate), the change as a part of the amount of a (null where that is
    0). A part that neither run has is empty. Raises DrgpayError as show_run.
    """
    with reading(output) as connection:
        pair = (_find(connection, output, one), _find(connection, output, other))
        facts = [
            _frame(connection, f"SELECT * EXCLUDE (run) FROM runs WHERE run = '{run}'")
            for run in pair
        ]
        answer = {"facts": _facts_compared(pair, *facts)}
        for part, compared in _COMPARED.items():
            answer[part] = _frame(connection, _comparison(compared, pair))
    for part, name in _PLACES.items():
        places = max(frame[name][0] or 0 for frame in facts)
        answer[part] = answer[part].with_columns(
            pl.col("^point_value_.*$").cast(pl.Decimal(26, places))
        )
    return answer


def select(output: Path, query: str) -> pl.DataFrame:
    """The answer to one SELECT over the views (also SHOW, DESCRIBE, FROM, WITH).

    Raises DrgpayError for other statements, more than one, and every mistake that DuckDB finds.
    """
    import duckdb

    with reading(output) as connection:
        try:
            statements = connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise DrgpayError(*_ERRORS("several_queries"))
            return _frame(connection, query)
        except (duckdb.Error, pl.exceptions.PolarsError) as error:
            broken = isinstance(error, duckdb.FatalException | duckdb.SerializationException)
            if broken or DATABASE in str(error):
                raise unreadable(output, error) from error
            raise DrgpayError(*_ERRORS("failing_query", reason=first_sentence(error))) from error


def _find(connection: "DuckDBPyConnection", output: Path, name: str) -> str:
    """The id of the run that is named in full, by its beginning, or by the path of its folder."""
    start = Path(name).name
    rows = connection.execute(
        "SELECT run FROM stored.runs WHERE starts_with(run, ?) ORDER BY run", [start]
    ).fetchall()
    found: list[str] = [run for (run,) in rows]
    if start in found or len(found) == 1:
        return start if start in found else found[0]
    if not found:
        rebuild = rebuild_command(output)
        raise DrgpayError(*_ERRORS("unknown_run", name=name, output=output, rebuild=rebuild))
    names = listed(found[:_NAMED])
    if len(found) > _NAMED:
        names = _ERRORS.words("and_more", names=names)
    raise DrgpayError(*_ERRORS("several_runs", count=len(found), name=name, names=names))


def _comparison(compared: _Compared, pair: tuple[str, str]) -> str:
    keys = ", ".join(compared.keys)
    columns = [keys, *(f"coalesce(b.{name}, a.{name}) AS {name}" for name in compared.labels)]
    for name in compared.measures:
        a, b = (f"coalesce({side}.{name}, 0)" for side in "ab")
        columns += [f"{a} AS {name}_a", f"{b} AS {name}_b", f"{b} - {a} AS {name}_change"]
    rate = compared.rate
    change = f"coalesce(b.{rate}, 0) - a.{rate}"
    columns.append(
        f"CAST(round(({change}) / nullif(abs(a.{rate}), 0), 6) AS DECIMAL(18, 6)) "
        f"AS {rate}_change_rate"
    )
    a, b = (f"(FROM {compared.view} WHERE run = '{run}')" for run in pair)
    return (
        f"SELECT {', '.join(columns)} FROM {a} AS a FULL JOIN {b} AS b USING ({keys}) "
        f"ORDER BY {keys}"
    )


def _facts_compared(pair: tuple[str, str], one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    a, b = (
        {"run": run, **frame.row(0, named=True)}
        for run, frame in zip(pair, (one, other), strict=True)
    )
    texts = [
        (fact, *("" if side[fact] is None else str(side[fact]) for side in (a, b))) for fact in a
    ]
    return pl.DataFrame(
        [(fact, x, y, x == y) for fact, x, y in texts],
        schema={"fact": pl.String, "a": pl.String, "b": pl.String, "same": pl.Boolean},
        orient="row",
    )


def _frame(connection: "DuckDBPyConnection", query: str) -> pl.DataFrame:
    return connection.sql(query).pl()
