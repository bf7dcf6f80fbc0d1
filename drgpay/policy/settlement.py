"""[settlement], [budget] and [clearing]: from points to payments (docs/settlement.md)."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, StringConstraints, model_validator

from drgpay.base.errors import UnfitError
from drgpay.base.words import Sentences
from drgpay.policy.fields import Month, Name, PositiveRatio, PositiveYuan, Ratio, Section, Share

_ERRORS = Sentences("errors/policy")

RatePlaces = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=6)]
MonthOfYear = Annotated[str, StringConstraints(pattern=r"^(1[0-2]|[1-9])$")]


class Rate(Section):
    """A row of [[settlement.rates]]: yuan for a weight of 1 (100 points) of an account and level."""

    account: Name
    level: Name
    yuan: RatePlaces


class PlausibleBudget(Section):
    """[settlement.plausible_budget]: how many times item-by-item payment a month's budget may be.

    The limits themselves pass.
    """

    least: PositiveRatio = Decimal("0.5")
    most: PositiveRatio = Decimal("1.5")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.least <= 1 <= self.most:
            raise UnfitError(_ERRORS.words("among.budget_of_cost_implausible"))
        return self


class PlausibleValueChange(Section):
    """[settlement.plausible_value_change]: how far a value may be from that of the month before.

    A share of the value before, either way; the limit itself passes. by_month: other limits for
    single months, "1" to "12".
    """

    most: PositiveRatio = Decimal("0.2")
    by_month: dict[MonthOfYear, PositiveRatio] = Field(default_factory=dict)

    def in_month(self, month: int) -> Decimal:
        """The limit of a month, 1 to 12."""
        return self.by_month.get(str(month), self.most)


class Settlement(Section):
    """[settlement]: point value and payment (docs/settlement.md)."""

    method: Literal["residual", "fund_only", "cost", "rate"]
    rates: tuple[Rate, ...] = ()
    deducted_points: Literal["fund", "pool"] = "fund"
    value_places: Annotated[int, Field(ge=0, le=8)]
    prepay_ratio: Share
    out_of_area: Literal["same_price", "pooled", "excluded"]
    distribute_remainder: Literal["none", "all"]
    merged_accounts: tuple[Annotated[tuple[Name, ...], Field(min_length=2)], ...]
    may_exceed_budget: bool
    plausible_budget: PlausibleBudget = PlausibleBudget()
    plausible_value_change: PlausibleValueChange = PlausibleValueChange()
    _key: str = PrivateAttr(default="settlement")

    @property
    def key(self) -> str:
        """The section of the file that these rules are, for messages."""
        return self._key

    def under(self, key: str) -> Self:
        """The same rules as those of another section."""
        rules = self.model_copy()
        rules._key = key
        return rules

    @model_validator(mode="after")
    def _check(self) -> Self:
        merged = [account for pool in self.merged_accounts for account in pool]
        twice = sorted({account for account in merged if merged.count(account) > 1})
        if twice:
            raise UnfitError(_ERRORS.words("among.twice", key="merged_accounts", name=twice[0]))
        self._check_rates()
        return self

    def _check_rates(self) -> None:
        """Rates and method belong together, and a value keeps every decimal of its rate."""
        if (self.method == "rate") != bool(self.rates):
            raise UnfitError(_ERRORS.words("among.rates_or_not"))
        if self.method != "rate":
            return
        if self.distribute_remainder == "all":
            raise UnfitError(_ERRORS.words("among.rate_distributed"))
        places = [(rate.account, rate.level) for rate in self.rates]
        twice = sorted({place for place in places if places.count(place) > 1})
        if twice:
            account, level = twice[0]
            raise UnfitError(_ERRORS.words("among.rate_twice", account=account, level=level))
        needed = max(_decimals(rate.yuan) for rate in self.rates) + 2
        if needed > self.value_places:
            raise UnfitError(_ERRORS.words("among.few_places", needed=needed))


def _decimals(value: Decimal) -> int:
    """How many decimals a number needs; 9986.90 needs one."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


class EqualMonths(Section):
    """Every month has a twelfth."""

    rule: Literal["equal"]


class WeightedMonths(Section):
    """January to December share by weight."""

    rule: Literal["weights"]
    weights: Annotated[tuple[PositiveRatio, ...], Field(min_length=12, max_length=12)]


class MonthsByCost(Section):
    """January to December share by what the same months cost before."""

    rule: Literal["cost"]
    cost_yuan: Annotated[tuple[PositiveYuan, ...], Field(min_length=12, max_length=12)]


class Budget(Section):
    """[budget]: the fund's annual budget per account and how the months share it.

    With budgets of single months alone nothing is held back, and nothing is shared.
    """

    annual_yuan: dict[Name, PositiveYuan] = Field(default_factory=dict)
    reserve_ratio: Share = Decimal(0)
    less_item_by_item: bool = False
    months: Annotated[EqualMonths | WeightedMonths | MonthsByCost, Field(discriminator="rule")] = (
        EqualMonths(rule="equal")
    )
    month_yuan: Annotated[dict[Month, dict[Name, PositiveYuan]], Field(default_factory=dict)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.annual_yuan and not self.month_yuan:
            raise UnfitError(_ERRORS.words("among.no_budget"))
        lacking = [key for key in ("reserve_ratio", "months") if key not in self.model_fields_set]
        if self.annual_yuan and len(lacking) > 1:
            raise UnfitError(_ERRORS.words("among.both_beside_annual"))
        if self.annual_yuan and lacking:
            raise UnfitError(_ERRORS.words("among.beside_annual", key=lacking[0]))
        return self


class SharingBand(Section):
    """A row of a table of bands: `share` of what lies below `up_to` (a ratio to the budget).

    The last band has no `up_to`: it takes the rest.
    """

    up_to: PositiveRatio | None = None
    share: Share


class AssessmentBand(Section):
    """A row of [[clearing.assessment.bands]]: from this score on, payable = fund x factor."""

    score_from: Ratio
    factor: Annotated[Decimal, Field(ge=0, le=2, max_digits=9, decimal_places=4)]


class Assessment(Section):
    """[clearing.assessment]: what the year's assessment (年度考核) withholds or adds."""

    maximum_score: PositiveRatio
    bands: Annotated[tuple[AssessmentBand, ...], Field(min_length=1)]
    withheld: Literal["fund", "redistribute"]

    @model_validator(mode="after")
    def _check(self) -> Self:
        scores = [band.score_from for band in self.bands]
        if scores != sorted(set(scores), reverse=True) or scores[-1] != 0:
            raise UnfitError(_ERRORS.words("among.bands_not_falling"))
        if scores[0] > self.maximum_score:
            raise UnfitError(_ERRORS.words("among.band_above_maximum"))
        if any(band.factor > 1 for band in self.bands) and self.withheld == "fund":
            raise UnfitError(_ERRORS.words("among.bonus_unpaid"))
        return self


class Clearing(Section):
    """[clearing]: how a year's surplus and overrun are shared (docs/settlement.md)."""

    band_rule: Literal["marginal", "whole"]
    surplus_retained: Annotated[tuple[SharingBand, ...], Field(min_length=1)]
    overrun_shared: Annotated[tuple[SharingBand, ...], Field(min_length=1)]
    overrun_beyond_reserve: bool
    assessment: Assessment | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_broken_bands("surplus_retained", self.surplus_retained)
        refuse_broken_bands("overrun_shared", self.overrun_shared)
        return self


def refuse_broken_bands(key: str, bands: tuple[SharingBand, ...]) -> None:
    """Raise UnfitError unless bands rise without gap or overlap and the last one is open."""
    bounds = [band.up_to for band in bands]
    limits = [bound for bound in bounds[:-1] if bound is not None]
    if bounds[-1] is not None or len(limits) < len(bounds) - 1:
        raise UnfitError(_ERRORS.words("among.last_band_open", key=key))
    if limits != sorted(set(limits)):
        raise UnfitError(_ERRORS.words("among.bands_overlap", key=key))
