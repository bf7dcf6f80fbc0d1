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
    """Points that land on the hospital of a case: a deduction's minus, or a row on an earlier stay.

    deducted: whether they are points that deductions take away (D). earlier: the line (hospital,
    account, out_of_area) of a stay of an earlier month, whose row may be above zero.
    """

    case_id: str
    step: int
    points: Decimal
    deducted: bool = True
    earlier: tuple[str, str, bool] | None = None


@dataclass(frozen=True)
class Taken:
    """Points that deductions took from a case itself; its own points are without them."""

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
    waiting: bool = False


@dataclass
class Line:
    """A statement line: hospital, account, out_of_area and payment are its key."""

    pool: str
    in_pool: bool
    paid_here: bool
    cases: int = 0
    points: Decimal = Decimal("0.0000")
    minus_points: Decimal = Decimal("0.0000")
    waiting_points: Decimal = Decimal("0.0000")
    deducted_points: Decimal = Decimal("0.0000")
    point_value: Decimal | None = None
    total_cost: Decimal = NOTHING
    standard_amount: Decimal = NOTHING
    kept: Decimal = NOTHING
    distributed: Decimal = NOTHING
    patient_cost: Decimal = NOTHING
    other_cost: Decimal = NOTHING
    fund_amount: Decimal = NOTHING
    fund_cost: Decimal = NOTHING
    members: list[Case] = field(default_factory=list)
    minus: list[Minus] = field(default_factory=list)
    waiting: list[Minus] = field(default_factory=list)


@dataclass(frozen=True)
class Value:
    """The point value of a pool, with what it is made of and what remains."""

    accounts: list[str]
    budget_given: Decimal
    item_by_item: Decimal
    item_share: Decimal | None
    budget: Decimal
    from_home_funds: Decimal
    cases: int
    fund_cost: Decimal
    total_cost: Decimal
    patient_cost: Decimal
    other_cost: Decimal
    points: Decimal
    deducted_points: Decimal
    waiting_points: Decimal
    point_value: Decimal | None
    fund_amount: Decimal
    kept: Decimal
    remainder: Decimal


@dataclass
class RateRow:
    """What an account and a level earn by their rate, over the lines in the pool."""

    point_value: Decimal
    cases: int = 0
    points: Decimal = Decimal("0.0000")
    deducted_points: Decimal = Decimal("0.0000")
    total_cost: Decimal = NOTHING
    patient_cost: Decimal = NOTHING
    other_cost: Decimal = NOTHING
    fund_amount: Decimal = NOTHING
    kept: Decimal = NOTHING


@dataclass(frozen=True)
class Settled:
    """A settled period: values by pool, lines, amounts by case_id and by (case_id, step).

    rates: with method rate by pool, account and level. above: by hospital the deductions that are
    more than what it is due (deduction_above_payable), in yuan.
    """

    values: Mapping[str, Value]
    lines: Mapping[LineKey, Line]
    cases: Mapping[str, Amounts]
    minus: Mapping[tuple[str, int], MinusAmount]
    rates: Mapping[tuple[str, str, str], RateRow] = field(default_factory=dict)
    above: Mapping[str, Decimal] = field(default_factory=dict)


def pools_of(policy: Policy) -> dict[str, list[str]]:
    """The pools and their accounts, each at the place of its first account."""
    pools: dict[str, list[str]] = {}
    for account in policy.records.accounts:
        merged = [names for names in policy.settlement.merged_accounts if account in names]
        accounts = list(merged[0]) if merged else [account]
        pools["+".join(accounts)] = accounts
    return pools


@dataclass(frozen=True)
class Taking:
    """What a settlement has beside its cases: rows, levels of hospitals, and whether it is final."""

    minus: list[Minus]
    taken: list[Taken]
    levels: Mapping[str, str]
    final: bool = False


def settle(
    cases: Iterable[Case],
    minus: Iterable[Minus],
    policy: Policy,
    budgets: Mapping[str, Decimal],
    others: Iterable[tuple[str, str, bool, str]] = (),
    taken: Iterable[Taken] = (),
    levels: Mapping[str, str] | None = None,
    final: bool = False,
) -> Settled:
    """Settle the cases of a period with the budget of each pool; `others` are lines that are there
    even without a case.

    taken: what deductions took from cases. levels: of hospitals, for method rate. final: the
    budgets are final ones, from which nothing is taken, and nothing can wait any more.
    """
    cases = sorted(cases, key=lambda case: case.case_id)
    by_id = {case.case_id: case for case in cases}
    taking = Taking(list(minus), list(taken), levels or {}, final)
    values: dict[str, Value] = {}
    lines: dict[LineKey, Line] = {}
    amounts: dict[str, Amounts] = {}
    minus_amounts: dict[tuple[str, int], MinusAmount] = {}
    rates: dict[tuple[str, str, str], RateRow] = {}
    for pool, accounts in pools_of(policy).items():
        mine = [case for case in cases if case.account in accounts]
        rules = policy.settlement
        rows = [row for row in taking.minus if account_of(row, by_id) in accounts]
        of_pool = lines_of(pool, mine, rows, taking, rules)
        for key in others:
            if key[1] in accounts:
                of_pool.setdefault(key, line_of(pool, key[2], key[3], rules))
        if pool not in budgets and not of_pool:
            continue
        assert policy.budget
        less = policy.budget.less_item_by_item and not final
        value, parts, minus_parts = settle_pool(
            accounts, of_pool, budgets[pool], less, taking, rules
        )
        values[pool], lines = value, lines | of_pool
        amounts, minus_amounts = amounts | parts, minus_amounts | minus_parts
        if rules.method == "rate":
            for (account, level), row in rate_rows(accounts, of_pool, taking, rules).items():
                rates[pool, account, level] = row
    lines = dict(sorted(lines.items()))
    return Settled(values, lines, amounts, minus_amounts, rates, above_payable(lines))


def account_of(row: Minus, by_id: Mapping[str, Case]) -> str:
    """Of the case of a row, which may be of an earlier month."""
    return row.earlier[1] if row.earlier else by_id[row.case_id].account


def above_payable(lines: Mapping[LineKey, Line]) -> dict[str, Decimal]:
    """By hospital: where sum D x value is more than sum max(0, fund + kept), that deduction."""
    found = {}
    for hospital in sorted({key[0] for key in lines}):
        mine = [line for key, line in lines.items() if key[0] == hospital and line.in_pool]
        taken = sum(
            (Fraction(line.deducted_points) * Fraction(line.point_value or 0) for line in mine),
            Fraction(0),
        )
        due = sum((max(NOTHING, line.fund_amount + line.kept) for line in mine), NOTHING)
        if taken > due:
            found[hospital] = half_up(taken, 2)
    return found


def lines_of(
    pool: str, cases: list[Case], minus: list[Minus], taking: Taking, rules: Settlement
) -> dict[LineKey, Line]:
    """The lines of a pool with their cases, minus rows and sums; nothing is paid yet."""
    priced = rules.method == "rate" or any(
        not case.out_of_area and case.case_class != "fee" for case in cases
    )
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
        if not row.points:
            continue
        if row.earlier:
            hospital, account, outside = row.earlier
            key = (hospital, account, outside, "points")
            bearing = lines.setdefault(key, line_of(pool, outside, "points", rules))
        else:
            # A case paid item by item has no points to take from: the hospital's local ones bear it.
            case = by_id[row.case_id]
            by_points = payment_of(case, priced, rules) == "points"
            bearing = line(case, case.out_of_area and by_points, "points")
        bearing.minus.append(row)
        bearing.points += row.points
        bearing.minus_points += row.points
        bearing.deducted_points -= row.points if row.deducted else 0
    for taken in taking.taken:
        if taken.case_id in by_id and payment_of(by_id[taken.case_id], priced, rules) == "points":
            case = by_id[taken.case_id]
            line(case, case.out_of_area, "points").deducted_points -= taken.points
    return lines


def let_wait(lines: Mapping[LineKey, Line], final: bool, rules: Settlement) -> None:
    """Rows that wait for the clearing where the points of a pool have no value with them.

    A pool without stays has no value at all: all its rows wait, those beside the pool too.
    """
    pooled = [line for line in lines.values() if line.in_pool]
    if rules.method == "rate":
        return
    if not any(line.cases for line in pooled):
        for line in lines.values():
            _set_aside(line, line.minus)
        return
    if valued_points(pooled, rules) > 0 or final:
        return
    for line in pooled:
        all_wait = rules.deducted_points == "pool"
        _set_aside(line, [row for row in line.minus if all_wait or row.earlier])


def _set_aside(line: Line, rows: list[Minus]) -> None:
    for row in list(rows):
        line.minus.remove(row)
        line.waiting.append(row)
        line.points -= row.points
        line.minus_points -= row.points
        line.waiting_points += row.points
        line.deducted_points += row.points if row.deducted else 0


def valued_points(lines: Iterable[Line], rules: Settlement) -> Decimal:
    """P, or P + D where the fund keeps what deductions take."""
    fund = rules.deducted_points == "fund"
    return sum(
        (line.points + (line.deducted_points if fund else 0) for line in lines), Decimal("0.0000")
    )


def value_of_line(
    key: LineKey, value: Decimal | None, taking: Taking, rules: Settlement
) -> Decimal | None:
    """The value of the pool, or the rate of the account and the hospital's level / 100 (C22)."""
    if key[3] != "points":
        return None
    if rules.method != "rate":
        return value
    level = taking.levels[key[0]]
    return next(
        rate.yuan / 100 for rate in rules.rates if (rate.account, rate.level) == (key[1], level)
    )


def rate_rows(
    accounts: list[str], lines: Mapping[LineKey, Line], taking: Taking, rules: Settlement
) -> dict[tuple[str, str], RateRow]:
    """A row for each account and level."""
    rows = {
        (rate.account, rate.level): RateRow(rate.yuan / 100)
        for rate in rules.rates
        if rate.account in accounts
    }
    for key, line in lines.items():
        if line.in_pool:
            row = rows[key[1], taking.levels[key[0]]]
            for name in (
                *("cases", "points", "deducted_points", "total_cost", "patient_cost"),
                *("other_cost", "fund_amount", "kept"),
            ):
                setattr(row, name, getattr(row, name) + getattr(line, name))
    return rows


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
    accounts: list[str],
    lines: dict[LineKey, Line],
    given: Decimal,
    less_items: bool,
    taking: Taking,
    rules: Settlement,
) -> tuple[Value, dict[str, Amounts], dict[tuple[str, int], MinusAmount]]:
    """Fill in the lines of a pool; returns its value and each case's and minus row's part."""
    let_wait(lines, taking.final, rules)
    pooled = [lines[key] for key in sorted(lines) if lines[key].in_pool]
    items = items_of(lines)
    budget = given - items if less_items else given
    if budget < 0:
        raise OverBudgetError
    home = sum(
        (line.fund_cost for key, line in lines.items() if key[2] and line.in_pool), Decimal("0.00")
    )
    spent = spent_by_points(lines)
    total_cost, patient, other = (
        sum((getattr(line, name) for line in pooled), Decimal("0.00"))
        for name in ("total_cost", "patient_cost", "other_cost")
    )
    points = sum((line.points for line in pooled), Decimal("0.0000"))
    value: Decimal | None = None
    if rules.method != "rate" and any(line.cases for line in pooled):
        divisor = valued_points(pooled, rules)
        if divisor <= 0:
            raise NoPointsError
        numerator = {
            "residual": budget + home + patient + other,  # (B + S + O) / P
            "fund_only": budget + home,  # B / P
            "cost": total_cost,  # total cost / P
        }[rules.method]
        value = down(Fraction(numerator) / Fraction(divisor), rules.value_places)  # C14, C19
    for key, line in lines.items():
        line.point_value = value_of_line(key, value, taking, rules)
        _settle_line(line, key[3], line.point_value, rules)
        if rules.deducted_points == "fund" and line.in_pool:
            of_one = Fraction(line.point_value or 0)
            whole = (Fraction(line.points) + Fraction(line.deducted_points)) * of_one
            line.kept = half_up(whole, 2) - half_up(Fraction(line.points) * of_one, 2)
    kept = sum((line.kept for line in pooled), NOTHING)
    remainder = budget + home - kept - sum((line.fund_amount for line in pooled), Decimal("0.00"))
    weights = [max(line.standard_amount + line.kept, NOTHING) for line in pooled]
    if rules.distribute_remainder == "all" and remainder > 0 and any(weights):
        for line, share in zip(pooled, in_proportion(remainder, weights), strict=True):
            if line.standard_amount > 0:  # else its share stays in the remainder
                line.distributed = share
                line.standard_amount += share
                line.fund_amount += share
                remainder -= share
    # Half a fen a line is rounding; more is overspending.
    if remainder < -Decimal("0.005") * len(pooled) and not rules.may_exceed_budget:
        raise OverBudgetError
    amounts: dict[str, Amounts] = {}
    minus: dict[tuple[str, int], MinusAmount] = {}
    for (_, _, outside, payment), line in lines.items():
        parts = _parts(line, payment)
        for case, standard in zip(line.members, parts[0], strict=True):
            amounts[case.case_id] = Amounts(
                payment, standard, fund_of(case, standard, payment, rules)
            )
        for row, standard in zip(line.minus, parts[1], strict=True):
            minus[row.case_id, row.step] = MinusAmount(outside, payment, standard)
        for row in line.waiting:
            minus[row.case_id, row.step] = MinusAmount(outside, payment, NOTHING, waiting=True)
    paid = sum((line.fund_amount for line in pooled), Decimal("0.00"))
    return (
        Value(
            accounts,
            given,
            items,
            half_up(Fraction(items) / Fraction(given), 4) if given else None,
            budget,
            home,
            sum(line.cases for line in pooled),
            spent,
            total_cost,
            patient,
            other,
            points,
            sum((line.deducted_points for line in pooled), Decimal("0.0000")),
            sum((line.waiting_points for line in lines.values()), Decimal("0.0000")),
            value,
            paid,
            kept,
            remainder,
        ),
        amounts,
        minus,
    )


def items_of(lines: Mapping[LineKey, Line]) -> Decimal:
    """What local stays cost the fund that are paid item by item."""
    return sum(
        (line.fund_cost for key, line in lines.items() if key[3] == "item_by_item" and not key[2]),
        NOTHING,
    )


def spent_by_points(lines: Mapping[LineKey, Line]) -> Decimal:
    """F: what the local stays paid by points would have cost item by item."""
    local = [line for key, line in lines.items() if line.in_pool and not key[2]]
    return sum((line.fund_cost for line in local), NOTHING)


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


def _parts(line: Line, payment: str) -> tuple[list[Decimal], list[Decimal]]:
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
        of_one = Fraction(line.point_value or 0)
    shares = largest_remainder(line.standard_amount, [one * of_one for one in points])
    placed = dict(zip(order, shares, strict=True))
    parts = [placed[place] for place in range(len(rows))]
    return parts[: len(line.members)], parts[len(line.members) :]
