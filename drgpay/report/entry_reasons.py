"""Why an entry of a visit is paid as it is: a sentence with the other entries it depends on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import polars as pl
from rich.console import Group, RenderableType

from drgpay.base.exact import FEN_PLACES, POINT_PLACES, half_up, unscaled
from drgpay.base.language import Language, Words
from drgpay.base.terminal import Text
from drgpay.explain.trace import VisitTrace
from drgpay.policy.outpatient import Outpatient
from drgpay.report.tables import ReportTable
from drgpay.report.tables_console import console_tables
from drgpay.report.visit_wording import visit_word
from drgpay.visits.columns import AT_COST, DRUG, PROCEDURE

Row = Mapping[str, Any]

_SENTENCES: dict[str, Words] = {
    "payable": Words("不打折、不打包", "nothing reduces it"),
    "payable_lines": Words("{quantity} 行，每行全额计点", "{quantity} lines, each in full"),
    "at_cost": Words(
        "点数目录无基准点数：按成本付费 {paid_cost} = 明细 {own} + 打包分摊 {packaged}，"
        "÷ 总均次费用 × 100，不乘等级系数",
        "no base points in the catalogue: paid at cost {paid_cost} = own lines {own} + its part of "
        "what is packaged {packaged}, / mean over all x 100, without coefficient",
    ),
    "at_cost_drug": Words(
        "药店处方，点数目录无基准点数：按明细金额 {paid_cost} ÷ 总均次费用 × 100 付费",
        "a prescription filled at a pharmacy, no base points in the catalogue: its lines "
        "{paid_cost} / mean over all x 100",
    ),
    "discounted": Words(
        "操作按基准点数排序，{first} 在先；其余操作 × {discount}",
        "{first} has more base points and is paid in full; further procedures x {discount}",
    ),
    "repeat_discounted": Words(
        "第 1 行全额，其余 {further} 行 × {discount}",
        "the first line in full, {further} further x {discount}",
    ),
    "consolidated": Words(
        "与 {kept} 同族（{family}），只保留基准点数最高者",
        "{kept} of its family {family} has more base points",
    ),
    "packaged_incidental": Words("附带项目随就诊打包", "incidentals are paid with the visit"),
    "packaged_medical": Words(
        "本次就诊有操作 {first}，诊疗打包其中", "the visit has the procedure {first}"
    ),
    "packaged_list": Words(
        "在统一打包清单上，且本次就诊有操作或诊疗条目",
        "on the packaging list, and the visit has a procedure or a medical group",
    ),
    "not_in_catalogue": Words(
        "点数目录中无此组，或没有规则收纳这些明细",
        "the catalogue has no base points for it, or no rule took its lines",
    ),
    "item_by_item": Words("该就诊类型按项目付费", "visits of this type are paid item by item"),
}


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
    return (
        _SENTENCES[reason]
        .said_in(language)
        .format(
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
