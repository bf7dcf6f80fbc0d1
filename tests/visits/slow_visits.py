"""Visits evaluated one at a time in plain Python, as docs/outpatient.md reads; shares no code."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.outpatient import Outpatient

NO_GROUP = ("0000", "00")


@dataclass(frozen=True)
class Line:
    """A service line with its group."""

    group_class: str
    family: str
    apg: str
    fen: int


@dataclass(frozen=True)
class Visit:
    """A visit; medical: family and APG, or None."""

    visit_id: str
    visit_type: str
    lines: Sequence[Line]
    medical: tuple[str, str] | None
    hospital: str = "H1"
    level: str = "2A"
    pharmacy: bool = False


@dataclass(frozen=True)
class Entry:
    """What a visit is paid for."""

    group_class: str
    family: str
    apg: str
    lines: Sequence[Line] = field(default=())
    base: int | None = None
    factor: Decimal = Decimal(1)
    reason: str = "payable"
    cost: int | None = None

    @property
    def fen(self) -> int:
        """What its lines cost."""
        return sum(line.fen for line in self.lines)

    @property
    def grouped(self) -> bool:
        """Whether it is in a group at all."""
        return self.family not in NO_GROUP


def entries_of_visit(
    visit: Visit,
    packaged: Collection[str],
    base_points: Mapping[str, int | None] | None,
    rules: Outpatient,
) -> list[Entry]:
    """The entries of one visit in their order."""
    prescription = visit.pharmacy and rules.pharmacy_visits == "drugs"
    found = _gathered(visit, base_points, prescription)

    def worth(entry: Entry) -> int:
        if base_points is None:
            return entry.fen
        return -1 if entry.base is None or not entry.grouped else entry.base

    found.sort(key=lambda entry: (-worth(entry), entry.apg, entry.group_class))
    if not any(
        r.visit_type == visit.visit_type and r.payment == "points" for r in rules.visit_types
    ):
        return [replace(entry, factor=Decimal(0), reason="item_by_item") for entry in found]
    procedures = [entry for entry in found if entry.group_class == "PROC"]
    medical = [entry for entry in found if entry.group_class == "MED" and entry.grouped]
    result: list[Entry] = []
    families: set[str] = set()
    paid_procedures = 0
    for entry in found:
        payable = entry.grouped and (base_points is None or entry.base is not None)
        packed = _packed(entry, bool(procedures), bool(medical), packaged)
        at_cost = entry.group_class == "PROC" or (entry.group_class == "DRUG" and prescription)
        if rules.steps.package and packed:
            result.append(replace(entry, factor=Decimal(0), reason=packed))
        elif base_points is not None and not payable and at_cost:
            result.append(replace(entry, reason="at_cost"))
        elif (
            rules.steps.consolidate
            and payable
            and entry.group_class == "PROC"
            and entry.family in families
        ):
            result.append(replace(entry, factor=Decimal(0), reason="consolidated"))
        elif not payable:
            result.append(replace(entry, factor=Decimal(0), reason="not_in_catalogue"))
        elif entry.group_class == "PROC":
            if paid_procedures and rules.steps.discount_procedures:
                entry = replace(entry, factor=rules.procedure_discount, reason="discounted")
            paid_procedures += 1
            result.append(entry)
        elif entry.group_class == "ANC":
            result.append(_repeated(entry, rules))
        else:
            result.append(entry)
        if entry.group_class == "PROC" and payable:
            families.add(entry.family)
    return _with_paid_costs(result, prescription)


def _with_paid_costs(entries: list[Entry], prescription: bool) -> list[Entry]:
    """What entries at cost are paid for: a procedure also for its part of what is packaged."""
    paid = ("payable", "discounted", "repeat_discounted", "at_cost")
    packed = [e for e in entries if e.reason.startswith("packaged_")]
    incidental = sum(e.fen for e in packed if e.group_class == "INC")
    own = {
        place: incidental if e.group_class == "MED" else e.fen
        for place, e in enumerate(entries)
        if e.reason in paid
    }
    seen = any(entries[place].group_class == "MED" for place in own)
    to_share = sum(e.fen for e in packed) - (incidental if seen else 0)
    shares = _apportioned(to_share, [Fraction(cost) for cost in own.values()])
    result = list(entries)
    for place, share in zip(own, shares, strict=True):
        entry = entries[place]
        if entry.reason == "at_cost":
            alone = prescription and entry.group_class == "DRUG"
            result[place] = replace(entry, cost=entry.fen + (0 if alone else share))
    return result


def _apportioned(total: int, weights: list[Fraction]) -> list[int]:
    if not any(weights):
        weights = [Fraction(1)] * len(weights)
    exact = [total * weight / sum(weights) for weight in weights]
    shares = [part.__floor__() for part in exact]
    by_rest = sorted(range(len(weights)), key=lambda n: (shares[n] - exact[n], n))
    for n in by_rest[: total - sum(shares)]:
        shares[n] += 1
    return shares


def _gathered(
    visit: Visit, base_points: Mapping[str, int | None] | None, prescription: bool
) -> list[Entry]:
    by_group: dict[tuple[str, str, str], list[Line]] = {}
    for line in visit.lines:
        by_group.setdefault((line.group_class, line.family, line.apg), []).append(line)
    if visit.medical and visit.lines and not prescription:
        by_group[("MED", *visit.medical)] = []
    return [
        Entry(*group, lines=lines, base=(base_points or {}).get(group[2]))
        if group[1] not in NO_GROUP
        else Entry(*group, lines=lines)
        for group, lines in by_group.items()
    ]


def _packed(entry: Entry, procedure: bool, medical: bool, packaged: Collection[str]) -> str | None:
    if entry.group_class == "INC":
        return "packaged_incidental"
    if entry.group_class == "MED":
        return "packaged_medical" if procedure else None
    listed = entry.family in packaged or entry.apg in packaged
    if entry.group_class in ("ANC", "DRUG") and listed and (procedure or medical):
        return "packaged_list"
    return None


def _repeated(entry: Entry, rules: Outpatient) -> Entry:
    factor = Decimal(0)
    repeated = rules.steps.discount_repeats and len(entry.lines) > 1
    for number, _ in enumerate(entry.lines):
        factor += rules.repeat_discount if number and repeated else Decimal(1)
    return replace(entry, factor=factor, reason="repeat_discounted" if repeated else "payable")


def points_of_visit(
    entries: Sequence[Entry], coefficients: Mapping[str, Decimal], mean_fen: Fraction = Fraction(1)
) -> Decimal:
    """Points to 4 places; coefficients by APG."""
    exact = sum(
        (
            Fraction(e.base) / 10_000 * Fraction(e.factor) * Fraction(coefficients[e.apg])
            for e in entries
            if e.base is not None and e.factor
        ),
        Fraction(0),
    )
    exact += sum(Fraction(e.cost) / mean_fen * 100 for e in entries if e.cost is not None)
    return Decimal((exact * 10_000 + Fraction(1, 2)).__floor__()).scaleb(-4)


def costs_of_visit(entries: Sequence[Entry], previous_mean_fen: Fraction | None) -> dict[int, int]:
    """What each bearing entry costs in fen, by its place."""
    bearing = [
        place
        for place, e in enumerate(entries)
        if e.reason in ("payable", "discounted", "repeat_discounted", "at_cost")
        or (e.reason == "not_in_catalogue" and e.grouped)
    ]
    incidental = sum(
        e.fen for p, e in enumerate(entries) if e.group_class == "INC" and p not in bearing
    )
    own = {
        place: incidental if entries[place].group_class == "MED" else entries[place].fen
        for place in bearing
    }
    to_share = sum(e.fen for e in entries) - sum(own.values())
    weights = [_weight(entries[place], own[place], previous_mean_fen) for place in bearing]
    shares = _apportioned(to_share, weights)
    return {place: own[place] + share for place, share in zip(bearing, shares, strict=True)}


def _weight(entry: Entry, own: int, previous_mean_fen: Fraction | None) -> Fraction:
    if entry.base is not None:
        return Fraction(entry.base) * int(entry.factor * 10_000)
    if previous_mean_fen is None:
        return Fraction(own)
    return Fraction((Fraction(own) * 100 * 10**8 / previous_mean_fen).__floor__())
