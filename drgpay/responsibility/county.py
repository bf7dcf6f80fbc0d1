"""A county's year in one account, as every rule of this room takes it: money in fen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CountyYear:
    """What the tables say of a county, an account and a year.

    spend_fen: of the county's insured, wherever care was given. outside_fen: of it outside the county,
    None where nobody says. approved_fen, own_fen: sums of approved_changes and own_policy. score: in
    1/10,000, None without one.
    """

    year: int
    account: str
    county: str
    heads: int
    income_target_fen: int
    premium_target_fen: int
    premium_collected_fen: int
    fiscal_due_fen: int
    fiscal_paid_fen: int
    other_income_fen: int
    budget_fen: int
    balance_before_fen: int
    spend_fen: int
    outside_fen: int | None
    approved_fen: int
    own_fen: int
    score: int | None

    @property
    def income_fen(self) -> int:
        """What came in."""
        return self.premium_collected_fen + self.fiscal_paid_fen + self.other_income_fen
