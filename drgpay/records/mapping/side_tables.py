"""Tables beside the list of stays, joined by its id: diagnoses, operations and fees, a row for each.

In the list their columns are lists, in the order of their rows; fees are a column for each name: of
rows with a name and an amount, or of a row a stay with a column a fee.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences, Wording
from drgpay.records.arrays import numbers_array
from drgpay.records.columns import Kind
from drgpay.records.mapping.model import SheetRules, SideRule
from drgpay.records.meaning.column import read_column
from drgpay.records.meaning.rules import PLAIN_READING
from drgpay.records.meaning.texts import BLANKS
from drgpay.records.source import SourceFile, WrappedPiece, WrappedSource

_ERRORS = Sentences("errors/records")
_RECORDS = Wording("records")

TEXT = pa.large_string()
LISTS = pa.large_list(TEXT)
_SHOWN = 3


@dataclass(frozen=True)
class SideTable:
    """One of them, as it lies in its file, and what the mapping says of it."""

    source: SourceFile
    rule: SideRule
    key: str
    of_fees: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns that become lists."""
        if self.of_fees and not self.rule.name:
            return []
        own = (self.key, self.rule.order, self.rule.name, self.rule.amount)
        return [name for name in self.source.column_names if name not in own]

    def fees(self) -> pl.DataFrame:
        """row, fee, said: each fee of each row, its amount as a text."""
        name, amount = self.rule.name, self.rule.amount
        if name and amount:
            given = self.read([name, amount]).with_row_index("row")
            return given.select("row", pl.col(name).alias("fee"), pl.col(amount).alias("said"))
        own = (self.key, self.rule.order)
        fees = [one for one in self.source.column_names if one not in own]
        given = self.read(fees).rename({one: str(place) for place, one in enumerate(fees)})
        named = dict(zip(map(str, range(len(fees))), fees, strict=True))
        long = given.with_row_index("row").unpivot(
            index="row", variable_name="fee", value_name="said"
        )
        return long.drop_nulls("said").with_columns(pl.col("fee").replace(named))

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns as texts."""
        frames = [
            pl.DataFrame(pa.table(batch)).select(pl.col(name).cast(pl.String) for name in columns)
            for piece in self.source.pieces()
            for batch in piece.batches(list(dict.fromkeys(columns)))
        ]
        return (
            pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        )


@dataclass(frozen=True)
class _Joined:
    """The rows of a side table in the order of the list: row i of it has ends[i] to ends[i + 1]."""

    rows: NDArray[np.int64]
    ends: NDArray[np.int64]
    strays: int
    example: tuple[str, ...]


@dataclass(frozen=True)
class JoinedSource(WrappedSource):
    """The list, with the columns of the tables beside it. key: of the list."""

    key: str
    sides: tuple[SideTable, ...]

    @cached_property
    def own(self) -> frozenset[str]:
        """The columns of the list itself."""
        return frozenset(self.base.column_names)

    @cached_property
    def beside(self) -> tuple[Path, ...]:
        """The files of the side tables, where they are others."""
        paths = dict.fromkeys(side.source.path for side in self.sides)
        return tuple(path for path in paths if path != self.base.path)

    @cached_property
    def column_names(self) -> list[str]:
        """Those of the list, then the others."""
        return [*self.base.column_names, *self._lists, *self.fees]

    @cached_property
    def left_out(self) -> list[Words]:
        """What the files say, and rows of side tables that belong to no row of the list."""
        said = [*self.base.left_out]
        for side, joined in zip(self.sides, self._joined, strict=True):
            said += side.source.left_out
            if joined.strays:
                facts = {"file": side.source.name, "count": joined.strays, "list": self.base.name}
                ids = listed(joined.example)
                said.append(_RECORDS.words("report.strays", column=side.key, ids=ids, **facts))
        return said

    def type_of(self, column: str) -> pa.DataType | None:
        """Lists of texts for columns of side tables, texts for fees."""
        if column in self.own:
            return self.base.type_of(column)
        if column in self._lists:
            return LISTS
        return TEXT if column in self.fees else None

    def pieces(self) -> list["JoinedPiece"]:
        """The pieces of the list, each with what belongs to its rows."""
        return [JoinedPiece(*numbered, self) for numbered in self.numbered_pieces()]

    def lists(self, column: str, first: int, rows: int) -> pa.Array:
        """A column of a side table as lists for some rows of the list."""
        number, name = self._lists[column]
        joined, texts = self._joined[number], self._texts(number, name)
        ends = joined.ends[first : first + rows + 1]
        flat = texts.take(numbers_array(joined.rows[ends[0] : ends[-1]]))
        return pa.LargeListArray.from_arrays(numbers_array(ends - ends[0]), flat)

    @cached_property
    def fees(self) -> dict[str, pa.Array]:
        """The sum of each fee for each row of the list, as texts; null where there is none."""
        made: dict[str, pa.Array] = {}
        for side, joined in zip(self.sides, self._joined, strict=True):
            if side.of_fees:
                made |= _fees_of(side, joined)
        return {name: column for name, column in made.items() if name not in self.own}

    @cached_property
    def _lists(self) -> dict[str, tuple[int, str]]:
        """Columns of side tables by their name; one that another has too by that of its sheet."""
        made: dict[str, tuple[int, str]] = {}
        for number, side in enumerate(self.sides):
            for name in side.columns:
                taken = name in self.own or name in made
                made[f"{side.rule.called}.{name}" if taken else name] = (number, name)
        return made

    @cached_property
    def _joined(self) -> tuple[_Joined, ...]:
        texts = [
            pl.Series(batch.column(0)).cast(pl.String)
            for piece in self.base.pieces()
            for batch in piece.batches([self.key])
        ]
        keys = pl.concat(texts) if texts else pl.Series([], dtype=pl.String)
        rows = pl.DataFrame({"key": keys.str.strip_chars(BLANKS)}).with_row_index("owner")
        owners = rows.drop_nulls().unique("key", keep="first", maintain_order=True)
        return tuple(_joined(side, owners, len(keys)) for side in self.sides)

    @cached_property
    def _read(self) -> dict[tuple[int, str], pa.Array]:
        return {}

    def _texts(self, number: int, name: str) -> pa.Array:
        """A column of a side table, read once."""
        if (number, name) not in self._read:
            column = self.sides[number].read([name])[name]
            self._read[number, name] = column.to_arrow().cast(TEXT)
        return self._read[number, name]


def _fees_of(side: SideTable, joined: _Joined) -> dict[str, pa.Array]:
    """Each fee by its name: the sum for each row of the list."""
    rows = len(joined.ends) - 1
    owners = pl.DataFrame(
        {"row": joined.rows, "owner": np.repeat(np.arange(rows), np.diff(joined.ends))}
    )
    given = side.fees().with_columns(
        pl.col("row").cast(pl.Int64), pl.col("fee", "said").str.strip_chars(BLANKS)
    )
    given = given.filter(pl.col("fee").is_not_null()).join(owners, on="row", maintain_order="left")
    read = read_column("", given["said"].to_arrow(), Kind.MONEY, PLAIN_READING)
    frame = given.with_columns(
        pl.Series("fen", read.values).to_physical().cast(pl.Int128),
        wrong=pl.Series(read.values).is_null() & (pl.col("said").fill_null("") != ""),
    )
    yuan = pl.col("fen").sum().reinterpret(dtype=pl.Decimal(38, 2)).cast(pl.String)
    # An amount that is none stands for the sum, so that it is found as a fault.
    wrong = pl.col("said").filter("wrong").first()
    summed = frame.group_by("owner", "fee").agg(pl.coalesce(wrong, yuan).alias("said"))
    made: dict[str, pa.Array] = {}
    for (fee,), part in sorted(summed.partition_by("fee", as_dict=True).items()):
        column = pl.Series([None], dtype=pl.String).new_from_index(0, rows)
        made[str(fee)] = column.scatter(part["owner"], part["said"]).to_arrow().cast(TEXT)
    return made


def _joined(side: SideTable, owners: pl.DataFrame, count: int) -> _Joined:
    order = side.rule.order
    given = side.read([side.key, *([order] if order else [])])
    place = pl.col(order).cast(pl.Float64, strict=False) if order else pl.lit(0.0)
    frame = given.select(
        pl.col(side.key).str.strip_chars(BLANKS).alias("key"), place.alias("place")
    ).with_row_index("row")
    found = frame.join(owners, on="key", how="left")
    strays = found.filter(pl.col("owner").is_null())
    known = found.drop_nulls("owner").sort("owner", "place", "row", nulls_last=True)
    counts = np.bincount(known["owner"].to_numpy(), minlength=count)
    ends = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    example = strays["key"].drop_nulls().unique(maintain_order=True).head(_SHOWN).to_list()
    return _Joined(known["row"].to_numpy().astype(np.int64), ends, strays.height, tuple(example))


@dataclass(frozen=True)
class JoinedPiece(WrappedPiece):
    """A piece of the list, with what belongs to its rows."""

    file: JoinedSource

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Some columns, those of side tables as lists."""
        file = self.file
        wanted = [name for name in dict.fromkeys(columns) if file.type_of(name) is not None]
        own = [name for name in wanted if name in file.own] or [file.key]
        row = self.first_row
        for batch in self.base.batches(own, coded):
            made = [self._column(batch, name, row) for name in wanted]
            row += batch.num_rows
            yield pa.RecordBatch.from_arrays(made, names=wanted)

    def _column(self, batch: pa.RecordBatch, name: str, row: int) -> pa.Array:
        if name in self.file.own:
            return batch.column(name)
        if name in self.file.fees:
            return self.file.fees[name].slice(row, batch.num_rows)
        return self.file.lists(name, row, batch.num_rows)


def joined(
    base: SourceFile, rules: SheetRules, opened: Iterable[tuple[SideRule, SourceFile]]
) -> JoinedSource:
    """The list and the tables beside it; raises DrgpayError for a key or order that one lacks."""
    key = _column(base, rules.key)
    sides = []
    for rule, source in opened:
        for needed in (rule.order, rule.name, rule.amount):
            if needed:
                _column(source, (needed,))
        named = _column(source, rule.key or rules.key)
        sides.append(SideTable(source, rule, named, rule is rules.fees))
    return JoinedSource(base, key, tuple(sides))


def _column(source: SourceFile, names: Sequence[str]) -> str:
    for name in names:
        if name in source.column_names:
            return name
    wanted = _ERRORS.words("or").between(names)
    said = {"file": source.name, "column": wanted, "columns": listed(source.column_names)}
    raise DrgpayError(*_ERRORS("no_key_of_sheet", path=source.path, **said))
