"""Lines that show severe diagnoses: charged for most stays that have them, for few that were coded up."""

from pathlib import Path

import numpy as np
import polars as pl

from drgpay.sample.fraud.coding import UP_CODING, codes_used

_SHOWN_IF_RIGHT = 0.85
_SHOWN_IF_WRONG = 0.20
_PRICE = "50.00"


def write_items(
    stays: pl.DataFrame,
    severe: pl.Series,
    labels: pl.DataFrame,
    folder: Path,
    rng: np.random.Generator,
) -> None:
    """stay_items.csv, a line for each severe diagnosis that a charge shows, and lists.csv, which item shows
    which diagnosis (made up, one each). Of a stay that was coded up the diagnosis added is the last one.

    severe: the severe diagnoses of the scheme.
    """
    codes = stays.select(
        "case_id", "admission_date", code="other_diagnoses", of=pl.col("other_diagnoses").list.len()
    ).explode("code", empty_as_null=False)
    codes = codes.with_columns(place=pl.int_range(1, pl.len() + 1).over("case_id"))
    planted = labels.filter(pl.col("kind") == UP_CODING)["case_id"]
    wrong = pl.col("case_id").is_in(planted.implode()) & (pl.col("place") == pl.col("of"))
    shown = pl.when(wrong).then(_SHOWN_IF_WRONG).otherwise(_SHOWN_IF_RIGHT)
    asked = codes.filter(pl.col("code").is_in(severe.implode())).sort("case_id", "place")
    asked = asked.with_columns(draw=pl.Series(rng.random(asked.height)))
    asked.filter(pl.col("draw") < shown).select(
        "case_id",
        date=pl.col("admission_date"),
        item_code="E-" + pl.col("code"),
        item_kind=pl.lit("examination"),
        quantity=pl.lit(1),
        amount=pl.lit(_PRICE),
    ).write_csv(folder / "stay_items.csv")
    used = codes_used(stays, severe).unique().sort()
    pl.DataFrame({"code": used}).select(
        pl.lit("evidence").alias("list"), "code", code2="E-" + pl.col("code")
    ).write_csv(folder / "lists.csv")
