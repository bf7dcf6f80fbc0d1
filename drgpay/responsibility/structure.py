"""Structure or management: what a county would spend at the city's rates by age (R7).

A county with old people is not blamed for them [c5: structural and managerial risk apart].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.responsibility.apportioned import in_proportion
from drgpay.responsibility.county import CountyYear

_ERRORS = Sentences("errors/responsibility")


@dataclass(frozen=True)
class Structure:
    """expected: spend at the city's rates by age, in fen, exact. heads: by age bands together."""

    expected: Fraction
    heads: int
    city_mean: Fraction

    @property
    def structure(self) -> Fraction:
        """What the ages of its people add to the city's mean, in fen."""
        return self.expected - self.heads * self.city_mean

    @property
    def risk(self) -> Fraction | None:
        """Expected spend by that of as many average people; None without people or spend."""
        average = self.heads * self.city_mean
        return self.expected / average if average else None


def expected_spend(ages: pl.DataFrame, account: str) -> Mapping[str, Structure]:
    """Of each county of an account and a year.

    ages: county, age_band, heads, spend_fen of the account and the year, a row each. Raises DrgpayError
    for an age band with spend and no heads in the city (`no_heads`).
    """
    rows = ages.select("county", "age_band", "heads", "spend_fen").rows()
    heads: dict[str, int] = {}
    spend: dict[str, int] = {}
    for _, band, count, fen in rows:
        heads[band] = heads.get(band, 0) + count
        spend[band] = spend.get(band, 0) + fen
    for band in sorted(heads):
        if not heads[band] and spend[band]:
            raise DrgpayError(*_ERRORS("no_heads", account=account, band=band))
    rates = {
        band: Fraction(spend[band], heads[band]) if heads[band] else Fraction(0) for band in heads
    }
    people = sum(heads.values())
    mean = Fraction(sum(spend.values()), people) if people else Fraction(0)
    found: dict[str, Structure] = {}
    for county, band, count, _ in rows:
        before = found.get(county, Structure(Fraction(0), 0, mean))
        found[county] = Structure(before.expected + count * rates[band], before.heads + count, mean)
    return found


def expected_budgets(
    counties: Sequence[CountyYear], structures: Mapping[str, Structure]
) -> list[int]:
    """The budgets of an account by expected spend, by largest remainder, so that their sum stays."""
    weights = [structures[one.county].expected for one in counties]
    return in_proportion(sum(one.budget_fen for one in counties), weights)
