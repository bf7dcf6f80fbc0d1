"""The walk of every settlement: cases -> lines -> pools, each paid -> the parts of cases.

A month and a year differ in how a pool is paid; what is before and behind that is here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from drgpay.policy.model import Policy
from drgpay.policy.settlement import Settlement
from drgpay.settle.case_parts import shared_parts, with_parts, with_waiting
from drgpay.settle.lines import (
    LINE,
    Row,
    line_rows,
    outside_by_item,
    unpriced_accounts,
    with_bearing_line,
    with_payment,
)
from drgpay.settle.narrow import NarrowCases
from drgpay.settle.pools import Pool
from drgpay.settle.pricing import PricedPool
from drgpay.settle.settled import RATE_SCHEMA, Settled
from drgpay.tables.schemas import calculated_schema


@dataclass(frozen=True)
class Borne:
    """What lines bear: cases, their kinds with payment, adjustments of with_bearing_line, all lines
    (line_rows).
    """

    cases: NarrowCases
    adjustments: pl.DataFrame
    lines: list[Row]

    def of(self, pool: Pool) -> list[Row]:
        """The lines of a pool."""
        return [line for line in self.lines if line["pool"] == pool.name]


def borne(
    cases: NarrowCases,
    adjustments: pl.DataFrame,
    others: Iterable[Mapping[str, Any]],
    policy: Policy,
) -> Borne:
    """Cases and adjustments as settle_month takes them on their lines.

    others: keys of LINE that are lines even without cases.
    """
    cases = replace(cases, kinds=with_payment(cases.kinds, policy))
    unpriced = unpriced_accounts(cases.kinds, policy)
    rows = with_bearing_line(adjustments, outside_by_item(adjustments, cases), unpriced, policy)
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


@dataclass(frozen=True)
class PaidCases:
    """A settlement, and what it gives each of its cases.

    settled: its `cases` have no rows. payments: how the cases of each kind are paid. kind, parts: of
    each case, in the order of case_id, its kind and its part of the standard of its line in fen.
    """

    settled: Settled
    payments: pl.Series
    kind: np.ndarray
    parts: np.ndarray
    rules: Settlement

    def paid(self, cases: pl.DataFrame, first: int = 0) -> pl.DataFrame:
        """Cases in the order of case_id, from the place `first` on, with payment, standard_fen and
        case_fund_fen.
        """
        mine = slice(first, first + cases.height)
        payment = self.payments.cast(cases.schema["account"])[self.kind[mine]]
        parts = pl.Series("part", self.parts[mine])
        return with_parts(cases.with_columns(payment.alias("payment")), parts, self.rules)

    def with_cases(self, cases: pl.DataFrame) -> Settled:
        """The settlement with all its cases in one frame."""
        return replace(self.settled, cases=self.paid(cases))


def settled(
    found: Borne,
    paid: Iterable[PaidPool],
    pools: Mapping[str, pl.DataType],
    lines: Mapping[str, pl.DataType],
    amount: pl.Expr,
    policy: Policy,
) -> PaidCases:
    """The settlement of pools that are paid: their lines, and what falls to cases and minus rows.

    pools, lines: the columns of both. amount: what the hospital gets for a line in the end.
    """
    paid = list(paid)
    frame = pl.DataFrame([line for one in paid for line in one.lines], schema=dict(lines))
    priced = frame.sort(LINE).with_columns(amount_fen=amount)
    waiting = {one.pool.name: one.priced.waiting for one in paid}
    adjustments = with_waiting(found.adjustments, priced, waiting)
    rates = [{**_named(one.pool), **rate} for one in paid for rate in one.priced.rates]
    parts, borne_rows = shared_parts(found.cases, adjustments, priced, policy.settlement)
    done = Settled(
        pl.DataFrame([one.row for one in paid], schema=dict(pools)),
        priced,
        pl.DataFrame(),
        borne_rows,
        pl.DataFrame(rates, schema=RATE_SCHEMA),
    )
    payments = found.cases.kinds["payment"]
    return PaidCases(done, payments, found.cases.kind, parts, policy.settlement)


def pool_schema(table: str) -> dict[str, pl.DataType]:
    """The columns of a table of pools without those of rates, and the budget that was settled with."""
    declared = calculated_schema(table)
    of_pools = {name: dtype for name, dtype in declared.items() if name not in _OF_RATES}
    return {**of_pools, "available_fen": pl.Int64()}


_OF_RATES = ("account", "level")


def _named(pool: Pool) -> Row:
    return {"pool": pool.name, "accounts": pool.accounts}
