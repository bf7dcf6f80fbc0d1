"""The unit in which a chart shows amounts: the largest in which they can still be told apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from drgpay.base.language import Language

_UNITS: dict[Language, tuple[tuple[str, int], ...]] = {
    "zh": (("unit_yi", 100_000_000), ("unit_wan", 10_000)),
    "en": (("unit_million", 1_000_000), ("unit_thousand", 1_000)),
}
_TIMES = 10  # of a unit, so that two places tell a thousandth of the largest amount


@dataclass(frozen=True)
class MoneyScale:
    """A unit: the key of its words, and how many yuan it has."""

    unit: str
    yuan: int

    def number(self, amount: Decimal) -> float:
        """An amount in the unit, to be drawn."""
        return float(amount / self.yuan)

    def text(self, amount: Decimal, signed: bool = False) -> str:
        """An amount in the unit to two places; `signed`: with a plus where it is above nothing."""
        rounded = (amount / self.yuan).quantize(Decimal("0.01"), ROUND_HALF_UP)
        shown = f"{rounded:+,}" if signed and rounded else f"{rounded or abs(rounded):,}"
        return shown.replace("-", "−")


def money_scale(amounts: Iterable[Decimal], language: Language) -> MoneyScale:
    """The unit for amounts in yuan."""
    largest = max((abs(amount) for amount in amounts), default=Decimal(0))
    units = _UNITS[language]
    found = next((one for one in units if largest >= _TIMES * one[1]), ("unit_yuan", 1))
    return MoneyScale(*found)
