"""summary.xlsx: the pool's summary as an official would send it."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from drgpay.base.language import Language
from drgpay.report.differences_xlsx import difference_sheet
from drgpay.report.fact_lines import has_kept, joined, rule_lines, run_lines
from drgpay.report.sheets import BookPart, Sheet
from drgpay.report.statement import (
    AMOUNTS,
    class_totals,
    group_sums,
    valued_adjustments,
    values_by_hospital,
)
from drgpay.report.tables import ReportTable
from drgpay.report.wording import pool_name, word
from drgpay.results.month import MonthTables, line_kind, line_totals

_FINDING_COLUMNS = ["case_id", "hospital_id", "settlement_date", "code", "column", "message"]


def first_day(period: str) -> datetime:
    """The first day of a month YYYY-MM: when its workbooks say they were made."""
    year, month = (int(part) for part in period.split("-"))
    return datetime(year, month, 1)


def summary_part(tables: MonthTables, language: Language) -> BookPart:
    """The sheets of the stays: values, hospitals, classes, adjustments, ledger, findings."""
    worth = values_by_hospital(tables.statements)
    valued = valued_adjustments(tables.adjustments, worth)
    sheets = [
        Sheet(
            "values",
            [value_table(tables.values, language), line_total_table(tables.statements)],
            signed=True,
        ),
        Sheet("hospitals", [hospital_table(tables.statements)], signed=True),
        *([difference_sheet(tables.differences, ("hospital_id",))] if tables.differences else []),
        Sheet("classes", [class_table(tables.cases, valued)], signed=True),
        Sheet("adjustments", [adjustment_totals(valued)], signed=True),
        Sheet("ledger", ledger_tables(tables.ledger, language), signed=True),
        *(
            Sheet(key, finding_tables(key, findings), signed=True)
            for key, findings in (("quarantine", tables.quarantine), ("warnings", tables.warnings))
        ),
    ]
    facts = _facts(tables, language)
    return BookPart(word("title", language), facts, sheets, lambda key: word(key, language))


def adjustment_totals(valued: pl.DataFrame) -> ReportTable:
    """One row a kind and what it applies to: rows, cases, points, amount.

    valued: adjustments with `amount` (statement.valued_adjustments).
    """
    kinds = (
        valued.group_by("kind", "applies_to")
        .agg(
            pl.len().alias("adjustment_rows"),
            pl.col("case_id").n_unique().alias("cases"),
            pl.col("points", "amount").sum(),
        )
        .sort("applies_to", "kind")
    )
    return ReportTable(
        "adjustments",
        kinds,
        prefixes={"kind": "kind", "applies_to": "applies_to"},
        sums=frozenset({"adjustment_rows", "points", "amount"}),
        note="adjustments_note",
    )


def ledger_tables(ledger: pl.DataFrame, language: Language) -> list[ReportTable]:
    """The balance of each ledger account of a pool, and what each kind of entry moved.

    ledger: pool, kind, debit, credit (accounts), amount, one row a double entry.
    """
    sides = [
        ledger.select("pool", ledger_account=side, amount="amount", side=pl.lit(side))
        for side in ("debit", "credit")
    ]
    amount, side = pl.col("amount"), pl.col("side")
    balances = (
        pl.concat(sides)
        .group_by("pool", "ledger_account")
        .agg(
            amount.filter(side == "debit").sum().alias("debit"),
            amount.filter(side == "credit").sum().alias("credit"),
        )
        .with_columns(balance=pl.col("debit") - pl.col("credit"))
        .sort("pool", "ledger_account")
    )
    kinds = (
        ledger.group_by("pool", "kind", "debit", "credit")
        .agg(pl.len().alias("adjustment_rows"), amount.sum())
        .sort("pool", "kind", "debit", "credit")
        .select(
            "pool",
            pl.col("kind").alias("entry_kind"),
            pl.col("debit").alias("debit_account"),
            pl.col("credit").alias("credit_account"),
            "adjustment_rows",
            "amount",
        )
    )
    return [
        ReportTable(
            "balances",
            with_pool_names(balances, language),
            prefixes={"ledger_account": "ledger"},
            sums=frozenset({"debit", "credit", "balance"}),
            note="ledger_note",
        ),
        ReportTable(
            "bookings",
            with_pool_names(kinds, language),
            prefixes={
                "entry_kind": "entry",
                "debit_account": "ledger",
                "credit_account": "ledger",
            },
            sums=frozenset({"adjustment_rows", "amount"}),
        ),
    ]


def _facts(tables: MonthTables, language: Language) -> list[str]:
    facts = tables.facts
    kept = has_kept(facts.deducted_points, tables.values)
    records = word("records_text", language).format(
        read=facts.read,
        valid=facts.valid,
        quarantined=facts.quarantined,
        warnings=facts.warnings,
    )
    return [
        *run_lines(facts, language),
        joined(language, records=records),
        *rule_lines(facts.method, facts.value_places, language, kept),
    ]


def with_pool_names(frame: pl.DataFrame, language: Language) -> pl.DataFrame:
    """The column `pool` in words."""
    names = {pool: pool_name(pool, language) for pool in frame["pool"].unique().to_list()}
    return frame.with_columns(pl.col("pool").replace(names))


def value_table(values: pl.DataFrame, language: Language) -> ReportTable:
    """values.parquet, a row a pool; below, with method rate, one for each account and level."""
    frame = with_pool_names(values.drop("accounts", *_saying_nothing(values)), language)
    names = {"pool", "account", "level"}
    no_sums = {*names, "point_value", "item_share"}
    # The rows of rates are parts of the rows of pools.
    sums = frozenset() if "level" in frame.columns else frozenset(frame.columns) - no_sums
    worded = frozenset({"account"}) & set(frame.columns)
    prefixes = {"level": "level"} if "level" in frame.columns else {}
    return ReportTable("values", frame, worded=worded, prefixes=prefixes, sums=sums)


def _saying_nothing(values: pl.DataFrame) -> list[str]:
    """Columns that only some policies and months fill."""
    unused = [] if values["level"].count() else ["account", "level"]
    unused += [
        name for name in ("waiting_points", "deducted_points", "kept") if not any(values[name])
    ]
    if values["budget_given"].equals(values["budget"]):
        unused.append("budget_given")
    return unused


def line_total_table(statements: pl.DataFrame) -> ReportTable:
    """statements.parquet, a row a kind of line."""
    totals = line_totals(statements)
    sums = frozenset(totals.columns) - {"line"}
    return ReportTable("lines", totals, worded=frozenset({"line"}), sums=sums, note="lines_note")


_HOSPITAL_COLUMNS = ["hospital_id", "name", "level", "account", "line"]
_HOSPITAL_AMOUNTS = [
    *("cases", "points", "minus_points", "waiting_points", "deducted_points", "total_cost"),
    *("standard_amount", "kept", "patient_cost", "other_cost", "fund_amount", "fund_cost"),
    "difference",
    *("deducted", "prepayment", "carried", "home_fund_bill"),
]


def hospital_table(statements: pl.DataFrame) -> ReportTable:
    """statements.parquet, a row a line."""
    frame = statements.with_columns(line=line_kind())
    return ReportTable(
        "hospitals",
        frame.select(*_HOSPITAL_COLUMNS, *_HOSPITAL_AMOUNTS),
        worded=frozenset({"account", "line"}),
        prefixes={"level": "level"},
        sums=frozenset(_HOSPITAL_AMOUNTS),
        note="negative_note",
    )


def class_table(cases: pl.DataFrame, valued: pl.DataFrame) -> ReportTable:
    """One row a case class, and one for the minus points of hospitals.

    cases: cases.parquet. valued: adjustments with `amount` (statement.valued_adjustments).
    """
    return kind_table(class_totals(group_sums(cases), valued, []))


def kind_table(totals: pl.DataFrame) -> ReportTable:
    """One row a class. totals: of `class_totals`, over all hospitals."""
    return ReportTable(
        "classes",
        totals,
        prefixes={"case_class": "class"},
        sums=frozenset({"cases", *AMOUNTS}),
        note="difference_note",
    )


def finding_tables(
    key: str, findings: pl.DataFrame, columns: Sequence[str] = _FINDING_COLUMNS
) -> list[ReportTable]:
    """How many rows each finding has, then the rows."""
    counts = findings.group_by("code", "column").agg(rows=pl.len()).sort("code", "column")
    said_codes = frozenset({"code"})
    return [
        ReportTable(key, counts, worded=said_codes, sums=frozenset({"rows"})),
        ReportTable(f"{key}_rows", findings.select(columns), worded=said_codes),
    ]
