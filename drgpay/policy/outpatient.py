"""[outpatient]: visits paid by APG points, and capitation accounts (docs/outpatient.md)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drgpay.base.errors import UnfitError
from drgpay.base.words import Sentences
from drgpay.policy.calibration import Calibration
from drgpay.policy.fields import Name, PositiveYuan, Section, Share
from drgpay.policy.settlement import Budget, Settlement, SharingBand, refuse_broken_bands

_ERRORS = Sentences("errors/policy")


class VisitSteps(Section):
    """[outpatient.steps]: which steps turn the lines of a visit into payable entries."""

    consolidate: bool
    discount_procedures: bool
    package: bool
    discount_repeats: bool


class VisitType(Section):
    """A row of [[outpatient.visit_types]]: how visits of a type are paid."""

    visit_type: Literal["ordinary", "chronic", "special"]
    payment: Literal["points", "item_by_item"]


class CapitationRate(Section):
    """A row of [[outpatient.capitation.rates]]: yuan a head and year; the first that fits holds."""

    account: Name
    age_band: Name | None = None
    yuan_a_year: PositiveYuan


class Capitation(Section):
    """[outpatient.capitation]: what a contractor has for its persons, and who bears the balance."""

    rates: Annotated[tuple[CapitationRate, ...], Field(min_length=1)]
    band_rule: Literal["marginal", "whole"]
    surplus_retained: Annotated[tuple[SharingBand, ...], Field(min_length=1)]
    overrun_shared: Annotated[tuple[SharingBand, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_broken_bands("surplus_retained", self.surplus_retained)
        refuse_broken_bands("overrun_shared", self.overrun_shared)
        return self


class Outpatient(Section):
    """[outpatient]: everything that visits are paid by; its budget is apart from the inpatients'."""

    steps: VisitSteps
    procedure_discount: Share
    repeat_discount: Share
    visit_types: Annotated[tuple[VisitType, ...], Field(min_length=3, max_length=3)]
    pharmacy_visits: Literal["drugs", "visits"] = "drugs"
    calibration: Calibration
    settlement: Settlement
    budget: Budget | None = None
    capitation: Capitation | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len({row.visit_type for row in self.visit_types}) < len(self.visit_types):
            raise UnfitError(_ERRORS.words("among.visit_type_twice"))
        if self.capitation and self.budget and "months" not in self.budget.model_fields_set:
            raise UnfitError(_ERRORS.words("among.capitation_months"))
        if self.calibration.coefficients.hospital_weight != 0:
            raise UnfitError(_ERRORS.words("among.visits_by_hospital"))
        return self
