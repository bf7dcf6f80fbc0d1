"""[settlement], [budget] and [clearing]: from points to payments (docs/settlement.md)."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from drgpay.policy.fields import Month, Name, PositiveRatio, PositiveYuan, Ratio, Section, Share


class Settlement(Section):
    """[settlement]: point value and payment (docs/settlement.md)."""

    method: Literal["residual", "fund_only", "cost"]
    value_places: Annotated[int, Field(ge=0, le=8)]
    prepay_ratio: Share
    out_of_area: Literal["same_price", "pooled", "excluded"]
    distribute_remainder: Literal["none", "all"]
    merged_accounts: tuple[Annotated[tuple[Name, ...], Field(min_length=2)], ...]
    may_exceed_budget: bool
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
        return self


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
    """[budget]: the fund's annual budget per account and how the months share it."""

    annual_yuan: dict[Name, PositiveYuan]
    reserve_ratio: Share
    months: Annotated[EqualMonths | WeightedMonths | MonthsByCost, Field(discriminator="rule")]
    month_yuan: Annotated[dict[Month, dict[Name, PositiveYuan]], Field(default_factory=dict)]


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
