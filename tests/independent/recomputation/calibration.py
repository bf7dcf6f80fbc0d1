"""Past stays -> catalogue, by the steps of docs/points.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.calibration import (
    Calibration,
    Coefficients,
    IqrTrim,
    LogSdTrim,
    PercentileTrim,
    RatioTrim,
    StayCalibration,
)

from .records import Stay
from .rounding import (
    half_up,
    logarithm,
    mean,
    quantile,
    root_half_up,
    squares_around_mean,
    total,
)


@dataclass(frozen=True)
class Group:
    """A group of the catalogue; `mean_cost` is rounded to fen (step 3)."""

    mean_cost: Decimal
    stability: str
    base_points: Decimal | None
    cases: int = 0
    kept: int = 0
    median: Decimal = Decimal("0.00")
    sd: Decimal = Decimal("0.00")
    cv: Decimal = Decimal("0.0000")

    @property
    def stable(self) -> bool:
        """Step 4."""
        return self.stability == "stable"


@dataclass(frozen=True)
class Sum:
    """Kept cases, what they cost, and what they would cost at the mean of their groups."""

    cases: int
    cost: Fraction
    expected: Fraction

    @property
    def mean(self) -> Fraction:
        """The mean cost."""
        return self.cost / self.cases


@dataclass(frozen=True)
class Days:
    """Bed days and what they cost."""

    cases: int
    days: int
    cost: Fraction


@dataclass(frozen=True)
class Catalogue:
    """The sums that coefficients and means are made of, where there are enough cases.

    `of_hospital` by group and hospital, `of_level` by group and level, `of_groups` by level over
    all groups that have a coefficient; `published` instead of them the coefficients that a city's
    table gives, by group and level; `bed_days` by class and level, None for all levels;
    `of_account` the rows that only an account has, which go first.
    """

    rules: Coefficients
    groups: Mapping[str, Group]
    of_hospital: Mapping[tuple[str, ...], Sum]
    of_level: Mapping[tuple[str, ...], Sum]
    of_groups: Mapping[str, Sum]
    bed_days: Mapping[tuple[str, str | None], Days]
    eligible: int
    trimmed: int
    all_cost: Fraction
    all_cases: int
    published: Mapping[tuple[str, str], Decimal] | None = None
    of_account: Mapping[tuple[str, str], Group] = field(default_factory=dict)

    @property
    def all_mean(self) -> Fraction:
        """Step 5; no rule rounds it."""
        return self.all_cost / self.all_cases


class NoStableGroupError(Exception):
    """The mean over all is to be that of the stable groups, and there is none."""


def calibrate(
    rows: Iterable[Stay], rules: StayCalibration, of_scheme: Iterable[str] = ()
) -> Catalogue:
    """The catalogue of grouped, valid stays of past years; of_scheme: all groups that it could have."""
    stays = list(rows)
    eligible: dict[str, list[Stay]] = {}
    for stay in stays:  # 1
        if (
            stay.status == "grouped"
            and stay.payment_unit == "drg"
            and stay.complete
            and stay.length_of_stay <= rules.max_los_days
            and stay.total_cost >= rules.min_cost_yuan
        ):
            eligible.setdefault(stay.drg, []).append(stay)
    kept = {drg: kept_of(group, rules) for drg, group in eligible.items()}  # 2
    kept = {drg: group for drg, group in kept.items() if group}
    stable = {drg for drg, group in kept.items() if is_stable(costs_of(group), rules)}  # 4
    counted = [
        stay.total_cost
        for drg, group in kept.items()
        if drg in stable or rules.mean_over == "all"
        for stay in group
    ]
    if not counted:
        raise NoStableGroupError
    all_mean = mean(counted)  # 5
    groups = {
        drg: described(len(eligible[drg]), costs_of(group), drg in stable, all_mean, rules)
        for drg, group in kept.items()
    }
    means = {drg: group.mean_cost for drg, group in groups.items()}
    instead = priced_like_others(kept, eligible, rules, sorted(of_scheme), all_mean)
    groups |= instead
    of_own = [stay for group in kept.values() for stay in group if stay.drg not in instead]
    everyone = [stay for group in kept.values() for stay in group]
    paid = [stay for stay in everyone if stay.drg not in rules.coefficients.groups_without]
    return Catalogue(
        rules=rules.coefficients,
        groups=groups,
        of_hospital=sums(of_own, means, rules.coefficients, "drg", "hospital_id"),
        of_level=sums(of_own, means, rules.coefficients, "drg", "level"),
        of_groups={key[0]: s for key, s in sums(paid, means, rules.coefficients, "level").items()},
        bed_days=bed_days(stays, rules),
        eligible=sum(map(len, eligible.values())),
        trimmed=sum(map(len, eligible.values())) - len(everyone),
        all_cost=total(counted),
        all_cases=len(counted),
    )


def priced_like_others(
    kept: Mapping[str, list[Stay]],
    eligible: Mapping[str, list[Stay]],
    rules: StayCalibration,
    of_scheme: list[str],
    all_mean: Fraction,
) -> dict[str, Group]:
    """Stand-ins: a group of too few kept cases has the mean of others x a factor."""
    found: dict[str, Group] = {}
    for drg in of_scheme:
        own = len(kept.get(drg, []))
        for rule in rules.stand_ins:
            like: list[str] = []
            for named in rule.groups:
                if named == drg:
                    like += rule.like
                elif named[0] == "*" and drg[-len(named[1:]) :] == named[1:]:
                    begun = drg[: -len(named[1:])]
                    like += [begun + one[1:] if one[0] == "*" else one for one in rule.like]
            stays = [stay for one in set(like) - {drg} for stay in kept.get(one, [])]
            if own < rules.stable_min_cases <= len(stays):
                cost = half_up(mean(costs_of(stays)) * Fraction(rule.times), 2)
                found[drg] = Group(
                    mean_cost=cost,
                    stability="stand_in",
                    base_points=half_up(Fraction(cost) / all_mean * 100, 4),
                    cases=len(eligible.get(drg, [])),
                    kept=own,
                )
                break
    return found


def costs_of(stays: list[Stay]) -> list[Decimal]:
    """Their total costs."""
    return [stay.total_cost for stay in stays]


def kept_of(stays: list[Stay], rules: Calibration) -> list[Stay]:
    """Step 2: the stays of one group that its method keeps, limits included."""
    costs = costs_of(stays)
    match rules.trim:
        case IqrTrim(factor=factor):
            q1, q3 = quantile(costs, Fraction(1, 4)), quantile(costs, Fraction(3, 4))
            lower, upper = q1 - Fraction(factor) * (q3 - q1), q3 + Fraction(factor) * (q3 - q1)
        case RatioTrim(low=low, high=high):
            lower, upper = Fraction(low) * mean(costs), Fraction(high) * mean(costs)
        case PercentileTrim(low=low, high=high):
            lower, upper = quantile(costs, Fraction(low)), quantile(costs, Fraction(high))
        case LogSdTrim(deviations=deviations):
            logs = [logarithm(cost) for cost in costs]
            widest = Fraction(deviations) ** 2 * squares_around_mean(logs)
            middle = mean(logs)
            return [
                stay for stay, log in zip(stays, logs, strict=True) if (log - middle) ** 2 <= widest
            ]
        case _:
            return stays
    return [stay for stay in stays if lower <= stay.total_cost <= upper]


def is_stable(costs: list[Decimal], rules: Calibration) -> bool:
    """Step 4, with the numbers before rounding."""
    limit = (Fraction(rules.stable_max_cv) * mean(costs)) ** 2
    return len(costs) >= rules.stable_min_cases and squares_around_mean(costs) <= limit


def described(
    cases: int, costs: list[Decimal], stable: bool, all_mean: Fraction, rules: Calibration
) -> Group:
    """Steps 3 and 6: base_points = mean_cost / all_mean x 100, rounded to 4 places (C1)."""
    exact = mean(costs)
    mean_cost, median = half_up(exact, 2), half_up(quantile(costs, Fraction(1, 2)), 2)
    few = len(costs) < rules.stable_min_cases
    priced: Decimal | None = mean_cost
    if not stable:
        priced = {"mean": mean_cost, "median": median, "none": None}[rules.unstable_base_points]
    return Group(
        mean_cost=mean_cost,
        stability="stable" if stable else "unstable_cases" if few else "unstable_cv",
        base_points=None if priced is None else half_up(Fraction(priced) / all_mean * 100, 4),
        cases=cases,
        kept=len(costs),
        median=median,
        sd=root_half_up(squares_around_mean(costs), 2),
        cv=root_half_up(squares_around_mean(costs) / exact**2, 4),
    )


def sums(
    stays: list[Stay], means: Mapping[str, Decimal], rules: Coefficients, *keys: str
) -> dict[tuple[str, ...], Sum]:
    """Sums of the kept cases by some columns, where there are enough cases (step 7)."""
    parts: dict[tuple[str, ...], list[Stay]] = {}
    for stay in stays:
        parts.setdefault(tuple(str(getattr(stay, key)) for key in keys), []).append(stay)
    return {
        key: Sum(len(part), total(costs_of(part)), total([means[stay.drg] for stay in part]))
        for key, part in parts.items()
        if len(part) >= rules.min_cases
    }


def bed_days(stays: list[Stay], rules: Calibration) -> dict[tuple[str, str | None], Days]:
    """Step 8: bed-day stays of at least a day, whatever their group and however long."""
    found: dict[tuple[str, str | None], Days] = {}
    for stay in stays:
        counts = stay.length_of_stay >= 1 and stay.total_cost >= rules.min_cost_yuan
        if stay.payment_unit == "bed_day" and stay.bed_day_class and counts:
            for level in (stay.level, None):
                key = (stay.bed_day_class, level)
                so_far = found.get(key, Days(0, 0, Fraction(0)))
                found[key] = Days(
                    so_far.cases + 1,
                    so_far.days + stay.length_of_stay,
                    so_far.cost + Fraction(stay.total_cost),
                )
    return found
