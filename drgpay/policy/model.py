"""The parameters of a policy, section by section; names carry their unit.

Every key must be given: the program has no amounts of its own. docs/policy.md explains each one.
"""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, StringConstraints, model_validator

from drgpay.base.errors import DrgpayError, UnfitError
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.policy.calibration import StayCalibration
from drgpay.policy.confirmation import Confirmation
from drgpay.policy.fields import Name, Section
from drgpay.policy.outpatient import Outpatient
from drgpay.policy.points import Points
from drgpay.policy.records import Records
from drgpay.policy.settlement import Budget, Clearing, Settlement

_ERRORS = Sentences("errors/policy")


TimeZone = Annotated[str, StringConstraints(pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$")]
"""How far a clock is from UTC, as +08:00."""


class Identity(Section):
    """[policy]: which policy this is.

    time_zone: of the dates and times that people are shown; without it that of the computer.
    """

    id: Name
    name: Name
    region: Name
    year: Annotated[int, Field(ge=2000, le=2100)]
    time_zone: TimeZone | None = None


class Policy(Shown, Section):
    """A whole policy file.

    A policy without [budget] can calibrate but not settle, one without [clearing] not clear a year.
    Without [confirmation] hospitals are not asked before a run is approved.
    """

    policy: Identity
    records: Records
    calibration: StayCalibration
    points: Points
    settlement: Settlement
    budget: Budget | None = None
    clearing: Clearing | None = None
    confirmation: Confirmation | None = None
    outpatient: Outpatient | None = None
    _of_visits: bool = PrivateAttr(default=False)

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        for name in ("id", "name", "region", "year"):
            yield name, getattr(self.policy, name)

    @property
    def budget_key(self) -> str:
        """The section of the file in which `budget` stands, or is missing."""
        return "outpatient.budget" if self._of_visits else "budget"

    def for_outpatient(self) -> "Policy":
        """The policy as visits are calibrated and settled by: with the sections of [outpatient].

        Its calibration, settlement and budget stand in the place of the inpatients'. Raises
        DrgpayError for a policy without [outpatient].
        """
        if self.outpatient is None:
            raise DrgpayError(*_ERRORS("no_outpatient", policy=self.policy.id))
        policy = self.model_copy(
            update={
                "calibration": self.outpatient.calibration,
                "settlement": self.outpatient.settlement.under("outpatient.settlement"),
                "budget": self.outpatient.budget,
            }
        )
        policy._of_visits = True
        return policy

    @model_validator(mode="after")
    def _check_accounts(self) -> Self:
        known = set(self.records.accounts)
        named = _budgeted(self.budget, "budget") | _merged(self.settlement, "settlement")
        named |= {(rate.account, "settlement.rates") for rate in self.settlement.rates}
        named |= {
            (account, "points.high_bands")
            for band in self.points.high_bands
            for account in band.accounts
        }
        if self.points.phase_in:
            named |= {(name, "points.phase_in.factors") for name in self.points.phase_in.factors}
        if self.outpatient:
            named |= _budgeted(self.outpatient.budget, "outpatient.budget")
            named |= _merged(self.outpatient.settlement, "outpatient.settlement")
            key = "outpatient.settlement.rates"
            named |= {(rate.account, key) for rate in self.outpatient.settlement.rates}
            if capitation := self.outpatient.capitation:
                key = "outpatient.capitation.rates"
                named |= {(rate.account, key) for rate in capitation.rates}
        unknown = [
            _ERRORS.words("among.account_of_key", account=account, key=key)
            for account, key in sorted(named)
            if account not in known
        ]
        if unknown:
            accounts = _ERRORS.words("among.between_accounts").between(unknown)
            raise UnfitError(_ERRORS.words("among.unlisted_account", accounts=accounts))
        return self

    @model_validator(mode="after")
    def _check_unstable_groups(self) -> Self:
        if self.calibration.unstable_base_points == "none" and self.points.few_cases_rule == "base":
            raise UnfitError(_ERRORS.words("among.unstable_unpaid"))
        if self.calibration.stand_ins and self.points.few_cases_rule != "base":
            raise UnfitError(_ERRORS.words("among.stand_ins_unpaid"))
        return self


def _budgeted(budget: Budget | None, key: str) -> set[tuple[str, str]]:
    """The accounts of a budget, each with the key that names it."""
    if budget is None:
        return set()
    named = {(account, f"{key}.annual_yuan") for account in budget.annual_yuan}
    return named | {
        (account, f"{key}.month_yuan") for month in budget.month_yuan.values() for account in month
    }


def _merged(settlement: Settlement, key: str) -> set[tuple[str, str]]:
    """The accounts that share a pool, each with the key that names it."""
    return {
        (account, f"{key}.merged_accounts")
        for pool in settlement.merged_accounts
        for account in pool
    }
