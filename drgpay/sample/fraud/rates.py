"""How much of each kind of fraud, and of what looks like it, is planted."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/sample")
USUAL = "usual"


@dataclass(frozen=True)
class FraudRates:
    """Shares of stays by kind; a kind that is missing is not planted. hard: of honest stays that look so.

    coded: of the eligible stays with a severe diagnosis before; hospitals: that code up; seasonal: what
    diagnoses of the season's influenza begin with.
    """

    fraud: Mapping[str, float]
    hard: Mapping[str, float]
    coded: float
    hospitals: int
    seasonal: tuple[str, ...]


def fraud_rates(text: str) -> FraudRates:
    """`usual`, or `kind=rate` separated by commas; raises DrgpayError for unknown kinds and rates."""
    raw = tomllib.loads(
        files("drgpay.sample.fraud").joinpath("rates.toml").read_text(encoding="utf-8")
    )
    chosen = dict(raw["fraud"]), dict(raw["hard"])
    if text != USUAL:
        known = {**chosen[0], **chosen[1]}
        given: dict[str, float] = {}
        for one in text.split(","):
            name, _, rate = one.partition("=")
            share = _share(rate)
            if name.strip() not in known or share is None:
                kinds = ", ".join(sorted(known))
                raise DrgpayError(*_ERRORS("unknown_fraud", given=one.strip(), kinds=kinds))
            given[name.strip()] = share
        chosen = (
            {name: given[name] for name in chosen[0] if name in given},
            {name: given[name] for name in chosen[1] if name in given},
        )
    details = raw["details"]
    return FraudRates(*chosen, details["coded"], details["hospitals"], tuple(details["seasonal"]))


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
