"""Classes of mortality of groups, frozen with the catalogue so that a year does not grade itself (V2).

The usual method of front pages, unverified: l = ln(mortality) over groups with deaths and enough cases;
below mean - sd low, to the mean middle-low, to mean + sd middle-high, above high; groups without deaths
are low.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LOW, MIDDLE_LOW, MIDDLE_HIGH, HIGH = "low", "mid_low", "mid_high", "high"


@dataclass(frozen=True)
class Mortality:
    """A group in the window of the catalogue."""

    drg: str
    cases: int
    deaths: int


@dataclass(frozen=True)
class RiskClasses:
    """Mean and sd (n) of the logarithms, and the class of each group."""

    mean: float
    sd: float
    classes: Mapping[str, str]

    @property
    def bounds(self) -> tuple[float, float, float]:
        """The mortality at which classes change."""
        return (math.exp(self.mean - self.sd), math.exp(self.mean), math.exp(self.mean + self.sd))


def risk_classes(groups: Sequence[Mortality], min_cases: int) -> RiskClasses | None:
    """The classes; None with fewer than 2 groups with deaths and enough cases, or all alike."""
    found = sorted(groups, key=lambda one: one.drg)
    logs = [
        math.log(one.deaths / one.cases) for one in found if one.deaths and one.cases >= min_cases
    ]
    if len(logs) < 2:
        return None
    mean = math.fsum(logs) / len(logs)
    sd = math.sqrt(math.fsum((one - mean) ** 2 for one in logs) / len(logs))
    if sd == 0:
        return None
    return RiskClasses(mean, sd, {one.drg: _class(one, mean, sd) for one in found if one.cases})


def _class(group: Mortality, mean: float, sd: float) -> str:
    if not group.deaths:
        return LOW
    value = math.log(group.deaths / group.cases)
    if value < mean - sd:
        return LOW
    if value <= mean:
        return MIDDLE_LOW
    return MIDDLE_HIGH if value <= mean + sd else HIGH
