"""Step 7: the coefficient of a group in a hospital, made anew for every stay."""

from decimal import Decimal
from fractions import Fraction

from drgpay.policy.calibration import Coefficients

from .calibration import Catalogue
from .rounding import half_up

ONE = Decimal("1.0000")


def coefficient(catalogue: Catalogue, drg: str, level: str, hospital: str | None) -> Decimal:
    """Of the hospital, of its level where it has none of its own, else 1."""
    rules = catalogue.rules
    if catalogue.published is not None:
        return catalogue.published.get((drg, level), ONE)
    if drg in rules.groups_without:
        return ONE
    own = catalogue.of_hospital.get((drg, hospital)) if hospital else None
    hospital_part = (
        own.mean / Fraction(catalogue.groups[drg].mean_cost)
        if own and rules.per == "group"
        else None
    )
    return mixed(hospital_part, level_part(catalogue, drg, level), rules)


def level_part(catalogue: Catalogue, drg: str, level: str) -> Fraction | None:
    """The level's own part, or with `neighbour` the nearest level's that has one (C9)."""
    own = own_level_part(catalogue, drg, level)
    neighbour = catalogue.rules.neighbour
    if own is not None or neighbour is None or level not in neighbour.level_order:
        return own
    place = neighbour.level_order.index(level)
    higher = neighbour.level_order[place + 1 :]
    lower = neighbour.level_order[:place][::-1]
    for levels, factor in ((higher, neighbour.from_higher), (lower, neighbour.from_lower)):
        for other in levels:
            part = own_level_part(catalogue, drg, other)
            if part is not None:
                return part * Fraction(factor)
    return None


def own_level_part(catalogue: Catalogue, drg: str, level: str) -> Fraction | None:
    """Mean of the level / mean of the group, or with one coefficient a level its cost / what its
    cases would cost at the mean of their groups.
    """
    if catalogue.rules.per == "level":
        every = catalogue.of_groups.get(level)
        return every.cost / every.expected if every else None
    of_level = catalogue.of_level.get((drg, level))
    return of_level.mean / Fraction(catalogue.groups[drg].mean_cost) if of_level else None


def mixed(hospital: Fraction | None, level: Fraction | None, rules: Coefficients) -> Decimal:
    """hospital part x w_h + level part x w_l, clamped, rounded (C8)."""
    if hospital is None and level is None:
        return ONE
    level_share = Fraction(1) if level is None else level
    missing = level_share if rules.missing_part == "neighbour" else Fraction(1)
    hospital_share = missing if hospital is None else hospital
    mix = Fraction(rules.hospital_weight) * hospital_share
    mix += Fraction(rules.level_weight) * level_share
    return half_up(max(Fraction(rules.minimum), min(Fraction(rules.maximum), mix)), 4)
