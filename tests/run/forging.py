"""Change the results of a run as a forger would: the table and its hash in the manifest."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.run.input_files import file_hash

Edit = Callable[[pl.DataFrame], pl.DataFrame]


def edit_manifest(run: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = run / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def forge(run: Path, table: str, edit: Edit) -> None:
    """Change a table and write its new hash into the manifest."""
    path = run / f"{table}.parquet"
    before = pl.read_parquet(path)
    edit(before).cast(before.schema).write_parquet(path)
    edit_manifest(
        run, lambda manifest: manifest["outputs"][path.name].update(sha256=file_hash(path))
    )


def add(column: str, amount: str, rows: pl.Expr) -> Edit:
    """Add to a column of the first row that is meant."""
    first = rows & (rows.cum_sum() == 1)
    more = pl.when(first).then(pl.lit(amount).cast(pl.Decimal(18, 4))).otherwise(0)
    return lambda frame: frame.with_columns((pl.col(column) + more).alias(column))
