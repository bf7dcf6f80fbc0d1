"""Point value, lines and each case's part, of one period with a given budget."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.model import Policy
from drgpay.policy.settlement import Settlement

from .rounding import down, half_up, in_proportion, largest_remainder

NOTHING = Decimal("0.00")
LineKey = tuple[str, str, bool, str]  # hospital_id, account, out_of_area, payment


class NoPointsError(Exception):
    """A pool whose stays have no points above zero has no point value."""


class OverBudgetError(Exception):
    """Fund amounts or prepayments are more than the pool has."""


@dataclass(frozen=True)
class Case:
    """A stay with its points, ready for settlement; money in yuan."""

    case_id: str
    hospital_id: str
    account: str
    out_of_area: bool
    case_class: str
    points: Decimal
    total_cost: Decimal
    fund_cost: Decimal
    patient_cost: Decimal
    other_cost: Decimal


@dataclass(frozen=True)
class Minus:
    """Points (not positive) that a deduction takes from the hospital of a case."""

    case_id: str
    step: int
    points: Decimal


@dataclass(frozen=True)
class Amounts:
    """What a case is settled with."""

    payment: str
    standard_amount: Decimal
    fund_amount: Decimal


@dataclass(frozen=True)
class MinusAmount:
    """Where a minus row lands, and its part of the standard."""

    out_of_area: bool
    payment: str
    standard_amount: Decimal


@dataclass
class Line:
    """A statement line: hospital, account, out_of_area and payment are its key."""

    pool: str
    in_pool: bool
    paid_here: bool
    cases: int = 0
    points: Decimal = Decimal("0.0000")
    minus_points: Decimal = Decimal("0.0000")
    total_cost: Decimal = NOTHING
    standard_amount: Decimal = NOTHING
    distributed: Decimal = NOTHING
    patient_cost: Decimal = NOTHING
    other_cost: Decimal = NOTHING
    fund_amount: Decimal = NOTHING
    fund_cost: Decimal = NOTHING
    members: list[Case] = field(default_factory=list)
    minus: list[Minus] = field(default_factory=list)


@dataclass(frozen=True)
class Value:
    """The point value of a pool, with what it is made of and what remains."""

    accounts: list[str]
    budget: Decimal
    from_home_funds: Decimal
    total_cost: Decimal
    patient_cost: Decimal
    other_cost: Decimal
    points: Decimal
    point_value: Decimal | None
    fund_amount: Decimal
    remainder: Decimal


@dataclass(frozen=True)
class Settled:
    """A settled period: values by pool, lines, amounts by case_id and by (case_id, step)."""

    values: Mapping[str, Value]
    lines: Mapping[LineKey, Line]
    cases: Mapping[str, Amounts]
    minus: Mapping[tuple[str, int], MinusAmount]


def pools_of(policy: Policy) -> dict[str, list[str]]:
    """The pools and their accounts, each at the place of its first account."""
    pools: dict[str, list[str]] = {}
    for account in policy.records.accounts:
        merged = [names for names in policy.settlement.merged_accounts if account in names]
        accounts = list(merged[0]) if merged else [account]
        pools["+".join(accounts)] = accounts
    return pools


def settle(
    cases: Iterable[Case],
    minus: Iterable[Minus],
    policy: Policy,
    budgets: Mapping[str, Decimal],
    others: Iterable[tuple[str, str, bool, str]] = (),
) -> Settled:
    """Settle the cases of a period with the budget of each pool; `others` are lines that are there
    even without a case.
    """
    cases, minus = sorted(cases, key=lambda case: case.case_id), list(minus)
    values: dict[str, Value] = {}
    lines: dict[LineKey, Line] = {}
    amounts: dict[str, Amounts] = {}
    minus_amounts: dict[tuple[str, int], MinusAmount] = {}
    for pool, accounts in pools_of(policy).items():
        mine = [case for case in cases if case.account in accounts]
        ids = {case.case_id for case in mine}
        rules = policy.settlement
        of_pool = lines_of(pool, mine, [row for row in minus if row.case_id in ids], rules)
        for key in others:
            if key[1] in accounts:
                of_pool.setdefault(key, line_of(pool, key[2], key[3], rules))
        if pool not in budgets and not of_pool:
            continue
        value, parts, minus_parts = settle_pool(accounts, of_pool, budgets[pool], rules)
        values[pool], lines = value, lines | of_pool
        amounts, minus_amounts = amounts | parts, minus_amounts | minus_parts
    return Settled(values, dict(sorted(lines.items())), amounts, minus_amounts)


def lines_of(
    pool: str, cases: list[Case], minus: list[Minus], rules: Settlement
) -> dict[LineKey, Line]:
    """The lines of a pool with their cases, minus rows and sums; nothing is paid yet."""
    priced = any(not case.out_of_area and case.case_class != "fee" for case in cases)
    lines: dict[LineKey, Line] = {}
    by_id = {case.case_id: case for case in cases}

    def line(case: Case, outside: bool, payment: str) -> Line:
        key = (case.hospital_id, case.account, outside, payment)
        return lines.setdefault(key, line_of(pool, outside, payment, rules))

    for case in cases:
        of_case = line(case, case.out_of_area, payment_of(case, priced, rules))
        of_case.members.append(case)
        of_case.cases += 1
        of_case.points += case.points
        of_case.total_cost += case.total_cost
        of_case.patient_cost += case.patient_cost
        of_case.other_cost += case.other_cost
        of_case.fund_cost += case.fund_cost
    for row in sorted(minus, key=lambda row: (row.case_id, row.step)):
        case = by_id[row.case_id]
        # A case paid item by item has no points to take from: the hospital's local ones bear it.
        by_points = payment_of(case, priced, rules) == "points"
        if not row.points:
            continue
        bearing = line(case, case.out_of_area and by_points, "points")
        bearing.minus.append(row)
        bearing.points += row.points
        bearing.minus_points += row.points
    return lines


def line_of(pool: str, outside: bool, payment: str, rules: Settlement) -> Line:
    """An empty line."""
    pooled = rules.out_of_area == "pooled"
    in_pool = payment == "points" and (pooled or not outside)
    return Line(pool, in_pool, paid_here=pooled or not outside)


def payment_of(case: Case, priced: bool, rules: Settlement) -> str:
    """fee: item by item; so are outside patients whom the policy excludes or no local case prices."""
    excluded = rules.out_of_area == "excluded"
    unpriced = rules.out_of_area == "same_price" and not priced
    outside_pool = case.out_of_area and (excluded or unpriced)
    return "item_by_item" if case.case_class == "fee" or outside_pool else "points"


def settle_pool(
    accounts: list[str], lines: dict[LineKey, Line], budget: Decimal, rules: Settlement
) -> tuple[Value, dict[str, Amounts], dict[tuple[str, int], MinusAmount]]:
    """Fill in the lines of a pool; returns its value and each case's and minus row's part."""
    pooled = [lines[key] for key in sorted(lines) if lines[key].in_pool]
    home = sum(
        (line.fund_cost for key, line in lines.items() if key[2] and line.in_pool), Decimal("0.00")
    )
    total_cost, patient, other = (
        sum((getattr(line, name) for line in pooled), Decimal("0.00"))
        for name in ("total_cost", "patient_cost", "other_cost")
    )
    points = sum((line.points for line in pooled), Decimal("0.0000"))
    value: Decimal | None = None
    if any(line.cases for line in pooled):
        if points <= 0:
            raise NoPointsError
        numerator = {
            "residual": budget + home + patient + other,  # (B + S + O) / P
            "fund_only": budget + home,  # B / P
            "cost": total_cost,  # total cost / P
        }[rules.method]
        value = down(Fraction(numerator) / Fraction(points), rules.value_places)  # C14, C19
    for (_, _, _, payment), line in lines.items():
        _settle_line(line, payment, value, rules)
    remainder = budget + home - sum((line.fund_amount for line in pooled), Decimal("0.00"))
    earning = [line for line in pooled if line.standard_amount > 0]
    if rules.distribute_remainder == "all" and remainder > 0 and earning:
        shares = in_proportion(remainder, [line.standard_amount for line in earning])
        for line, share in zip(earning, shares, strict=True):
            line.distributed = share
            line.standard_amount += share
            line.fund_amount += share
        remainder = NOTHING
    # Half a fen a line is rounding; more is overspending.
    if remainder < -Decimal("0.005") * len(pooled) and not rules.may_exceed_budget:
        raise OverBudgetError
    amounts: dict[str, Amounts] = {}
    minus: dict[tuple[str, int], MinusAmount] = {}
    for (_, _, outside, payment), line in lines.items():
        parts = _parts(line, payment, value)
        for case, standard in zip(line.members, parts[0], strict=True):
            amounts[case.case_id] = Amounts(
                payment, standard, fund_of(case, standard, payment, rules)
            )
        for row, standard in zip(line.minus, parts[1], strict=True):
            minus[row.case_id, row.step] = MinusAmount(outside, payment, standard)
    paid = sum((line.fund_amount for line in pooled), Decimal("0.00"))
    return (
        Value(accounts, budget, home, total_cost, patient, other, points, value, paid, remainder),
        amounts,
        minus,
    )


def _settle_line(line: Line, payment: str, value: Decimal | None, rules: Settlement) -> None:
    if payment == "item_by_item":
        line.standard_amount, line.fund_amount = line.total_cost, line.fund_cost
        return
    line.standard_amount = half_up(Fraction(line.points) * Fraction(value or 0), 2)
    line.fund_amount = line.standard_amount
    if rules.method != "fund_only":  # the fund pays what is left; it may be negative (E1)
        line.fund_amount -= line.patient_cost + line.other_cost


def fund_of(case: Case, standard: Decimal, payment: str, rules: Settlement) -> Decimal:
    """What the fund pays of a case (E1)."""
    if payment == "item_by_item":
        return case.fund_cost
    if rules.method == "fund_only":
        return standard
    return standard - case.patient_cost - case.other_cost


def _parts(line: Line, payment: str, value: Decimal | None) -> tuple[list[Decimal], list[Decimal]]:
    """The line's standard among its cases and minus rows, to the fen (C18)."""
    if payment == "item_by_item":
        return [case.total_cost for case in line.members], []
    rows = [(case.case_id, 0, case.points) for case in line.members]
    rows += [(row.case_id, row.step, row.points) for row in line.minus]
    order = sorted(range(len(rows)), key=lambda place: rows[place][:2])
    points = [Fraction(rows[place][2]) for place in order]
    if line.distributed:
        of_one = Fraction(line.standard_amount) / Fraction(line.points)
    else:
        of_one = Fraction(value or 0)
    shares = largest_remainder(line.standard_amount, [one * of_one for one in points])
    placed = dict(zip(order, shares, strict=True))
    parts = [placed[place] for place in range(len(rows))]
    return parts[: len(line.members)], parts[len(line.members) :]
