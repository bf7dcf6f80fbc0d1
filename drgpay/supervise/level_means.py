"""The mean cost of a group at a level of hospitals, as the catalogue has it (07, "up_coding")."""

import polars as pl

from drgpay.points.catalogue import Catalogue


def level_means(catalogue: Catalogue, min_cases: int) -> pl.DataFrame:
    """drg, level, mean (fen), cv: the mean of a level, or, of too few cases, that of the group times the
    factor of the level; the cv of the group. Null where the catalogue has none.
    """
    groups = catalogue.groups.filter(pl.col("account").is_null()).select(
        "drg", group_mean=pl.col("mean_fen"), cv=pl.col("cv") / 10_000
    )
    by_level = catalogue.coefficients.filter(
        pl.col("hospital_id").is_null() & pl.col("level").is_not_null()
    )
    of_all = by_level.filter(pl.col("drg").is_null()).select("level", whole=pl.col("coefficient"))
    levels = pl.DataFrame({"level": catalogue.levels}, schema={"level": pl.String})
    own = by_level.filter(pl.col("drg").is_not_null()).select(
        "drg", "level", "coefficient", "level_cases", "level_total_fen"
    )
    rows = (
        groups.join(levels, how="cross")
        .join(own, on=["drg", "level"], how="left")
        .join(of_all, on="level", how="left")
    )
    factor = pl.coalesce("coefficient", "whole", pl.lit(10_000)) / 10_000
    measured = pl.col("level_total_fen") / pl.col("level_cases")
    enough = (pl.col("level_cases") >= min_cases) & (pl.col("level_total_fen") > 0)
    return rows.select(
        "drg",
        "level",
        mean=pl.when(enough).then(measured).otherwise(pl.col("group_mean") * factor),
        cv="cv",
    )
