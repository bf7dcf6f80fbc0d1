"""Quality: deaths in groups that few die in."""

import polars as pl

from drgpay.evaluation.indicator import Indicator, counted
from drgpay.evaluation.material import Material
from drgpay.evaluation.risk_classes import LOW

DEAD = 5
"""The discharge_type of who died."""


def _low_risk(material: Material) -> pl.DataFrame | None:
    if material.risk is None or not _told(material):
        return None
    low = [drg for drg, of in material.risk.items() if of == LOW]
    stays = material.drg_stays.filter(pl.col("drg").is_in(low))
    return counted(stays.drop_nulls("discharge_type"), pl.col("discharge_type") == DEAD)


def _told(material: Material) -> bool:
    """Whether the records say how stays ended."""
    return bool(material.stays["discharge_type"].is_not_null().any())


INDICATORS = (Indicator("low_risk_mortality", "down", _low_risk),)
