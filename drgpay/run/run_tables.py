"""The tables of a finished run, as its files hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.language import Words
from drgpay.run.comparison import CannotCheckError
from drgpay.run.manifest import evidence_of_run, read_manifest
from drgpay.settle.lines import LINE

AMOUNTS = ["total_cost", "patient_cost", "other_cost", "fund_cost"]


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
        columns = ["case_id", *LINE, "applies_to", "points", "standard_amount"]
        return self.read("adjustments", columns)

    @cached_property
    def minus(self) -> pl.DataFrame:
        """The adjustments of a hospital, which are no part of their case's points."""
        return self.adjustments.filter(pl.col("applies_to") == "hospital")

    @cached_property
    def statements(self) -> pl.DataFrame:
        """The statement lines, with paid_here: the fund of the region pays them."""
        pooled = self.settlement["out_of_area"] == "pooled"
        return self.read("statements").with_columns(paid_here=~pl.col("out_of_area") | pooled)

    @cached_property
    def pools(self) -> pl.DataFrame:
        """The pools; `available` is the budget that they were settled with."""
        if self.kind == "clearing":
            return self.read("pools").with_columns(available=pl.col("budget_final"))
        return self.read("values").with_columns(available=pl.col("budget"))

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
            Words(
                f"找不到运行 {about['run']}（证据 {about['evidence'][:10]}…）",
                f"the run {about['run']} with the evidence {about['evidence'][:10]}... "
                "is not found",
            )
        )

    def file_of(self, name: str) -> str:
        """The file of a table."""
        return f"{name}.parquet"

    def _path(self, name: str) -> Path:
        return self.folder / self.file_of(name)
