"""Scenario files: what is to be different from the base (docs/scenarios.md lists the keys)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import Field, field_validator, model_validator

from drgpay.base.errors import DrgpayError, UnfitError
from drgpay.base.toml_reader import parse_toml
from drgpay.base.words import Sentences
from drgpay.grouper.scheme_files import shipped_schemes
from drgpay.policy.fields import Name, PositiveRatio, PositiveYuan, Ratio, Section, Share
from drgpay.policy.load import read_keys, shipped_policies, validated
from drgpay.records.dataset import RecordsInput
from drgpay.records.official_groups import GroupsRule
from drgpay.run.job import beside, groups_input

_ERRORS = Sentences("errors/simulate")

Value = Any
MOST_ROWS = 1000
"""Of [[volume]], each of which goes through all cases."""
MOST_SWEEPS = 10
"""Parameters that are swept at once."""


class BaseFiles(Section):
    """[base]: the job of the base month and, if it was settled, the folder of its run."""

    job: Name
    run: Name | None = None


class Recalibrate(Section):
    """[recalibrate]: a new catalogue from the stays of past years, with the scenario's rules."""

    history: Name
    mapping: Name | None = None
    encoding: Name | None = None
    clinical_codes: bool = False
    ignore: tuple[Name, ...] = ()
    groups: Name | None = None
    groups_rule: GroupsRule | None = None


class BudgetChange(Section):
    """[budget]: annual budgets, the month's budgets by account, or both times a ratio."""

    annual_yuan: dict[Name, PositiveYuan] = Field(default_factory=dict)
    month_yuan: dict[Name, PositiveYuan] = Field(default_factory=dict)
    times: PositiveRatio | None = None


class HospitalFacts(Section):
    """[hospitals.<id>]: facts of a hospital that are to be different."""

    level: Name | None = None
    county: Name | None = None


class Volume(Section):
    """A row of [[volume]]: more or fewer of some cases, or a share of them in another hospital."""

    hospital: Name | None = None
    group: Name | None = None
    account: Name | None = None
    times: Ratio | None = None
    to_hospital: Name | None = None
    share: Share | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        shifts = self.to_hospital is not None and self.share is not None and self.times is None
        grows = self.times is not None and self.to_hospital is None and self.share is None
        if shifts == grows:
            raise UnfitError(_ERRORS.words("times_or_move"))
        return self


class Sweep(Section):
    """A row of [[sweep]]: the values that a path takes, listed or from a range."""

    path: Name
    values: tuple[Value, ...] = ()
    from_: Annotated[Decimal | None, Field(alias="from")] = None
    to: Decimal | None = None
    step: Annotated[Decimal | None, Field(gt=0)] = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        ranged = [self.from_ is not None, self.to is not None, self.step is not None]
        if bool(self.values) == any(ranged) or (any(ranged) and not all(ranged)):
            raise UnfitError(_ERRORS.words("values_or_range"))
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise UnfitError(_ERRORS.words("to_below_from"))
        return self

    @property
    def count(self) -> int:
        """How many values it has, without listing them."""
        if self.from_ is None or self.to is None or self.step is None:
            return len(self.values)
        # Fractions: the quotient of decimals has no more than 28 digits.
        return int((Fraction(self.to) - Fraction(self.from_)) // Fraction(self.step)) + 1

    def points(self) -> list[Value]:
        """The values in order; the last is `to` only if a whole number of steps reaches it."""
        if self.from_ is None or self.step is None:
            return list(self.values)
        return [self.from_ + self.step * place for place in range(self.count)]


class Target(Section):
    """[target]: the value of a path, between two, with which a measure reaches a goal.

    measure `change_share`: the hospital's change against the base as a share of its fund amount;
    `fund_amount`: its fund amount in yuan; `point_value`: the value of a pool. `at_least` or
    `at_most` is the goal; `within` is both ways (change_share alone): -within ... within.
    """

    path: Name
    from_: Annotated[Decimal, Field(alias="from")]
    to: Decimal
    places: Annotated[int, Field(ge=0, le=8)] = 4
    measure: Literal["change_share", "fund_amount", "point_value"] = "change_share"
    hospital: Name | None = None
    pool: Name | None = None
    within: PositiveRatio | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.to <= self.from_:
            raise UnfitError(_ERRORS.words("to_not_above_from"))
        scale = 10**self.places
        if ceil(Fraction(self.from_) * scale) > floor(Fraction(self.to) * scale):
            raise UnfitError(_ERRORS.words("no_value_between", places=self.places))
        goals = [self.within, self.at_least, self.at_most]
        if sum(goal is not None for goal in goals) != 1:
            raise UnfitError(_ERRORS.words("one_goal"))
        if self.within is not None and self.measure != "change_share":
            raise UnfitError(_ERRORS.words("within_of_change"))
        needed, name = (
            (self.pool, "pool") if self.measure == "point_value" else (self.hospital, "hospital")
        )
        if needed is None:
            raise UnfitError(_ERRORS.words("measure_of_what", measure=self.measure, key=name))
        return self


class ScenarioFile(Section):
    """The keys of a scenario file; relative paths start at its folder."""

    name: Name
    base: BaseFiles | None = None
    scheme: Name | None = None
    catalogue: Name | None = None
    overlay: tuple[Name, ...] = ()
    points: Name | None = None
    policy: dict[Name, Value] = Field(default_factory=dict)
    budget: BudgetChange | None = None
    recalibrate: Recalibrate | None = None
    hospitals: dict[Name, HospitalFacts] = Field(default_factory=dict)
    volume: Annotated[tuple[Volume, ...], Field(max_length=MOST_ROWS)] = ()
    sweep: Annotated[tuple[Sweep, ...], Field(max_length=MOST_SWEEPS)] = ()
    target: Target | None = None

    @field_validator("overlay", mode="before", json_schema_input_type=Name | tuple[Name, ...])
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Scenario:
    """A scenario with its paths resolved. `policy` is by dotted path.

    text: of one that was made of values, and lies in no file; `path` is then what it is called.
    """

    path: Path
    file: ScenarioFile
    policy: dict[str, Value]
    text: str | None = None

    @property
    def content(self) -> bytes:
        """What its file holds, or would hold."""
        return self.path.read_bytes() if self.text is None else self.text.encode()

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return self.file.name

    @property
    def here(self) -> Path:
        """The folder from which its paths start."""
        return self.path.parent

    @property
    def job(self) -> Path | None:
        """The job of its base."""
        return self.here / self.file.base.job if self.file.base else None

    @property
    def run(self) -> Path | None:
        """The run of its base."""
        return self.here / self.file.base.run if self.file.base and self.file.base.run else None

    @property
    def scheme(self) -> str | None:
        """The id or folder of another scheme."""
        name = self.file.scheme
        return name if name is None or name in shipped_schemes() else str(self.here / name)

    @property
    def catalogue(self) -> Path | None:
        """The folder of another catalogue."""
        return self.here / self.file.catalogue if self.file.catalogue else None

    @property
    def points(self) -> str | None:
        """The policy whose [points] hold, by its id or its file."""
        name = self.file.points
        return name if name is None or name in shipped_policies() else str(self.here / name)

    @property
    def overlays(self) -> list[Path]:
        """The overlay files."""
        return [self.here / name for name in self.file.overlay]

    @property
    def history(self) -> RecordsInput | None:
        """The stays to calibrate with."""
        given = self.file.recalibrate
        if given is None:
            return None
        return RecordsInput(
            self.here / given.history,
            beside(self.here, given.mapping),
            given.encoding,
            given.clinical_codes,
            given.ignore,
            groups_input(self.path, "recalibrate", given.groups, given.groups_rule),
        )


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; raises DrgpayError with the path of every wrong key."""
    what, remedy = _ERRORS.words("scenario"), _ERRORS.words("scenario_keys")
    file = read_keys(path, ScenarioFile, what, remedy, decimals=True)
    return Scenario(path, file, dict(_dotted(file.policy)))


def scenario_of(values: Mapping[str, Any]) -> Scenario:
    """A scenario by the keys of its file, read as the file would be; paths start at the working folder.

    Raises DrgpayError as `load_scenario`, and for a value that no file can hold.
    """
    name = values.get("name")
    called = re.sub(r"[^\w.+-]+", "-", name).strip("-.")[:60] if isinstance(name, str) else ""
    path = Path(f"{called or 'scenario'}.toml")
    text = text_of_values(values)
    remedy = _ERRORS.words("scenario_keys")
    file = validated(parse_toml(text, path, decimals=True), ScenarioFile, path, remedy)
    return Scenario(path, file, dict(_dotted(file.policy)), text)


def text_of_values(values: Mapping[str, Any]) -> str:
    """Values as the text of a scenario file; None is left out, a path is its text.

    Raises DrgpayError for values that TOML has no words for.
    """
    return tomli_w.dumps(_for_a_file(values))


def _for_a_file(value: Any) -> Any:
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise DrgpayError(*_ERRORS("no_key_of_a_file", type=type(key).__name__))
        return {key: _for_a_file(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_for_a_file(inner) for inner in value]
    if isinstance(value, PurePath):
        return str(value)
    if not isinstance(value, str | bool | int | float | Decimal | date):
        raise DrgpayError(*_ERRORS("no_value_of_a_file", type=type(value).__name__))
    return value


_WHOLE = ("calibration.trim", "budget.months")
"""Tables with a method of their own: they are replaced whole."""


def _dotted(tree: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """[policy] holds dotted names, in quotes or not. A table under a quoted name is one value."""
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        path = f"{above}.{key}" if above else key
        if isinstance(value, dict) and "." not in key and not path.endswith(_WHOLE):
            found += _dotted(value, path)
        else:
            found.append((path, value))
    return found


@dataclass(frozen=True)
class Conflict:
    """Two files that say different things about the same; the later one holds."""

    key: str
    first: str
    first_value: str
    then: str
    then_value: str


def conflicts_of(scenarios: Sequence[Scenario], period: str) -> list[Conflict]:
    """What several files of a stack set differently, in the order of the files.

    A table and a value inside it conflict too where they differ; a scheme drops the overlays before
    it. period: of the base, `2026-10` or `2026`.
    """
    said: dict[str, tuple[str, Any]] = {}
    found = []
    for scenario in scenarios:
        if scenario.scheme and "overlay" in said:
            first, overlays = said.pop("overlay")
            told = f"scheme {scenario.scheme}"
            found.append(Conflict("overlay", first, str(overlays), scenario.name, told))
        for key, value in _settings(scenario, period).items():
            for earlier, (name, before) in said.items():
                path, was, now = _overlap(earlier, before, key, value)
                if path and was != now:
                    found.append(Conflict(path, name, _said(was), scenario.name, _said(now)))
        said |= {key: (scenario.name, value) for key, value in _settings(scenario, period).items()}
        if scenario.overlays:
            names = ", ".join(path.name for path in scenario.overlays)
            said["overlay"] = (scenario.name, names)
    return found


def _overlap(earlier: str, before: Any, key: str, value: Any) -> tuple[str, Any, Any]:
    """The path that two settings share, and the value there by each; no path where they do not.

    Of a table and a value inside it, only what the table holds at that place is shared: a value
    that comes later refines the table, a table that comes later replaces the value.
    """
    if earlier == key:
        return key, before, value
    if key.startswith(f"{earlier}."):
        inside = _inside(before, key[len(earlier) + 1 :])
        return ("", None, None) if inside is None else (key, inside, value)
    if earlier.startswith(f"{key}."):
        return earlier, before, _inside(value, earlier[len(key) + 1 :])
    return "", None, None


def _inside(table: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(table, dict):
            table = table.get(part)
        elif isinstance(table, list) and part.isdigit() and int(part) < len(table):
            table = table[int(part)]
        else:
            return None
    return table


def _said(value: Any) -> str:
    return "–" if value is None else str(value)


def _settings(scenario: Scenario, period: str) -> dict[str, Any]:
    """What a file sets, by a name.

    Changes of volume, ratios of budgets and overlays add up and never conflict.
    """
    file = scenario.file
    settings: dict[str, Any] = dict(scenario.policy)
    single = {
        "scheme": scenario.scheme,
        "points": scenario.points,
        "catalogue": scenario.history.path if scenario.history else scenario.catalogue,
    }
    settings |= {key: value for key, value in single.items() if value is not None}
    if file.budget:
        for account, yuan in file.budget.annual_yuan.items():
            settings[f"budget.annual_yuan.{account}"] = yuan
        for account, yuan in file.budget.month_yuan.items():
            settings[f"budget.month_yuan.{period}.{account}"] = yuan
    for hospital, facts in file.hospitals.items():
        for fact, value in facts.model_dump(exclude_none=True).items():
            settings[f"hospitals.{hospital}.{fact}"] = value
    return settings
