"""The figures of the outpatient part of a report; as those of stays, a visit is a case."""

from dataclasses import dataclass

import polars as pl
import polars.selectors as cs

from drgpay.report.html.figures import PartFigures, case_sums, part_figures
from drgpay.report.visit_tables import class_of_groups, reason_table
from drgpay.results.run_folder import PaidPart
from drgpay.results.visits import leading_group
from drgpay.show.small_cells import SMALLEST_CELL, gathered

FINDING_FILES = {
    "visit_quarantine": ("t_visits", "quarantined"),
    "visit_warnings": ("t_visits", "warned"),
    "line_quarantine": ("t_lines", "quarantined"),
    "line_warnings": ("t_lines", "warned"),
}
"""The tables of findings: what they are about, and what a finding does."""


@dataclass(frozen=True)
class CapitationFigures:
    """The accounts of contractors.

    accounts: contractor_id, name, account, heads, capitation, cases, charged, charged_elsewhere,
    balance, settled. apart: reason, account, cases, fund_amount. tie_out: pool, budget,
    from_home_funds, contracted, uncontracted (both null where one is of 1 to 4 visits), inside
    (the two together), kept, remainder.
    """

    accounts: pl.DataFrame
    apart: pl.DataFrame
    tie_out: pl.DataFrame


@dataclass(frozen=True)
class VisitFigures:
    """What a report shows of visits.

    classes: class, apg_entries, quantity, lines_cost, points of all entries. entries: the same by
    class and reason. findings: file (of FINDING_FILES), code, findings; of a year none. ungrouped: entries without a
    group. capitation: None without an enrolment.
    """

    part: PartFigures
    classes: pl.DataFrame
    entries: pl.DataFrame
    findings: pl.DataFrame
    ungrouped: int
    capitation: CapitationFigures | None


def visit_figures_of(run: PaidPart, months: list[PaidPart]) -> VisitFigures:
    """Read and sum up the visits of a run; `months` are the runs whose point values are compared."""
    visits = run.scan("cases").with_columns(**leading_group())
    sums = pl.collect_all([case_sums(visits, "case_class"), case_sums(visits, "drg")])
    by_class, by_group = (frame.with_columns(cs.categorical().cast(pl.String)) for frame in sums)
    groups = run.frame("groups")
    return VisitFigures(
        part=part_figures(run, months, by_class, by_group),
        classes=_entries(class_of_groups(groups).frame),
        entries=_entries(reason_table(groups).frame),
        findings=pl.DataFrame() if run.manifest.is_clearing else _findings(run),
        ungrouped=int(groups.filter(pl.col("class") == "0000")["entries"].sum()),
        capitation=_capitation(run) if run.about.has_accounts else None,
    )


def _entries(sums: pl.DataFrame) -> pl.DataFrame:
    """Sums of entries, few of them gathered as few cases are."""
    text = pl.col(pl.String).cast(pl.String)
    found = gathered(sums.with_columns(text).rename({"entries": "cases"}))
    return found.rename({"cases": "apg_entries"})


def _capitation(run: PaidPart) -> CapitationFigures:
    accounts = run.frame("capitation").rename({"visits": "cases"})
    amounts = ["heads", "capitation", "cases", "charged", "charged_elsewhere", "balance", "settled"]
    apart = (
        run.frame("capitation_apart")
        .group_by("reason", "account")
        .agg(pl.col("visits").sum().alias("cases"), pl.col("fund_amount").sum())
        .sort("reason", "account")
    )
    return CapitationFigures(
        accounts=gathered(accounts.select("contractor_id", "name", "account", *amounts)),
        apart=gathered(apart),
        tie_out=_tie_out(run),
    )


def _tie_out(run: PaidPart) -> pl.DataFrame:
    """The tie-out, in which no amount is of fewer than SMALLEST_CELL visits."""
    pool_of = run.pools.select("pool", account="accounts").explode("account")
    contracted = pl.col("contractor_id").is_not_null() & ~pl.col("out_of_area")
    counts = (
        run.scan("cases")
        .filter(pl.col("payment") == "points")
        .group_by("account")
        .agg(inside=contracted.sum(), outside=(~contracted).sum())
        .collect()
        .join(pool_of, on="account")
        .group_by("pool")
        .agg(pl.col("inside", "outside").sum())
    )
    few = pl.any_horizontal(
        pl.col(name).is_between(1, SMALLEST_CELL - 1) for name in ("inside", "outside")
    )
    shown = {name: pl.when(~few).then(name) for name in ("contracted", "uncontracted")}
    return (
        run.frame("capitation_tie_out")
        .join(counts, on="pool", how="left", maintain_order="left")
        .with_columns(pl.col("inside", "outside").fill_null(0))
        .select(
            "pool",
            "budget",
            "from_home_funds",
            **shown,
            inside=pl.col("contracted") + pl.col("uncontracted"),
            kept="kept",
            remainder="remainder",
        )
    )


def _findings(run: PaidPart) -> pl.DataFrame:
    """Findings by file and code; counts of records say nothing of a patient."""
    return pl.concat(
        run.scan(file)
        .group_by("code")
        .agg(pl.len().cast(pl.Int64).alias("findings"))
        .sort(pl.col("findings"), "code", descending=[True, False])
        .select(pl.lit(file).alias("file"), "code", "findings")
        .collect()
        for file in FINDING_FILES
    )
