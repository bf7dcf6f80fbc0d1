"""Records and conduct: how stays were grouped, classed, sent and transferred."""

from collections.abc import Callable

import polars as pl

from drgpay.evaluation.indicator import Indicator, counted
from drgpay.evaluation.material import Material

_LONGEST_DAYS = 60
_LEAST_FEN = 500
_TRANSFERRED = 2


def _grouped(material: Material) -> pl.DataFrame:
    """入组率（考核口径）: without stays of more than 60 days or under 5 yuan."""
    stays = material.drg_stays.filter(
        (pl.col("length_of_stay") <= _LONGEST_DAYS) & (pl.col("total_fen") >= _LEAST_FEN)
    )
    return counted(stays, pl.col("status") == "grouped")


def _of_class(case_class: str) -> Callable[[Material], pl.DataFrame]:
    return lambda material: counted(material.drg_stays, pl.col("case_class") == case_class)


def _transferred(material: Material) -> pl.DataFrame | None:
    stays = material.drg_stays.drop_nulls("discharge_type")
    return counted(stays, pl.col("discharge_type") == _TRANSFERRED) if stays.height else None


INDICATORS = (
    Indicator("grouped_rate", "up", _grouped),
    Indicator("high_share", "down", _of_class("high")),
    Indicator("low_share", "down", _of_class("low")),
    Indicator("ungrouped_share", "down", _of_class("ungrouped")),
    Indicator("transfer_out", "band", _transferred),
)
