"""Stays that are planned to follow others: one list, that of exempt groups and of diagnoses (03, 07)."""

import polars as pl

from drgpay.supervise.code_prefixes import begins_with_any
from drgpay.supervise.material import Material


def knows_planned(material: Material) -> bool:
    """Whether a scheme ships exempt groups or the region lists diagnoses."""
    return material.listed("planned") is not None or any(
        run.compiled.exempt for run in material.runs
    )


def is_planned(material: Material) -> pl.Expr:
    """Of stays with drg and principal_diagnosis: an exempt group, or a listed diagnosis by prefix."""
    exempt = sorted({drg for run in material.runs for drg in run.compiled.exempt})
    listed = material.listed("planned")
    prefixes = [] if listed is None else listed["code"].to_list()
    in_group = pl.col("drg").is_in(pl.Series(exempt, dtype=pl.String).implode())
    listed_code = begins_with_any(pl.col("principal_diagnosis"), prefixes)
    return in_group.fill_null(value=False) | listed_code
