"""Rows of a database as streams of Arrow batches, all of one moment where the server has that.

PostgreSQL is asked within one transaction (repeatable read, read only). What only ODBC reaches may
have none: then the rows are counted before and after, and what changed meanwhile is refused.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.databases.connection import database_error, odbc, postgresql
from drgpay.databases.settings import Database
from drgpay.databases.statement import ASKED, NUMBERED, Statement

_ERRORS = Sentences("errors/databases")

_BATCH_BYTES = 4 * 2**20
_CURSOR_ROWS = 16_384
_ODBC_ROWS = 16_384
_ODBC_BYTES = 32 * 2**20
_LONGEST_TEXT, _LONGEST_BINARY = 32_768, 64
"""Of columns without a length of their own. What is longer is an error of the driver, and not cut."""
SNAPSHOT, COUNTED = "repeatable read, read only", "none; rows counted before and after"
"""How a database held still, as manifests say it."""
DECIMAL_AS_TEXT = b"drgpay.decimal"
"""Marks columns of texts that are decimals in the database."""


@dataclass(frozen=True)
class Rows:
    """The rows of a statement: columns as the driver gives them, and batches as they come."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class Session(Protocol):
    """A database that is being asked.

    quote, mark: how its statements are written (drgpay.databases.statement). isolation: how it holds
    still.
    """

    quote: str
    mark: str
    isolation: str

    def begin(self, statements: Sequence[Statement]) -> str:
        """Before the first row of any statement; the time of the server, as ISO 8601."""

    def columns(self, statement: Statement) -> pa.Schema:
        """The columns that a statement gives."""

    def rows(self, statement: Statement) -> Rows:
        """The rows of a statement."""

    def end(self, statements: Sequence[Statement], rows: Sequence[int]) -> None:
        """After the last row; rows: how many came of each. Raises DrgpayError for what changed."""


@contextmanager
def asking(database: Database) -> Iterator[Session]:
    """A session of a database, ended behind the block. Raises DrgpayError as connections do."""
    if database.settings.kind == "postgresql":
        with postgresql(database) as connection, ExitStack() as cursors:
            yield _PostgreSQL(database, connection, cursors)
    else:
        with odbc(database) as connection:
            yield _ODBC(database, connection, quote=database.settings.quote_or_usual)


@dataclass
class _PostgreSQL:
    """By ADBC: COPY in binary; statements with values by a cursor, since COPY takes none."""

    database: Database
    connection: Any
    cursors: ExitStack
    quote: str = '"'
    mark: str = NUMBERED
    isolation: str = SNAPSHOT
    _declared: int = field(default=0, init=False)

    def begin(self, statements: Sequence[Statement]) -> str:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT CURRENT_TIMESTAMP")
            return _iso(cursor.fetchone()[0])

    def columns(self, statement: Statement) -> pa.Schema:
        return self.rows(statement.without_rows()).schema

    def rows(self, statement: Statement) -> Rows:
        if statement.values:
            return self._by_cursor(statement)
        cursor = self.cursors.enter_context(closing(self._cursor(copy=True)))
        cursor.execute(statement.sql)
        reader = cursor.fetch_record_batch()
        return Rows(reader.schema, self._batches(reader))

    def end(self, statements: Sequence[Statement], rows: Sequence[int]) -> None:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute("ROLLBACK")

    def _cursor(self, copy: bool) -> Any:
        options = {
            "adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES),
            "adbc.postgresql.use_copy": "true" if copy else "false",
        }
        return self.connection.cursor(adbc_stmt_kwargs=options)

    def _batches(self, reader: Any) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as error:  # of the stream: the server is gone
                raise database_error(error, self.database) from None
            yield batch

    def _by_cursor(self, statement: Statement) -> Rows:
        self._declared += 1
        name = f"drgpay_{self._declared}"
        with closing(self.connection.cursor()) as cursor:
            declared = f"DECLARE {name} NO SCROLL CURSOR FOR {statement.sql}"
            cursor.execute(declared, statement.values)
        first = self._fetched(name)
        return Rows(first.schema, self._all_fetched(name, first))

    def _all_fetched(self, name: str, first: pa.Table) -> Iterator[pa.RecordBatch]:
        table = first
        while table.num_rows:
            yield from table.to_batches()
            table = self._fetched(name)

    def _fetched(self, name: str) -> pa.Table:
        with closing(self._cursor(copy=False)) as cursor:
            cursor.execute(f"FETCH FORWARD {_CURSOR_ROWS} FROM {name}")
            return cursor.fetch_arrow_table()


@dataclass
class _ODBC:
    """By arrow-odbc. Decimals come as the texts that the driver writes: no digit is lost."""

    database: Database
    connection: Any
    quote: str
    mark: str = ASKED
    isolation: str = COUNTED
    _before: list[int] = field(default_factory=list, init=False)

    def begin(self, statements: Sequence[Statement]) -> str:
        asked_at = ""
        for statement in statements:
            count, asked_at = self._counted(statement)
            self._before.append(count)
        return asked_at

    def columns(self, statement: Statement) -> pa.Schema:
        return self.rows(statement.without_rows()).schema

    def rows(self, statement: Statement) -> Rows:
        decimals: set[str] = set()

        def as_texts(schema: pa.Schema) -> pa.Schema:
            decimals.update(one.name for one in schema if pa.types.is_decimal(one.type))
            return pa.schema(
                [
                    pa.field(one.name, pa.string() if one.name in decimals else one.type)
                    for one in schema
                ]
            )

        reader = self.connection.read_arrow_batches(
            query=statement.sql,
            batch_size=_ODBC_ROWS,
            parameters=[_text_of(value) for value in statement.values] or None,
            max_bytes_per_batch=_ODBC_BYTES,
            max_text_size=_LONGEST_TEXT,
            max_binary_size=_LONGEST_BINARY,
            map_schema=as_texts,
            fetch_concurrently=False,
        )
        marked = [
            one.with_metadata({DECIMAL_AS_TEXT: b""}) if one.name in decimals else one
            for one in reader.schema
        ]
        return Rows(pa.schema(marked), iter(reader))

    def end(self, statements: Sequence[Statement], rows: Sequence[int]) -> None:
        for statement, before, read in zip(statements, self._before, rows, strict=True):
            after, _ = self._counted(statement)
            if not before == read == after:
                counts = {"before": before, "read": read, "after": after}
                raise DrgpayError(*_ERRORS("rows_changed", name=self.database.name, **counts))

    def _counted(self, statement: Statement) -> tuple[int, str]:
        for batch in self.rows(statement.counted()).batches:
            count, asked_at = (column[0].as_py() for column in batch.columns)
            return int(count), "" if asked_at is None else _iso(asked_at)
        return 0, ""


def _text_of(value: Any) -> str:
    """A value as ODBC binds it: arrow-odbc knows texts alone, which servers turn into their types."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.isoformat() if isinstance(value, date) else str(value)


def _iso(time: Any) -> str:
    """The time of a server; without a zone it is the server's own."""
    if isinstance(time, datetime):
        return (time.astimezone(UTC) if time.tzinfo else time).isoformat(timespec="seconds")
    return str(time)
