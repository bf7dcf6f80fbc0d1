"""The parameters of a policy, section by section; names carry their unit.

Every key must be given: the program has no amounts of its own. docs/policy.md explains each one.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from drgpay.errors import DrgpayError
from drgpay.policy.calibration import Calibration
from drgpay.policy.fields import Name, Section
from drgpay.policy.outpatient import Outpatient
from drgpay.policy.points import Points
from drgpay.policy.records import Records
from drgpay.policy.settlement import Budget, Clearing, Settlement


class Identity(Section):
    """[policy]: which policy this is."""

    id: Name
    name: Name
    region: Name
    year: Annotated[int, Field(ge=2000, le=2100)]


class Policy(Section):
    """A whole policy file.

    A policy without [budget] can calibrate but not settle, one without [clearing] not clear a year.
    """

    policy: Identity
    records: Records
    calibration: Calibration
    points: Points
    settlement: Settlement
    budget: Budget | None = None
    clearing: Clearing | None = None
    outpatient: Outpatient | None = None

    def for_outpatient(self) -> "Policy":
        """The policy as visits are calibrated and settled by: with the sections of [outpatient].

        Its calibration, settlement and budget stand in the place of the inpatients'. Raises
        DrgpayError for a policy without [outpatient].
        """
        if self.outpatient is None:
            raise DrgpayError(
                f"the policy {self.policy.id} has no [outpatient]",
                "add it to calibrate or settle visits; docs/policy.md lists its keys",
            )
        return self.model_copy(
            update={
                "calibration": self.outpatient.calibration,
                "settlement": self.outpatient.settlement,
                "budget": self.outpatient.budget,
            }
        )

    @model_validator(mode="after")
    def _check_accounts(self) -> Self:
        known = set(self.records.accounts)
        named = {account for band in self.points.high_bands for account in band.accounts}
        named |= {account for pool in self.settlement.merged_accounts for account in pool}
        if self.budget:
            named |= set(self.budget.annual_yuan)
            named |= {name for month in self.budget.month_yuan.values() for name in month}
        if self.outpatient:
            named |= set(self.outpatient.budget.annual_yuan if self.outpatient.budget else ())
            capitation = self.outpatient.capitation
            named |= {rate.account for rate in capitation.rates} if capitation else set()
        if named - known:
            unknown = ", ".join(sorted(named - known))
            raise ValueError(
                f"records.accounts does not list the account {unknown}, which budget, "
                "settlement.merged_accounts, points.high_bands or outpatient names"
            )
        return self

    @model_validator(mode="after")
    def _check_unstable_groups(self) -> Self:
        if self.calibration.unstable_base_points == "none" and self.points.few_cases_rule == "base":
            raise ValueError(
                'calibration.unstable_base_points = "none" leaves nothing to pay by '
                'points.few_cases_rule = "base"; use "at_cost"'
            )
        return self
