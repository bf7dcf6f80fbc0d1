"""Why an entry of a visit is paid as it is: a sentence with the other entries it depends on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import polars as pl
from rich.console import Group, RenderableType

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, half_up, unscaled
from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.explain.trace import VisitTrace
from drgpay.policy.outpatient import Outpatient
from drgpay.report.visit_wording import visit_word
from drgpay.show.tables import ReportTable
from drgpay.show.tables_console import console_tables
from drgpay.show.terminal import Text
from drgpay.visits.columns import AT_COST, DRUG, PROCEDURE

Row = Mapping[str, Any]
_said = Wording("entry_reasons").said


def entry_reason(row: Row, entries: Sequence[Row], rules: Outpatient, language: Language) -> str:
    """Why `row`, one of the entries of a visit in their order (ENTRY_COLUMNS), has its factor."""
    reason = row["reason"]
    if reason == "payable" and row["factor"] > 1:
        reason = "payable_lines"
    if reason == AT_COST and row["class"] == DRUG:
        reason = "at_cost_drug"
    cost = row["paid_cost"]
    procedures = [each for each in entries if each["class"] == PROCEDURE]
    first = next((each for each in procedures if each["reason"] == "payable"), None)
    family = [each for each in procedures if each["family"] == row["family"]]
    discount = rules.repeat_discount if reason == "repeat_discounted" else rules.procedure_discount
    return _said(
        reason,
        language,
        first=(first or next(iter(procedures), row))["apg"],
        kept=family[0]["apg"] if family else "",
        family=row["family"],
        paid_cost=cost,
        own=row["lines_cost"],
        packaged=None if cost is None else cost - row["lines_cost"],
        quantity=row["quantity"],
        further=row["quantity"] - 1,
        discount=discount,
    )


def with_reasons(entries: pl.DataFrame, rules: Outpatient, language: Language) -> pl.DataFrame:
    """The entries of one visit with `why`, a sentence. entries: ENTRY_COLUMNS."""
    rows = entries.rows(named=True)
    said = [entry_reason(row, rows, rules, language) for row in rows]
    return entries.with_columns(why=pl.Series(said, dtype=pl.String))


def entry_view(
    entries: pl.DataFrame,
    points: int | None,
    names: Mapping[str, str],
    rules: Outpatient,
    all_mean_fen: Fraction | None,
    language: Language,
) -> RenderableType:
    """The entries of one visit for a terminal: factor, reason, why and points.

    entries: ENTRY_COLUMNS. points: those of the visit in 1/10,000, None if they are not known.
    all_mean_fen: the mean of the catalogue.
    """
    if not entries.height:
        return Text(visit_word("visit_no_entries", language), style="bold")
    explained = with_reasons(entries, rules, language)
    codes = explained["apg"].cast(pl.String)
    named = [f"{code} {names.get(code, '')}".strip() for code in codes]
    table = ReportTable(
        "visit_steps",
        explained.with_columns(apg=pl.Series(named, dtype=pl.String)).select(
            *("class", "apg", "quantity", "lines_cost", "base_points", "factor", "coefficient"),
            *("reason", "why"),
        ),
        prefixes={"class": "group", "reason": "reason"},
        sums=frozenset({"quantity", "lines_cost"}),
    )
    parts: list[RenderableType] = [console_tables([table], lambda key: visit_word(key, language))]
    if points is not None:
        said = f"{unscaled(points, POINT_PLACES):,}"
        key, mean = "visit_points", ""
        if all_mean_fen is not None and entries["paid_cost"].is_not_null().any():
            key, mean = "visit_points_at_cost", f"{unscaled(half_up(all_mean_fen), FEN_PLACES):,}"
        words = visit_word(key, language).format(points=said, mean=mean)
        parts.append(Text(words, style="bold"))
    return Group(*parts)


def visit_json(
    trace: VisitTrace,
    entries: pl.DataFrame,
    points: int | None,
    rules: Outpatient,
    language: Language,
) -> str:
    """The trace with `entries` (ENTRY_COLUMNS and why) and `points`; decimals as texts."""
    rows = with_reasons(entries, rules, language).rows(named=True)
    told = {
        **asdict(trace),
        "entries": rows,
        "points": None if points is None else unscaled(points, POINT_PLACES),
    }
    return json.dumps(told, ensure_ascii=False, indent=2, default=str)
