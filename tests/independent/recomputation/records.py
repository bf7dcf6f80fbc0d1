"""What is given: grouped stays and filings, money in yuan and points as decimals."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Stay:
    """A grouped stay, as far as points and settlement need it."""

    case_id: str
    hospital_id: str
    level: str
    person_id: str | None
    account: str
    out_of_area: bool
    admission_date: date
    discharge_date: date
    settlement_date: date
    length_of_stay: int
    payment_unit: str
    bed_day_class: str | None
    complete: bool | None
    status: str
    drg: str
    total_cost: Decimal
    fund_cost: Decimal
    patient_cost: Decimal
    other_cost: Decimal
    age: int = 40
    age_days: int | None = None
    discharge_type: int | None = 1


@dataclass(frozen=True)
class Review:
    """A special review of a case."""

    case_id: str
    filed_at: date
    approved: bool
    unreasonable_cost: Decimal = Decimal("0.00")
    fixed_points: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Violation:
    """A deduction of a case."""

    case_id: str
    kind: str
    serious: bool
    reason: str | None = None
    document: str | None = None


@dataclass(frozen=True)
class UsedTechnology:
    """A case that a new technology is filed for."""

    case_id: str
    technology: str


@dataclass(frozen=True)
class HeldBack:
    """Money to be held back from the prepayment of a hospital in an account."""

    hospital_id: str
    account: str
    amount: Decimal


@dataclass(frozen=True)
class Filed:
    """All filings of a period."""

    reviews: tuple[Review, ...] = ()
    violations: tuple[Violation, ...] = ()
    technologies: tuple[UsedTechnology, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
