"""Quality: who comes back within days with the same disease."""

from collections.abc import Callable
from datetime import timedelta

import polars as pl

from drgpay.evaluation.indicator import Indicator, counted
from drgpay.evaluation.indicators.mortality import DEAD
from drgpay.evaluation.material import Material

_NO_ADRG = "00"
_TRANSFERS = (2.0, 3.0)


def _within(days: int) -> Callable[[Material], pl.DataFrame | None]:
    """Stays discharged from `days` before the year to `days` before its end, and their returns.

    A return: a stay of the same person and ADRG, in any hospital, not exempt, admitted 0 to `days` after
    the discharge. None: another hospital within a day of a transfer. Stays without an ADRG are in
    neither; the dead, exempt groups and bed-day stays are no index stays.
    """

    def sums(material: Material) -> pl.DataFrame | None:
        both = pl.concat([material.last, material.stays]).drop_nulls("person")
        stays = both.filter(pl.col("adrg").is_not_null() & (pl.col("adrg") != _NO_ADRG))
        if stays["discharge_type"].is_null().all():
            return None
        first = material.first_day - timedelta(days)
        last = material.last_day - timedelta(days)
        index = stays.filter(
            pl.col("discharge_date").is_between(first, last)
            & (pl.col("discharge_type").fill_null(0) != DEAD)
            & ~pl.col("exempt")
            & (pl.col("payment_unit") != "bed_day")
        )
        return counted(index, pl.col("case_id").is_in(_returned(index, stays, days).implode()))

    return sums


def _returned(index: pl.DataFrame, stays: pl.DataFrame, days: int) -> pl.Series:
    """The ids of index stays with a return."""
    key = ["person", "adrg"]
    dates = ["case_id", "hospital_id", "admission_date", "discharge_date"]
    several = stays.filter(~pl.col("exempt")).select(*key, *dates)
    pairs = index.select(*key, *dates, "discharge_type").join(several, on=key, suffix="_then")
    gap = (pl.col("admission_date_then") - pl.col("discharge_date")).dt.total_days()
    moved = (
        (pl.col("hospital_id") != pl.col("hospital_id_then"))
        & (gap <= 1)
        & pl.col("discharge_type").is_in(_TRANSFERS).fill_null(value=False)
    )
    then = [f"{name}_then" for name in ("admission_date", "discharge_date", "case_id")]
    # Two stays of one day must not be the return of each other.
    ordered = (
        (pl.col(then[0]) > pl.col("admission_date"))
        | (
            (pl.col(then[0]) == pl.col("admission_date"))
            & (pl.col(then[1]) > pl.col("discharge_date"))
        )
        | (
            (pl.col(then[0]) == pl.col("admission_date"))
            & (pl.col(then[1]) == pl.col("discharge_date"))
            & (pl.col(then[2]) > pl.col("case_id"))
        )
    )
    return pairs.filter(gap.is_between(0, days) & ordered & ~moved)["case_id"].unique()


INDICATORS = tuple(Indicator(f"readmit{days}", "down", _within(days)) for days in (15, 30))
