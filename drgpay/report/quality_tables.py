"""The results of check, stats and reconcile as tables for people and for files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.grouper.scheme import Scheme
from drgpay.quality.agreement_history import (
    AgreementHistory,
    PeriodAgreement,
    history_table,
    with_change,
)
from drgpay.quality.month_quality import MonthQuality
from drgpay.quality.reconcile import Reconciliation, difference_counts, pair_counts
from drgpay.quality.statistics import GROUP_LEVELS, Statistics
from drgpay.report.wording import level_name
from drgpay.show.sheets import LongTable
from drgpay.show.tables import ReportTable, Say


@dataclass(frozen=True)
class QualityReport:
    """What a command shows in the terminal, puts on sheets and writes as Parquet (by file name)."""

    title: str
    facts: Mapping[str, str]
    workbook: str
    shown: Sequence[ReportTable]
    sheets: Sequence[ReportTable | LongTable]
    files: Mapping[str, pl.DataFrame]


def speaker(language: Language) -> Say:
    """The words of headings and values; a level or finding is called as in the reports of a run."""
    words = Wording("quality")
    return lambda key: words.said(key, language) if key in words else level_name(key, language)


def month_report(quality: MonthQuality, facts: Mapping[str, str]) -> QualityReport:
    """`drgpay check`."""
    findings = ReportTable("findings", quality.findings, worded=frozenset({"code", "severity"}))
    hospitals = ReportTable(
        "worst_hospitals",
        quality.hospitals,
        quality.hospital_totals,
        worded=frozenset({"level"}),
        note="worst_note",
    )
    coding = ReportTable(
        "coding", quality.coding, quality.coding_totals, worded=frozenset({"level"})
    )
    weak = ReportTable(
        "weak_principals", quality.weak_principals, worded=frozenset({"nonspecific"})
    )
    untaken = ReportTable("untaken_principals", quality.untaken_principals)
    by_hospital = ReportTable(
        "findings_by_hospital",
        quality.findings_by_hospital,
        worded=frozenset({"level", "code", "severity"}),
    )
    refused = LongTable(ReportTable("refused_stays", _refused(quality), worded=frozenset({"code"})))
    return QualityReport(
        title="quality_title",
        facts=facts,
        workbook="quality.xlsx",
        shown=[findings, hospitals, _coding_summary(quality), weak, untaken],
        sheets=[findings, refused, hospitals, coding, by_hospital, weak, untaken],
        files={
            "findings": quality.findings,
            "findings_by_hospital": quality.findings_by_hospital,
            "hospitals": quality.hospitals,
            "coding": quality.coding,
            "weak_principals": quality.weak_principals,
            "untaken_principals": quality.untaken_principals,
            "rows": quality.rows,
        },
    )


def _refused(quality: MonthQuality) -> pl.DataFrame:
    """The stays that would not be paid, a row a reason, by hospital."""
    rows = quality.rows.filter(pl.col("severity").is_in(["reject", "stop"]))
    return rows.select(
        *("hospital_id", "case_id", "code", "message"),
        *("source_file", "source_row", "source_column", "settlement_date"),
    ).sort("hospital_id", "case_id", maintain_order=True)


def _coding_summary(quality: MonthQuality) -> ReportTable:
    """The measures of coding over all stays, one row a measure: too wide for a terminal by hospital."""
    totals = quality.coding_totals
    measures = [name.removesuffix("_share") for name in totals if name.endswith("_share")]
    frame = pl.DataFrame(
        {
            "measure": measures,
            "stays": [totals[name] for name in measures],
            "stays_share": [totals[f"{name}_share"] for name in measures],
        },
        schema={"measure": pl.String, "stays": pl.Int64, "stays_share": pl.Decimal(18, 4)},
    )
    return ReportTable("coding_summary", frame, worded=frozenset({"measure"}))


def statistics_report(
    found: Statistics, facts: Mapping[str, str], scheme: Scheme | None, top: int
) -> QualityReport:
    """`drgpay stats`; a scheme gives the names of groups and how many there are."""
    names = _names(scheme)
    groups = found.groups.join(names, on="drg", how="left", maintain_order="left")
    explained = found.explained
    if scheme:
        explained = explained.with_columns(
            scheme_groups=pl.col("grouping_level").replace_strict(_group_counts(scheme))
        )
    coverage = ReportTable("coverage", found.coverage, _sums(found.coverage), frozenset({"status"}))
    variance = ReportTable(
        "explained", explained, worded=frozenset({"trim", "grouping_level"}), note="r2_note"
    )
    level = frozenset({"level"})
    levels = ReportTable("level_indices", found.levels, found.totals, level, "index_note")
    hospitals = ReportTable("hospital_indices", found.hospitals, found.totals, level, "index_note")
    tops = [
        ReportTable(title, _top(groups, column, top))
        for title, column in (("top_by_cases", "cases"), ("top_by_cost", "total_cost"))
    ]
    marked = ReportTable("marked_groups", _marked(found.groups), worded=frozenset({"measure"}))
    return QualityReport(
        title="stats_title",
        facts=facts,
        workbook="statistics.xlsx",
        shown=[coverage, variance, levels, hospitals, marked, *tops],
        sheets=[
            coverage,
            variance,
            levels,
            hospitals,
            *tops,
            ReportTable("group_table", _flags_said(groups), worded=frozenset(_FLAGS)),
        ],
        files={
            "coverage": found.coverage,
            "explained": explained,
            "levels": found.levels,
            "hospitals": found.hospitals,
            "groups": groups,
        },
    )


def reconcile_report(
    found: Reconciliation,
    differing: pl.DataFrame,
    previous: PeriodAgreement | None,
    history: AgreementHistory | None,
    facts: Mapping[str, str],
) -> QualityReport:
    """`drgpay reconcile`; `differing` has the cause of each case beside the difference."""
    rates = with_change(found.agreement, previous)
    shown_rates = rates if history else rates.drop("previous_rate", "change_rate")
    counts, pairs = difference_counts(differing, found.compared), pair_counts(differing)
    classes = frozenset({"difference", "cause"})
    agreement = ReportTable("agreement", shown_rates, worded=frozenset({"grouping_level"}))
    presence = ReportTable("presence", found.presence, worded=frozenset({"side"}))
    differences = ReportTable("differences", counts, _sums(counts), classes)
    by_pair = ReportTable("pairs", pairs, worded=classes)
    cases = ReportTable(
        "differing_cases", differing, worded=classes | {"status", "official_status"}
    )
    past = [ReportTable("history", history_table(history))] if history else []
    files = {
        "agreement": rates,
        "presence": found.presence,
        "differences": counts,
        "pairs": pairs,
        "cases": differing,
        "only_ours": found.only_ours,
        "only_official": found.only_official,
    }
    return QualityReport(
        title="reconcile_title",
        facts=facts,
        workbook="reconcile.xlsx",
        shown=[agreement, presence, differences, by_pair, *past],
        sheets=[agreement, presence, differences, by_pair, cases, *past],
        files=files | ({"history": past[0].frame} if past else {}),
    )


_FLAGS = ("few_cases", "high_cv")
_TOP_COLUMNS = (
    *("drg", "name", "cases", "cases_share", "total_cost", "cost_share", "mean_cost"),
    *("mean_days", "cv", "weight"),
)


def _top(groups: pl.DataFrame, column: str, top: int) -> pl.DataFrame:
    return groups.sort(column, "drg", descending=[True, False]).head(top).select(_TOP_COLUMNS)


def _flags_said(groups: pl.DataFrame) -> pl.DataFrame:
    """Flags as words that stand only where the flag does."""
    return groups.with_columns(pl.when(flag).then(pl.lit(flag)).alias(flag) for flag in _FLAGS)


def _marked(groups: pl.DataFrame) -> pl.DataFrame:
    """How many groups have few cases or vary much, and how many cases they hold."""
    rows = [
        (flag, marked.height, marked["cases"].sum())
        for flag in _FLAGS
        for marked in [groups.filter(flag)]
    ]
    schema = {"measure": pl.String, "groups": pl.Int64, "cases": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _sums(frame: pl.DataFrame) -> dict[str, object]:
    return {name: frame[name].sum() for name, dtype in frame.schema.items() if dtype.is_numeric()}


def _group_counts(scheme: Scheme) -> dict[str, int]:
    """How many groups each level of a scheme has, without ambiguous ones and fallbacks."""
    counts = scheme.counts()
    return {level: counts[level] for level in GROUP_LEVELS}


def _names(scheme: Scheme | None) -> pl.DataFrame:
    rows = [
        (drg.code, drg.name)
        for mdc in (scheme.mdcs if scheme else ())
        for adrg in mdc.adrgs
        for drg in adrg.drgs
    ]
    return pl.DataFrame(rows, schema={"drg": pl.String, "name": pl.String}, orient="row")
