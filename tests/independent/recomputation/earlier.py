"""Returns and deductions over months that are paid: 03a-earlier-months, row by row.

A run is a month, a correction or a clearing. It knows its own stays and those of the runs that it
names. Of every stay of a named run it compares what one run over all known stays would take with
what was taken so far; the difference is a row of its own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from drgpay.policy.model import Policy
from drgpay.policy.points import Points, Readmission

from .adjusting import Course, Earned, add_extra_points, deduct, earn, halve, split_stays
from .calibration import Catalogue
from .earned_cases import cases_of
from .readmission import returns
from .records import Filed, Stay, Violation
from .rounding import half_up
from .settlement import Minus, payment_of, pools_of

RETURN, CASE = "return", "case"
Place = tuple[str, bool]  # account, out_of_area
Part = tuple[str, str, str, Place]  # case_id; RETURN, CASE or a kind; hospital_id; place
NO_POINTS = Decimal("0.0000")


class UnknownCaseError(Exception):
    """A deduction of a case that is no stay of this month or of a named one."""


@dataclass(frozen=True)
class EarlierRow:
    """A row on a stay of an earlier month; month is that of the stay.

    part: RETURN, CASE (what deductions take from the case), or the kind whose minus it is.
    evidence: the return; of deductions every document or reason that the row may name. by: the
    return of a reduction.
    """

    case_id: str
    month: tuple[int, int]
    part: str
    hospital_id: str
    account: str
    out_of_area: bool
    points: Decimal
    evidence: tuple[str | None, ...]
    by: Stay | None = None

    @property
    def kind(self) -> str:
        """As adjustments have it."""
        return "readmission_earlier" if self.part == RETURN else "deduction_earlier"

    @property
    def key(self) -> Part:
        """What the row is about, and where it lies."""
        return self.case_id, self.part, self.hospital_id, (self.account, self.out_of_area)


@dataclass(frozen=True)
class By:
    """By what a run is made.

    scale: of the points that it pays; scheme: that its stays are grouped by; exempt: its list.
    """

    catalogue: Catalogue
    policy: Policy
    exempt: tuple[str, ...] = ()
    scheme: str = ""
    scale: str = ""


@dataclass(frozen=True)
class Run:
    """A run, as later ones know it.

    violations: what it applied at its cases, those of the runs that it named among them. returned:
    its own cases that a return follows. by_item: its stays that are paid item by item. months:
    those that it settles.
    """

    by: By
    stays: Sequence[Stay]
    filed: Filed
    violations: tuple[Violation, ...]
    returned: Mapping[str, Stay]
    earned: Earned
    by_item: frozenset[str]
    rows: tuple[EarlierRow, ...]
    months: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Change:
    """What a run is told about a changed scheme or catalogue.

    drgs: of a case by another scheme than its own. k: by the scale of an earlier run and account.
    """

    drgs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    k: Mapping[tuple[str, str], Fraction] = field(default_factory=dict)


UNCHANGED = Change()


def month_of(stay: Stay) -> tuple[int, int]:
    """Its settlement date decides."""
    return stay.settlement_date.year, stay.settlement_date.month


def make_run(
    stays: Sequence[Stay],
    by: By,
    filed: Filed,
    named: Sequence[Run] = (),
    change: Change = UNCHANGED,
) -> Run:
    """Points of a run's stays, and its rows on stays of the runs that it names, in their order."""
    lists = [run.filed for run in named]
    violations = brought([*lists, filed])
    own = {stay.case_id for stay in stays}
    run_of = {stay.case_id: run for run in named for stay in run.stays if stay.case_id not in own}
    known = {stay.case_id: stay for run in named for stay in run.stays}
    known |= {stay.case_id: stay for stay in stays}
    if unknown := {row.case_id for row in filed.violations} - known.keys():
        raise UnknownCaseError(sorted(unknown))

    def rule_of(previous: Stay) -> tuple[Readmission, Collection[str]]:
        of = run_of[previous.case_id].by if previous.case_id in run_of else by
        return of.policy.points.readmission, of.exempt

    def scheme_of(stay: Stay) -> str:
        return run_of[stay.case_id].by.scheme if stay.case_id in run_of else by.scheme

    def group_of_return(previous: Stay, later: Stay) -> str:
        if scheme_of(previous) == scheme_of(later):
            return later.drg
        return change.drgs[scheme_of(previous), later.case_id]

    followed = returns([*known.values()], rule_of, split_stays(violations), group_of_return)
    earned = earn(
        [*stays],
        by.catalogue,
        by.policy.points,
        replace(filed, violations=violations),
        by.exempt,
        {case: later for case, later in followed.items() if case in own},
    )
    months = frozenset(map(month_of, stays))
    seen = months.union(*(run.months for run in named))
    rows = _Comparison(
        by, named, change, violations, followed, known, run_of, seen, [*lists, filed]
    ).rows()
    return Run(
        by,
        stays,
        filed,
        violations,
        {case: known[later] for case, later in followed.items() if case in own},
        earned,
        paid_by_item([*stays], earned, by.policy),
        tuple(rows),
        months,
    )


def brought(lists: Iterable[Filed]) -> tuple[Violation, ...]:
    """All deductions so far: of a case and kind the one that came first."""
    first: dict[tuple[str, str], Violation] = {}
    for filed in lists:
        for row in filed.violations:
            first.setdefault((row.case_id, row.kind), row)
    return tuple(first.values())


def paid_by_item(stays: list[Stay], earned: Earned, policy: Policy) -> frozenset[str]:
    """Stays paid item by item, and outside patients that are excluded or that nothing prices."""
    rules, found = policy.settlement, set()
    for accounts in pools_of(policy).values():
        cases = [case for case in cases_of(stays, earned) if case.account in accounts]
        priced = rules.method == "rate" or any(
            not case.out_of_area and case.case_class != "fee" for case in cases
        )
        found |= {
            case.case_id for case in cases if payment_of(case, priced, rules) == "item_by_item"
        }
    return frozenset(found)


@dataclass(frozen=True)
class Loss:
    """What a stay loses: to its return, at the case to deductions, and by kind at the hospital.

    Each is a difference of points, and these are rounded once.
    """

    by_return: Decimal
    at_case: Decimal
    minus: Mapping[str, Decimal]


def loss(
    stay: Stay, run: Run, points: Points, *, returned: bool, violations: Iterable[Violation]
) -> Loss:
    """From the exact number before the step of readmission through all later steps."""

    def course(follows: bool) -> Course:
        on_its_way = Course(stay, run.earned.cases[stay.case_id])
        on_its_way.exact = run.earned.unreturned[stay.case_id]
        if follows:
            halve(on_its_way, "", points)
        add_extra_points(on_its_way, points, run.filed)
        return on_its_way

    without, now = half_up(course(follows=False).exact, 4), course(follows=returned)
    after_return = half_up(now.exact, 4)
    now.rows.clear()
    deduct(now, points, violations)
    minus = {row.kind: -row.points for row in now.rows if row.applies_to == "hospital"}
    return Loss(without - after_return, after_return - half_up(now.exact, 4), minus)


def earlier_minus(rows: Iterable[EarlierRow]) -> list[Minus]:
    """Rows as settlement takes them, numbered within their case."""
    steps: dict[str, int] = {}
    found = []
    for row in rows:
        steps[row.case_id] = steps.get(row.case_id, 0) + 1
        line = (row.hospital_id, row.account, row.out_of_area)
        found.append(Minus(row.case_id, steps[row.case_id], row.points, row.part != RETURN, line))
    return found


@dataclass(frozen=True)
class _Comparison:
    """Of every stay of a named run what would be taken (T) against what was taken (t)."""

    by: By
    named: Sequence[Run]
    change: Change
    violations: tuple[Violation, ...]
    followed: Mapping[str, str]
    known: Mapping[str, Stay]
    run_of: Mapping[str, Run]
    months: frozenset[tuple[int, int]]
    lists: Sequence[Filed]

    def rows(self) -> list[EarlierRow]:
        """Where both differ, and where a row lies on a stay that is no longer there."""
        still: dict[Part, Fraction] = {}  # to be taken, from points of other scales
        rounded: dict[Part, Decimal] = {}  # of rows that are points of this scale already
        said: dict[tuple[str, str], tuple[str | None, ...]] = {}
        months: dict[str, tuple[int, int]] = {}
        for run, row in self._booked():
            months[row.case_id] = row.month
            said[row.case_id, row.part] = row.evidence
            still.setdefault(row.key, Fraction(0))
            if run.by.scale == self.by.scale:
                rounded[row.key] = rounded.get(row.key, NO_POINTS) + row.points
            else:
                still[row.key] += Fraction(row.points) / self._k(run.by.scale, row.account)
        for case_id, run in self.run_of.items():
            stay = self.known[case_id]
            months[case_id] = month_of(stay)
            for key, amount, evidence in self._taken_still(stay, run):
                exact = Fraction(amount) / self._k(run.by.scale, stay.account)
                still[key] = still.get(key, Fraction(0)) + exact
                if evidence:
                    said[case_id, key[1]] = evidence
        found = []
        for key, exact in still.items():
            case_id, part, hospital, (account, outside) = key
            points = -half_up(exact, 4) - rounded.get(key, NO_POINTS)
            by = self._last_return(case_id) if part == RETURN else None
            if points:
                found.append(
                    EarlierRow(
                        case_id,
                        months[case_id],
                        part,
                        hospital,
                        account,
                        outside,
                        points,
                        said.get((case_id, part), (None,)),
                        by,
                    )
                )
        return sorted(found, key=self._order)

    def _booked(self) -> Iterable[tuple[Run, EarlierRow]]:
        """Rows of named runs; those on stays of a month that is not named stay as they are."""
        for run in self.named:
            for row in run.rows:
                if row.case_id in self.known or row.month in self.months:
                    yield run, row

    def _taken_still(
        self, stay: Stay, run: Run
    ) -> Iterable[tuple[Part, Decimal, tuple[str | None, ...]]]:
        """T less what the stay's own run took, in the points of that run."""
        points, case_id = run.by.policy.points, stay.case_id
        applied = [row for row in run.violations if row.case_id == case_id]
        due = [row for row in self.violations if row.case_id == case_id]
        last = self._last_return(case_id)
        # A reduction whose return lies in a month that is not named stays as it is.
        unnamed = last is not None and month_of(last) not in self.months
        returned = case_id in self.followed or (unnamed and self._reduced(stay, run))
        t = loss(stay, run, points, returned=case_id in run.returned, violations=applied)
        wanted = loss(stay, run, points, returned=returned, violations=due)
        here = (stay.account, stay.out_of_area)
        if case_id not in run.by_item:
            by = (last.case_id,) if last else ()
            yield (case_id, RETURN, stay.hospital_id, here), wanted.by_return - t.by_return, by
            still = wanted.at_case - t.at_case
            yield (case_id, CASE, stay.hospital_id, here), still, self._documents(case_id)
        else:
            here = (stay.account, False)
        for kind in {**t.minus, **wanted.minus}:
            taken = wanted.minus.get(kind, NO_POINTS) - t.minus.get(kind, NO_POINTS)
            yield (case_id, kind, stay.hospital_id, here), taken, self._documents(case_id, kind)

    def _documents(self, case_id: str, kind: str | None = None) -> tuple[str | None, ...]:
        """What the lists that are known name for a case, or for one kind of it."""
        return tuple(
            row.document or row.reason
            for filed in self.lists
            for row in filed.violations
            if row.case_id == case_id and kind in (None, row.kind)
        )

    def _last_return(self, case_id: str) -> Stay | None:
        """The return that a stay is reduced for, or was at last."""
        if case_id in self.followed:
            return self.known[self.followed[case_id]]
        last = None
        if case_id in self.run_of:
            last = self.run_of[case_id].returned.get(case_id)
        for _, row in self._booked():
            if row.case_id == case_id and row.part == RETURN:
                last = row.by
        return last

    def _reduced(self, stay: Stay, run: Run) -> bool:
        """Whether its own run and the rows of named ones leave it reduced."""
        rows = [row for _, row in self._booked() if row.case_id == stay.case_id]
        given_back = sum((row.points for row in rows if row.part == RETURN), NO_POINTS)
        points = run.by.policy.points
        own = loss(stay, run, points, returned=stay.case_id in run.returned, violations=())
        return own.by_return != given_back

    def _k(self, scale: str, account: str) -> Fraction:
        """What a point of this run is in points of another one; 1 where nobody gave it."""
        if scale == self.by.scale:
            return Fraction(1)
        return self.change.k.get((scale, account), Fraction(1))

    def _order(self, row: EarlierRow) -> tuple[object, ...]:
        kinds = [RETURN, CASE, *(rule.kind for rule in self.by.policy.points.deductions)]
        return row.case_id, kinds.index(row.part), row.hospital_id, row.account, row.out_of_area
