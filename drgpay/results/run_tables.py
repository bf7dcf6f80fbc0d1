"""The tables of a part of a finished run as its checks take them, with the runs before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.results.part import STAYS
from drgpay.results.run_folder import PaidPart, RunFolder
from drgpay.settle.lines import LINE

AMOUNTS = ["total_cost", "patient_cost", "other_cost", "fund_cost"]


class CannotCheckError(Exception):
    """Something that a check needs is not there; the reason in words."""

    def __init__(self, reason: Words) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True)
class RunTables(PaidPart):
    """The tables of the stays or the visits, each read once, when it is asked for.

    beside: folders in which other runs are looked for. Amounts are decimals, as in the files.
    """

    beside: Sequence[Path] = ()

    @cached_property
    def cases(self) -> pl.DataFrame:
        """What the checks need of the cases; the id of visits is their case_id."""
        own = "points_before" if self.part == STAYS else "contractor_id"
        amounts = [*AMOUNTS, "standard_amount", "fund_amount"]
        columns = [self.part.id_column, *LINE, own, "points", *amounts]
        return self.frame("cases", columns).rename({self.part.id_column: "case_id"})

    @cached_property
    def adjustments(self) -> pl.DataFrame:
        """The adjustments; those of a hospital have the line that bears them."""
        columns = ["case_id", *LINE, "applies_to", "kind", "points", "standard_amount", "waiting"]
        return self.frame("adjustments", columns)

    @cached_property
    def minus(self) -> pl.DataFrame:
        """The adjustments of a hospital, which are no part of their case's points.

        Not those that wait for the clearing: they are in no figure.
        """
        return self.adjustments.filter((pl.col("applies_to") == "hospital") & ~pl.col("waiting"))

    @cached_property
    def statements(self) -> pl.DataFrame:
        """The statement lines, with paid_here: the fund of the region pays them."""
        pooled = self.about.settlement["out_of_area"] == "pooled"
        return self.frame("statements").with_columns(paid_here=~pl.col("out_of_area") | pooled)

    @cached_property
    def pools(self) -> pl.DataFrame:
        """The pools; `available` is the budget that they were settled with."""
        budget = "budget_final" if self.manifest.is_clearing else "budget"
        return super().pools.with_columns(available=pl.col(budget))

    @cached_property
    def rates(self) -> pl.DataFrame:
        """With method rate what an account and a level earn by their rate; else without rows."""
        return self.frame(self.pools_table).filter(pl.col("level").is_not_null())

    @property
    def ledger(self) -> pl.DataFrame:
        """What this run booked."""
        return self.frame("ledger")

    @cached_property
    def earlier(self) -> "list[RunTables]":
        """The runs whose ledgers this one goes on with, the oldest first.

        Of a correction the paid run and the corrections before, of a clearing all of its months;
        those that settled the part. Raises CannotCheckError if one of them is not found.
        """
        if self.manifest.is_clearing:
            return [run for month in self.months for run in month]
        runs: list[RunTables] = []
        about = self.manifest.corrects
        while about:
            runs.insert(0, self._found(about))
            about = runs[0].manifest.corrects
        return [run for run in runs if self.part in run.parts]

    @cached_property
    def months(self) -> "list[list[RunTables]]":
        """Of a clearing the runs of each month, the one that was paid first.

        Raises CannotCheckError like `earlier`.
        """
        months = [
            [self._found(run) for run in month["runs"]] for month in self.manifest.inputs["months"]
        ]
        return [[run for run in month if self.part in run.parts] for month in months]

    def _found(self, about: dict[str, str]) -> "RunTables":
        """A run by its id and evidence."""
        for place in self.beside:
            try:
                run = RunFolder.at(place / about["run"])
            except DrgpayError:
                continue
            if run.manifest.reference == about:
                return RunTables(run.folder, run.manifest, self.part, self.beside)
        raise CannotCheckError(
            Wording("verify").words(
                "finding.no_run", run=about["run"], evidence=about["evidence"][:10]
            )
        )
