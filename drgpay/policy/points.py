"""[points]: classes of stays, their points, and what is added or taken (docs/points.md)."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drgpay.base.errors import UnfitError
from drgpay.base.words import Sentences
from drgpay.policy.fields import (
    Count,
    Groups,
    Month,
    Name,
    PointAmount,
    PositiveFactor,
    PositiveRatio,
    PositiveYuan,
    Ratio,
    Section,
    Share,
    Year,
)

_ERRORS = Sentences("errors/policy")


class HighBand(Section):
    """A row of [[points.high_bands]]: the first that fits the stay gives its high ratio."""

    ratio: PositiveRatio
    base_points_from: Ratio = Decimal(0)
    levels: tuple[Name, ...] = ()
    accounts: tuple[Name, ...] = ()


class BedDay(Section):
    """A row of [[points.bed_days]]: what a day of a class earns.

    One of: points, yuan, or `calibrated`, the mean daily cost in the catalogue.
    """

    bed_day_class: Name
    levels: tuple[Name, ...] = ()
    points_per_day: Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=8)] | None = None
    yuan_per_day: PositiveYuan | None = None
    calibrated: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [self.points_per_day is not None, self.yuan_per_day is not None, self.calibrated]
        if sum(given) != 1:
            raise UnfitError(_ERRORS.words("among.one_price_of_day"))
        return self


class Readmission(Section):
    """[points.readmission]: a return within `days` reduces the earlier stay's points.

    exempt_groups: beside those that the scheme ships (chemotherapy, dialysis ...).
    """

    days: Count
    factor: Share
    scope: Literal["hospital", "region"]
    exempt_groups: Groups


class Reviews(Section):
    """[points.reviews]: special reviews (特病单议) and how many a period may have."""

    classes: tuple[Literal["ungrouped", "ambiguous", "few_cases", "high"], ...]
    quota_share: Share
    quota_of: Literal["grouped", "drg"] = "grouped"
    quota_rounding: Literal["up", "down"] = "up"
    quota_scope: Literal["hospital", "region"]
    over_quota: Literal["report", "refuse"] = "refuse"


class Deduction(Section):
    """A row of [[points.deductions]]: what a violation takes.

    The case keeps its points x case_factor; the hospital loses its base points x base_times, or
    x base_times_serious where the finding is serious.
    """

    kind: Name
    case_factor: Share
    base_times: Ratio
    base_times_serious: Ratio


class BaseLevel(Section):
    """[points.base_level]: groups that every hospital is paid for at the coefficient of one level."""

    groups: Groups
    level: Name


class VolumeCap(Section):
    """A row of [[points.volume_caps]]: cases of a hospital's month beyond the cap earn less."""

    groups: Annotated[Groups, Field(min_length=1)]
    cases_a_month: Count
    factor: Share


class NewTechnology(Section):
    """A row of [[points.new_technologies]]: extra points as a share of base points, by year.

    A filed technology counts for the cases that the input file `technologies` lists, another for
    every case of its groups.
    """

    technology: Name
    groups: Annotated[Groups, Field(min_length=1)]
    share_by_year: Annotated[dict[Year, Ratio], Field(min_length=1)]
    filed: bool


class Tcm(Section):
    """[points.tcm]: the uplift of groups of Chinese medicine, at most `max_points` a case."""

    groups: Groups
    uplift: Ratio
    max_points: PointAmount


class AgeFactor(Section):
    """A row of [[points.age_factors]]: the first that fits a stay changes its base points.

    rule: of the rule language, over NL (years) and XSRTL (days). One of times and divide.
    """

    groups: Groups = ()
    rule: Name
    times: PositiveRatio | None = None
    divide: PositiveRatio | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.times is None) == (self.divide is None):
            raise UnfitError(_ERRORS.words("among.times_or_divide"))
        return self


class PhaseIn(Section):
    """[points.phase_in]: a new scheme paid by a growing share, the rest by the one before.

    factors: the neutral factor k of each account. share_by_month: of the new scheme, from the month
    on; 1 ends the phase-in, k stays. by: whose month counts; by default that of settlement. By that
    of discharge a stay over the change has the scheme of its discharge, in whatever month it is paid.
    """

    added_keys = ("by",)

    factors: Annotated[dict[Name, PositiveFactor], Field(min_length=1)]
    share_by_month: Annotated[dict[Month, Share], Field(min_length=1)]
    by: Literal["discharge_date", "settlement_date"] | None = None

    @property
    def by_discharge(self) -> bool:
        """Whether stays discharged before the first month are those of the scheme before."""
        return self.by == "discharge_date"


class Points(Section):
    """[points]: classes of stays and their points (docs/points.md)."""

    added_keys = ("phase_in",)

    incomplete_if: Name | None = None
    outside_drg_if: Name | None = None
    reference_mean: Literal["region", "level", "own_and_level"]
    own_mean_weight: Share | None = None
    bounds: Literal["strict", "inclusive"]
    bounds_mean: Literal["reference", "level"]
    ratio_mean: Literal["reference"] | None = None
    low_ratio: Share
    low_formula: Literal["as_incomplete", "at_cost"]
    always_low_groups: Groups
    incomplete_formula: Literal["with_coefficient", "without_coefficient"]
    high_bands: Annotated[tuple[HighBand, ...], Field(min_length=1)]
    high_formula: Literal["review_only", "excess", "cost_less_cap", "cost_less_cap_coef", "at_cost"]
    high_floor: Literal["normal", "none"] = "normal"
    ambiguous_ratio: Ratio
    ungrouped_rule: Literal["at_cost", "fixed_points"]
    ungrouped_ratio: Ratio
    ungrouped_points: PointAmount
    few_cases_rule: Literal["base", "at_cost"]
    few_cases_ratio: Ratio
    bed_days: tuple[BedDay, ...]
    age_factors: tuple[AgeFactor, ...] = ()
    no_coefficient_groups: Groups = ()
    base_level: BaseLevel | None = None
    volume_caps: tuple[VolumeCap, ...]
    readmission: Readmission
    reviews: Reviews
    deductions: tuple[Deduction, ...]
    new_technologies: tuple[NewTechnology, ...]
    tcm: Tcm | None = None
    phase_in: PhaseIn | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.reference_mean == "own_and_level") != (self.own_mean_weight is not None):
            raise UnfitError(_ERRORS.words("among.own_mean_or_not"))
        mixed = self.bounds_mean == "level" and self.reference_mean != "level"
        if mixed and self.ratio_mean is None:
            raise UnfitError(_ERRORS.words("among.mixed_means"))
        for key, names in {
            "deductions": [row.kind for row in self.deductions],
            "new_technologies": [row.technology for row in self.new_technologies],
            "volume_caps": [group for row in self.volume_caps for group in row.groups],
        }.items():
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise UnfitError(_ERRORS.words("among.twice", key=key, name=twice[0]))
        return self
