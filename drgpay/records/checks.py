"""Whether a stay can be paid: the checks of docs/files.md, and the quarantine of what fails."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import polars as pl

from drgpay.base.exact import scaled
from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.policy.model import Policy
from drgpay.records.damaged_ids import refuse_damaged_ids
from drgpay.records.findings import (
    Check,
    CheckedRows,
    Stops,
    Subject,
    as_written,
    fault_checks,
    faulty_columns,
    repeated,
    run_checks,
    yuan,
)
from drgpay.records.known_codes import LEADING_UNKNOWN, UNKNOWN_COLUMNS
from drgpay.records.leading_procedures import LEADING_WITHOUT_PART
from drgpay.records.meaning.faults import FAULTS
from drgpay.records.origin import NOWHERE, ROW, Origin
from drgpay.records.repeated_principal import REPEATED_PRINCIPAL
from drgpay.records.same_person import COPY, OVERLAP, with_same_person
from drgpay.records.stays import FEN_COLUMNS, REQUIRED

STAY = Subject("case", ("case_id", "hospital_id", "settlement_date"))
FINDING_COLUMNS = STAY.finding_columns
_words = Wording("records").words
PAYMENT_UNITS = ("drg", "bed_day", "fee")
_MOST_DAYS = 3_650


@dataclass(frozen=True)
class CheckedStays(CheckedRows):
    """Stays: quarantine and warnings have FINDING_COLUMNS (strings, settlement_date a date).

    unknown: the valid stays with LEADING_UNKNOWN in sums (see unknown_sums).
    ruled: what the rules of the policy made of the valid stays, by hospital (see
    grouper/stay_rules.py); without columns where none were asked.
    official: what was found of official groups (grouper/official_groups.py); without columns
    where none were given. records: case_id, hospital_id, principal_diagnosis and
    KEPT_COLUMNS of the valid stays; without columns where they were not read.
    """

    unknown: pl.DataFrame
    ruled: pl.DataFrame = field(default_factory=pl.DataFrame)
    official: pl.DataFrame = field(default_factory=pl.DataFrame)
    records: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True)
class OfWhole:
    """What checks of a part of the stays know of all of them, and what they leave to the whole.

    The part has all stays of its case_ids, with ROW, COPY and OVERLAP (records/same_person.py).
    faults: the different texts of FAULTS of all stays. stops: takes what stops.
    """

    faults: pl.Series
    stops: Stops = field(default_factory=Stops)


def check_stays(
    stays: pl.DataFrame,
    policy: Policy,
    hospitals: pl.DataFrame,
    period: tuple[date, date] | None,
    sex_of_diagnosis: pl.DataFrame,
    source: str,
    language: Language = "zh",
    not_principal: Sequence[str] = (),
    further: Sequence[Check] = (),
    further_severities: Mapping[str, str] | None = None,
    origin: Origin = NOWHERE,
    whole: OfWhole | None = None,
) -> CheckedStays:
    """Check the rows of `plain_stays`, with UNKNOWN_COLUMNS beside them.

    `sex_of_diagnosis` has code and only_sex (1 or 2): principal diagnoses that only one sex has.
    `not_principal`: diagnoses that the scheme does not allow as principal ones. `further`: checks
    beside those of the policy, the last in their order, with their severities by code. `period` is
    the first and last settlement date, or None for any. `origin`: see run_checks; without ROW
    the stays are all of its rows, in their order. `whole`: where they are a part of all. Every row of the input is in `valid` or in
    `quarantine`; messages are in `language`. Raises DrgpayError for a finding that the policy stops
    at.
    """
    without_rows = ROW not in stays.columns
    if without_rows:
        stays = stays.with_row_index(ROW)
    stays = stays.join(hospitals.select("hospital_id", "level"), on="hospital_id", how="left")
    stays = stays.join(sex_of_diagnosis, left_on="principal_diagnosis", right_on="code", how="left")
    stays = stays.with_columns(repeated=repeated(stays["case_id"]))
    if whole is None:
        refuse_damaged_ids(stays, source)
    if LEADING_WITHOUT_PART not in stays.columns:
        stays = stays.with_columns(pl.lit(None, pl.String).alias(LEADING_WITHOUT_PART))
    if COPY not in stays.columns:
        stays = with_same_person(stays)
    faults = stays[FAULTS] if whole is None else whole.faults
    checked = run_checks(
        stays,
        [
            total_row("case_id", "hospital_id"),
            *fault_checks(faults),
            *stay_checks(policy, period, faulty_columns(faults), not_principal),
            *further,
        ],
        {**policy.records.severity.model_dump(), **(further_severities or {})},
        STAY,
        source,
        language,
        origin,
        None if whole is None else whole.stops,
    )
    extra = [
        "repeated",
        LEADING_UNKNOWN,
        REPEATED_PRINCIPAL,
        LEADING_WITHOUT_PART,
        COPY,
        OVERLAP,
        "stated_days",
        FAULTS,
        *UNKNOWN_COLUMNS,
        "only_sex",
        *([ROW] if without_rows else []),
    ]
    return CheckedStays(
        checked.valid.drop(extra),
        checked.quarantine,
        checked.warnings,
        checked.refused,
        unknown_sums(
            checked.valid,
            pl.col(LEADING_UNKNOWN),
            pl.coalesce("unknown_principal", "unknown_procedure"),
        ),
    )


def unknown_sums(valid: pl.DataFrame, unknown: pl.Expr, code: pl.Expr) -> pl.DataFrame:
    """Valid rows with unknown leading codes in sums: hospital_id, rows, total_fen, and the first
    such code (`such`); sorted.
    """
    return (
        valid.filter(unknown)
        .group_by(pl.col("hospital_id").cast(pl.String))
        .agg(
            pl.len().cast(pl.Int64).alias("rows"),
            pl.col("total_fen").sum(),
            code.cast(pl.String).min().alias("such"),
        )
        .sort("hospital_id")
    )


def summed_unknown(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`unknown_sums` of all rows from those of their parts."""
    return (
        pl.concat(parts)
        .group_by("hospital_id")
        .agg(pl.col("rows", "total_fen").sum(), pl.col("such").min())
        .sort("hospital_id")
    )


def stay_checks(
    policy: Policy,
    period: tuple[date, date] | None,
    faulty: Mapping[str, list[str]],
    not_principal: Sequence[str] = (),
) -> list[Check]:
    """All checks in the order in which they are reported; `faulty`: see faulty_columns.

    not_principal: diagnoses that the scheme does not allow as principal ones.
    """
    return [
        *presence(REQUIRED, FEN_COLUMNS, faulty),
        *_values(policy),
        repeated_id("case_id"),
        unknown_hospital(),
        *outside_period(
            "settlement_date",
            period,
            _words("finding.settled_outside_period"),
        ),
        *_bed_days(policy),
        *_codes(not_principal),
        *_newborns(policy),
        *_dates(),
        *_lengths(policy),
        *_persons(),
        *costs(policy, policy.records.max_amount_yuan.stay),
    ]


def presence(
    columns: Iterable[str], amounts: dict[str, str], faulty: Mapping[str, list[str]]
) -> list[Check]:
    """Columns without a value that is needed; `amounts` are read into other columns, in fen.

    A value that cannot be read is not missing: `faulty` has the texts of FAULTS that name a column.
    """
    return [
        Check(
            "missing_required",
            column,
            _missing(amounts.get(column, column), faulty.get(column)),
            _words("finding.missing_required", column=column),
        )
        for column in columns
    ]


_TOTALS = [
    f"{first}{blank}计" for first in ("合", "总", "小", "共") for blank in ("", " ", "\u3000")
]
"""What spreadsheets write before the totals of their rows."""


def total_row(*columns: str) -> Check:
    """A row of totals that was left among the rows: it is no record."""
    return Check(
        "total_row",
        columns[0],
        pl.any_horizontal(pl.col(column).cast(pl.String).is_in(_TOTALS) for column in columns),
        _words("finding.total_row"),
    )


def _missing(column: str, unread: list[str] | None) -> pl.Expr:
    missing = pl.col(column).is_null()
    if column == "length_of_stay":
        missing &= pl.col("stated_days").is_null()
    if unread:
        missing &= ~pl.col(FAULTS).cast(pl.String).is_in(unread).fill_null(False)
    return missing


def implausible(column: str, fen: str, most_yuan: Decimal) -> Check:
    """An amount so large that it is taken for a mistake."""
    return Check(
        "implausible_amount",
        column,
        pl.col(fen).abs() > scaled(most_yuan, 2),
        _words("finding.implausible_amount", column=column, most=f"{most_yuan:f}"),
        (yuan(fen),),
    )


def bad_value(column: str, allowed: Iterable[str]) -> Check:
    """A text that is none of those allowed."""
    known = list(allowed)
    return Check(
        "bad_value",
        column,
        ~pl.any_horizontal(pl.col(column) == value for value in known),
        _words("finding.bad_value", column=column, known=_words("list.or").between(known)),
        (pl.col(column),),
    )


def patient_values() -> list[Check]:
    """Sex and age, where they are given."""
    return [
        Check(
            "bad_value",
            "sex",
            ~pl.col("sex").is_in([1.0, 2.0]),
            _words("finding.bad_sex"),
            (as_written("sex"),),
        ),
        Check(
            "bad_value",
            "age",
            ~pl.col("age").is_between(0, 150),
            _words("finding.bad_age"),
            (as_written("age"),),
        ),
    ]


def _values(policy: Policy) -> list[Check]:
    return [
        Check(
            "bad_type",
            "length_of_stay",
            (pl.col("stated_days") != pl.col("stated_days").round())
            | pl.col("stated_days").is_infinite(),
            _words("finding.broken_length"),
        ),
        bad_value("account", policy.records.accounts),
        *patient_values(),
        bad_value("payment_unit", PAYMENT_UNITS),
        Check(
            "bad_value",
            "length_of_stay",
            pl.col("stated_days") < 0,
            _words("finding.negative_length"),
            (as_written("stated_days"),),
        ),
        Check(
            "length_range",
            "length_of_stay",
            pl.col("stated_days") > _MOST_DAYS,
            _words("finding.length_range", most=_MOST_DAYS),
            (as_written("stated_days"),),
        ),
    ]


def repeated_id(column: str) -> Check:
    """An id that several rows have, as `repeated` says."""
    return Check(
        "duplicate_id",
        column,
        pl.col("repeated"),
        _words("finding.duplicate_id", column=column),
    )


def unknown_hospital() -> Check:
    """A hospital for which joining the table of hospitals gave no level."""
    return Check(
        "unknown_hospital",
        "hospital_id",
        pl.col("hospital_id").is_not_null() & pl.col("level").is_null(),
        _words("finding.unknown_hospital"),
        (pl.col("hospital_id"),),
    )


def outside_period(column: str, period: tuple[date, date] | None, message: Words) -> list[Check]:
    """A date before the first or after the last day; the message shows it and both days."""
    if period is None:
        return []
    first, last = period
    days = (pl.lit(str(first)), pl.lit(str(last)))
    return [
        Check(
            "outside_period",
            column,
            ~pl.col(column).is_between(first, last),
            message,
            (pl.col(column).cast(pl.String), *days),
        )
    ]


def _bed_days(policy: Policy) -> list[Check]:
    priced = pl.lit(False)
    for row in policy.points.bed_days:
        here = pl.col("bed_day_class") == row.bed_day_class
        if row.levels:
            here &= pl.col("level").is_in(row.levels)
        priced |= here
    return [
        Check(
            "unknown_bed_day_class",
            "bed_day_class",
            (pl.col("payment_unit") == "bed_day") & ~priced.fill_null(False),
            _words("finding.unknown_bed_day_class"),
            (pl.col("bed_day_class").fill_null("(none)"), pl.col("level").fill_null("?")),
        )
    ]


def _codes(not_principal: Sequence[str]) -> list[Check]:
    return [
        *unknown_diagnoses(),
        unknown_code("unknown_procedure", "procedure", "procedures"),
        Check(
            "principal_not_allowed",
            "principal_diagnosis",
            pl.col("principal_diagnosis").is_in([*not_principal]),
            _words("finding.principal_not_allowed"),
            (pl.col("principal_diagnosis"),),
        ),
        Check(
            "procedure_without_part",
            "procedures",
            pl.col(LEADING_WITHOUT_PART).is_not_null(),
            _words("finding.procedure_without_part"),
            (pl.col(LEADING_WITHOUT_PART),),
        ),
        repeated_among_others(),
        Check(
            "sex_conflict",
            "sex",
            pl.col("sex") != pl.col("only_sex"),
            _words("finding.sex_conflict"),
            (pl.col("principal_diagnosis"), as_written("sex")),
        ),
    ]


def repeated_among_others() -> Check:
    """A principal diagnosis that stands among the others too, as REPEATED_PRINCIPAL says."""
    return Check(
        "repeated_principal",
        "other_diagnoses",
        pl.col(REPEATED_PRINCIPAL),
        _words("finding.repeated_principal"),
        (pl.col("principal_diagnosis"),),
    )


def unknown_diagnoses() -> list[Check]:
    """Diagnoses that no code table knows, as the first two of UNKNOWN_COLUMNS say."""
    return [
        unknown_code("unknown_principal", "diagnosis", "principal_diagnosis"),
        unknown_code("unknown_other", "diagnosis", "other_diagnoses"),
    ]


def unknown_code(found_in: str, kind: str, column: str) -> Check:
    """A code that no code table knows; the column `found_in` holds it."""
    return Check(
        f"unknown_{kind}",
        column,
        pl.col(found_in).is_not_null(),
        _words(f"finding.unknown_{kind}", column=column),
        (pl.col(found_in),),
    )


def _newborns(policy: Policy) -> list[Check]:
    return [
        Check(
            "age_days_missing",
            "age_days",
            (pl.col("age") == 0) & pl.col("age_days").is_null(),
            _words("finding.age_days_missing"),
        ),
        Check(
            "newborn_weight_missing",
            "weight_g",
            (pl.col("age") == 0)
            & (pl.col("age_days") <= policy.records.newborn_max_days)
            & pl.col("weight_g").is_null(),
            _words("finding.newborn_weight_missing"),
            (as_written("age_days"),),
        ),
    ]


def _dates() -> list[Check]:
    text = {name: pl.col(name).cast(pl.String) for name in ("admission_date", "discharge_date")}
    return [
        Check(
            "dates_reversed",
            "discharge_date",
            pl.col("discharge_date") < pl.col("admission_date"),
            _words("finding.discharged_before_admitted"),
            (text["discharge_date"], text["admission_date"]),
        ),
        Check(
            "dates_reversed",
            "settlement_date",
            pl.col("settlement_date") < pl.col("discharge_date"),
            _words("finding.settled_before_discharged"),
            (pl.col("settlement_date").cast(pl.String), text["discharge_date"]),
        ),
    ]


def _lengths(policy: Policy) -> list[Check]:
    """length_of_stay against the dates; a bed-day stay is paid by it."""
    rules = policy.records
    nights = (pl.col("discharge_date") - pl.col("admission_date")).dt.total_days()
    by_dates = pl.when(nights == 0).then(pl.lit(rules.same_day_days)).otherwise(nights)
    differs = (nights >= 0) & (
        (pl.col("stated_days") - by_dates).abs() > rules.length_tolerance_days
    )
    bed_day = (pl.col("payment_unit") == "bed_day").fill_null(False)
    return [
        Check(
            "length_differs",
            "length_of_stay",
            differs & concerned,
            _words("finding.length_differs"),
            (as_written("stated_days"), by_dates.cast(pl.String)),
            severity=severity,
        )
        for severity, concerned in (
            ("length_differs_bed_day", bed_day),
            ("length_differs", ~bed_day),
        )
    ]


def _persons() -> list[Check]:
    """What the stays of a person together show (records/same_person.py)."""
    return [
        Check(
            "duplicate_stay",
            "case_id",
            pl.col(COPY),
            _words("finding.duplicate_stay"),
        ),
        Check(
            "overlapping_stay",
            "admission_date",
            pl.col(OVERLAP),
            _words("finding.overlapping_stay"),
            (pl.col("admission_date").cast(pl.String),),
        ),
    ]


def costs(policy: Policy, most_yuan: Decimal) -> list[Check]:
    """Costs below nothing or above any, and parts that do not add up to the total."""
    tolerance = scaled(policy.records.cost_tolerance_yuan, 2)
    parts = pl.col("fund_fen") + pl.col("patient_fen") + pl.col("other_fen")
    negative = [
        Check(
            "cost_negative",
            column,
            pl.col(fen) < 0,
            _words("finding.cost_negative", column=column),
            (yuan(fen),),
        )
        for column, fen in FEN_COLUMNS.items()
    ]
    return [
        *negative,
        *[implausible(column, fen, most_yuan) for column, fen in FEN_COLUMNS.items()],
        Check(
            "cost_identity",
            "total_cost",
            (pl.col("total_fen") - parts).abs() > tolerance,
            _words("finding.cost_identity"),
            tuple(yuan(fen) for fen in FEN_COLUMNS.values()),
        ),
    ]
