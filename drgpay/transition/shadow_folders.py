"""Folders of shadow months (`drgpay shadow`) as a section of the report: months that were paid, beside
the same under the new scheme.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.results.manifest import SHADOW, read_manifest
from drgpay.simulate.compare import change_ratio

_ERRORS = Sentences("errors/transition")

_MONTHS, _QUALITY = "shadow_months.parquet", "month_quality.parquet"
_YUAN = {
    "fund_amount_before": "fund_paid_fen",
    "fund_amount_after": "fund_shadow_fen",
    "change": "fund_change_fen",
}
SHADOW_SCHEMA: dict[str, pl.DataType] = {
    "period": pl.String(),
    "run": pl.String(),
    "cases": pl.Int64(),
    **dict.fromkeys((*_YUAN.values(), "fund_change_rate"), pl.Int64()),
    "winners": pl.Int64(),
    "losers": pl.Int64(),
}
"""A row a month, as it was paid (fund_paid_fen) and under the new scheme (fund_shadow_fen)."""


def read_shadow_months(folders: Sequence[Path], scheme: str, path: Path) -> pl.DataFrame:
    """SHADOW_SCHEMA of all months of some folders, in their order.

    scheme: the id of the new scheme. path: the file that names the folders. Raises DrgpayError for a
    folder that is none of shadow months or of another scheme, for a month that two of them have,
    and for a table that cannot be read.
    """
    parts = [_months(folder, scheme) for folder in folders]
    months = pl.concat([pl.DataFrame(schema=SHADOW_SCHEMA), *parts]).sort("period")
    twice = months.filter(pl.col("period").is_duplicated())
    if twice.height:
        raise DrgpayError(*_ERRORS("month_twice", path=path, month=twice["period"][0]))
    return months


def _months(folder: Path, scheme: str) -> pl.DataFrame:
    manifest = read_manifest(folder)
    if manifest.kind != SHADOW:
        raise DrgpayError(*_ERRORS("no_shadow", folder=folder))
    try:
        schemes = {*pl.read_parquet(folder / _QUALITY, glob=False).filter(side="after")["scheme"]}
        frame = pl.read_parquet(folder / _MONTHS, glob=False)
        months = frame.select(
            *("period", "run", pl.col("cases_before").alias("cases")),
            *(pl.col(name).to_physical().cast(pl.Int64).alias(fen) for name, fen in _YUAN.items()),
            *("winners", "losers"),
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        detail = str(error).splitlines()[0]
        raise DrgpayError(*_ERRORS("unreadable_shadow", folder=folder, detail=detail)) from None
    if schemes != {scheme}:
        other = next(iter(sorted(schemes - {scheme})), "–")
        raise DrgpayError(*_ERRORS("other_shadow", folder=folder, other=other, scheme=scheme))
    rate = change_ratio("fund_change_fen", "fund_paid_fen")
    return months.with_columns(fund_change_rate=rate).select(*SHADOW_SCHEMA)
