"""Outpatient visits: from charged lines and refunds to entries, points and costs of entries."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.outpatient import Outpatient

from .rounding import half_up, in_proportion, total

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Charge:
    """A service line as it was charged; a refund has a negative amount."""

    item_code: str
    item_kind: str
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Group:
    """The group of a line or the medical group of a visit."""

    group_class: str
    family: str
    apg: str


@dataclass(frozen=True)
class PlainVisit:
    """A visit; medical: the group of its principal diagnosis."""

    visit_id: str
    level: str
    pharmacy: bool
    visit_type: str
    total_cost: Decimal
    charges: Sequence[Charge]
    medical: Group


@dataclass(frozen=True)
class Prices:
    """What a catalogue says; base: points, None for a group without; coefficients: of group or
    "" (every group), and level.
    """

    all_mean: Fraction
    base: Mapping[str, Decimal | None]
    coefficients: Mapping[tuple[str, str], Decimal]

    def coefficient(self, apg: str, level: str) -> Decimal:
        """Of the group and level, else of the level, else 1."""
        for place in ((apg, level), ("", level)):
            if place in self.coefficients:
                return self.coefficients[place]
        return Decimal(1)


@dataclass(frozen=True)
class Left:
    """What refunds leave of the charges of a visit."""

    lines: Sequence[Charge]
    refused: Sequence[Charge]

    def compared(self, total_cost: Decimal) -> tuple[Decimal, Decimal]:
        """The sum of the lines that stay, and what total_cost must be for it."""
        of_refused = sum((line.amount for line in self.refused), NOTHING)
        return sum((line.amount for line in self.lines), NOTHING), total_cost - of_refused


def left_of(charges: Sequence[Charge]) -> Left:
    """Item by item: the lines above zero that refunds leave, and the lines of items below zero."""
    lines: list[Charge] = []
    refused: list[Charge] = []
    for item in dict.fromkeys((line.item_code, line.item_kind) for line in charges):
        mine = [line for line in charges if (line.item_code, line.item_kind) == item]
        if sum(line.amount for line in mine) < 0:
            refused += mine
        else:
            lines += _lowered(mine)
    return Left(lines, refused)


def _lowered(mine: Sequence[Charge]) -> list[Charge]:
    charged = [line for line in mine if line.amount >= 0]
    rest = NOTHING
    for refund in (line for line in mine if line.amount < 0):
        same = [line for line in charged if line.amount == -refund.amount]
        if same:
            charged.remove(max(same, key=lambda line: line.quantity))
        else:
            rest -= refund.amount
    lowered = []
    for line in sorted(charged, key=lambda line: (-line.amount, -line.quantity)):
        taken = min(rest, line.amount)
        rest -= taken
        lowered.append(replace(line, amount=line.amount - taken))
    return [line for line in lowered if line.amount > 0]


@dataclass
class Entry:
    """What a visit is paid for; cost: what an entry that is paid at cost is paid for."""

    group: Group
    lines: list[Charge] = field(default_factory=list)
    base: Decimal | None = None
    factor: Decimal = Decimal(1)
    reason: str = "payable"
    cost: Decimal | None = None

    @property
    def own(self) -> Decimal:
        """What is left of its lines."""
        return sum((line.amount for line in self.lines), NOTHING)

    @property
    def paid(self) -> bool:
        """Whether it earns points."""
        return self.reason in ("payable", "discounted", "repeat_discounted", "at_cost")

    def unpaid(self, reason: str) -> None:
        """It earns nothing, for this reason."""
        self.factor, self.reason = Decimal(0), reason


def entries_of(
    visit: PlainVisit,
    group_of: Callable[[Charge], Group],
    packaged: AbstractSet[str],
    prices: Prices | None,
    rules: Outpatient,
) -> list[Entry]:
    """The entries of a visit by falling base points (without prices by own cost), then APG."""
    lines = left_of(visit.charges).lines
    if not lines:
        return []
    prescription = visit.pharmacy and rules.pharmacy_visits == "drugs"
    found: dict[Group, Entry] = {}
    for line in lines:
        group = group_of(line)
        found.setdefault(group, Entry(group)).lines.append(line)
    if not prescription:
        found[visit.medical] = Entry(visit.medical)
    for entry in found.values():
        entry.base = prices.base.get(entry.group.apg) if prices else None

    def place(entry: Entry) -> tuple[Decimal, str]:
        worth = entry.base if prices else entry.own
        return (Decimal(1) if worth is None else -worth), entry.group.apg

    entries = sorted(found.values(), key=place)
    payment = {str(row.visit_type): row.payment for row in rules.visit_types}
    if payment[visit.visit_type] == "item_by_item":
        for entry in entries:
            entry.unpaid("item_by_item")
        return entries
    _price(entries, prices is not None, prescription, packaged, rules)
    _share_packaged(entries, prescription)
    return entries


def _price(
    entries: list[Entry],
    priced: bool,
    prescription: bool,
    packaged: AbstractSet[str],
    rules: Outpatient,
) -> None:
    steps = rules.steps
    classes = {entry.group.group_class for entry in entries}
    for entry in entries:
        if priced and entry.base is None:
            mine = entry.group.group_class
            if mine == "PROC" or (mine == "DRUG" and prescription):
                entry.reason = "at_cost"
            else:
                entry.unpaid("not_in_catalogue")
    procedures = [
        entry
        for entry in entries
        if entry.group.group_class == "PROC" and entry.reason == "payable"
    ]
    families: set[str] = set()
    for entry in list(procedures):
        if steps.consolidate and entry.group.family in families:
            entry.unpaid("consolidated")
            procedures.remove(entry)
        families.add(entry.group.family)
    if steps.discount_procedures:
        for entry in procedures[1:]:
            entry.factor, entry.reason = rules.procedure_discount, "discounted"
    for entry in entries:
        mine = entry.group.group_class
        if steps.package and mine == "INC":
            entry.unpaid("packaged_incidental")
        elif steps.package and mine == "MED" and "PROC" in classes:
            entry.unpaid("packaged_medical")
        elif (
            steps.package
            and mine in ("ANC", "DRUG")
            and packaged & {entry.group.family, entry.group.apg}
            and classes & {"PROC", "MED"}
        ):
            entry.unpaid("packaged_list")
        elif mine == "ANC" and entry.reason == "payable":
            further = len(entry.lines) - 1
            entry.factor = Decimal(len(entry.lines))
            if steps.discount_repeats and further:
                entry.factor, entry.reason = (
                    1 + further * rules.repeat_discount,
                    "repeat_discounted",
                )


def _share_packaged(entries: list[Entry], prescription: bool) -> None:
    """What entries at cost are paid for: their lines and their part of what is packaged."""
    paid = [entry for entry in entries if entry.paid]
    packed = [entry for entry in entries if entry.reason.startswith("packaged_")]
    incidental = sum((e.own for e in packed if e.group.group_class == "INC"), NOTHING)
    own = [incidental if entry.group.group_class == "MED" else entry.own for entry in paid]
    shared = sum((entry.own for entry in packed), NOTHING)
    if any(entry.group.group_class == "MED" for entry in paid):
        shared -= incidental
    if not paid:
        return
    parts = in_proportion(shared, own if any(own) else [Decimal(1)] * len(own))
    for entry, part in zip(paid, parts, strict=True):
        if entry.reason == "at_cost":
            drug = prescription and entry.group.group_class == "DRUG"
            entry.cost = entry.own if drug else entry.own + part


def points_of(visit: PlainVisit, entries: Sequence[Entry], prices: Prices) -> Decimal:
    """The points of a visit, rounded once."""
    earned = []
    for entry in entries:
        if entry.cost is not None:
            earned.append(Fraction(entry.cost) / prices.all_mean * 100)
        elif entry.paid:
            assert entry.base is not None
            coefficient = prices.coefficient(entry.group.apg, visit.level)
            earned.append(Fraction(entry.base) * Fraction(entry.factor) * Fraction(coefficient))
    return half_up(total(earned), 4)


def unit_costs(
    visit: PlainVisit, entries: Sequence[Entry], prices: Prices | None, rules: Outpatient
) -> list[tuple[str, Decimal]] | None:
    """What each entry that bears cost costs, an ancillary by the line; None if the visit is out."""
    payment = {str(row.visit_type): row.payment for row in rules.visit_types}
    cost = sum((entry.own for entry in entries), NOTHING)
    bearing = [entry for entry in entries if entry.paid or entry.reason == "not_in_catalogue"]
    by_points = payment[visit.visit_type] == "points"
    if not by_points or not bearing or cost < rules.calibration.min_cost_yuan:
        return None
    incidental = sum(
        (e.own for e in entries if e.group.group_class == "INC" and e not in bearing), NOTHING
    )
    own = [incidental if entry.group.group_class == "MED" else entry.own for entry in bearing]
    weights = [_weight(e, mine, prices) for e, mine in zip(bearing, own, strict=True)]
    if not any(weights):
        weights = [Fraction(1)] * len(bearing)
    parts = in_proportion(cost - sum(own, NOTHING), weights)
    found = []
    for entry, mine, part in zip(bearing, own, parts, strict=True):
        lines = len(entry.lines) if entry.group.group_class == "ANC" else 1
        found.append((entry.group.apg, half_up(Fraction(mine + part) / lines, 2)))
    return found


def _weight(entry: Entry, own: Decimal, prices: Prices | None) -> Fraction:
    """Own cost; by a previous catalogue its points, of a group that it lacks own ÷ mean × 100."""
    if prices is None:
        return Fraction(own)
    if entry.base is None:
        return Fraction(own) / prices.all_mean * 100
    return Fraction(entry.base) * Fraction(entry.factor)
