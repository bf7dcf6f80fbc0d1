"""Which column of a published table of weights means what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drgpay.errors import DrgpayError

# What published tables call the columns, beside our own names.
_HEADINGS = {
    "drg": ("drg", "DRG", "DRG编码", "DRG组编码", "病组编码", "分组编码"),
    "weight": ("weight", "RW", "rw", "权重", "相对权重", "支付权重", "基准权重"),
    "price": ("price", "支付标准"),
    "stable": ("stable",),
}
_BY_LEVEL = ("price", "coefficient")
NAMES = "drg, weight, price, stable, price_LEVEL, coefficient_LEVEL"


@dataclass(frozen=True)
class WeightColumns:
    """The headings of a table, by meaning; `prices` and `coefficients` by hospital level."""

    drg: str
    weight: str | None = None
    price: str | None = None
    stable: str | None = None
    prices: Mapping[str, str] = field(default_factory=dict)
    coefficients: Mapping[str, str] = field(default_factory=dict)

    @property
    def all(self) -> list[str]:
        """Every heading that is read, once."""
        single = (self.drg, self.weight, self.price, self.stable)
        named = [heading for heading in single if heading]
        return list(dict.fromkeys([*named, *self.prices.values(), *self.coefficients.values()]))


def weight_columns(
    path: Path, header: Sequence[str], given: Mapping[str, str], base: str | None
) -> WeightColumns:
    """Find the columns of a table: those `given` (name -> heading), then by their usual headings.

    `base` asks for base points from the prices by level, so that a weight is not looked for.
    Raises DrgpayError where a heading or a meaning is missing, or two meanings exclude each other.
    """
    for name, heading in given.items():
        if name not in _HEADINGS and not any(name.startswith(f"{kind}_") for kind in _BY_LEVEL):
            raise DrgpayError(f"--column {name}={heading}: there is no column {name}", NAMES)
        if heading not in header:
            raise DrgpayError(
                f"{path} has no column {heading}", f"it has {', '.join(header)}; name one of them"
            )

    def find(name: str) -> str | None:
        known = (heading for heading in _HEADINGS[name] if heading in header)
        return given.get(name) or next(known, None)

    by_level = {kind: _levels(kind, header, given) for kind in _BY_LEVEL}
    drg = find("drg")
    if not drg:
        raise DrgpayError(
            f"{path} has no column of groups among {', '.join(header)}",
            "name it with --column drg=HEADING",
        )
    _refuse_base(path, base, by_level["price"])
    weight = None if base or "price" in given else find("weight")
    price = None if base or weight else find("price")
    if "weight" in given and (base or "price" in given):
        raise DrgpayError(
            f"{path}: base points come from weights or from prices, not from both",
            "leave out --column weight, or --base and --column price",
        )
    if not (weight or price or by_level["price"]):
        raise DrgpayError(
            f"{path} has no column of weights or prices among {', '.join(header)}",
            "name it with --column weight=HEADING, price=HEADING or price_LEVEL=HEADING",
        )
    both = sorted(by_level["price"].keys() & by_level["coefficient"].keys())
    if both:
        raise DrgpayError(
            f"{path} has a price and a coefficient of the level {both[0]}", "name one of them"
        )
    return WeightColumns(
        drg, weight, price, find("stable"), by_level["price"], by_level["coefficient"]
    )


def _refuse_base(path: Path, base: str | None, prices: Mapping[str, str]) -> None:
    if base and base != "mean" and base not in prices:
        raise DrgpayError(
            f"--base {base}: {path} has no price of the level {base}",
            f"name it with --column price_{base}=HEADING",
        )
    if base and not prices:
        raise DrgpayError(
            f"--base {base}: {path} has no prices by level",
            "name them with --column price_LEVEL=HEADING",
        )


def _levels(kind: str, header: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Level -> heading of the columns price_LEVEL or coefficient_LEVEL, sorted by level."""
    found = {name: name for name in header if name.startswith(f"{kind}_")}
    found |= {name: heading for name, heading in given.items() if name.startswith(f"{kind}_")}
    return {name.removeprefix(f"{kind}_"): heading for name, heading in sorted(found.items())}
