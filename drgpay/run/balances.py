"""Whether the files of a run agree with each other, to the fen and to the 4th place.

Every check is exact: sums of decimals, and Python's fractions for the few lines and pools. The
figures are those of the files; nothing is taken from the calculation that wrote them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.exact import FEN_PLACES, half_up, unscaled
from drgpay.base.language import Words
from drgpay.grouper.scheme import Scheme
from drgpay.policy.adjustment_rows import EARLIER_DEDUCTION
from drgpay.results.case_records import CASE_RECORDS
from drgpay.results.part import VISITS
from drgpay.results.run_folder import PaidPart
from drgpay.results.run_tables import AMOUNTS, RunTables
from drgpay.run.comparison import (
    WORDS,
    Compared,
    Trial,
    column_at,
    disagreement,
    first_of,
    place_of,
    title_of,
    unequal,
)
from drgpay.run.ledger_balance import ledger_disagreement
from drgpay.run.part_balances import case_parts
from drgpay.run.record_balance import records_of_cases
from drgpay.run.visit_balances import (
    CAPITATION_CHECKS,
    VISIT_CHECKS,
    VISIT_YEAR_CHECKS,
)
from drgpay.settle.lines import LINE

Row = Mapping[str, Any]
_NOTHING = Decimal(0)
_RunCheck = tuple[str, Callable[[RunTables], Compared]]


def balance_checks(tables: RunTables) -> list[Trial]:
    """The balances of the stays or the visits of a month or a clearing, to be tried."""
    if tables.part == VISITS:
        return _visit_balance_checks(tables)
    of_stays = _CLEARING if tables.manifest.is_clearing else _MONTH
    further = (*_of_correction(tables), *_of_records(tables))
    return [_trial(tables, check) for check in (*of_stays, *further)]


def _visit_balance_checks(tables: RunTables) -> list[Trial]:
    """The checks of stays, over the files of visits, and those that only visits have."""
    of_year = tables.manifest.is_clearing
    contracts = CAPITATION_CHECKS if tables.about.has_accounts else []
    month = [_PREPAYMENTS, *_of_correction(tables), *_of_records(tables)]
    money = _SETTLED_UP if of_year else month
    shared = [_trial(tables, check) for check in (*_LINES_AND_POOLS, *money, _LEDGER)]
    own = VISIT_YEAR_CHECKS if of_year else VISIT_CHECKS
    return [
        *(_trial(tables, check) for check in own),
        *(
            replace(one, key=f"visit_{one.key}", title=title_of("of_visits", title=one.title))
            for one in shared
        ),
        *(_trial(tables, check) for check in contracts),
    ]


def _of_correction(tables: RunTables) -> list[_RunCheck]:
    return [_DIFFERENCES] if tables.manifest.corrects else []


def _of_records(tables: RunTables) -> list[_RunCheck]:
    """Programs of before kept none, nor does a clearing: they lie in its months."""
    kept = not tables.manifest.is_clearing and tables.has(CASE_RECORDS)
    return [("case_records", records_of_cases)] if kept else []


def _trial(tables: RunTables, check: _RunCheck) -> Trial:
    """A check with its title, which is another where a clearing compares other things."""
    key, compare = check
    of_year = f"{key}_of_year"
    own = tables.manifest.is_clearing and f"check.{of_year}" in WORDS
    return Trial(key, title_of(of_year if own else key), lambda: compare(tables))


def _counts(tables: RunTables) -> Compared:
    counts, inputs = tables.manifest.counts, tables.manifest.inputs
    read = sum(file["rows"] for file in inputs["stays"])
    return _equal(
        ("read", counts["read"], "valid + quarantined", counts["valid"] + counts["quarantined"]),
        ("read", counts["read"], "inputs.stays", read),
        ("valid", counts["valid"], "cases.parquet", tables.rows("cases")),
        ("quarantined", counts["quarantined"], "quarantine.parquet", tables.rows("quarantine")),
        ("warnings", counts["warnings"], "warnings.parquet", tables.rows("warnings")),
    )


def _counts_of_year(tables: RunTables) -> Compared:
    counts, months = tables.manifest.counts, tables.manifest.inputs["months"]
    return _equal(
        ("months", counts["months"], "inputs.months", len(months)),
        ("cases", counts["cases"], "cases.parquet", tables.rows("cases")),
    )


def _case_points(tables: RunTables) -> Compared:
    changes = (
        tables.adjustments.filter(pl.col("applies_to") == "case")
        .group_by("case_id")
        .agg(pl.col("points").sum())
    )
    changed = tables.cases.filter(pl.col("points") != pl.col("points_before")).select(
        "case_id", points=pl.col("points") - pl.col("points_before")
    )
    change = WORDS.words("finding.change")
    found = disagreement(changed, changes, ["case_id"], ["points"], change, "adjustments")
    return tables.cases.height, found


def _lines(tables: RunTables) -> Compared:
    """Cases and minus rows add up to the lines, in every figure."""
    sums = ["points", *AMOUNTS, "standard_amount", "fund_amount"]
    of_cases = tables.cases.group_by(LINE).agg(
        pl.len().cast(pl.Int64).alias("cases"), pl.col(sums).sum()
    )
    of_minus = tables.minus.group_by(LINE).agg(
        pl.col("points").sum(),
        pl.col("points").sum().alias("minus_points"),
        pl.col("standard_amount").sum(),
        pl.col("standard_amount").sum().alias("fund_amount"),
    )
    columns = ["cases", "minus_points", *sums]
    parts = (
        pl.concat([of_cases, of_minus], how="diagonal_relaxed")
        .group_by(LINE)
        .agg(pl.col(columns).sum())
    )
    found = disagreement(tables.statements, parts, LINE, columns, "statements", "cases")
    return tables.cases.height + tables.minus.height, found or _deducted(tables)


def _deducted(tables: RunTables) -> Words | None:
    """What deductions took, of cases and hospitals, and what waits, is what the lines say."""
    deductions = tables.manifest.parameters["points"]["deductions"]
    kinds = [*(row["kind"] for row in deductions), EARLIER_DEDUCTION]
    rows = tables.adjustments.filter(pl.col("points") != 0)
    to_hospital, waits = pl.col("applies_to") == "hospital", pl.col("waiting")
    payment = dict(
        tables.cases.select("case_id", "payment")
        .join(rows.filter(~to_hospital).select("case_id").unique(), on="case_id", how="semi")
        .iter_rows()
    )
    of_rows = (
        rows.with_columns(
            payment=pl.when(to_hospital)
            .then("payment")
            .otherwise(
                pl.col("case_id").replace_strict(payment, default=None, return_dtype=pl.String)
            ),
        )
        .filter(pl.col("payment") == "points")
        .group_by(LINE)
        .agg(
            deducted_points=-pl.col("points").filter(pl.col("kind").is_in(kinds) & ~waits).sum(),
            waiting_points=pl.col("points").filter(waits).sum(),
        )
    )
    names = ["deducted_points", "waiting_points"]
    said = tables.statements.filter(pl.col("payment") == "points")
    return disagreement(said, of_rows, LINE, names, "statements", "adjustments")


def _prices(tables: RunTables) -> Compared:
    """standard = points x value and the distributed share; the fund pays what others did not.

    kept: what deducted points would have earned in the pool.
    """
    fund_only = tables.about.settlement["method"] == "fund_only"
    # A run of an older program says nothing: the points of deductions were the pool's.
    keeps = tables.about.settlement.get("deducted_points", "pool") == "fund"
    value_of = _line_values(tables)

    def figures(line: Row) -> list[tuple[str, Any, str, Any]]:
        by_item = line["payment"] == "item_by_item"
        priced = value_of(line)
        value = priced or _NOTHING
        shared, others = line["distributed"], line["patient_cost"] + line["other_cost"]
        earned = _to_fen(Fraction(line["points"]) * Fraction(value))
        whole = Fraction(line["points"]) + Fraction(line["deducted_points"])
        kept = _to_fen(whole * Fraction(value)) - earned if keeps and line["in_pool"] else _NOTHING
        standard = earned + shared
        fund = line["standard_amount"] - (_NOTHING if fund_only else others)
        difference = line["fund_amount"] - line["fund_cost"]
        return [
            (
                "standard_amount",
                line["standard_amount"],
                "total_cost" if by_item else "points × point_value",
                line["total_cost"] if by_item else standard,
            ),
            (
                "fund_amount",
                line["fund_amount"],
                "fund_cost" if by_item else "standard_amount − patient_cost − other_cost",
                line["fund_cost"] if by_item else fund,
            ),
            ("difference", line["difference"], "fund_amount − fund_cost", difference),
            ("kept", line["kept"], "(points + deducted_points) × point_value − points × …", kept),
            ("point_value", line["point_value"] or _NOTHING, "its pool or rate", value),
        ]

    return _each_line(tables.statements, figures)


def _line_values(tables: RunTables) -> Callable[[Row], Decimal | None]:
    """The value of a line by points: that of its pool, or the rate of account and level / 100."""
    if tables.about.settlement["method"] != "rate":
        values = dict(tables.pools.select("pool", "point_value").iter_rows())
        return lambda line: values.get(line["pool"]) if line["payment"] == "points" else None
    rates = {
        (rate["account"], rate["level"]): Decimal(str(rate["yuan"])) / 100
        for rate in tables.about.settlement["rates"]
    }
    return lambda line: (
        rates.get((line["account"], line["level"])) if line["payment"] == "points" else None
    )


def _values(tables: RunTables) -> Compared:
    """The published value is the exact one, rounded down at the places of the policy."""
    rules, inside = tables.about.settlement, tables.statements.filter("in_pool")
    places = rules["value_places"]
    if rules["method"] == "rate":
        return tables.rates.height, _rates(tables)
    keeps = rules.get("deducted_points", "pool") == "fund"
    for pool in tables.pools.iter_rows(named=True):
        if pool["point_value"] is None:
            continue
        available = pool["available"] + pool["from_home_funds"]
        total = inside.filter(pl.col("pool") == pool["pool"])["total_cost"].sum()
        amount = {
            "residual": available + pool["patient_cost"] + pool["other_cost"],
            "fund_only": available,
            "cost": total,
        }[rules["method"]]
        points = pool["points"] + (pool["deducted_points"] if keeps else 0)
        due = unscaled(int(Fraction(amount) / Fraction(points) * 10**places // 1), places)
        if pool["point_value"] != due:
            left = f"{pool['pool']}: point_value"
            found = unequal(left, pool["point_value"], f"{amount} ÷ {points}", due)
            return tables.pools.height, found
    return tables.pools.height, None


def _rates(tables: RunTables) -> Words | None:
    """The rows of accounts and levels: the rates of the policy, and the sums of their lines."""
    sums = ["cases", "total_cost", "patient_cost", "other_cost", "points", "deducted_points"]
    sums += ["fund_amount", "kept"]
    key = ["account", "level"]
    of_lines = tables.statements.filter("in_pool").group_by(key).agg(pl.col(sums).sum())
    said = tables.rates.filter((pl.col("cases") != 0) | (pl.col("points") != 0))
    earning = of_lines.filter((pl.col("cases") != 0) | (pl.col("points") != 0))
    due = {
        (rate["account"], rate["level"]): Decimal(str(rate["yuan"])) / 100
        for rate in tables.about.settlement["rates"]
    }
    found = disagreement(said, earning, key, sums, "values", "statements")
    return found or first_of(
        unequal(
            f"{row['account']} {row['level']}: point_value", row["point_value"], "rate / 100", own
        )
        for row in tables.rates.iter_rows(named=True)
        for own in [due.get((row["account"], row["level"]))]
        if own != row["point_value"]
    )


def _pools(tables: RunTables) -> Compared:
    """The lines add up to their pool; with the remainder they are its budget."""
    inside = tables.statements.filter("in_pool")
    columns = ["points", "deducted_points", "patient_cost", "other_cost", "fund_amount", "kept"]
    if tables.manifest.is_clearing:
        columns += _CLEARED
    sums = inside.group_by("pool").agg(
        pl.col(columns).sum(),
        pl.col("fund_cost").filter("out_of_area").sum().alias("from_home_funds"),
    )
    found = disagreement(
        tables.pools, sums, ["pool"], [*columns, "from_home_funds"], "pools", "statements"
    )
    if found:
        return tables.pools.height, found
    spent = ["fund_amount", "kept", "remainder"]
    cleared = ["payable", "withheld", "kept", "remainder"]
    parts = [spent, cleared] if tables.manifest.is_clearing else [spent]
    return tables.pools.height, _beside(tables) or first_of(
        unequal(
            f"{pool['pool']}: budget + from_home_funds",
            pool["available"] + pool["from_home_funds"],
            " + ".join(names),
            sum(pool[name] for name in names),
        )
        for pool in tables.pools.iter_rows(named=True)
        for names in parts
        if pool["available"] + pool["from_home_funds"] != sum(pool[name] for name in names)
    )


def _beside(tables: RunTables) -> Words | None:
    """What is paid item by item beside the points, and what of it comes off the budget."""
    item = (pl.col("payment") == "item_by_item") & ~pl.col("out_of_area")
    spent = tables.statements.group_by("pool").agg(
        item_by_item=pl.col("fund_cost").filter(item).sum()
    )
    less = bool((tables.about.rules.get("budget") or {}).get("less_item_by_item"))
    found = disagreement(tables.pools, spent, ["pool"], ["item_by_item"], "pools", "statements")
    return found or first_of(
        unequal(f"{pool['pool']}: budget", pool["budget"], "budget_given − item_by_item", due)
        for pool in tables.pools.iter_rows(named=True)
        for due in [pool["budget_given"] - (pool["item_by_item"] if less else 0)]
        if pool["budget"] != due
    )


_CLEARED = [
    *["assessment", "redistributed", "deduction", "withheld"],
    *["payable", "prepaid", "clearing"],
]


def _prepayments(tables: RunTables) -> Compared:
    ratio = Fraction(str(tables.about.settlement["prepay_ratio"]))

    def figures(line: Row) -> list[tuple[str, Any, str, Any]]:
        fund = line["fund_amount"] if line["paid_here"] else _NOTHING
        untaken = line["deduction"] - line["deducted"]
        return [
            (
                "prepayment + deducted",
                line["prepayment"] + line["deducted"],
                "fund_amount × prepay_ratio",
                _to_fen(Fraction(max(fund, _NOTHING)) * ratio),
            ),
            (
                "carried",
                line["carried"],
                "negative fund_amount − deduction + deducted",
                min(fund, _NOTHING) - untaken,
            ),
            ("home_fund_bill", line["home_fund_bill"], "its formula", _home_fund_bill(line)),
        ]

    return _each_line(tables.statements, figures)


def _final_budgets(tables: RunTables) -> Compared:
    """What the pool's local cases cost item by item, and how far the budget was from it."""
    local = tables.statements.filter(pl.col("in_pool") & ~pl.col("out_of_area"))
    spent = local.group_by("pool").agg(pl.col("fund_cost").sum())
    found = disagreement(tables.pools, spent, ["pool"], ["fund_cost"], "pools", "statements")
    return tables.pools.height, found or first_of(
        unequal(f"{pool['pool']}: {name}", pool[name], formula, due)
        for pool in tables.pools.iter_rows(named=True)
        for name, formula, due in (
            ("surplus", "budget − fund_cost", max(pool["budget"] - pool["fund_cost"], _NOTHING)),
            ("overrun", "fund_cost − budget", max(pool["fund_cost"] - pool["budget"], _NOTHING)),
            (
                "budget_final",
                "min(fund_cost, budget) + retained + shared",
                min(pool["fund_cost"], pool["budget"]) + pool["retained"] + pool["shared"],
            ),
        )
        if pool[name] != due
    )


def _payables(tables: RunTables) -> Compared:
    def figures(line: Row) -> list[tuple[str, Any, str, Any]]:
        fund = line["fund_amount"] if line["paid_here"] else _NOTHING
        taken = line["assessment"] - line["redistributed"] + line["deduction"]
        to_home = line["home_fund_bill"] - line["home_fund_billed"]
        return [
            ("payable", line["payable"], "fund_amount − assessment − deduction", fund - taken),
            ("withheld", line["withheld"], "fund_amount − payable", fund - line["payable"]),
            (
                "clearing",
                line["clearing"],
                "payable − prepaid",
                line["payable"] - line["prepaid"],
            ),
            ("home_fund_bill", line["home_fund_bill"], "its formula", _home_fund_bill(line)),
            ("home_fund_clearing", line["home_fund_clearing"], "bill − billed", to_home),
        ]

    return _each_line(tables.statements, figures)


def _differences(tables: RunTables) -> Compared:
    """paid + difference = now; cases add up to lines; the paid run and this one say the same."""
    cases, lines = tables.frame("differences"), tables.frame("difference_statements")
    figures = ["points", "standard", "fund_amount"]
    compared = cases.height + lines.height
    for name, frame, columns in (
        ("differences", cases, figures),
        ("difference_statements", lines, [*figures, "prepayment", "home_fund_bill"]),
    ):
        for column in columns:
            parts = pl.col(f"{column}_paid") + pl.col(f"{column}_difference")
            wrong = frame.filter(parts != pl.col(f"{column}_now"))
            if wrong.height:
                row = wrong.row(0, named=True)
                left = column_at(place_of(row, table=name), f"{column}_now")
                due = row[f"{column}_paid"] + row[f"{column}_difference"]
                return compared, unequal(
                    left, row[f"{column}_now"], WORDS.words("finding.paid_and_difference"), due
                )
    changed = [f"{column}_difference" for column in figures]
    found = disagreement(
        lines,
        cases.group_by(LINE).agg(pl.col(changed).sum()),
        LINE,
        changed,
        "difference_statements",
        "differences",
    )
    return compared, found or first_of(
        finding
        for when, run in (("now", tables), ("paid", tables.earlier[-1]))
        for finding in [_statements_disagree(lines, run.statements, when)]
        if finding
    )


def _statements_disagree(lines: pl.DataFrame, statements: pl.DataFrame, when: str) -> Words | None:
    names = {"standard": "standard_amount"}
    figures = ["points", "standard", "fund_amount", "prepayment", "home_fund_bill"]
    columns = [names.get(figure, figure) for figure in figures]
    said = lines.select(
        *LINE, *(pl.col(f"{figure}_{when}").alias(names.get(figure, figure)) for figure in figures)
    )
    return disagreement(said, statements, LINE, columns, when, "statements")


def _ledger(tables: RunTables) -> Compared:
    booked = [run.ledger for run in tables.earlier]
    return tables.ledger.height, ledger_disagreement(tables, booked)


def groups_belong(stays: PaidPart, scheme: Scheme) -> Compared:
    """The DRG of a grouped case is one of the scheme, in the ADRG and the MDC that stand beside it."""
    path = ["mdc", "adrg", "drg"]
    known = [
        (mdc.code, adrg.code, drg.code)
        for mdc in scheme.mdcs
        for adrg in mdc.adrgs
        for drg in adrg.drgs
    ]
    cases = stays.frame("cases", ["case_id", "status", *path]).filter(pl.col("status") == "grouped")
    said = cases.select("case_id", *(pl.col(name).cast(pl.String) for name in path))
    wrong = said.join(pl.DataFrame(known, path, orient="row"), on=path, how="anti")
    if not wrong.height:
        return said.height, None
    row = wrong.row(0, named=True)
    place = f"{row['case_id']}: {row['mdc']} {row['adrg']} {row['drg']}"
    return said.height, WORDS.words("finding.no_group", place=place)


def _equal(*pairs: tuple[str, int, str, int]) -> Compared:
    findings = (
        unequal(left, said, right, found) for left, said, right, found in pairs if said != found
    )
    return len(pairs), first_of(findings)


def _each_line(
    lines: pl.DataFrame, figures: Callable[[Row], list[tuple[str, Any, str, Any]]]
) -> Compared:
    """Compare figures of every line, each with its formula; there are few lines."""
    return lines.height, first_of(
        unequal(column_at(place_of(line), name), said, formula, due)
        for line in lines.iter_rows(named=True)
        for name, said, formula, due in figures(line)
        if said != due
    )


def _home_fund_bill(line: Row) -> Decimal:
    """Home funds pay the fund amount of outside patients; of pooled ones the item-by-item cost."""
    bill: Decimal = line["fund_cost"] if line["paid_here"] else line["fund_amount"]
    return bill if line["out_of_area"] else _NOTHING


def _to_fen(amount: Fraction) -> Decimal:
    """An exact amount rounded half-up to fen."""
    return unscaled(half_up(amount * 10**FEN_PLACES), FEN_PLACES)


_LINES_AND_POOLS = [
    ("lines", _lines),
    ("case_parts", case_parts),
    ("prices", _prices),
    ("values", _values),
    ("pools", _pools),
]
_EVERY_RUN = [
    ("case_points", _case_points),
    *_LINES_AND_POOLS,
]
_PREPAYMENTS = ("prepayments", _prepayments)
_LEDGER = ("ledger", _ledger)
_MONTH = [
    ("counts", _counts),
    *_EVERY_RUN,
    _PREPAYMENTS,
    _LEDGER,
]
_SETTLED_UP = [
    ("budgets", _final_budgets),
    ("payables", _payables),
]
_CLEARING = [
    ("counts", _counts_of_year),
    *_EVERY_RUN,
    *_SETTLED_UP,
    _LEDGER,
]
_DIFFERENCES = ("differences", _differences)
