"""The file of a year's responsibility: its tables, and every share with where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from drgpay.base.errors import UnfitError
from drgpay.base.words import Sentences
from drgpay.policy.fields import Name, Ratio, Section, Share, Year, Yuan
from drgpay.policy.load import Provenance, read_sourced
from drgpay.policy.settlement import SharingBand, refuse_broken_bands

_ERRORS = Sentences("errors/responsibility")

Score = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
_BANDS = (
    SharingBand(up_to=Decimal("0.03"), share=Decimal("0.2")),
    SharingBand(up_to=Decimal("0.08"), share=Decimal("0.4")),
    SharingBand(share=Decimal("0.6")),
)


class TablesFile(Section):
    """[tables]: files beside; those without a default are needed."""

    counties: Name
    county_fund: Name
    county_spend: Name | None = None
    county_spend_age: Name | None = None
    approved_changes: Name | None = None
    own_policy: Name | None = None
    scores: Name | None = None
    pool_balances: Name
    pool_spend: Name | None = None
    county_findings: Name | None = None
    claims: Name | None = None
    fiscal_limits: Name | None = None


class ClearingFile(Section):
    """[clearing]: the clearing of the year, whose cases are the spend of `item` by insured county."""

    run: Name
    item: Name = "inpatient_local"
    case_counties: Name | None = None


class ManagementFile(Section):
    """[shares.management]: m = 1 + (neutral_score - score) x per_point, from `least` to `most`."""

    neutral_score: Score = Decimal(80)
    per_point: Ratio = Decimal("0.01")
    least: Ratio = Decimal("0.8")
    most: Ratio = Decimal("1.2")

    @model_validator(mode="after")
    def _in_order(self) -> "ManagementFile":
        if self.least > self.most:
            raise UnfitError(_ERRORS.words("least_above_most"))
        return self


class SharesFile(Section):
    """[shares]: what of a gap is the county's."""

    bands: Annotated[tuple[SharingBand, ...], Field(min_length=1)] = _BANDS
    county_cap: Ratio = Decimal("0.05")
    collection: Literal["whole", "premium"] = "whole"
    signed: bool = False
    base: Literal["budget", "expected"] = "budget"
    management: ManagementFile = ManagementFile()

    @model_validator(mode="after")
    def _bands_rise(self) -> "SharesFile":
        refuse_broken_bands("shares.bands", self.bands)
        return self


class CascadeFile(Section):
    """[cascade]: who pays the pool's part, in the order of the fund accounting rules."""

    floor_months: Ratio = Decimal(3)
    own_balances_first: bool = False
    investments: Mapping[Name, Yuan] = Field(default_factory=dict)
    fiscal_split: Share = Decimal("0.5")


class AdjustmentFile(Section):
    """[adjustment]: the adjustment fund (调剂金): paid in and out afterwards, or beforehand, or none."""

    design: Literal["none", "after", "before"] = "none"
    fund: Mapping[Name, Yuan] = Field(default_factory=dict)
    rate: Share = Decimal("0.05")
    cap_months: Ratio = Decimal(1)
    limit: Share = Decimal("0.8")
    min_collection: Ratio = Decimal("0.98")
    min_score: Score = Decimal(60)
    pooled_ratio: Share = Decimal("0.3")


class IncentivesFile(Section):
    """[incentives]: what a county keeps of a saving by its management."""

    min_score: Score = Decimal(80)
    share: Share = Decimal("0.5")
    most: Ratio = Decimal("0.01")
    reward_limit: Share = Decimal("0.2")
    loss_limit: Yuan = Decimal(0)
    use: Literal["hospitals_by_points", "county_work"] = "hospitals_by_points"


class ResponsibilityFile(Section):
    """The keys of the file; relative paths start at its folder."""

    name: Name
    year: Year
    tables: TablesFile
    clearing: ClearingFile | None = None
    shares: SharesFile = SharesFile()
    cascade: CascadeFile = CascadeFile()
    adjustment: AdjustmentFile = AdjustmentFile()
    incentives: IncentivesFile = IncentivesFile()


@dataclass(frozen=True)
class Parameter:
    """A value by its dotted path. source: empty where nothing is said; verified: compared with it."""

    key: str
    value: str
    source: str
    verified: bool


@dataclass(frozen=True)
class ResponsibilityJob:
    """The file with its paths resolved. tables: those that are given, by name."""

    path: Path
    file: ResponsibilityFile
    year: int
    tables: Mapping[str, Path]
    clearing: Path | None
    case_counties: Path | None
    provenance: Mapping[str, Provenance]

    def parameters(self) -> list[Parameter]:
        """Every value that decides who pays. Without a source and `verified` it is unverified."""
        sections = ("shares", "cascade", "adjustment", "incentives")
        found = []
        for section in sections:
            for key, value in _leaves(getattr(self.file, section), section):
                about = self._about(key)
                found.append(Parameter(key, value, about.source, about.verified))
        return found

    def _about(self, key: str) -> Provenance:
        """What is said of a value, or of the table that it stands in."""
        parts = key.split(".")
        for end in range(len(parts), 0, -1):
            about = self.provenance.get(".".join(parts[:end]))
            if about is not None:
                return about
        return Provenance()


def load_responsibility(path: Path) -> ResponsibilityJob:
    """Read the file of a year's responsibility.

    A value is written plainly, or as a table with `value`, `source` and `verified`, as in policies.
    Raises DrgpayError with the path of every wrong key.
    """
    what, remedy = _ERRORS.words("share_file"), _ERRORS.words("share_keys")
    file, provenance = read_sourced(path, ResponsibilityFile, what, remedy)
    here, clearing = path.parent, file.clearing
    given = file.tables.model_dump(exclude_none=True)
    cases = clearing.case_counties if clearing else None
    return ResponsibilityJob(
        path=path,
        file=file,
        year=int(file.year),
        tables={name: here / table for name, table in given.items()},
        clearing=here / clearing.run if clearing else None,
        case_counties=here / cases if cases else None,
        provenance=provenance,
    )


def _leaves(value: Any, key: str) -> list[tuple[str, str]]:
    """The values below a table as text; a list of bands is one value."""
    if isinstance(value, BaseModel):
        names = type(value).model_fields
        return [leaf for name in names for leaf in _leaves(getattr(value, name), f"{key}.{name}")]
    if isinstance(value, Mapping):
        return [leaf for name in sorted(value) for leaf in _leaves(value[name], f"{key}.{name}")]
    if isinstance(value, tuple):
        return [(key, "; ".join(_band(band) for band in value))]
    if isinstance(value, bool):
        return [(key, str(value).lower())]
    return [(key, _plain(value) if isinstance(value, Decimal) else str(value))]


def _band(band: SharingBand) -> str:
    upper = "" if band.up_to is None else _plain(band.up_to)
    return f"≤{upper}: {_plain(band.share)}" if upper else f">: {_plain(band.share)}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"
