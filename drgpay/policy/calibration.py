"""[calibration]: from the cases of past years to a catalogue (docs/points.md)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drgpay.base.errors import UnfitError
from drgpay.base.words import Sentences
from drgpay.policy.fields import (
    Groups,
    Name,
    PositiveCount,
    PositiveRatio,
    PositiveYuan,
    Ratio,
    Section,
    Share,
)

ANY = "*"
"""In [[calibration.stand_ins]]: what a code has before an ending."""

_ERRORS = Sentences("errors/policy")


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


class PercentileTrim(Section):
    """Keep the costs between two percentiles of each group, both included."""

    method: Literal["percentile"]
    low: Share
    high: Share

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low >= self.high:
            raise UnfitError(_ERRORS.words("among.low_not_below_high"))
        return self


class LogSdTrim(Section):
    """Keep mean - deviations x sd ... mean + deviations x sd of the logarithm of cost."""

    method: Literal["log_sd"]
    deviations: PositiveRatio


Trim = Annotated[
    NoTrim | IqrTrim | RatioTrim | PercentileTrim | LogSdTrim, Field(discriminator="method")
]


class Neighbour(Section):
    """[calibration.coefficients.neighbour]: a level without cases follows its neighbour.

    Zigong 2023: the next higher level x 0.90, else the next lower x 1.10.
    """

    level_order: Annotated[tuple[Name, ...], Field(min_length=2)]
    from_higher: PositiveRatio
    from_lower: PositiveRatio

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.level_order)) < len(self.level_order):
            raise UnfitError(_ERRORS.words("among.level_twice"))
        return self


class Coefficients(Section):
    """[calibration.coefficients]: coefficient = hospital part x weight + level part x weight."""

    per: Literal["group", "level"]
    hospital_weight: Share
    level_weight: Share
    min_cases: PositiveCount
    minimum: Ratio
    maximum: PositiveRatio
    missing_part: Literal["one", "neighbour"]
    neighbour: Neighbour | None = None
    groups_without: Groups

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.hospital_weight + self.level_weight != 1:
            raise UnfitError(_ERRORS.words("among.weights_not_one"))
        if self.minimum > self.maximum:
            raise UnfitError(_ERRORS.words("among.minimum_above_maximum"))
        if (self.missing_part == "neighbour") != (self.neighbour is not None):
            raise UnfitError(_ERRORS.words("among.neighbour_or_not"))
        if self.per == "level" and self.hospital_weight != 0:
            raise UnfitError(_ERRORS.words("among.level_with_hospital"))
        return self


class Calibration(Section):
    """[calibration]: from the cases of past years to a catalogue (docs/points.md)."""

    max_los_days: PositiveCount
    min_cost_yuan: PositiveYuan
    trim: Trim
    stable_min_cases: PositiveCount
    stable_max_cv: PositiveRatio
    mean_over: Literal["all", "stable"]
    unstable_base_points: Literal["mean", "median", "none"]
    coefficients: Coefficients


class StandIn(Section):
    """A row of [[calibration.stand_ins]]: groups of too few cases have the price of others x times.

    `*` and an ending stand for every group that ends so; in `like` * is what it stands for there.
    """

    groups: Annotated[Groups, Field(min_length=1)]
    like: Annotated[Groups, Field(min_length=1)]
    times: PositiveRatio

    @model_validator(mode="after")
    def _check(self) -> Self:
        open_ended = [group for group in self.like if group.startswith(ANY)]
        named = [group for group in self.groups if not group.startswith(ANY)]
        if open_ended and named:
            raise UnfitError(
                _ERRORS.words("among.ending_of_nothing", like=open_ended[0], group=named[0])
            )
        return self


class StayCalibration(Calibration):
    """[calibration] of stays, which may price groups like others."""

    added_keys = ("stand_ins",)

    stand_ins: tuple[StandIn, ...] = ()
