"""Whose gap: spend - income split into overrun, planned gap and collection gap, exactly (R1).

    gap = (spend - budget) + (budget - income_target) + (income_target - income)

and the overrun into what was approved in the year, the county's own policy, and management.
"""

from dataclasses import dataclass

from drgpay.responsibility.county import CountyYear


@dataclass(frozen=True)
class Gap:
    """The parts of a county's gap. budget_fen: that the parts are of, which `expected` replaces."""

    of: CountyYear
    budget_fen: int

    @property
    def gap_fen(self) -> int:
        """Spend less income."""
        return self.of.spend_fen - self.of.income_fen

    @property
    def overrun_fen(self) -> int:
        """Spend less budget."""
        return self.of.spend_fen - self.budget_fen

    @property
    def planned_fen(self) -> int:
        """Budget less the income that was planned; a planned surplus is negative."""
        return self.budget_fen - self.of.income_target_fen

    @property
    def collection_fen(self) -> int:
        """The income that was planned less what came in."""
        return self.of.income_target_fen - self.of.income_fen

    @property
    def premium_gap_fen(self) -> int:
        """The part of the collection gap that is of premiums."""
        return self.of.premium_target_fen - self.of.premium_collected_fen

    @property
    def management_fen(self) -> int:
        """The overrun that neither an approved change nor the county's own policy explains."""
        return self.overrun_fen - self.of.approved_fen - self.of.own_fen
