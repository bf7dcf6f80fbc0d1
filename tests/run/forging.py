"""Change the results of a run as a forger would: the table and its hash in the manifest."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.file_hash import file_hash
from drgpay.results.data_package import write_data_package
from drgpay.results.manifest import MANIFEST, PACKAGE
from drgpay.results.run_folder import RunFolder
from drgpay.run import verify

Edit = Callable[[pl.DataFrame], pl.DataFrame]


def edit_manifest(run: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = run / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    if (run / PACKAGE).exists():
        write_data_package(run)


def forge(run: Path, table: str, edit: Edit) -> None:
    """Change a table and write its new hash into the manifest."""
    path = run / f"{table}.parquet"
    before = pl.read_parquet(path)
    edit(before).cast(before.schema).write_parquet(path)
    renew(run, path.name)


def renew(run: Path, name: str) -> None:
    """Write the hash and the size of a file, as it is now, into the manifest."""
    path = run / name
    about = {"bytes": path.stat().st_size, "sha256": file_hash(path)}
    edit_manifest(run, lambda manifest: manifest["outputs"].update({name: about}))


def add(column: str, amount: str, rows: pl.Expr) -> Edit:
    """Add to a column of the first row that is meant."""
    first = rows & (rows.cum_sum() == 1)
    more = pl.when(first).then(pl.lit(amount).cast(pl.Decimal(18, 4))).otherwise(0)
    return lambda frame: frame.with_columns((pl.col(column) + more).alias(column))


@contextmanager
def as_before(run: Path, name: str) -> Iterator[None]:
    """A file of a run and its manifest are as they were when the block ends."""
    kept = {path: path.read_bytes() for path in (run / name, run / MANIFEST, run / PACKAGE)}
    yield
    for path, content in kept.items():
        path.write_bytes(content)


def other(values: pl.Series, place: int) -> Any:
    """Another value than the one in its place, of the column's own if there is one."""
    value, dtype = values[place], values.dtype
    if dtype == pl.Boolean:
        return not value
    if isinstance(dtype, pl.Decimal):
        return (value or Decimal(0)) + Decimal(1).scaleb(-dtype.scale)
    if dtype.is_integer():
        return (value or 0) + 1
    if dtype == pl.Date:
        return value + timedelta(1) if value else date(2026, 10, 1)
    if isinstance(dtype, pl.List):
        return [*value, "x"]
    known = [text for text in values.unique(maintain_order=True) if text not in (None, value)]
    return known[0] if known else f"{value or ''}x"


def changed(table: pl.DataFrame, column: str) -> pl.DataFrame:
    """The table with another value in the first row that has one."""
    values = table[column]
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    given = values.is_not_null().arg_true()
    place = given[0] if len(given) else 0
    cells = values.to_list()
    cells[place] = other(values, place)
    return table.with_columns(pl.Series(column, cells, dtype=values.dtype))


WORKBOOKS = ("workbooks",)


def found_in(run: Path, skip: Sequence[str] = WORKBOOKS, only: Sequence[str] = ()) -> str | None:
    """The first check that is wrong. Workbooks take as long as all others: asked only if need be."""
    for make in verify._checks(RunFolder.at(run), None):
        trial = make.args[0] if isinstance(make, partial) else None
        key = getattr(trial, "key", "")
        if key not in skip and (not only or key in only):
            check = make()
            if check.status == "wrong":
                return check.key
    return None
