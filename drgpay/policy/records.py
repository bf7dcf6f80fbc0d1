"""[records]: what a valid record is, and what a finding does."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from drgpay.base.period import HOME_TIME_ZONE
from drgpay.policy.fields import Count, Name, Section, Share, Yuan

Severity = Literal["stop", "reject", "warn", "ignore"]
# Findings that leave a stay unpayable: later stages count on their absence.
Refusal = Literal["stop", "reject"]


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
    # Findings that only visits and their lines have. A policy of a region that pays no visits, or
    # from before there were any, need not name them.
    visit_without_lines: Severity = "reject"
    lines_differ_from_cost: Severity = "warn"
    unknown_contractor: Severity = "warn"
    line_without_visit: Refusal = "reject"
    # Findings that policies from before them need not name.
    total_row: Refusal = "reject"
    joined_codes: Severity = "reject"
    implausible_amount: Refusal = "reject"
    length_range: Severity = "reject"
    length_differs: Severity = "warn"
    length_differs_bed_day: Severity = "reject"
    duplicate_stay: Severity = "reject"
    overlapping_stay: Severity = "warn"
    repeated_principal: Severity = "warn"
    principal_not_allowed: Severity = "warn"
    procedure_without_part: Severity = "warn"
    duplicate_line: Severity = "warn"
    zero_amount: Severity = "warn"


MostYuan = Annotated[Decimal, Field(gt=0, le=10_000_000_000, decimal_places=2)]


class MostAmounts(Section):
    """[records.max_amount_yuan]: above these an amount is taken for a mistake."""

    stay: MostYuan = Decimal(100_000_000)
    visit: MostYuan = Decimal(100_000_000)
    line: MostYuan = Decimal(1_000_000)


class Records(Section):
    """[records]: what a valid record is."""

    accounts: Annotated[tuple[Name, ...], Field(min_length=1)]
    cost_tolerance_yuan: Yuan
    newborn_max_days: Count
    time_zone: Name = HOME_TIME_ZONE
    naive_time: Literal["local", "utc"] = "local"
    max_amount_yuan: MostAmounts = MostAmounts()
    max_refused_share: Share = Decimal("0.01")
    max_unknown_codes_share: Share = Decimal("0.02")
    levels: tuple[Name, ...] = ()
    same_day_days: Annotated[int, Field(ge=0, le=1)] = 1
    length_tolerance_days: Count = 1
    drop_repeated_principal: bool = False
    severity: Findings

    def with_severities(self, changed: Mapping[str, str]) -> "Records":
        """These with other severities by finding, of any kind: what a file may set is not checked."""
        return self.model_copy(update={"severity": self.severity.model_copy(update=dict(changed))})
