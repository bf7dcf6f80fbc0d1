"""The file of an evaluation: runs, indicators with weights and methods, and what a score changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from drgpay.base.errors import DrgpayError, UnfitError
from drgpay.base.nearest import nearest_name
from drgpay.base.words import Sentences
from drgpay.evaluation.indicator import Direction
from drgpay.evaluation.shipped import DEDUCT_RATE, INDICATORS
from drgpay.policy.fields import Count, Name, PositiveCount, Ratio, Section, Share, Year
from drgpay.policy.load import read_keys
from drgpay.records.dataset import RecordsInput
from drgpay.run.job import beside

_ERRORS = Sentences("errors/evaluation")

Number = Annotated[Decimal, Field(max_digits=14, decimal_places=6)]
Score = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
Weight = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
Method = Literal["percentile", "linear", "band", "step", "deduct", "given"]
_WHOLE_WEIGHT = 100
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "linear": ("lo", "hi"),
    "band": ("a", "b", "d"),
    "step": ("steps",),
    "deduct": ("per",),
}


class RunFile(Section):
    """[[months]] and [[last_year]]: a finished run of a month, and the stays that it was settled from."""

    run: Name
    stays: Name
    mapping: Name | None = None
    encoding: Name | None = None
    clinical_codes: bool = False
    ignore: tuple[Name, ...] = ()


class TablesFile(Section):
    """[tables]: what a region may have beside its runs; each is optional."""

    indicator_values: Name | None = None
    stays_ext: Name | None = None
    upload_log: Name | None = None
    group_mortality: Name | None = None
    primary_groups: Name | None = None
    decisions: Name | None = None
    objections: Name | None = None


class StepFile(Section):
    """A row of `steps`: from this value on, this score."""

    least: Number
    score: Score


class IndicatorFile(Section):
    """[[indicators]]: an indicator with its weight and method, and where they come from."""

    id: Name
    weight: Weight
    method: Method
    direction: Direction | None = None
    lo: Number | None = None
    hi: Number | None = None
    a: Number | None = None
    b: Number | None = None
    d: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=6)] | None = None
    steps: tuple[StepFile, ...] = ()
    per: Ratio | None = None
    shrink: Count = 0
    min_n: Count = 30
    peers: Literal["level_and_kind", "all"] = "level_and_kind"
    source: str = ""
    verified: bool = False

    @model_validator(mode="after")
    def _check(self) -> "IndicatorFile":
        if self.id not in INDICATORS:
            like = nearest_name(self.id, sorted(INDICATORS)) or sorted(INDICATORS)[0]
            raise UnfitError(_ERRORS.words("unknown_indicator", id=self.id, like=like))
        for key in _NEEDED.get(self.method, ()):
            if getattr(self, key) in (None, ()):
                said = {"id": self.id, "method": self.method, "key": key}
                raise UnfitError(_ERRORS.words("method_without_key", **said))
        if self.lo is not None and self.hi is not None and self.lo >= self.hi:
            raise UnfitError(_ERRORS.words("lo_above_hi", id=self.id))
        if self.method == "band" and self.a is not None and self.b is not None and self.a > self.b:
            raise UnfitError(_ERRORS.words("a_above_b", id=self.id))
        bounds = [step.least for step in self.steps]
        if bounds != sorted(set(bounds), reverse=True):
            raise UnfitError(_ERRORS.words("steps_not_falling", id=self.id))
        directed = self.way in ("up", "down")
        if self.method in ("percentile", "linear") and not directed:
            raise UnfitError(_ERRORS.words("no_direction", id=self.id, method=self.method))
        return self

    @property
    def way(self) -> Direction | None:
        """Which way is better: as the file says, else as the indicator ships."""
        return self.direction or INDICATORS[self.id].direction


class FactorBand(Section):
    """A row of `money.bands`. per_point: of linear bands, the loss a point below the band above.

    factor: of step bands, for the whole amount.
    """

    score_from: Score
    per_point: Share | None = None
    factor: Share | None = None


class MoneyFile(Section):
    """[money]: what the score changes."""

    use: Literal["none", "factor", "share"] = "none"
    form: Literal["linear", "step"] = "linear"
    bands: tuple[FactorBand, ...] = ()
    bond_ratio: Annotated[Decimal, Field(ge=0, le=Decimal("0.05"), decimal_places=4)] | None = None
    bond_full: Score = Decimal(95)
    bond_by: Literal["hundred", "full"] = "hundred"
    combine: bool = False
    withheld: Literal["keep", "redistribute"] = "keep"
    redistribute_from: Score = Decimal(90)

    @model_validator(mode="after")
    def _check(self) -> "MoneyFile":
        if self.use != "none":
            bounds = [band.score_from for band in self.bands]
            if not bounds or bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0:
                raise UnfitError(_ERRORS.words("bands_not_falling"))
            key = "per_point" if self.form == "linear" else "factor"
            if any(getattr(band, key) is None for band in self.bands):
                raise UnfitError(_ERRORS.words("band_without_key", form=self.form, key=key))
            if self.bond_ratio is not None and not self.combine:
                raise UnfitError(_ERRORS.words("not_combined"))
        return self


class RanksFile(Section):
    """[ranks]: how often blocks of stays are drawn anew, and the seed."""

    draws: Annotated[int, Field(ge=20, le=10_000)] = 1000
    seed: Count = 1


class EvaluationFile(Section):
    """The keys of the file; relative paths start at its folder."""

    name: Name
    year: Year
    hospitals: Name
    months: Annotated[tuple[RunFile, ...], Field(min_length=1)]
    last_year: tuple[RunFile, ...] = ()
    clearing: Name | None = None
    supervision: Name | None = None
    tables: TablesFile = TablesFile()
    indicators: Annotated[tuple[IndicatorFile, ...], Field(min_length=1)]
    money: MoneyFile = MoneyFile()
    ranks: RanksFile = RanksFile()
    group_stays: PositiveCount = 1
    upload_days: Count = 10
    mortality_cases: PositiveCount = 30

    @model_validator(mode="after")
    def _check(self) -> "EvaluationFile":
        ids = [one.id for one in self.indicators]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice:
            raise UnfitError(_ERRORS.words("indicator_twice", id=twice))
        total = sum((one.weight for one in self.indicators), Decimal(0))
        if total != _WHOLE_WEIGHT:
            raise UnfitError(_ERRORS.words("weights_not_100", total=f"{total.normalize():f}"))
        if (self.money.use != "none" or self.money.bond_ratio is not None) and not self.clearing:
            raise UnfitError(_ERRORS.words("money_without_clearing"))
        return self


@dataclass(frozen=True)
class RunInput:
    """A run with its records, paths resolved; of the year itself, or of the one before."""

    run: Path
    stays: RecordsInput
    current: bool


@dataclass(frozen=True)
class EvaluationJob:
    """The file of an evaluation with its paths resolved. tables: those that are given, by name."""

    path: Path
    file: EvaluationFile
    year: int
    hospitals: Path
    runs: tuple[RunInput, ...]
    clearing: Path | None
    supervision: Path | None
    tables: Mapping[str, Path]


def load_evaluation(path: Path) -> EvaluationJob:
    """Read the file of an evaluation; raises DrgpayError with the path of every wrong key.

    Weights that do not add up to 100 are refused with their sum, an unknown indicator with the nearest
    name.
    """
    what, remedy = _ERRORS.words("evaluate_file"), _ERRORS.words("evaluate_keys")
    file = read_keys(path, EvaluationFile, what, remedy, decimals=True)
    here = path.parent
    given = file.tables.model_dump(exclude_none=True)
    if file.supervision and "decisions" not in given:
        raise DrgpayError(*_ERRORS("supervision_without_decisions", path=path))
    runs = [_run(here, one, current=True) for one in file.months]
    runs += [_run(here, one, current=False) for one in file.last_year]
    return EvaluationJob(
        path=path,
        file=file,
        year=int(file.year),
        hospitals=here / file.hospitals,
        runs=tuple(runs),
        clearing=here / file.clearing if file.clearing else None,
        supervision=here / file.supervision if file.supervision else None,
        tables={name: here / table for name, table in given.items()},
    )


def _run(here: Path, file: RunFile, *, current: bool) -> RunInput:
    records = RecordsInput(
        here / file.stays,
        beside(here, file.mapping),
        file.encoding,
        file.clinical_codes,
        file.ignore,
    )
    return RunInput(here / file.run, records, current)


def weighs_deductions(job: EvaluationJob) -> bool:
    """Whether the rate of deductions has a weight."""
    return any(one.id == DEDUCT_RATE and one.weight > 0 for one in job.file.indicators)
