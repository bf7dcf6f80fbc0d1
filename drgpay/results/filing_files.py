"""The filings of a run as their files hold them (docs/files.md)."""

import polars as pl

from drgpay.records.filings import Filings
from drgpay.results.columns import columns_of, written

FILINGS = ("reviews", "deductions", "technologies")


def filing_frames(filings: Filings) -> dict[str, pl.DataFrame]:
    """The filings that the points of cases come from: with them they can be reckoned again."""
    return {name: written(getattr(filings, name), columns_of(name)) for name in FILINGS}
