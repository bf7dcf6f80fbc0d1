"""Tables of what a month or a year settled, for a terminal and for workbooks alike."""

from collections.abc import Sequence

import polars as pl

from drgpay.base.language import Language
from drgpay.report.statement import AMOUNTS, class_totals, group_sums
from drgpay.report.wording import pool_name
from drgpay.results.month import line_kind, line_totals
from drgpay.show.tables import ReportTable
from drgpay.tables.shown import shown_table


def with_pool_names(frame: pl.DataFrame, language: Language) -> pl.DataFrame:
    """The column `pool` in words."""
    names = {pool: pool_name(pool, language) for pool in frame["pool"].unique().to_list()}
    return frame.with_columns(pl.col("pool").replace(names))


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


def hospital_table(statements: pl.DataFrame) -> ReportTable:
    """statements.parquet, a row a line."""
    return shown("hospitals", statements.with_columns(line=line_kind()))


def class_table(cases: pl.DataFrame | pl.LazyFrame, valued: pl.DataFrame) -> ReportTable:
    """One row a case class, and one for the minus points of hospitals.

    cases: cases.parquet. valued: adjustments with `amount` (statement.valued_adjustments).
    """
    return ReportTable(
        "classes",
        class_totals(group_sums(cases), valued, []),
        prefixes={"case_class": "class"},
        sums=frozenset({"cases", *AMOUNTS}),
        note="difference_note",
    )


def finding_tables(key: str, findings: pl.DataFrame, columns: Sequence[str]) -> list[ReportTable]:
    """How many rows each finding has, then the rows."""
    counts = findings.group_by("code", "column").agg(rows=pl.len()).sort("code", "column")
    said_codes = frozenset({"code"})
    return [
        ReportTable(key, counts, worded=said_codes, sums=frozenset({"rows"})),
        ReportTable(f"{key}_rows", findings.select(columns), worded=said_codes),
    ]


def shown(key: str, frame: pl.DataFrame, first: Sequence[str] = ()) -> ReportTable:
    """A table as drgpay/tables/shown.toml declares it; `first` are columns before its own."""
    table = shown_table(key)
    return ReportTable(
        table.title,
        frame.select(*first, *table.columns),
        worded=table.worded,
        prefixes=table.prefixes,
        sums=table.sums,
        note=table.note,
    )
