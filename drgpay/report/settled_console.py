"""The tables of what was settled, in a terminal: of a month or a year, of stays or visits."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl

from drgpay.base.exact import round_half_up
from drgpay.base.language import Language
from drgpay.report.differences_xlsx import difference_totals
from drgpay.report.fact_lines import records_line
from drgpay.report.group_tables import console_of_groups
from drgpay.report.point_notes import stay_rules_console
from drgpay.report.settled_tables import with_pool_names
from drgpay.report.visit_tables import class_of_groups, console_of_capitation, reason_table
from drgpay.report.visit_wording import words_of
from drgpay.report.wording import level_name, pool_name
from drgpay.results.month import LINE_KINDS, class_totals, line_kind, minus_totals
from drgpay.results.part import VISITS
from drgpay.results.results import DifferenceTables, Results
from drgpay.show.tables import Block, ReportTable, Sentence
from drgpay.show.tables_console import console_tables
from drgpay.show.terminal import Showable
from drgpay.tables.shown import listed_columns

_MOST_ROWS = 40
_REFUSED_ROWS = 20
_SHARE = "difference_share"
_PLACES = 4  # of it
_KEYS = ("hospital_id", "level")


def settled_view(results: Results, language: Language) -> list[Showable]:
    """Every table of a part, and what there is to say beside them."""
    ruled, agreement = results.get("stay_rules"), results.get("group_agreement")
    return [
        shown_tables(results, settled_tables(results, language), language),
        *([stay_rules_console(ruled, language)] if ruled is not None else []),
        *([console_of_groups(agreement, language)] if agreement is not None else []),
        shown_tables(results, remarks(results, language), language),
    ]


def shown_tables(results: Results, blocks: Sequence[Block], language: Language) -> Showable:
    """Tables and sentences in the words of the part."""
    words = words_of(results.part)
    return console_tables(blocks, lambda key: words(key, language), _MOST_ROWS)


def settled_tables(results: Results, language: Language) -> list[ReportTable]:
    """Pools, hospitals, classes or entries, accounts of contractors, a correction, what was refused."""
    return [
        pool_table(results, language),
        hospital_table(results, language),
        *_kinds(results),
        *console_of_capitation(results.capitation, language),
        *([_corrected(results, results.differences)] if results.differences else []),
        *refused_tables(results),
    ]


def remarks(results: Results, language: Language) -> list[Block]:
    """What a run says beside its tables."""
    about = [] if results.is_year else [records_line(results, language)]
    return [Sentence(said) for said in (*results.notes, *about)]


def pool_table(results: Results, language: Language) -> ReportTable:
    """What each pool has, and what a point is worth; with method rate also each of its rates."""
    pools = _with_rate_names(results.pools, language)
    if results.is_year:
        return ReportTable("pools", pools.select(listed_columns("pool_of_year")), turned=True)
    may_go = ("other_cost", "patient_cost", "remainder", "points")
    return ReportTable("values", pools.select(listed_columns("pool_of_month")), may_go=may_go)


def _with_rate_names(pools: pl.DataFrame, language: Language) -> pl.DataFrame:
    """`pool` in words; a row of a rate is called by its account and level."""
    rates = {level: level_name(level, language) for level in pools["level"].drop_nulls()}
    accounts = {account: pool_name(account, language) for account in pools["account"].drop_nulls()}
    of_rate = pl.format(
        "{} · {}", pl.col("account").replace(accounts), pl.col("level").replace(rates)
    )
    return with_pool_names(pools, language).with_columns(
        pool=pl.when(pl.col("level").is_null()).then("pool").otherwise(of_rate)
    )


def hospital_table(results: Results, language: Language) -> ReportTable:
    """Each hospital over all its lines, their sum, and what it is made of by kind of line.

    Of a year only what the fund of the region pays, with what is still due.
    """
    columns = listed_columns("hospitals_of_year" if results.is_year else "hospitals_of_month")
    sums = [name for name in columns if name not in ("name", *_KEYS, _SHARE)]
    due = columns[columns.index(_SHARE) + 1 :]
    statements = results.statements
    if results.is_year:
        statements = statements.filter("paid_here")
    lines = statements.group_by("hospital_id", "name", "level").agg(pl.col(sums).sum())
    frame = _with_share(lines.sort("hospital_id"))
    # Two hospitals of one name are told apart by their ids.
    ids = ("hospital_id",) if frame["name"].n_unique() == frame.height else ()
    return ReportTable(
        "hospitals",
        frame.select(columns),
        total=_with_share(frame.select(pl.col(sums).sum())).row(0, named=True),
        below=_by_line(statements, sums, results, language),
        prefixes={"level": "level"},
        signed=frozenset({_SHARE}),
        may_go=("level", *ids, "points", "cases", *reversed(due[:-1]), "fund_cost", due[-1]),
        note="" if results.is_year else "lines_note",
        most_rows=max(frame.height, 1),
    )


def _by_line(
    statements: pl.DataFrame, sums: Sequence[str], results: Results, language: Language
) -> list[dict[str, Any]]:
    """A row a kind of line, headed by its words."""
    words = words_of(results.part)
    kinds = _with_share(
        statements.with_columns(line=line_kind())
        .group_by("line")
        .agg(pl.col(sums).sum())
        .sort(pl.col("line").replace_strict({kind: n for n, kind in enumerate(LINE_KINDS)}))
    )
    return [{"name": words(row["line"], language), **row} for row in kinds.iter_rows(named=True)]


def _with_share(sums: pl.DataFrame) -> pl.DataFrame:
    """`difference_share`: the difference by what item-by-item payment would be."""
    pairs = sums.select("difference", "fund_cost").iter_rows()
    shares = [_share(difference, cost) for difference, cost in pairs]
    return sums.with_columns(difference_share=pl.Series(shares, dtype=pl.Decimal(18, _PLACES)))


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return round_half_up(part / whole, _PLACES) if whole else None


def _kinds(results: Results) -> list[ReportTable]:
    """Stays by class, with what hospitals lose beside; entries of visits by class and reason."""
    groups = results.get("groups")
    if groups is not None:
        return [class_of_groups(groups), reason_table(groups)]
    if results.part == VISITS:
        return []
    classes = class_totals(results.scan("cases")).drop("total_cost")
    minus = [{**row, "cases": 0} for row in minus_totals(results.adjustments)]
    rows = pl.DataFrame(minus, schema=classes.schema) if minus else classes.clear()
    return [
        ReportTable(
            "classes",
            pl.concat([classes, rows], how="vertical_relaxed"),
            prefixes={"case_class": "class"},
            sums=frozenset(classes.columns) - {"case_class"},
            may_go=("points", "cases"),
        )
    ]


def _corrected(results: Results, differences: DifferenceTables) -> ReportTable:
    """What a correction pays or takes back, a row a hospital."""
    table = difference_totals(differences)
    names = results.statements.select("hospital_id", "name").unique()
    columns = table.frame.columns
    named = table.frame.join(names, on="hospital_id", how="left", maintain_order="left")
    return replace(
        table,
        frame=named.select("name", "hospital_id", *columns[1:]),
        may_go=("prepayment_paid", "prepayment_now"),
    )


def refused_tables(results: Results) -> list[ReportTable]:
    """What was refused by reason and hospital, with its money; none if nothing was."""
    refused = results.get("refused")
    if refused is None or not refused.height:
        return []
    return [
        ReportTable(
            "refused",
            refused.select(listed_columns("refused")),
            worded=frozenset({"code"}),
            sums=frozenset({"rows", "total_cost"}),
            most_rows=_REFUSED_ROWS,
        )
    ]
