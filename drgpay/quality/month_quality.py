"""Data quality of a month before it is paid: findings, hospitals, coding."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from drgpay.base.language import Language
from drgpay.base.shown import Shown
from drgpay.grouper.rules.fields import SEVERITY_SETS, CodeField
from drgpay.grouper.rules.nodes import And, Member, Or, Rule
from drgpay.grouper.scheme import Scheme
from drgpay.policy.model import Policy
from drgpay.policy.records import Findings
from drgpay.quality.nonspecific import NonspecificKind, nonspecific_codes
from drgpay.quality.shares import ratio, share
from drgpay.records.checks import FINDING_COLUMNS, check_stays, stay_checks
from drgpay.records.known_codes import UNKNOWN_COLUMNS, code_table
from drgpay.records.origin import NOWHERE, ROW, Origin

_HOSPITAL = ("hospital_id", "name", "level")
# Count of stays -> the count it is a share of.
_CODING_COUNTS = {
    "newborn_no_weight": "newborns",
    "unspecified": "stays",
    "residual": "stays",
    "sex_conflict": "stays",
    "unknown_code": "stays",
    "outside_mdcs": "stays",
    "ambiguous": "stays",
    "ungrouped": "stays",
    "invalid": "stays",
}


@dataclass(frozen=True, repr=False)
class MonthQuality(Shown):
    """The tables of a month's check; shares are decimal(18,4).

    findings: code, column, severity, stays, stays_share.
    findings_by_hospital: hospital_id, name, level, code, column, severity, stays; by hospital, the
    commonest first.
    hospitals: hospital_id, name, level, stays, refused, warned, faulty_share ((refused + warned) /
    stays), the worst first.
    coding: hospital_id, name, level, stays, newborns, then per measure its count and its share.
    weak_principals: principal diagnoses that say too little: code, name, nonspecific (which kind), stays.
    untaken_principals: principal diagnoses that no MDC takes: code, name, stays.
    rows: FINDING_COLUMNS without other_codes, and severity; one row a stay and finding.
    totals: hospital_totals and coding_totals are the last rows of the two tables.
    """

    findings: pl.DataFrame
    findings_by_hospital: pl.DataFrame
    hospitals: pl.DataFrame
    hospital_totals: dict[str, Any]
    coding: pl.DataFrame
    coding_totals: dict[str, Any]
    weak_principals: pl.DataFrame
    untaken_principals: pl.DataFrame
    rows: pl.DataFrame


def month_quality(
    stays: pl.DataFrame,
    scheme: Scheme,
    policy: Policy,
    hospitals: pl.DataFrame,
    period: tuple[date, date] | None,
    sex_of_diagnosis: pl.DataFrame,
    kinds: tuple[NonspecificKind, ...],
    source: str,
    language: Language = "zh",
    origin: Origin = NOWHERE,
) -> MonthQuality:
    """Check all stays of `read_grouped_stays` and measure the coding of each hospital.

    Severities are the policy's, but a finding that would stop a run is counted like a refusal, and
    every finding of a refused stay is counted. Findings that the policy ignores are left out; the
    measures of coding do not depend on the policy. origin: see check_grouped.
    """
    counted = _with_severities(policy, {"stop": "reject"})
    arguments = (hospitals, period, sex_of_diagnosis, source, language)
    stays = stays.with_row_index(ROW)
    checked = check_stays(stays, counted, *arguments, origin=origin)
    # An id that is refused for one row is refused for every row that has it.
    refused = stays.join(checked.valid.select("case_id"), on="case_id", how="anti")
    every = _with_severities(policy, {"stop": "warn", "reject": "warn"})
    further = check_stays(refused, every, *arguments, origin=origin).warnings
    rows = _rows(pl.concat([checked.warnings, further]), policy)
    named = hospitals.select(_HOSPITAL)
    coding, coding_totals = _coding(
        _coding_marks(stays, scheme, policy, hospitals, period, sex_of_diagnosis, kinds), named
    )
    by_hospital, hospital_totals = _hospitals(stays, refused, checked.warnings, named)
    taken = principals_of_mdcs(scheme)
    return MonthQuality(
        findings=_findings(rows, stays.height),
        findings_by_hospital=_findings_by_hospital(rows, named),
        hospitals=by_hospital,
        hospital_totals=hospital_totals,
        coding=coding,
        coding_totals=coding_totals,
        weak_principals=_weak_principals(stays, scheme, kinds),
        untaken_principals=_untaken_principals(stays, scheme, taken),
        rows=rows,
    )


def principals_of_mdcs(scheme: Scheme) -> frozenset[str]:
    """The diagnoses that the rule of some MDC asks for as principal diagnosis."""
    names = {name for mdc in scheme.mdcs for name in _sets_asked(mdc.rule)}
    return frozenset().union(*(scheme.sets[name] for name in names))


def _sets_asked(rule: Rule) -> set[str]:
    """The sets that would make the rule true; what stands behind `not` does not."""
    match rule:
        case And(parts) | Or(parts):
            return {name for part in parts for name in _sets_asked(part)}
        case Member(fields, sets) if CodeField.PRINCIPAL_DIAGNOSIS in fields:
            return set(sets) - set(SEVERITY_SETS)
        case _:
            return set()


def _with_severities(policy: Policy, changed: dict[str, str]) -> Policy:
    """The policy with some severities read as others; unlike in a run, any finding may warn."""
    given = policy.records.severity
    severities = {
        code: changed.get(severity, severity)
        for code in Findings.model_fields
        if isinstance(severity := getattr(given, code), str)
    }
    return policy.model_copy(update={"records": policy.records.with_severities(severities)})


def _rows(findings: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    severity = {
        code: getattr(policy.records.severity, code)
        for code in findings["code"].unique().sort().to_list()
    }
    columns = [column for column in FINDING_COLUMNS if column != "other_codes"]
    return findings.select(
        *columns, severity=pl.col("code").replace_strict(severity, return_dtype=pl.String)
    ).sort(columns)


def _findings(rows: pl.DataFrame, stays: int) -> pl.DataFrame:
    return (
        rows.group_by("code", "column", "severity")
        .agg(stays=pl.len().cast(pl.Int64))
        .with_columns(stays_share=share("stays", pl.lit(stays)))
        .sort("stays", "code", "column", descending=[True, False, False])
    )


def _findings_by_hospital(rows: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    counts = rows.group_by("hospital_id", "code", "column", "severity").agg(
        stays=pl.len().cast(pl.Int64)
    )
    return (
        _name(counts, named)
        .select(*_HOSPITAL, "code", "column", "severity", "stays")
        .sort("hospital_id", "stays", "code", "column", descending=[False, True, False, False])
    )


def _hospitals(
    stays: pl.DataFrame, refused: pl.DataFrame, warnings: pl.DataFrame, named: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, Any]]:
    warned = warnings.unique("case_id")
    counts = _count(stays, "stays")
    for found, name in ((refused, "refused"), (warned, "warned")):
        counts = counts.join(
            _count(found, name), on="hospital_id", how="left", nulls_equal=True
        ).with_columns(pl.col(name).fill_null(0))
    faulty = pl.col("refused") + pl.col("warned")
    table = (
        _name(counts, named)
        .select(*_HOSPITAL, "stays", "refused", "warned", faulty_share=share(faulty, "stays"))
        .sort("faulty_share", "stays", "hospital_id", descending=[True, True, False])
    )
    totals: dict[str, Any] = {name: table[name].sum() for name in ("stays", "refused", "warned")}
    totals["faulty_share"] = ratio(totals["refused"] + totals["warned"], totals["stays"])
    return table, totals


def _coding_marks(
    stays: pl.DataFrame,
    scheme: Scheme,
    policy: Policy,
    hospitals: pl.DataFrame,
    period: tuple[date, date] | None,
    sex_of_diagnosis: pl.DataFrame,
    kinds: tuple[NonspecificKind, ...],
) -> pl.DataFrame:
    """Per stay hospital_id and whether it counts for each measure of coding."""
    fails = {check.code: check.fails for check in stay_checks(policy, period, {})}
    weak = nonspecific_codes(_diagnoses(scheme), kinds).select("code", "nonspecific")
    of_code = sex_of_diagnosis.join(weak, on="code", how="full", coalesce=True)
    newborn = (pl.col("age") == 0) & (pl.col("age_days") <= policy.records.newborn_max_days)
    taken = pl.Series(sorted(principals_of_mdcs(scheme)), dtype=pl.String)
    marks = {
        "newborns": newborn,
        "newborn_no_weight": fails["newborn_weight_missing"],
        "unspecified": pl.col("nonspecific") == "unspecified",
        "residual": pl.col("nonspecific") == "residual",
        "sex_conflict": fails["sex_conflict"],
        "unknown_code": pl.any_horizontal(pl.col(UNKNOWN_COLUMNS).is_not_null()),
        "outside_mdcs": ~pl.col("principal_diagnosis").is_in(taken.implode()),
        **{status: pl.col("status") == status for status in ("ambiguous", "ungrouped", "invalid")},
    }
    return stays.join(of_code, left_on="principal_diagnosis", right_on="code", how="left").select(
        "hospital_id", **{name: mark.fill_null(False) for name, mark in marks.items()}
    )


def _coding(marks: pl.DataFrame, named: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Any]]:
    counts = marks.group_by("hospital_id").agg(
        pl.len().cast(pl.Int64).alias("stays"),
        pl.exclude("hospital_id").cast(pl.Int64).sum(),
    )
    shares = [
        column
        for count, whole in _CODING_COUNTS.items()
        for column in (pl.col(count), share(count, whole).alias(f"{count}_share"))
    ]
    table = (
        _name(counts, named).select(*_HOSPITAL, "stays", "newborns", *shares).sort("hospital_id")
    )
    totals: dict[str, Any] = {
        name: table[name].sum() for name in ("stays", "newborns", *_CODING_COUNTS)
    }
    for count, whole in _CODING_COUNTS.items():
        totals[f"{count}_share"] = ratio(totals[count], totals[whole])
    return table, totals


def _weak_principals(
    stays: pl.DataFrame, scheme: Scheme, kinds: tuple[NonspecificKind, ...]
) -> pl.DataFrame:
    weak = nonspecific_codes(_diagnoses(scheme), kinds)
    return (
        _principals(stays)
        .join(weak, on="code")
        .select("code", "name", "nonspecific", "stays")
        .sort("stays", "code", descending=[True, False])
    )


def _untaken_principals(stays: pl.DataFrame, scheme: Scheme, taken: frozenset[str]) -> pl.DataFrame:
    known = pl.DataFrame({"code": sorted(taken)}, schema={"code": pl.String})
    return (
        _principals(stays)
        .join(known, on="code", how="anti")
        .join(_diagnoses(scheme), on="code", how="left")
        .select("code", "name", "stays")
        .sort("stays", "code", descending=[True, False])
    )


def _principals(stays: pl.DataFrame) -> pl.DataFrame:
    return (
        stays.filter(pl.col("principal_diagnosis").is_not_null())
        .group_by(code="principal_diagnosis")
        .agg(stays=pl.len().cast(pl.Int64))
    )


def _diagnoses(scheme: Scheme) -> pl.DataFrame:
    """code and name of the scheme's code system; empty where the program has no table of it."""
    table = code_table(scheme.info.code_system, "diagnoses")
    empty = pl.DataFrame(schema={"code": pl.String, "name": pl.String})
    return empty if table is None else table.select("code", "name").unique("code")


def _count(stays: pl.DataFrame, name: str) -> pl.DataFrame:
    return stays.group_by("hospital_id").agg(pl.len().cast(pl.Int64).alias(name))


def _name(counts: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    return counts.join(named, on="hospital_id", how="left")
