"""Tables of weights that a test makes, and what their catalogues hold."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from drgpay.grouper.scheme import load_scheme
from drgpay.points.published_weights import PublishedCatalogue, published_catalogue
from drgpay.points.weight_rows import WeightOptions

any_scheme = cache(lambda: load_scheme("chs-drg-2.0"))
MEAN = Decimal(10_000)


def made(
    folder: Path, text: str | bytes, mean: Decimal = MEAN, **options: Any
) -> PublishedCatalogue:
    path = folder / "weights.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    given = {"columns": {}} | options
    return published_catalogue(path, any_scheme(), mean, "c", WeightOptions(**given))


def groups(found: PublishedCatalogue) -> list[tuple[str, int, int]]:
    return found.catalogue.groups.select("drg", "base_points", "mean_fen").rows()


def coefficients(found: PublishedCatalogue) -> list[tuple[str, str, int]]:
    return found.catalogue.coefficients.select("drg", "level", "coefficient").rows()


def read_as(found: PublishedCatalogue) -> dict[str, str]:
    return dict(found.columns.select("heading", "read_as").rows())


def stabilities(found: PublishedCatalogue) -> dict[str, str]:
    assert (found.catalogue.groups["stability"] == "stable").equals(
        found.catalogue.groups["stable"]
    )
    return dict(found.catalogue.groups.select("drg", "stability").rows())
