"""Numbers as a report prints them: the text to read beside the exact value to sort and check by."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from drgpay.base.language import Language

_WAN = Decimal(10_000)
_THOUSAND = Decimal(1_000)
NONE = "–"


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `exact` is what `text` was rounded from, empty for words."""

    text: str
    exact: str = ""
    number: bool = False
    negative: bool = False


def words(text: str) -> Cell:
    """A cell of words."""
    return Cell(text)


def count(value: int) -> Cell:
    """A count."""
    return Cell(f"{value:,}", str(value), number=True)


def yuan(value: Decimal) -> Cell:
    """An amount to the fen."""
    return _signed(f"{value:,.2f}", value)


def points(value: Decimal) -> Cell:
    """Points, or a point value, with the places they have."""
    return _signed(f"{value:,f}", value)


def large(value: Decimal, language: Language) -> Cell:
    """An amount in 万元, in English in thousand yuan; both to the hundred yuan."""
    return _signed(large_text(value, language), value)


def large_text(value: Decimal, language: Language) -> str:
    """The text of an amount in 万元 or thousand yuan."""
    unit, place = (_WAN, "0.01") if language == "zh" else (_THOUSAND, "0.1")
    rounded = (value / unit).quantize(Decimal(place), ROUND_HALF_UP)
    return _minus(f"{rounded or abs(rounded):,}")


def share(part: Decimal | int, whole: Decimal | int, signed: bool = False) -> Cell:
    """A part of a whole in percent, to two places; a dash where there is no whole."""
    if not whole:
        return Cell(NONE, number=True)
    exact = Decimal(part) / Decimal(whole) * 100
    rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{rounded:+,}%" if signed and rounded else f"{rounded or abs(rounded):,}%"
    # The quotient has no end; six places are more than anybody reads.
    return Cell(_minus(text), str(exact.quantize(Decimal("0.000001"))), True, rounded < 0)


def _signed(text: str, value: Decimal) -> Cell:
    return Cell(_minus(text), str(value), number=True, negative=value < 0)


def _minus(text: str) -> str:
    return text.replace("-", "−")
