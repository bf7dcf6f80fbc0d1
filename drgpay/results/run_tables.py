"""The tables of a finished run, as its files hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.results.clearing import pool_columns
from drgpay.results.columns import completed
from drgpay.results.manifest import evidence_of_run, read_manifest
from drgpay.results.month import line_columns, pool_rows, value_columns
from drgpay.settle.lines import LINE

AMOUNTS = ["total_cost", "patient_cost", "other_cost", "fund_cost"]


class CannotCheckError(Exception):
    """Something that a check needs is not there; the reason in words."""

    def __init__(self, reason: Words) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True)
class RunTables:
    """The tables of a month or a clearing, each read once, when it is asked for.

    beside: folders in which other runs are looked for. Amounts are decimals, as in the files.
    """

    folder: Path
    manifest: Mapping[str, Any]
    beside: Sequence[Path] = ()

    @property
    def kind(self) -> str:
        """`month` or `clearing`."""
        return str(self.manifest["kind"])

    @property
    def is_settled(self) -> bool:
        """Whether the run settled what these tables are of: stays."""
        return "scheme" in self.manifest

    @property
    def settlement(self) -> Mapping[str, Any]:
        """[settlement] of the policy, as the manifest holds it."""
        settlement: Mapping[str, Any] = self.manifest["policy"]["parameters"]["settlement"]
        return settlement

    @property
    def budget_rules(self) -> Mapping[str, Any] | None:
        """[budget] of the policy, as the manifest holds it."""
        budget: Mapping[str, Any] | None = self.manifest["policy"]["parameters"].get("budget")
        return budget

    @property
    def deduction_kinds(self) -> list[str]:
        """The kinds of [[points.deductions]] of the policy."""
        return [
            row["kind"] for row in self.manifest["policy"]["parameters"]["points"]["deductions"]
        ]

    def written(self, name: str) -> list[str]:
        """The columns that the file of a table has."""
        return pl.scan_parquet(self._path(name)).collect_schema().names()

    def rows(self, name: str) -> int:
        """How many rows a table has."""
        return int(pl.scan_parquet(self._path(name), glob=False).select(pl.len()).collect().item())

    def read(self, name: str, columns: list[str] | None = None) -> pl.DataFrame:
        """A table, or some columns of it."""
        return pl.read_parquet(self._path(name), columns=columns, glob=False)

    @cached_property
    def cases(self) -> pl.DataFrame:
        """What the checks need of the cases."""
        amounts = [*AMOUNTS, "standard_amount", "fund_amount"]
        return self.read("cases", ["case_id", *LINE, "points_before", "points", *amounts])

    @cached_property
    def adjustments(self) -> pl.DataFrame:
        """The adjustments; those of a hospital have the line that bears them."""
        columns = ["case_id", *LINE, "applies_to", "kind", "points", "standard_amount"]
        scan = pl.scan_parquet(self._path("adjustments"))
        # A run of an older program let nothing wait.
        waiting = "waiting" in scan.collect_schema().names()
        marked = scan if waiting else scan.with_columns(waiting=pl.lit(value=False))
        return marked.select(*columns, "waiting").collect()

    @cached_property
    def minus(self) -> pl.DataFrame:
        """The adjustments of a hospital, which are no part of their case's points.

        Not those that wait for the clearing: they are in no figure.
        """
        return self.adjustments.filter((pl.col("applies_to") == "hospital") & ~pl.col("waiting"))

    @cached_property
    def statements(self) -> pl.DataFrame:
        """The statement lines, with paid_here: the fund of the region pays them."""
        pooled = self.settlement["out_of_area"] == "pooled"
        lines = completed(
            pl.scan_parquet(self._path("statements")),
            line_columns(self.settlement["value_places"]),
            keep=True,
        ).collect()
        if "point_value" not in self.written("statements"):  # a run of an older program
            values = self.pools.select("pool", "point_value")
            by_points = pl.when(pl.col("payment") == "points").then("point_value")
            lines = lines.drop("point_value").join(
                values, on="pool", how="left", maintain_order="left"
            )
            lines = lines.with_columns(point_value=by_points)
        return lines.with_columns(paid_here=~pl.col("out_of_area") | pooled)

    @cached_property
    def pools(self) -> pl.DataFrame:
        """The pools; `available` is the budget that they were settled with."""
        budget = "budget_final" if self.kind == "clearing" else "budget"
        return pool_rows(self._values).with_columns(available=pl.col(budget))

    @cached_property
    def rates(self) -> pl.DataFrame:
        """With method rate what an account and a level earn by their rate; else without rows."""
        return self._values.filter(pl.col("level").is_not_null())

    @cached_property
    def _values(self) -> pl.DataFrame:
        places = self.settlement["value_places"]
        name, columns = (
            ("pools", pool_columns(places))
            if self.kind == "clearing"
            else ("values", value_columns(places))
        )
        return completed(pl.scan_parquet(self._path(name)), columns, keep=True).collect()

    @property
    def ledger(self) -> pl.DataFrame:
        """What this run booked."""
        return self.read("ledger")

    @cached_property
    def earlier(self) -> list["RunTables"]:
        """The runs whose ledgers this one goes on with, the oldest first.

        Of a correction the paid run and the corrections before, of a clearing all of its months;
        those that settled what these tables are of. Raises CannotCheckError if one of them is not
        found.
        """
        if self.kind == "clearing":
            return [run for month in self.months for run in month]
        runs: list[RunTables] = []
        about = self.manifest["corrects"]
        while about:
            runs.insert(0, self._found(about))
            about = runs[0].manifest["corrects"]
        return [run for run in runs if run.is_settled]

    @cached_property
    def months(self) -> list[list["RunTables"]]:
        """Of a clearing the runs of each month, the one that was paid first.

        Raises CannotCheckError like `earlier`.
        """
        months = [
            [self._found(run) for run in month["runs"]]
            for month in self.manifest["inputs"]["months"]
        ]
        return [[run for run in month if run.is_settled] for month in months]

    def _found(self, about: Mapping[str, str]) -> "RunTables":
        """A run by its id and evidence."""
        for place in self.beside:
            folder = place / about["run"]
            try:
                if evidence_of_run(folder) == about:
                    return type(self)(folder, read_manifest(folder), self.beside)
            except DrgpayError:
                continue
        raise CannotCheckError(
            Wording("verify").words(
                "finding.no_run", run=about["run"], evidence=about["evidence"][:10]
            )
        )

    def file_of(self, name: str) -> str:
        """The file of a table."""
        return f"{name}.parquet"

    def _path(self, name: str) -> Path:
        return self.folder / self.file_of(name)
