"""Whether the outpatient files of a run agree: entries, visits, lines, pools, contractors' accounts.

Statements, values and ledger of visits are those of stays under other names, and are checked by the
same checks (drgpay.run.balances).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, divide_half_up, wide
from drgpay.base.language import Words
from drgpay.results.run_folder import PaidPart
from drgpay.results.run_tables import AMOUNTS, RunTables
from drgpay.results.visit_files import ENROLMENT
from drgpay.run.comparison import WORDS, Compared, disagreement, first_of, unequal
from drgpay.settle.lines import LINE
from drgpay.visits.at_cost import EXACT_SCALE
from drgpay.visits.columns import AT_COST, PACKAGED_REASONS

PAID_COST = "paid_cost"
_CONTRACT = ["contractor_id", "account"]
_ENTRY_COLUMNS = [
    *("visit_id", "lines_cost", "base_points", "factor", "coefficient"),
    *(PAID_COST, "reason"),
]


def all_mean_of(run: PaidPart) -> Fraction:
    """The mean over all visits of the catalogue, a copy of which lies in the run, in fen."""
    info = json.loads((run.folder / "visit_catalogue" / "catalogue.json").read_text("utf-8"))
    return Fraction(info["all_total_fen"], info["all_cases"])


def entries_by_visit(run: PaidPart, wanted: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The entries of some whole visits after the other, in the order of the file."""
    file = pq.ParquetFile(run.file("entries"))
    rest: pl.DataFrame | None = None
    for number in range(file.num_row_groups):
        part = pl.DataFrame(file.read_row_group(number, list(wanted)))
        rest = pl.concat([rest, part]) if rest is not None else part
        if rest.height:
            unfinished = rest["visit_id"] == rest["visit_id"][-1]
            yield rest.filter(~unfinished)
            rest = rest.filter(unfinished)
    if rest is not None:
        yield rest


def visit_counts(tables: RunTables) -> Compared:
    """Read = valid + quarantined, of visits and lines, as inputs and files have them."""
    counts, about = tables.manifest.counts, tables.about.content
    read = {
        table: sum(file["rows"] for file in about[name])
        for table, name in (("visits", "visits"), ("lines", "items"))
    }
    pairs = [
        *(
            (
                f"{table}_read",
                counts[f"{table}_read"],
                "valid + quarantined",
                counts[f"{table}_valid"] + counts[f"{table}_quarantined"],
            )
            for table in read
        ),
        *((f"{table}_read", counts[f"{table}_read"], "inputs", read[table]) for table in read),
        *(
            (name, counts[name], f"{file}.parquet", tables.rows(file))
            for name, file in (
                ("visits_valid", "visits"),
                ("visits_quarantined", "visit_quarantine"),
                ("lines_quarantined", "line_quarantine"),
                ("visit_warnings", "visit_warnings"),
                ("line_warnings", "line_warnings"),
                ("entries", "entries"),
            )
        ),
    ]
    findings = (
        unequal(left, said, right, found) for left, said, right, found in pairs if said != found
    )
    return len(pairs), first_of(findings)


def entry_points(tables: RunTables) -> Compared:
    """Points of a visit = base points x factor x coefficient over its entries, rounded once.

    Entries at cost: paid_cost / mean of the catalogue x 100.
    """
    compared, finding = 0, None
    earned = []
    mean = all_mean_of(tables)
    for entries in entries_by_visit(tables, _ENTRY_COLUMNS):
        compared += entries.height
        finding = finding or _wrong_costs(entries)
        exact = _scaled("base_points") * _scaled("factor") * _scaled("coefficient")
        cost = _scaled(PAID_COST).sum() * wide(100 * EXACT_SCALE * mean.denominator)
        whole = exact.fill_null(0).sum() * wide(mean.numerator)
        sums = entries.group_by(case_id="visit_id").agg(exact=whole + cost)
        points = divide_half_up(
            pl.col("exact"), wide(EXACT_SCALE // POINT_SCALE * mean.numerator)
        ).reinterpret(dtype=pl.Decimal(18, POINT_PLACES))
        earned.append(sums.select("case_id", points=points).filter(pl.col("points") != 0))
    if earned and not finding:
        mine = tables.cases.filter(pl.col("points") != 0).select("case_id", "points")
        finding = disagreement(
            mine, pl.concat(earned), ["case_id"], ["points"], "visits", "entries"
        )
    return compared, finding


def _wrong_costs(entries: pl.DataFrame) -> Words | None:
    """What entries at cost are paid for: their own lines, and no more than what is packaged."""
    at_cost = pl.col("reason").cast(pl.String) == AT_COST
    if not entries.select(at_cost.any() | pl.col(PAID_COST).is_not_null().any()).item():
        return None
    packaged = pl.col("reason").cast(pl.String).is_in(PACKAGED_REASONS)
    more = pl.col(PAID_COST) - pl.col("lines_cost")
    wrong = entries.filter(
        (at_cost != pl.col(PAID_COST).is_not_null())
        | (more < 0)
        | (more > pl.col("lines_cost").filter(packaged).sum().over("visit_id"))
    )
    return first_of(
        unequal(
            f"{row['visit_id']}: {PAID_COST}", row[PAID_COST], "lines_cost + …", row["lines_cost"]
        )
        for row in wrong.head(1).iter_rows(named=True)
    )


def contractor_accounts(tables: RunTables) -> Compared:
    """Each account is charged with its visits; what is apart and charged is all that was paid.

    The heads are those of the enrolment.
    """
    accounts, apart = tables.frame("capitation"), tables.frame("capitation_apart")
    visits = tables.cases.select(
        *_CONTRACT,
        "out_of_area",
        "fund_amount",
        elsewhere=pl.col("hospital_id") != pl.col("contractor_id"),
    )
    inside = visits.filter(~pl.col("out_of_area") & pl.col("contractor_id").is_not_null())
    charged = inside.group_by(_CONTRACT).agg(
        visits=pl.len().cast(pl.Int64),
        charged=pl.col("fund_amount").sum(),
        charged_elsewhere=pl.col("fund_amount").filter("elsewhere").sum(),
    )
    not_enrolled = apart.filter(pl.col("reason") == "not_enrolled").select(
        *_CONTRACT, "visits", charged="fund_amount"
    )
    columns = ["visits", "charged"]
    said = (
        pl.concat([accounts.select(*_CONTRACT, *columns), not_enrolled])
        .group_by(_CONTRACT)
        .agg(pl.col(columns).sum())
    )
    found = disagreement(said, charged, _CONTRACT, columns, "capitation", "visits")
    return visits.height, found or _enrolled(tables, accounts) or first_of(
        finding for row in accounts.iter_rows(named=True) for finding in _account_findings(row)
    ) or _whole(accounts, apart, visits)


def _enrolled(tables: RunTables, accounts: pl.DataFrame) -> Words | None:
    """The heads are those of the enrolment; of a year, the capitation is heads x rate."""
    enrolment = tables.enrolment()
    if enrolment is None:
        return None
    heads = enrolment.group_by(_CONTRACT).agg(pl.col("heads").sum())
    found = disagreement(accounts, heads, _CONTRACT, ["heads"], "capitation", ENROLMENT)
    if found or not tables.manifest.is_clearing:
        return found
    due: Counter[tuple[str, str]] = Counter()
    for row in enrolment.iter_rows(named=True):
        due[row["contractor_id"], row["account"]] += row["heads"] * _rate(tables, row)
    return first_of(
        unequal(f"{row['contractor_id']} {row['account']}: capitation", said, "heads × rate", own)
        for row in accounts.iter_rows(named=True)
        for said, own in [(row["capitation"], due[row["contractor_id"], row["account"]])]
        if said != own
    )


def _rate(tables: RunTables, enrolled: Mapping[str, Any]) -> Decimal:
    """The first rate of the policy that holds for the account and age band."""
    return next(
        Decimal(str(rate["yuan_a_year"]))
        for rate in tables.about.rules["capitation"]["rates"]
        if rate["account"] == enrolled["account"]
        and rate["age_band"] in (None, enrolled["age_band"])
    )


def _account_findings(row: dict[str, Decimal]) -> Iterator[Words]:
    place = f"{row['contractor_id']} {row['account']}"
    balance = row["capitation"] - row["charged"]
    settled = row["retained"] if balance > 0 else balance + row["shared"]
    for name, formula, due in (
        ("balance", "capitation − charged", balance),
        ("settled", WORDS.words("finding.retained_or_shared"), settled),
    ):
        if row[name] != due:
            yield unequal(f"{place}: {name}", row[name], formula, due)


def _whole(accounts: pl.DataFrame, apart: pl.DataFrame, visits: pl.DataFrame) -> Words | None:
    said = _total(accounts, "charged") + _total(apart, "fund_amount")
    paid = _total(visits, "fund_amount")
    if said != paid:
        return unequal(WORDS.words("finding.charged_and_apart"), said, "visits.fund_amount", paid)
    return None


def tie_out(tables: RunTables) -> Compared:
    """Contractors, the uncontracted part and the remainder are the outpatient budget."""
    rows, pools = tables.frame("capitation_tie_out"), tables.pools
    lines = tables.statements
    of_pools = pools.select("pool", "from_home_funds", "kept", "remainder", budget="available")
    names = ["budget", "from_home_funds", "kept", "remainder"]
    found = disagreement(rows, of_pools, ["pool"], names, "tie_out", "values")
    amount = pl.col("fund_amount")
    item = ~pl.col("in_pool") & pl.col("paid_here")
    of_lines = lines.group_by("pool").agg(
        fund_amount=amount.filter("in_pool").sum(), item_fund_amount=amount.filter(item).sum()
    )
    names = ["fund_amount", "item_fund_amount"]
    found = found or disagreement(rows, of_lines, ["pool"], names, "tie_out", "statements")
    charged = _total(tables.frame("capitation"), "charged")
    contracted = _total(rows, "contracted") + _total(rows, "item_contracted")
    if not found and charged != contracted:
        found = unequal("capitation.charged", charged, "tie_out.contracted", contracted)
    sums: list[tuple[list[str], list[str]]] = [
        (["fund_amount"], ["contracted", "uncontracted"]),
        (["budget", "from_home_funds"], ["contracted", "uncontracted", "kept", "remainder"]),
        (["item_fund_amount"], ["item_contracted", "item_uncontracted"]),
    ]
    return rows.height, found or first_of(
        unequal(f"{row['pool']}: {' + '.join(left)}", whole, " + ".join(right), parts)
        for row in rows.iter_rows(named=True)
        for left, right in sums
        for whole, parts in [(sum(row[name] for name in left), sum(row[name] for name in right))]
        if whole != parts
    )


def visit_counts_of_year(tables: RunTables) -> Compared:
    """Twelve months, and as many visits as there are rows."""
    counts, months = tables.manifest.counts, tables.manifest.inputs["months"]
    pairs = [
        ("months", counts["months"], "inputs.months", len(months)),
        ("visits", counts["visits"], "visits.parquet", tables.rows("cases")),
    ]
    findings = (
        unequal(left, said, right, found) for left, said, right, found in pairs if said != found
    )
    return len(pairs), first_of(findings)


def visits_of_months(tables: RunTables) -> Compared:
    """The year has the visits of the months' last runs, with their points and what they cost.

    How a line is paid may be another in the year than in a month, so lines are compared without it.
    """
    line = [name for name in LINE if name != "payment"]
    columns = ["cases", "points", *AMOUNTS]
    of_year = tables.statements.group_by(line).agg(pl.col(columns).sum())
    of_months = (
        pl.concat([month[-1].statements.select(*line, *columns) for month in tables.months])
        .group_by(line)
        .agg(pl.col(columns).sum())
    )
    found = disagreement(
        of_year, of_months, line, columns, "statements", WORDS.words("finding.months")
    )
    return tables.cases.height, found


def _total(frame: pl.DataFrame, column: str) -> Decimal:
    return Decimal(frame[column].sum() or 0)


def _scaled(column: str) -> pl.Expr:
    """A decimal as the whole number of 1/10,000 that it stands for."""
    return pl.col(column).to_physical().cast(pl.Int128)


VISIT_CHECKS: list[tuple[str, Callable[[RunTables], Compared]]] = [
    ("visit_counts", visit_counts),
    ("entry_points", entry_points),
]
VISIT_YEAR_CHECKS: list[tuple[str, Callable[[RunTables], Compared]]] = [
    ("visit_counts", visit_counts_of_year),
    ("visit_months", visits_of_months),
]
CAPITATION_CHECKS: list[tuple[str, Callable[[RunTables], Compared]]] = [
    ("capitation", contractor_accounts),
    ("tie_out", tie_out),
]
