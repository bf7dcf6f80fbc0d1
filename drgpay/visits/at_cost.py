"""What entries without base points are paid at: their cost (docs/outpatient.md, "At cost")."""

from fractions import Fraction

import numpy as np
import polars as pl

from drgpay.base.exact import POINT_SCALE, divide_half_up, wide
from drgpay.settle.apportion import largest_remainder
from drgpay.visits.columns import (
    AT_COST,
    DRUG,
    INCIDENTAL,
    MEDICAL,
    PACKAGED_REASONS,
    PAID_REASONS,
    REASONS,
)
from drgpay.visits.group_table import GroupTable
from drgpay.visits.steps import OrderedEntries

EXACT_SCALE = POINT_SCALE**3
"""Base points x factor x coefficient are whole numbers of 1/10^12."""


def paid_costs(
    entries: OrderedEntries,
    groups: GroupTable,
    lines_fen: np.ndarray,
    reason: np.ndarray,
    prescriptions: np.ndarray,
) -> pl.Series:
    """paid_cost_fen: what each entry at cost is paid for, null for others.

    reason: places in REASONS. prescriptions: of each visit. A procedure is paid for its own lines
    and its part of what is packaged, which is shared among the paid entries of the visit in
    proportion to their own cost, in equal parts where all of these are 0; by largest remainder, in
    the order of entries. The own cost of a paid medical entry is that of the packaged incidental
    lines. A drug of a prescription is paid for its own lines.
    """
    costs = pl.Series("paid_cost_fen", [None], dtype=pl.Int64).new_from_index(0, len(reason))
    at_cost = reason == REASONS.index(AT_COST)
    if not at_cost.any():
        return costs
    concerned = np.zeros(len(prescriptions), dtype=np.bool_)
    concerned[entries.visit[at_cost]] = True
    rows = np.flatnonzero(concerned[entries.visit])
    group, of_rows = entries.group[rows], reason[rows]
    medical, incidental, drug = (
        groups.is_class(name)[group] for name in (MEDICAL, INCIDENTAL, DRUG)
    )
    part = _parts(
        pl.DataFrame(
            {
                "line": entries.visit[rows],
                "fen": lines_fen[rows],
                "paid": _among(of_rows, PAID_REASONS),
                "packaged": _among(of_rows, PACKAGED_REASONS),
                "medical": medical,
                "incidental": incidental,
            }
        )
    )
    part[drug & prescriptions[entries.visit[rows]]] = 0
    mine = at_cost[rows]
    return costs.scatter(rows[mine], (lines_fen[rows] + part)[mine])


def _among(reason: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    return np.isin(reason, [REASONS.index(name) for name in names])


def _parts(entries: pl.DataFrame) -> np.ndarray:
    """What of the packaged cost falls to each entry, 0 to those that are not paid."""
    fen, packaged = pl.col("fen"), pl.col("packaged")
    of_incidental = fen.filter(packaged & pl.col("incidental")).sum().over("line")
    own = pl.when("medical").then(of_incidental).otherwise("fen")
    weighed = entries.with_columns(own=pl.when("paid").then(own).otherwise(0)).with_columns(
        to_share=fen.filter(packaged).sum().over("line")
        - pl.col("own").filter("medical").sum().over("line"),
        whole=pl.col("own").sum().over("line"),
        count=pl.col("paid").sum().over("line"),
    )
    by_own = pl.col("whole") > 0
    parts = np.zeros(entries.height, dtype=np.int64)
    paid = weighed["paid"].to_numpy()
    parts[paid] = largest_remainder(
        weighed.filter("paid"),
        "to_share",
        quota=wide("to_share") * pl.when(by_own).then(wide("own")).otherwise(wide(1)),
        denominator=pl.when(by_own).then(wide("whole")).otherwise(wide("count")),
    ).to_numpy()
    return parts


def cost_points(fen: pl.Expr, all_mean_fen: Fraction, scale: int) -> pl.Expr:
    """Fen / mean over all x 100 in 1/scale, rounded half-up, as 128-bit integers."""
    return divide_half_up(
        wide(fen) * wide(100 * scale * all_mean_fen.denominator), wide(all_mean_fen.numerator)
    )
