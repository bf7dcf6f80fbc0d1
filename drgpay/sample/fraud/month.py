"""The stays of one month while fraud is planted: rows are taken, changed, added and labelled."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.plain import group_plain
from drgpay.sample.plan import Month

AMOUNTS = tuple(
    f"{name}_cost" for name in ("total", "fund", "patient", "other", "drug", "material", "exam")
)
_PARTS = ("fund_cost", "patient_cost", "other_cost")
LABEL_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "kind": pl.String(),
    "partner_ids": pl.List(pl.String()),
    "hard": pl.Boolean(),
}
"""fraud_labels.parquet. kind: of fraud; of an honest stay (hard) the kind that it is made to fool."""
ROUTES = {"case_id": pl.String(), "admission_route": pl.String()}


@dataclass
class PlantedMonth:
    """The stays of a month with their groups. stays: of docs/files.md, amounts in fen, with status, adrg,
    drg, severity and `row`. free: rows that nothing was planted in.
    """

    period: Month
    compiled: CompiledScheme
    stays: pl.DataFrame
    rng: np.random.Generator
    free: np.ndarray = field(init=False)
    labels: list[pl.DataFrame] = field(default_factory=list)
    routes: list[pl.DataFrame] = field(default_factory=list)
    _added: int = 0

    def __post_init__(self) -> None:
        self.stays = self.stays.drop("row", strict=False).with_row_index("row")
        persons = self.stays["person_id"].is_unique().to_numpy()
        sound = (
            self.stays.select(
                (
                    (pl.col("status") == "grouped")
                    & (pl.col("payment_unit") == "drg")
                    & pl.col("sex").is_in([1, 2])
                    & (pl.col("total_cost") > 0)
                    & (pl.col("discharge_date") > pl.col("admission_date"))
                ).fill_null(value=False)
            )
            .to_series()
            .to_numpy()
        )
        self.free = persons & sound

    def count(self, rate: float) -> int:
        """How many stays a rate is."""
        return round(self.stays.height * rate)

    def take(self, count: int, fits: pl.Expr | None = None) -> pl.DataFrame:
        """Some free stays that fit, in a drawn order; they are free no longer."""
        asked = pl.lit(value=True) if fits is None else fits
        fit = self.stays.with_columns(asked.fill_null(value=False).alias("fit"))["fit"]
        rows = np.flatnonzero(self.free & fit.to_numpy())
        drawn = self.rng.permutation(rows)[:count]
        self.free[drawn] = False
        return self.stays[drawn.tolist()]

    def change(self, rows: pl.DataFrame) -> None:
        """Put changed rows (by `row`) back."""
        names = [name for name in self.stays.columns if name != "row"]
        self.stays = self.stays.update(rows.select("row", *names), on="row", include_nulls=True)

    def add(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add stays, each with a case_id of its own; returns them with it."""
        serials = np.arange(self._added, self._added + rows.height)
        self._added += rows.height
        ids = [f"F{self.period.compact}{serial:07d}" for serial in serials]
        named = rows.with_columns(case_id=pl.Series(ids, dtype=pl.String)).drop("row")
        first = self.stays.height
        named = named.with_row_index("row", offset=first).select(self.stays.columns)
        self.stays = pl.concat([self.stays, named], how="vertical_relaxed")
        self.free = np.concatenate([self.free, np.zeros(rows.height, np.bool_)])
        return named

    def persons(self, count: int) -> pl.Series:
        """New persons, whom no stay has."""
        serials = range(self._added, self._added + count)
        self._added += count
        return pl.Series(
            [f"PF{self.period.compact}{serial:08d}" for serial in serials], dtype=pl.String
        )

    def label(self, cases: Sequence[Sequence[str]], kind: str, *, hard: bool = False) -> None:
        """Label the stays of each group of stays that belong together."""
        rows = [
            {
                "case_id": one,
                "kind": kind,
                "partner_ids": [x for x in group if x != one],
                "hard": hard,
            }
            for group in cases
            for one in group
        ]
        self.labels.append(pl.DataFrame(rows, schema=LABEL_SCHEMA))

    def route(self, cases: Sequence[str], route: str) -> None:
        """How stays came in."""
        rows = {"case_id": list(cases), "admission_route": [route] * len(cases)}
        self.routes.append(pl.DataFrame(rows, schema=ROUTES))


def grouped(compiled: CompiledScheme, stays: pl.DataFrame) -> pl.DataFrame:
    """The stays with status, adrg, drg, severity of the scheme."""
    names = ("status", "adrg", "drg", "severity")
    given = stays.drop(names, strict=False)
    batches = (
        pa.table(given.select("case_id", *compiled.columns).to_arrow())
        .combine_chunks()
        .to_batches()
    )
    groups = pl.concat(
        pl.DataFrame(pa.Table.from_batches([group_plain(compiled, one)])) for one in batches
    )
    return given.hstack(groups.select(pl.col(names).cast(pl.String)))


def with_costs(rows: pl.DataFrame, times: np.ndarray) -> pl.DataFrame:
    """Rows whose amounts are multiplied, each part rounded down to the fen, so that they still add up."""
    factor = pl.Series("times", times)
    scaled = rows.with_columns(
        (pl.col(name) * factor).floor().cast(pl.Int64).alias(name)
        for name in AMOUNTS
        if name != "total_cost"
    )
    total = pl.sum_horizontal(*_PARTS)
    return scaled.with_columns(total_cost=total)


def dated(rows: pl.DataFrame, admission: pl.Expr, days: pl.Expr, period: Month) -> pl.DataFrame:
    """Rows that begin on a day and last some days; settled on discharge, at the earliest in the month."""
    first = pl.lit(period.first_day)
    rows = rows.with_columns(admission_date=admission, length_of_stay=days.cast(pl.Int16))
    discharge = pl.col("admission_date") + pl.duration(days=pl.col("length_of_stay"))
    return rows.with_columns(discharge_date=discharge.cast(pl.Date)).with_columns(
        settlement_date=pl.max_horizontal("discharge_date", first)
    )
