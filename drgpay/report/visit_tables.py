"""Tables of the outpatient part of a run, for a terminal and for workbooks alike."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from drgpay.base.language import Language
from drgpay.report.settled_tables import shown, with_pool_names
from drgpay.report.statement import TOP_GROUPS
from drgpay.results.results import CapitationTables
from drgpay.show.tables import ReportTable
from drgpay.visits.columns import ANCILLARY, DRUG, INCIDENTAL, MEDICAL, PROCEDURE, REASONS

ENTRY_AMOUNTS = ["entries", "quantity", "lines_cost", "points"]
_CLASSES = (PROCEDURE, MEDICAL, ANCILLARY, DRUG, INCIDENTAL)
_ACCOUNT_SHOWN = [
    *("name", "account", "heads", "capitation_amount", "visits"),
    *("charged", "capitation_balance", "settled"),
]
_TIE_OUT_SHOWN = [
    *("pool", "budget", "from_home_funds", "contracted", "uncontracted", "kept", "remainder"),
    "item_fund_amount",
]
_GROUP = {"class": "group", "reason": "reason"}


def console_of_capitation(
    capitation: CapitationTables | None, language: Language
) -> list[ReportTable]:
    """The accounts of contractors, the visits apart, and the tie-out; none without accounts."""
    if not capitation:
        return []
    return [
        _of_columns(
            _with_names(account_table(capitation.accounts)),
            _ACCOUNT_SHOWN,
            may_go=("visits", "heads", "capitation_amount", "charged"),
        ),
        replace(apart_table(capitation.apart), may_go=("visits",)),
        _of_columns(
            tie_out_table(capitation, language),
            _tie_out_shown(capitation),
            may_go=("item_fund_amount", "kept", "from_home_funds", "uncontracted", "contracted"),
        ),
    ]


def _tie_out_shown(capitation: CapitationTables) -> list[str]:
    """What is kept stands there where something is."""
    kept = any(capitation.tie_out["kept"])
    return [name for name in _TIE_OUT_SHOWN if kept or name != "kept"]


def _of_columns(table: ReportTable, columns: Sequence[str], may_go: tuple[str, ...]) -> ReportTable:
    """The table with some of its columns: a terminal is narrower than a sheet, some even more."""
    sums = table.sums & set(columns)
    return replace(table, frame=table.frame.select(columns), sums=sums, may_go=may_go)


def _with_names(table: ReportTable) -> ReportTable:
    """Contractors without a name are called by their ids."""
    name = pl.coalesce("name", "contractor_id")
    return replace(table, frame=table.frame.with_columns(name=name))


def entry_tables(groups: pl.DataFrame, names: Mapping[str, str]) -> list[ReportTable]:
    """Entries by class, by reason, and the APGs with the most points. groups: `groups_table`."""
    return [class_of_groups(groups), reason_table(groups), top_group_table(groups, names)]


def class_of_groups(groups: pl.DataFrame) -> ReportTable:
    """One row a class of APGs. groups: `groups_table`, of any providers."""
    sums = groups.group_by("class").agg(pl.col(ENTRY_AMOUNTS).sum())
    return _entry_table("apg_classes", sums.sort(_place("class", _CLASSES), "class"))


def reason_table(groups: pl.DataFrame) -> ReportTable:
    """One row a class and reason: what was paid, discounted and packaged."""
    sums = groups.group_by("class", "reason").agg(pl.col(ENTRY_AMOUNTS).sum())
    order = (_place("class", _CLASSES), "class", _place("reason", REASONS))
    return _entry_table("reasons", sums.sort(*order), "groups_note")


def top_group_table(groups: pl.DataFrame, names: Mapping[str, str]) -> ReportTable:
    """The APGs with the most points."""
    sums = (
        groups.group_by("class", "apg")
        .agg(pl.col(ENTRY_AMOUNTS).sum())
        .sort("points", "apg", "class", descending=[True, False, False])
        .head(TOP_GROUPS)
        .with_columns(apg_name=_named("apg", names))
    )
    return ReportTable(
        "top_apgs",
        sums.select("class", "apg", "apg_name", *ENTRY_AMOUNTS),
        prefixes=_GROUP,
        note="groups_note",
    )


def entry_list(entries: pl.DataFrame, names: Mapping[str, str]) -> ReportTable:
    """The entries of one visit, each with its reason. entries: ENTRY_COLUMNS, and more amounts."""
    more = [name for name in ("points", "standard_amount") if name in entries.columns]
    shown = entries.with_columns(apg_name=_named("apg", names)).select(
        *("visit_id", "class", "apg", "apg_name", "quantity", "lines_cost"),
        *("base_points", "factor", "coefficient", *_paid_cost(entries), "reason"),
        *more,
    )
    return ReportTable(
        "visit_entries",
        shown,
        prefixes=_GROUP,
        sums=frozenset({"quantity", "lines_cost", "standard_amount"} & set(shown.columns)),
    )


def _paid_cost(entries: pl.DataFrame) -> list[str]:
    """The column of what entries at cost are paid for, where there is one."""
    return ["paid_cost"] if entries["paid_cost"].is_not_null().any() else []


def account_table(accounts: pl.DataFrame) -> ReportTable:
    """One row a contractor and account. accounts: of `CapitationTables`."""
    keyed = ["contractor_id", "name", "account"]
    frame = accounts.rename({"capitation": "capitation_amount", "balance": "capitation_balance"})
    return ReportTable(
        "accounts",
        frame,
        worded=frozenset({"account"}),
        sums=frozenset(frame.columns) - set(keyed),
        note="accounts_note",
    )


def apart_table(apart: pl.DataFrame) -> ReportTable:
    """One row a reason, contractor and account."""
    return shown("apart", apart)


def line_findings(findings: pl.DataFrame) -> ReportTable:
    """What was found in lines of visits. findings: rows by table, kind and code."""
    return ReportTable(
        "line_findings",
        findings.filter(pl.col("table") == "lines")
        .rename({"kind": "finding_kind"})
        .select("finding_kind", "code", "rows"),
        worded=frozenset({"code"}),
        prefixes={"finding_kind": "finding"},
        sums=frozenset({"rows"}),
    )


def tie_out_table(capitation: CapitationTables, language: Language) -> ReportTable:
    """One row a pool: what contractors and others make of the budget."""
    frame = with_pool_names(capitation.tie_out, language)
    sums = frozenset(frame.columns) - {"pool"}
    return ReportTable("tie_out", frame, sums=sums, note="tie_out_note")


def _entry_table(key: str, sums: pl.DataFrame, note: str = "") -> ReportTable:
    return ReportTable(
        key,
        sums,
        prefixes=_GROUP,
        sums=frozenset(ENTRY_AMOUNTS),
        note=note,
        may_go=("quantity", "entries", "lines_cost"),
    )


def _place(column: str, order: Sequence[str]) -> pl.Expr:
    """The place of a value in an order; others come last."""
    places = {value: place for place, value in enumerate(order)}
    return pl.col(column).replace_strict(places, default=len(order), return_dtype=pl.Int64)


def _named(column: str, names: Mapping[str, str]) -> pl.Expr:
    return (
        pl.col(column)
        .cast(pl.String)
        .replace_strict(list(names), list(names.values()), default="", return_dtype=pl.String)
    )
