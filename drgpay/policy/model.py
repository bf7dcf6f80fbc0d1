"""The parameters of a policy, section by section; names carry their unit.

Every key must be given: the program has no amounts of its own. docs/policy.md explains each one.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Severity = Literal["stop", "reject", "warn", "ignore"]
# Findings that leave a stay unpayable: later stages count on their absence.
Refusal = Literal["stop", "reject"]
Name = Annotated[str, StringConstraints(min_length=1)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=9, decimal_places=4)]
Ratio = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=4)]
PositiveRatio = Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=4)]
Yuan = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=2)]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
PositiveYuan = Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=2)]


class Section(BaseModel):
    """A table of the policy file: no unknown keys, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Identity(Section):
    """[policy]: which policy this is."""

    id: Name
    name: Name
    region: Name
    year: Annotated[int, Field(ge=2000, le=2100)]


class Findings(Section):
    """[records.severity]: what a finding (docs/files.md) does to a row or, with `stop`, the run."""

    missing_required: Refusal
    bad_type: Refusal
    bad_value: Refusal
    duplicate_id: Refusal
    unknown_hospital: Refusal
    outside_period: Severity
    unknown_bed_day_class: Refusal
    unknown_diagnosis: Severity
    unknown_procedure: Severity
    sex_conflict: Severity
    age_days_missing: Severity
    newborn_weight_missing: Severity
    dates_reversed: Severity
    cost_negative: Refusal
    cost_identity: Severity


class Records(Section):
    """[records]: what a valid record is."""

    accounts: Annotated[tuple[Name, ...], Field(min_length=1)]
    cost_tolerance_yuan: Yuan
    newborn_max_days: Annotated[int, Field(ge=0)]
    severity: Findings


class NoTrim(Section):
    """Keep every case."""

    method: Literal["none"]


class IqrTrim(Section):
    """Keep Q1 - factor x IQR ... Q3 + factor x IQR of each group."""

    method: Literal["iqr"]
    factor: PositiveRatio


class RatioTrim(Section):
    """Keep low x mean ... high x mean of each group, in one pass."""

    method: Literal["ratio"]
    low: Ratio
    high: PositiveRatio


Trim = Annotated[NoTrim | IqrTrim | RatioTrim, Field(discriminator="method")]


class Coefficients(Section):
    """[calibration.coefficients]: coefficient = hospital part x weight + level part x weight."""

    hospital_weight: Share
    level_weight: Share
    min_cases: Annotated[int, Field(ge=1)]
    minimum: Ratio
    maximum: PositiveRatio
    missing_part: Literal["one"]
    groups_without: tuple[Name, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.hospital_weight + self.level_weight != 1:
            raise ValueError("hospital_weight and level_weight must add up to 1")
        if self.minimum > self.maximum:
            raise ValueError("minimum is above maximum")
        return self


class Calibration(Section):
    """[calibration]: from the cases of past years to a catalogue (docs/points.md)."""

    max_los_days: Annotated[int, Field(ge=1)]
    min_cost_yuan: PositiveYuan
    trim: Trim
    stable_min_cases: Annotated[int, Field(ge=1)]
    stable_max_cv: PositiveRatio
    mean_over: Literal["all", "stable"]
    coefficients: Coefficients


class HighBand(Section):
    """A row of [[points.high_bands]]: the first that fits the stay gives its high ratio."""

    ratio: PositiveRatio
    base_points_from: Ratio = Decimal(0)
    levels: tuple[Name, ...] = ()
    accounts: tuple[Name, ...] = ()


class BedDay(Section):
    """A row of [[points.bed_days]]: what a day of a class earns; points or yuan, not both."""

    bed_day_class: Name
    levels: tuple[Name, ...] = ()
    points_per_day: Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=8)] | None = None
    yuan_per_day: PositiveYuan | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.points_per_day is None) == (self.yuan_per_day is None):
            raise ValueError("give points_per_day or yuan_per_day, one of them")
        return self


class Readmission(Section):
    """[points.readmission]: a return within `days` reduces the earlier stay's points."""

    days: Annotated[int, Field(ge=0)]
    factor: Share
    scope: Literal["hospital", "region"]
    exempt_groups: tuple[Name, ...]


class Points(Section):
    """[points]: classes of stays and their points (docs/points.md)."""

    reference_mean: Literal["region", "level"]
    bounds: Literal["strict", "inclusive"]
    low_ratio: Share
    low_formula: Literal["as_incomplete", "at_cost"]
    incomplete_formula: Literal["with_coefficient", "without_coefficient"]
    high_bands: Annotated[tuple[HighBand, ...], Field(min_length=1)]
    high_formula: Literal["review_only"]
    ambiguous_ratio: Ratio
    ungrouped_ratio: Ratio
    few_cases_rule: Literal["base", "at_cost"]
    few_cases_ratio: Ratio
    bed_days: tuple[BedDay, ...]
    readmission: Readmission


class Settlement(Section):
    """[settlement]: point value and payment (docs/settlement.md)."""

    method: Literal["residual", "fund_only"]
    value_places: Annotated[int, Field(ge=0, le=8)]
    prepay_ratio: Share
    out_of_area: Literal["same_price", "pooled", "excluded"]
    distribute_remainder: Literal["none", "all"]


class EqualMonths(Section):
    """Every month has a twelfth."""

    rule: Literal["equal"]


class WeightedMonths(Section):
    """January to December share by weight."""

    rule: Literal["weights"]
    weights: Annotated[tuple[PositiveRatio, ...], Field(min_length=12, max_length=12)]


class Budget(Section):
    """[budget]: the fund's annual budget per account and how the months share it."""

    annual_yuan: dict[Name, PositiveYuan]
    reserve_ratio: Share
    months: Annotated[EqualMonths | WeightedMonths, Field(discriminator="rule")]
    month_yuan: dict[Month, dict[Name, PositiveYuan]] = {}


class Policy(Section):
    """A whole policy file. A policy without [budget] can calibrate but not settle."""

    policy: Identity
    records: Records
    calibration: Calibration
    points: Points
    settlement: Settlement
    budget: Budget | None = None

    @model_validator(mode="after")
    def _check_accounts(self) -> Self:
        known = set(self.records.accounts)
        named = {account for band in self.points.high_bands for account in band.accounts}
        if self.budget:
            named |= set(self.budget.annual_yuan)
            named |= {name for month in self.budget.month_yuan.values() for name in month}
        if named - known:
            unknown = ", ".join(sorted(named - known))
            raise ValueError(
                f"records.accounts does not list the account {unknown}, "
                "which budget or points.high_bands names"
            )
        return self
