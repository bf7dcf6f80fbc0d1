"""Returns by plan: groups that the scheme exempts, and diagnoses of the list `planned` (07, "split_stay")."""

import polars as pl

from drgpay.supervise.code_prefixes import begins_with_any
from drgpay.supervise.material import Material


def planned_known(material: Material) -> bool:
    """Whether a scheme or the table of lists says which returns are planned."""
    exempt = any(run.compiled.exempt for run in material.runs)
    return exempt or material.listed("planned") is not None


def is_planned(material: Material) -> pl.Expr:
    """Whether a stay (drg, principal_diagnosis) is one of those that come back by plan; never null."""
    exempt = sorted({drg for run in material.runs for drg in run.compiled.exempt})
    listed = material.listed("planned")
    prefixes = [] if listed is None else listed["code"].to_list()
    of_group = pl.col("drg").is_in(pl.Series(exempt, dtype=pl.String).implode())
    return of_group.fill_null(value=False) | begins_with_any(
        pl.col("principal_diagnosis"), prefixes
    )
