"""Whether a stay can be paid: the checks of docs/files.md, and the quarantine of what fails."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.exact import scaled
from drgpay.language import Language, Words
from drgpay.policy.model import Policy
from drgpay.records.known_codes import UNKNOWN_COLUMNS
from drgpay.records.stays import FEN_COLUMNS, REQUIRED

FINDING_COLUMNS = (
    "case_id",
    "hospital_id",
    "settlement_date",
    "column",
    "code",
    "message",
    "other_codes",
)
PAYMENT_UNITS = ("drg", "bed_day", "fee")


@dataclass(frozen=True)
class Check:
    """A named check: true of the rows that fail; the message shows some of the row's values."""

    code: str
    column: str
    fails: pl.Expr
    message: Words
    shows: tuple[pl.Expr, ...] = ()


@dataclass(frozen=True)
class CheckedStays:
    """Valid stays; one quarantine row per refused stay; one warning row per stay and check.

    Quarantine and warnings have FINDING_COLUMNS (strings, settlement_date a date) and are sorted.
    """

    valid: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame


def check_stays(
    stays: pl.DataFrame,
    policy: Policy,
    hospitals: pl.DataFrame,
    period: tuple[date, date] | None,
    sex_of_diagnosis: pl.DataFrame,
    source: str,
    language: Language = "zh",
) -> CheckedStays:
    """Check the rows of `plain_stays`, with UNKNOWN_COLUMNS beside them.

    `sex_of_diagnosis` has code and only_sex (1 or 2): principal diagnoses that only one sex has.
    `period` is the first and last settlement date, or None for any. Every row of the input is in
    `valid` or in `quarantine`; messages are in `language`. Raises DrgpayError for a finding that the policy stops at.
    """
    stays = stays.join(hospitals.select("hospital_id", "level"), on="hospital_id", how="left")
    stays = stays.join(sex_of_diagnosis, left_on="principal_diagnosis", right_on="code", how="left")
    stays = stays.with_columns(repeated=_repeated(stays["case_id"]))
    checks = [
        check
        for check in stay_checks(policy, hospitals, period)
        if _severity(policy, check) != "ignore"
    ]
    stays = stays.with_columns(
        check.fails.fill_null(False).alias(f"check_{number}") for number, check in enumerate(checks)
    )
    by_severity = {
        severity: [n for n, check in enumerate(checks) if _severity(policy, check) == severity]
        for severity in ("stop", "reject", "warn")
    }
    for number in by_severity["stop"]:
        _stop_at(stays.filter(f"check_{number}"), checks[number], source)

    refused = pl.any_horizontal(*[f"check_{n}" for n in by_severity["reject"]], pl.lit(False))
    marks = pl.selectors.starts_with("check_")
    quarantine = _first_findings(stays.filter(refused), checks, by_severity["reject"], language)
    valid = stays.filter(~refused)
    warnings = _findings(valid, checks, by_severity["warn"], language)
    extra = ["repeated", "bad_type", *UNKNOWN_COLUMNS, "only_sex"]
    return CheckedStays(valid.drop(marks, *extra), quarantine, warnings)


def stay_checks(
    policy: Policy, hospitals: pl.DataFrame, period: tuple[date, date] | None
) -> list[Check]:
    """All checks in the order in which they are reported."""
    return [
        *_presence(),
        *_values(policy),
        *_identity(hospitals, period),
        *_bed_days(policy),
        *_codes(),
        *_newborns(policy),
        *_dates(),
        *_costs(policy),
    ]


def _presence() -> list[Check]:
    return [
        Check(
            "missing_required",
            column,
            pl.col(FEN_COLUMNS.get(column, column)).is_null()
            & (pl.col("bad_type").is_null() | (pl.col("bad_type") != column)),
            Words(f"缺少 {column}", f"{column} is missing"),
        )
        for column in REQUIRED
    ]


def _values(policy: Policy) -> list[Check]:
    accounts = policy.records.accounts
    return [
        Check(
            "bad_type",
            column,
            pl.col("bad_type") == column,
            Words(f"{column} 不是整天数", f"{column} is not a whole number of days")
            if column == "length_of_stay"
            else Words(f"{column} 不是精确到分的金额", f"{column} is not an amount in whole fen"),
        )
        for column in ("length_of_stay", *FEN_COLUMNS)
    ] + [
        Check(
            "bad_value",
            "account",
            ~pl.col("account").is_in(accounts),
            Words(
                "account 为 {}，应为 " + "、".join(accounts),
                "account is {}, not " + " or ".join(accounts),
            ),
            (pl.col("account"),),
        ),
        Check(
            "bad_value",
            "sex",
            ~pl.col("sex").is_in([1.0, 2.0]),
            Words("sex 为 {}，应为 1 或 2", "sex is {}, not 1 or 2"),
            (_n("sex"),),
        ),
        Check(
            "bad_value",
            "age",
            ~pl.col("age").is_between(0, 150),
            Words("age 为 {}，超出合理范围", "age is {}"),
            (_n("age"),),
        ),
        Check(
            "bad_value",
            "payment_unit",
            ~pl.col("payment_unit").is_in(PAYMENT_UNITS),
            Words(
                "payment_unit 为 {}，应为 " + "、".join(PAYMENT_UNITS),
                "payment_unit is {}, not " + " or ".join(PAYMENT_UNITS),
            ),
            (pl.col("payment_unit"),),
        ),
        Check(
            "bad_value",
            "length_of_stay",
            pl.col("length_of_stay") < 0,
            Words("length_of_stay 为 {}", "length_of_stay is {}"),
            (_n("length_of_stay"),),
        ),
    ]


def _identity(hospitals: pl.DataFrame, period: tuple[date, date] | None) -> list[Check]:
    checks = [
        Check(
            "duplicate_id",
            "case_id",
            pl.col("repeated"),
            Words("case_id 重复出现", "case_id occurs more than once"),
        ),
        Check(
            "unknown_hospital",
            "hospital_id",
            pl.col("hospital_id").is_not_null() & pl.col("level").is_null(),
            Words("机构 {} 不在医疗机构表中", "hospital {} is not in the table of hospitals"),
            (pl.col("hospital_id"),),
        ),
    ]
    if period:
        first, last = period
        checks.append(
            Check(
                "outside_period",
                "settlement_date",
                ~pl.col("settlement_date").is_between(first, last),
                Words(
                    f"结算日期 {{}} 不在 {first} 至 {last} 之内",
                    f"settled on {{}}, outside {first} to {last}",
                ),
                (pl.col("settlement_date").cast(pl.String),),
            )
        )
    return checks


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
            Words(
                "床日类别 {}（{} 级）在政策 points.bed_days 中没有对应行",
                "bed-day class {} at level {} has no row in points.bed_days",
            ),
            (pl.col("bed_day_class").fill_null("(none)"), pl.col("level").fill_null("?")),
        )
    ]


def _codes() -> list[Check]:
    return [
        Check(
            f"unknown_{kind}",
            column,
            pl.col(unknown).is_not_null(),
            Words(f"代码表中没有编码 {{}}（{column}）", f"no code table knows the {kind} {{}}"),
            (pl.col(unknown),),
        )
        for unknown, kind, column in zip(
            UNKNOWN_COLUMNS,
            ("diagnosis", "diagnosis", "procedure"),
            ("principal_diagnosis", "other_diagnoses", "procedures"),
            strict=True,
        )
    ] + [
        Check(
            "sex_conflict",
            "sex",
            pl.col("sex") != pl.col("only_sex"),
            Words("主要诊断 {} 与性别 {} 不符", "principal diagnosis {} does not go with sex {}"),
            (pl.col("principal_diagnosis"), _n("sex")),
        )
    ]


def _newborns(policy: Policy) -> list[Check]:
    return [
        Check(
            "age_days_missing",
            "age_days",
            (pl.col("age") == 0) & pl.col("age_days").is_null(),
            Words("age 为 0 而缺少 age_days", "age is 0 and age_days is missing"),
        ),
        Check(
            "newborn_weight_missing",
            "weight_g",
            (pl.col("age") == 0)
            & (pl.col("age_days") <= policy.records.newborn_max_days)
            & pl.col("weight_g").is_null(),
            Words("{} 天的新生儿缺少体重", "a newborn of {} days has no weight"),
            (_n("age_days"),),
        ),
    ]


def _dates() -> list[Check]:
    text = {name: pl.col(name).cast(pl.String) for name in ("admission_date", "discharge_date")}
    return [
        Check(
            "dates_reversed",
            "discharge_date",
            pl.col("discharge_date") < pl.col("admission_date"),
            Words("出院日期 {} 早于入院日期 {}", "discharged {} before admitted {}"),
            (text["discharge_date"], text["admission_date"]),
        ),
        Check(
            "dates_reversed",
            "settlement_date",
            pl.col("settlement_date") < pl.col("discharge_date"),
            Words("结算日期 {} 早于出院日期 {}", "settled {} before discharged {}"),
            (pl.col("settlement_date").cast(pl.String), text["discharge_date"]),
        ),
    ]


def _costs(policy: Policy) -> list[Check]:
    tolerance = scaled(policy.records.cost_tolerance_yuan, 2)
    parts = pl.col("fund_fen") + pl.col("patient_fen") + pl.col("other_fen")
    negative = [
        Check(
            "cost_negative",
            column,
            pl.col(fen) < 0,
            Words(f"{column} 为 {{}}", f"{column} is {{}}"),
            (_yuan(fen),),
        )
        for column, fen in FEN_COLUMNS.items()
    ]
    return [
        *negative,
        Check(
            "cost_identity",
            "total_cost",
            (pl.col("total_fen") - parts).abs() > tolerance,
            Words(
                "total_cost {} 不等于 fund_cost {} + patient_cost {} + other_cost {}",
                "total_cost {} is not fund_cost {} + patient_cost {} + other_cost {}",
            ),
            tuple(_yuan(fen) for fen in FEN_COLUMNS.values()),
        ),
    ]


def _repeated(ids: pl.Series) -> pl.Series:
    """Which ids occur more than once; counting the different ones is quicker than marking."""
    present = ids.drop_nulls()
    if present.n_unique() == len(present):
        return pl.Series([False]).new_from_index(0, len(ids))
    return ids.is_not_null() & ids.is_duplicated()


def _severity(policy: Policy, check: Check) -> str:
    severity: str = getattr(policy.records.severity, check.code)
    return severity


def _n(column: str) -> pl.Expr:
    """A number as it was written, without a needless fraction."""
    return pl.col(column).cast(pl.String).str.strip_suffix(".0")


def _yuan(fen: str) -> pl.Expr:
    return pl.col(fen).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2)).cast(pl.String)


def _stop_at(rows: pl.DataFrame, check: Check, source: str) -> None:
    if rows.height:
        cases = rows["case_id"].unique().sort()
        others = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
        shown = rows.sort("case_id").head(1).select(_message(check, "en"))["message"][0]
        raise DrgpayError(
            f"{source}: case {cases[0]}{others}: {shown}",
            f'correct the rows, or set records.severity.{check.code} = "reject" in the policy to '
            "quarantine them",
        )


def _message(check: Check, language: Language) -> pl.Expr:
    return pl.format(check.message.said_in(language), *check.shows).alias("message")


def _finding(rows: pl.DataFrame, check: Check, language: Language) -> pl.DataFrame:
    return rows.select(
        "case_id",
        "hospital_id",
        "settlement_date",
        pl.lit(check.column).alias("column"),
        pl.lit(check.code).alias("code"),
        _message(check, language),
        (pl.col("other_codes") if "other_codes" in rows.columns else pl.lit("")).alias(
            "other_codes"
        ),
    )


def _findings(
    rows: pl.DataFrame, checks: list[Check], numbers: list[int], language: Language
) -> pl.DataFrame:
    found = [_finding(rows.filter(f"check_{n}"), checks[n], language) for n in numbers]
    return pl.concat([_finding(rows.clear(), _NOTHING, language), *found]).sort(FINDING_COLUMNS)


def _first_findings(
    rows: pl.DataFrame, checks: list[Check], numbers: list[int], language: Language
) -> pl.DataFrame:
    """One row per stay: its first finding in the order of the checks, the others by code."""
    codes = pl.concat_list(
        [
            pl.when(pl.col(f"check_{n}")).then(pl.lit(f"{checks[n].code}:{checks[n].column}"))
            for n in numbers
        ]
        or [pl.lit(None, pl.String)]
    ).list.drop_nulls()
    rows = rows.with_columns(
        first=pl.coalesce(
            *[pl.when(pl.col(f"check_{n}")).then(pl.lit(n)) for n in numbers], pl.lit(-1)
        ),
        other_codes=codes.list.slice(1).list.join("; "),
    )
    found = [_finding(rows.filter(pl.col("first") == n), checks[n], language) for n in numbers]
    return pl.concat([_finding(rows.clear(), _NOTHING, language), *found]).sort(FINDING_COLUMNS)


_NOTHING = Check("", "", pl.lit(False), Words("", ""))
