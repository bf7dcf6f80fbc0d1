"""The walk of every settlement: cases -> lines -> pools, each paid -> the parts of cases.

A month and a year differ in how a pool is paid; what is before and behind that is here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from drgpay.policy.model import Policy
from drgpay.settle.case_parts import with_parts, with_waiting
from drgpay.settle.lines import LINE, Row, line_rows, with_bearing_line
from drgpay.settle.pools import Pool
from drgpay.settle.pricing import PricedPool
from drgpay.settle.settled import RATE_SCHEMA, Settled
from drgpay.tables.schemas import calculated_schema


@dataclass(frozen=True)
class Borne:
    """What lines bear: cases with payment, adjustments of with_bearing_line, all lines (line_rows)."""

    cases: pl.DataFrame
    adjustments: pl.DataFrame
    lines: list[Row]

    def of(self, pool: Pool) -> list[Row]:
        """The lines of a pool."""
        return [line for line in self.lines if line["pool"] == pool.name]


def borne(
    cases: pl.DataFrame,
    adjustments: pl.DataFrame,
    others: Iterable[Mapping[str, Any]],
    policy: Policy,
) -> Borne:
    """Cases and adjustments as settle_month takes them on their lines; cases: with payment.

    others: keys of LINE that are lines even without cases.
    """
    rows = with_bearing_line(adjustments, cases, policy)
    return Borne(cases, rows, line_rows(cases, rows, others, policy))


@dataclass(frozen=True)
class PaidPool:
    """A pool that is paid.

    budget: the columns of its budget, available_fen among them. priced: its price. lines: its lines,
    paid. sums: further columns of the pool.
    """

    pool: Pool
    budget: Row
    priced: PricedPool
    lines: list[Row]
    sums: Mapping[str, int]

    @property
    def row(self) -> Row:
        """Its row of `Settled.pools`."""
        return {**_named(self.pool), **self.budget, **self.priced.totals, **self.sums}


def settled(
    found: Borne,
    paid: Iterable[PaidPool],
    pools: Mapping[str, pl.DataType],
    lines: Mapping[str, pl.DataType],
    amount: pl.Expr,
    policy: Policy,
) -> Settled:
    """The settlement of pools that are paid: their lines, and what falls to cases and minus rows.

    pools, lines: the columns of both. amount: what the hospital gets for a line in the end.
    """
    paid = list(paid)
    frame = pl.DataFrame([line for one in paid for line in one.lines], schema=dict(lines))
    priced = frame.sort(LINE).with_columns(amount_fen=amount)
    waiting = {one.pool.name: one.priced.waiting for one in paid}
    adjustments = with_waiting(found.adjustments, priced, waiting)
    rates = [{**_named(one.pool), **rate} for one in paid for rate in one.priced.rates]
    return Settled(
        pl.DataFrame([one.row for one in paid], schema=dict(pools)),
        priced,
        *with_parts(found.cases, adjustments, priced, policy.settlement),
        pl.DataFrame(rates, schema=RATE_SCHEMA),
    )


def pool_schema(table: str) -> dict[str, pl.DataType]:
    """The columns of a table of pools without those of rates, and the budget that was settled with."""
    declared = calculated_schema(table)
    of_pools = {name: dtype for name, dtype in declared.items() if name not in _OF_RATES}
    return {**of_pools, "available_fen": pl.Int64()}


_OF_RATES = ("account", "level")


def _named(pool: Pool) -> Row:
    return {"pool": pool.name, "accounts": pool.accounts}
