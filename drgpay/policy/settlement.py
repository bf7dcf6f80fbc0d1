"""[settlement], [budget] and [clearing]: from points to payments (docs/settlement.md)."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, StringConstraints, model_validator

from drgpay.policy.fields import Month, Name, PositiveRatio, PositiveYuan, Ratio, Section, Share

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
            raise ValueError("least is at most 1 and most at least 1: a budget of F is plausible")
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
            raise ValueError(f"merged_accounts names {twice[0]} twice")
        self._check_rates()
        return self

    def _check_rates(self) -> None:
        """Rates and method belong together, and a value keeps every decimal of its rate."""
        if (self.method == "rate") != bool(self.rates):
            raise ValueError('rates are given exactly when method = "rate"')
        if self.method != "rate":
            return
        if self.distribute_remainder == "all":
            raise ValueError(
                'method = "rate" has distribute_remainder = "none": a hospital is paid its rate'
            )
        places = [(rate.account, rate.level) for rate in self.rates]
        twice = sorted({place for place in places if places.count(place) > 1})
        if twice:
            raise ValueError(f"rates names {twice[0][0]} at the level {twice[0][1]} twice")
        needed = max(_decimals(rate.yuan) for rate in self.rates) + 2
        if needed > self.value_places:
            raise ValueError(
                f"a value is its rate / 100 and not rounded: these rates need value_places = {needed}"
            )


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
            raise ValueError("give annual_yuan, or the single months in month_yuan")
        lacking = [key for key in ("reserve_ratio", "months") if key not in self.model_fields_set]
        if self.annual_yuan and lacking:
            raise ValueError(
                f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing beside "
                "annual_yuan: how the months share it"
            )
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
            raise ValueError("bands must fall from the highest score_from to 0 without repeating")
        if scores[0] > self.maximum_score:
            raise ValueError("a band begins above maximum_score")
        if any(band.factor > 1 for band in self.bands) and self.withheld == "fund":
            raise ValueError('a factor above 1 needs withheld = "redistribute": it must be paid')
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
    """Raise ValueError unless bands rise without gap or overlap and the last one is open."""
    bounds = [band.up_to for band in bands]
    limits = [bound for bound in bounds[:-1] if bound is not None]
    if bounds[-1] is not None or len(limits) < len(bounds) - 1:
        raise ValueError(f"{key}: every band but the last, and only those, has up_to")
    if limits != sorted(set(limits)):
        raise ValueError(f"{key}: bands overlap: up_to must rise from band to band")
