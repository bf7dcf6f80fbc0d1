"""Whether visits and their lines can be paid (docs/files.md), and the quarantine of what fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from drgpay.base.exact import scaled
from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.policy.model import Policy
from drgpay.records.checks import (
    bad_value,
    costs,
    implausible,
    outside_period,
    patient_values,
    presence,
    repeated_among_others,
    repeated_id,
    total_row,
    unknown_diagnoses,
    unknown_hospital,
    unknown_sums,
)
from drgpay.records.columns import ITEM_KINDS, VISIT_TYPES
from drgpay.records.findings import (
    Check,
    CheckedRows,
    Subject,
    fault_checks,
    faulty_columns,
    repeated,
    run_checks,
    yuan,
)
from drgpay.records.meaning.faults import FAULTS
from drgpay.records.origin import NOWHERE, Origin
from drgpay.records.repeated_principal import REPEATED_PRINCIPAL
from drgpay.records.stays import FEN_COLUMNS
from drgpay.records.visits.buckets import RawBucket
from drgpay.records.visits.refunds import lines_left, lines_with, refunded
from drgpay.records.visits.tables import LINE_VALUES, VISIT_VALUES

_words = Wording("records").words
VISIT = Subject("visit", ("visit_id", "hospital_id", "visit_date"))
LINE = Subject("line", ("visit_id", "item_code", "amount_fen"))

VISIT_COLUMNS_OUT = (
    "visit_id",
    "hospital_id",
    "level",
    "pharmacy",
    "person_id",
    "account",
    "out_of_area",
    "visit_date",
    "department",
    "visit_type",
    "principal_diagnosis",
    "other_diagnoses",
    "contractor_id",
    "sex",
    "age",
    *FEN_COLUMNS.values(),
)
PHARMACY = "pharmacy"
"""The kind of hospitals that fill prescriptions."""

ITEM_COLUMNS_OUT = ("visit_id", "item_code", "item_kind", "quantity", "amount_fen")

REFUSED = "visit_refused"
"""The finding about a line whose visit is quarantined; no policy can change it."""


@dataclass(frozen=True)
class VisitRules:
    """What visits are checked against.

    period: the first and last visit date, or None for any; enrolment: of `read_enrolment`, or None
    where nobody is under contract.
    """

    policy: Policy
    hospitals: pl.DataFrame
    period: tuple[date, date] | None
    enrolment: pl.DataFrame | None = None

    def severity(self) -> dict[str, str]:
        """The severity of every finding."""
        return {**self.policy.records.severity.model_dump(), REFUSED: "reject"}


@dataclass(frozen=True)
class VisitCounts:
    """read = valid + quarantined, of visits and of lines; `netted` of the valid lines are gone:
    refunds, what they took away, and lines of nothing.
    """

    visits_read: int = 0
    visits_valid: int = 0
    visits_quarantined: int = 0
    lines_read: int = 0
    lines_valid: int = 0
    lines_quarantined: int = 0
    lines_netted: int = 0

    def __add__(self, other: "VisitCounts") -> "VisitCounts":
        return VisitCounts(
            **{name: value + getattr(other, name) for name, value in vars(self).items()}
        )


@dataclass(frozen=True)
class VisitBucket:
    """The valid visits of a run of visit_ids, sorted by visit_id, and their lines.

    visits: VISIT_COLUMNS_OUT, as in RawBucket, and of the hospital its level and whether it is a
    pharmacy.
    items: ITEM_COLUMNS_OUT, the lines above nothing that refunds leave, with the amounts that they
    leave, sorted by visit_id, item_code, item_kind; a visit may have none.
    quarantine, warnings: finding columns of VISIT; line_quarantine, line_warnings: of LINE.
    refused: of visits, REFUSED_SCHEMA. unknown: valid visits whose principal diagnosis no table
    knows, in sums (see unknown_sums).
    """

    visits: pl.DataFrame
    items: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    line_quarantine: pl.DataFrame
    line_warnings: pl.DataFrame
    counts: VisitCounts
    refused: pl.DataFrame
    unknown: pl.DataFrame


def check_bucket(
    bucket: RawBucket,
    rules: VisitRules,
    sources: tuple[str, str],
    language: Language = "zh",
    origins: tuple[Origin, Origin] = (NOWHERE, NOWHERE),
) -> VisitBucket:
    """Check the visits and lines of a bucket; `sources` name both tables in messages.

    origins: the files of both (Dataset.origin).

    Raises DrgpayError for a finding that the policy stops at.
    """
    severities = rules.severity()
    of_visits, of_lines = (
        partial(
            run_checks,
            severities=severities,
            subject=subject,
            source=source,
            language=language,
            origin=origin,
        )
        for subject, source, origin in zip((VISIT, LINE), sources, origins, strict=True)
    )
    lines = _checked_lines(bucket, rules.policy, of_lines)
    netted = _netted(lines.valid, of_lines)
    visits = _checked_visits(bucket.visits, lines.valid, rules, of_visits)
    # Lines of refused visits are told from the lines before netting, so that the counts add up.
    with_visit = _belonging(netted.before, visits.valid)
    orphaned = of_lines(netted.before.filter(~with_visit), [_visit_refused()])
    line_quarantine = pl.concat([lines.quarantine, netted.quarantine, orphaned.quarantine]).sort(
        LINE.finding_columns
    )
    line_warnings = lines.warnings.join(
        visits.quarantine.select("visit_id").unique(), on="visit_id", how="anti"
    )
    lines_valid = int(with_visit.sum())
    kept = with_visit if netted.left is netted.before else _belonging(netted.left, visits.valid)
    items = netted.left.filter(kept).select(ITEM_COLUMNS_OUT)
    return VisitBucket(
        visits.valid.select(VISIT_COLUMNS_OUT),
        items,
        visits.quarantine,
        visits.warnings,
        line_quarantine,
        line_warnings.sort(LINE.finding_columns),
        VisitCounts(
            visits_read=bucket.visits.height,
            visits_valid=visits.valid.height,
            visits_quarantined=visits.quarantine.height,
            lines_read=bucket.lines.height,
            lines_valid=lines_valid,
            lines_quarantined=line_quarantine.height,
            lines_netted=lines_valid - items.height,
        ),
        visits.refused,
        unknown_sums(
            visits.valid, pl.col("unknown_principal").is_not_null(), pl.col("unknown_principal")
        ),
    )


@dataclass(frozen=True)
class _Netted:
    """before: the lines without those of items below nothing, which are in quarantine; left: what
    refunds leave of them.
    """

    before: pl.DataFrame
    left: pl.DataFrame
    quarantine: pl.DataFrame


_RunChecks = Callable[[pl.DataFrame, Sequence[Check]], CheckedRows]
"""`run_checks` of one of the tables."""


def _checked_lines(bucket: RawBucket, policy: Policy, run: _RunChecks) -> CheckedRows:
    known = np.zeros(int(_last(bucket.visits["no"], bucket.lines["no"])) + 1, dtype=np.bool_)
    known[bucket.visits.filter(pl.col("visit_id").is_not_null())["no"].to_numpy()] = True
    marked = bucket.lines.with_columns(
        known=pl.Series(known[bucket.lines["no"].to_numpy()]),
        repeated=_same_as_before(bucket.lines),
    )
    checked = run(marked, _line_checks(policy, marked[FAULTS]))
    extra = ["known", "repeated", FAULTS]
    return replace(checked, valid=checked.valid.drop(extra))


def _last(*numbers: pl.Series) -> int:
    return max((int(series[-1]) for series in numbers if len(series)), default=0)


def _same_as_before(lines: pl.DataFrame) -> pl.Series:
    """Whether a line is equal to the line before it."""
    columns = ("no", "item_code", "item_kind", "amount_fen", "quantity")
    same = lines.select(
        pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in columns)
    ).to_series()
    return same.set(pl.int_range(len(same), eager=True) == 0, False) if len(same) else same


def _netted(lines: pl.DataFrame, run: _RunChecks) -> _Netted:
    found = refunded(lines)
    if found is None:
        nothing = run(lines.clear(), [])
        none = bool((lines["amount_fen"] == 0).any())
        return _Netted(lines, lines_left(lines) if none else lines, nothing.quarantine)
    below = found.net_fen < 0
    of_below = lines[found.rows[below]].with_columns(net_fen=pl.Series(found.net_fen[below]))
    refused = run(of_below, [_net_negative()])
    before = lines
    if below.any():
        enough = np.ones(lines.height, dtype=np.bool_)
        enough[found.rows[below]] = False
        before = lines.filter(pl.Series(enough))
    return _Netted(before, lines_with(lines, found), refused.quarantine)


def _checked_visits(
    visits: pl.DataFrame, lines: pl.DataFrame, rules: VisitRules, run: _RunChecks
) -> CheckedRows:
    count, amount = _per_visit(lines, visits["no"])
    marked = visits.with_columns(
        lines=count, lines_fen=amount, repeated=repeated(visits["visit_id"])
    ).join(
        _levels(rules.hospitals),
        on="hospital_id",
        how="left",
        maintain_order="left",
    )
    marked = _with_enrolment(marked, rules.enrolment).with_columns(
        pl.col("pharmacy").fill_null(False)
    )
    checks = _visit_checks(rules.policy, rules.period, visits[FAULTS])
    checked = run(marked, checks)
    extra = ["lines", "lines_fen", "repeated", "enrolled", REPEATED_PRINCIPAL, FAULTS]
    return replace(checked, valid=checked.valid.drop(*extra, "unknown_other"))


def _levels(hospitals: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, level, and whether it is a pharmacy; a table without kinds has none."""
    kind = pl.col("kind") if "kind" in hospitals.columns else pl.lit(None, pl.String)
    return hospitals.select(
        pl.col("hospital_id", "level").cast(pl.Categorical),
        pharmacy=(kind.cast(pl.String) == PHARMACY).fill_null(False),
    )


def _per_visit(lines: pl.DataFrame, nos: pl.Series) -> tuple[pl.Series, pl.Series]:
    """How many lines each visit has, and the sum of their amounts.

    Refunds are among them and items below nothing, whose lines are quarantined: to compare the
    others with the total less the sum of those is to compare all of them with the total.
    """
    of_lines = lines["no"].to_numpy()
    sums = np.concatenate(([0], np.cumsum(lines["amount_fen"].to_numpy())))
    numbers = nos.to_numpy().astype(np.int64)
    start, end = np.searchsorted(of_lines, numbers), np.searchsorted(of_lines, numbers + 1)
    return pl.Series(end - start), pl.Series(sums[end] - sums[start])


def _with_enrolment(visits: pl.DataFrame, enrolment: pl.DataFrame | None) -> pl.DataFrame:
    """Add `enrolled`: whether the enrolment has the visit's contractor with its account."""
    if enrolment is None:
        return visits.with_columns(enrolled=pl.lit(True))
    pairs = (
        enrolment.select(pl.col("contractor_id", "account").cast(pl.Categorical))
        .unique()
        .with_columns(enrolled=True)
    )
    joined = visits.join(pairs, on=["contractor_id", "account"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("enrolled").fill_null(False))


def _belonging(lines: pl.DataFrame, visits: pl.DataFrame) -> pl.Series:
    """Which lines belong to one of the visits."""
    there = np.zeros(_last(lines["no"], visits["no"]) + 1, dtype=np.bool_)
    there[visits["no"].to_numpy()] = True
    return pl.Series(there[lines["no"].to_numpy()])


def _visit_checks(
    policy: Policy, period: tuple[date, date] | None, faults: pl.Series
) -> list[Check]:
    tolerance = scaled(policy.records.cost_tolerance_yuan, 2)
    return [
        total_row("visit_id", "hospital_id"),
        *fault_checks(faults),
        *presence(VISIT_VALUES, FEN_COLUMNS, faulty_columns(faults)),
        bad_value("account", policy.records.accounts),
        bad_value("visit_type", VISIT_TYPES),
        *patient_values(),
        repeated_id("visit_id"),
        unknown_hospital(),
        *outside_period(
            "visit_date",
            period,
            _words("finding.visited_outside_period"),
        ),
        *unknown_diagnoses(),
        repeated_among_others(),
        *costs(policy, policy.records.max_amount_yuan.visit),
        Check(
            "visit_without_lines",
            "visit_id",
            pl.col("lines") == 0,
            _words("finding.visit_without_lines"),
        ),
        Check(
            "lines_differ_from_cost",
            "total_cost",
            (pl.col("lines") > 0) & ((pl.col("total_fen") - pl.col("lines_fen")).abs() > tolerance),
            _words("finding.lines_differ_from_cost"),
            (yuan("total_fen"), yuan("lines_fen")),
        ),
        Check(
            "unknown_contractor",
            "contractor_id",
            pl.col("contractor_id").is_not_null() & ~pl.col("enrolled"),
            _words("finding.unknown_contractor"),
            (pl.col("contractor_id"), pl.col("account").fill_null("?")),
        ),
    ]


def _line_checks(policy: Policy, faults: pl.Series) -> list[Check]:
    return [
        total_row("visit_id"),
        *fault_checks(faults),
        *presence(LINE_VALUES, {"amount": "amount_fen"}, faulty_columns(faults)),
        implausible("amount", "amount_fen", policy.records.max_amount_yuan.line),
        bad_value("item_kind", ITEM_KINDS),
        Check(
            "line_without_visit",
            "visit_id",
            pl.col("visit_id").is_not_null() & ~pl.col("known"),
            _words("finding.line_without_visit"),
        ),
        Check(
            "duplicate_line",
            "visit_id",
            pl.col("repeated"),
            _words("finding.duplicate_line"),
        ),
        Check(
            "zero_amount",
            "amount",
            pl.col("amount_fen") == 0,
            _words("finding.zero_amount"),
        ),
    ]


def _net_negative() -> Check:
    return Check(
        "cost_negative",
        "amount",
        pl.col("net_fen") < 0,
        _words("finding.net_negative"),
        (yuan("net_fen"),),
    )


def _visit_refused() -> Check:
    return Check(REFUSED, "visit_id", pl.lit(True), _words("finding.visit_refused"))
