"""statements/<hospital_id>.xlsx: what each hospital is sent after a month."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from drgpay.base.file_names import file_names
from drgpay.base.language import Language
from drgpay.report.calculation import Calculation
from drgpay.report.differences_xlsx import difference_sheets_of_hospital
from drgpay.report.explanation import (
    Row,
    Rules,
    line_of_month,
    total_over_lines,
    value_of_pool,
    worked_case,
)
from drgpay.report.fact_lines import has_kept, joined, rule_lines, run_lines
from drgpay.report.reasons import reason_said
from drgpay.report.sheets import BookPart, Sheet, write_book
from drgpay.report.statement import (
    AMOUNTS,
    HospitalStatement,
    hospital_statements,
    values_by_hospital,
)
from drgpay.report.tables import ReportTable
from drgpay.report.wording import level_name, word
from drgpay.results.month import MonthTables, line_kind, pool_rows


@dataclass(frozen=True)
class StatementKind:
    """What tells the statement of a month from that of a year.

    title: its name in words. facts, rules: lines below it, after that of the hospital. tables: what
    the first sheet shows. explained: the calculations of the last sheet. further: sheets after the first.
    adjusted: whether points can be adjusted. words: the words of keys.
    """

    title: str
    facts: Sequence[str]
    rules: Sequence[str]
    tables: Callable[[HospitalStatement], Sequence[ReportTable]]
    explained: Callable[[HospitalStatement], Sequence[Calculation]]
    further: Callable[[HospitalStatement], Sequence[Sheet]] = lambda _statement: ()
    adjusted: bool = True
    words: Callable[[str, Language], str] = word


def statement_parts(tables: MonthTables, rules: Rules, language: Language) -> dict[str, BookPart]:
    """The sheets of each hospital of the month by its id."""
    facts, values = tables.facts, values_by_hospital(tables.statements)
    pools = {row["pool"]: row for row in pool_rows(tables.values).iter_rows(named=True)}
    statements = hospital_statements(
        shown_lines(tables.statements, rules),
        tables.cases,
        tables.adjustments,
        values,
        rules.group_names,
    )
    kind = StatementKind(
        title=word("statement_title", language),
        facts=run_lines(facts, language),
        rules=rule_lines(
            facts.method,
            facts.value_places,
            language,
            has_kept(facts.deducted_points, tables.values),
        ),
        tables=month_line_tables,
        explained=lambda statement: _explained(statement, pools, rules, language),
        further=lambda statement: difference_sheets_of_hospital(
            tables.differences, statement.hospital_id
        ),
    )
    return hospital_parts(statements, kind, language)


def month_line_tables(statement: HospitalStatement) -> list[ReportTable]:
    """What the lines of a month earned, and what of it is prepaid."""
    return [
        line_table("earned", statement.lines, _EARNED),
        line_table("payment", statement.lines, _PAID, "statement_note"),
    ]


def hospital_parts(
    statements: Sequence[HospitalStatement], kind: StatementKind, language: Language
) -> dict[str, BookPart]:
    """The sheets of each statement, by hospital_id."""
    return {
        statement.hospital_id: BookPart(
            f"{statement.name} {kind.title}",
            [_hospital_line(statement, language), *kind.facts, *kind.rules],
            _sheets(statement, kind, language),
            lambda key: kind.words(key, language),
        )
        for statement in statements
    }


def write_hospital_books(
    parts: Sequence[Mapping[str, BookPart]], created: datetime, folder: Path, language: Language
) -> None:
    """Write <folder>/<hospital_id>.xlsx for each hospital, with its sheets of each of `parts`."""
    folder.mkdir(parents=True, exist_ok=True)
    for hospital, name in workbook_names(hospital for part in parts for hospital in part).items():
        mine = [part[hospital] for part in parts if hospital in part]
        write_book(folder / name, mine, language, created)


def workbook_names(ids: Iterable[str]) -> dict[str, str]:
    """The workbook of each hospital or contractor, by its id, sorted."""
    return file_names(ids, ".xlsx")


def _hospital_line(statement: HospitalStatement, language: Language) -> str:
    return joined(
        language,
        hospital=statement.name,
        hospital_id=statement.hospital_id,
        level=level_name(statement.level, language),
    )


def _sheets(statement: HospitalStatement, kind: StatementKind, language: Language) -> list[Sheet]:
    sums = frozenset({"cases", *AMOUNTS})
    classes = ReportTable(
        "classes", statement.classes, sums=sums, prefixes=_CLASS, note="difference_note"
    )
    groups = [
        ReportTable("gains", statement.gains, sums=sums),
        ReportTable("losses", statement.losses, sums=sums),
    ]
    return [
        Sheet("statement", kind.tables(statement), signed=True),
        *kind.further(statement),
        Sheet("classes", [classes]),
        Sheet("groups", groups, notes=["difference_note"]),
        *(
            [Sheet("adjustments", [_adjustments(statement.adjustments, language)])]
            if kind.adjusted
            else []
        ),
        Sheet("explanation", kind.explained(statement), notes=["explanation_note"]),
    ]


_CLASS = {"case_class": "class"}
_ADJUSTMENT_COLUMNS = [
    *("case_id", "kind", "applies_to", "account"),
    *("points", "amount", "reason", "evidence", "paid_in"),
]
_LINE = ["account", "line"]
_EARNED = [
    *("cases", "points", "minus_points", "deducted_points", "point_value", "total_cost"),
    *("standard_amount", "kept", "patient_cost", "other_cost", "fund_amount"),
]
_PAID = [
    *("fund_amount", "fund_cost", "difference"),
    *("prepay_ratio", "deducted", "prepayment", "carried", "home_fund_bill"),
]


def _adjustments(adjustments: pl.DataFrame, language: Language) -> ReportTable:
    frame = adjustments[_ADJUSTMENT_COLUMNS]
    reasons = [reason_said(reason, language) for reason in frame["reason"].to_list()]
    return ReportTable(
        "adjustments",
        frame.with_columns(reason=pl.Series(reasons, dtype=pl.String)),
        worded=frozenset({"account"}),
        prefixes={"kind": "kind", "applies_to": "applies_to"},
        sums=frozenset({"points", "amount"}),
        note="adjustments_note",
    )


def line_table(
    key: str, lines: pl.DataFrame, columns: Sequence[str], note: str = ""
) -> ReportTable:
    """Some columns of statement lines, a row a line, adding up all but values and ratios."""
    return ReportTable(
        key,
        lines[[*_LINE, *columns]],
        worded=frozenset(_LINE),
        sums=frozenset(columns) - {"point_value", "prepay_ratio", "assessment_factor"},
        note=note,
    )


def shown_lines(statements: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Lines of a month with what a statement shows beside their amounts: line, prepay_ratio."""
    ratio = pl.lit(rules.settlement.prepay_ratio).cast(pl.Decimal(18, 4))
    paid_here = pl.lit(rules.settlement.out_of_area == "pooled") | ~pl.col("out_of_area")
    return statements.with_columns(line=line_kind(), prepay_ratio=pl.when(paid_here).then(ratio))


def _explained(
    statement: HospitalStatement, pools: Mapping[str, Row], rules: Rules, language: Language
) -> list[Calculation]:
    """Point values, then line by line to the prepayment, then one case."""
    blocks = explained_lines(statement, pools, rules, language)
    if statement.example:
        pool = pool_of_example(statement, pools)
        blocks.append(worked_case(statement.example, pool, rules, language))
    return blocks


def explained_lines(
    statement: HospitalStatement, pools: Mapping[str, Row], rules: Rules, language: Language
) -> list[Calculation]:
    """Point values, then line by line to the prepayment. pools: rows of values by their names."""
    lines = statement.lines.rows(named=True)
    mine = dict.fromkeys(line["pool"] for line in lines if line["payment"] == "points")
    # By rates each line has its own value, which its calculation begins with.
    blocks = [
        value_of_pool(pools[pool], "budget", rules, language)
        for pool in mine
        if rules.settlement.method != "rate"
    ]
    blocks += [line_of_month(line, pools[line["pool"]], rules, language) for line in lines]
    prepaid = [line for line in lines if rules.paid_here(line)]
    if len(prepaid) > 1:
        blocks.append(total_over_lines(prepaid, "prepayment", language, "total_prepayment"))
    return blocks


def pool_of_example(statement: HospitalStatement, pools: Mapping[str, Row]) -> Row:
    """The pool that pays the example of a statement, which has one, with the value of its line."""
    assert statement.example
    account = statement.example.case["account"]
    lines = statement.lines.iter_rows(named=True)
    return next(
        {**pools[line["pool"]], "point_value": line["point_value"]}
        for line in lines
        if line["account"] == account and line["payment"] == "points"
    )
