"""What is asked of a database: a table by quoted names, or a query with its values bound."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/databases")

Value = str | int | bool | date

NUMBERED, ASKED = "$", "?"
"""How values stand in a query: $1, $2 (PostgreSQL), or a ? each (ODBC)."""

# Texts, names in quotes and comments are passed over, casts (::) too; `:name` stands for a value.
_PIECES = re.compile(
    r"'(?:[^']|'')*'"
    r'|"(?:[^"]|"")*"'
    r"|`[^`]*`"
    r"|--[^\n]*"
    r"|/\*.*?\*/"
    r"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
    r"|::"
    r"|(?<![\w\]):]):(?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)
_MOST_PARTS = 3


@dataclass(frozen=True)
class Statement:
    """SQL that gives rows, with the values of its marks in their order."""

    sql: str
    values: tuple[Value, ...] = ()

    def columns_alone(self, columns: tuple[str, ...], quote: str) -> "Statement":
        """The same with some of its columns."""
        names = ", ".join(quoted(name, quote) for name in columns)
        return Statement(f"SELECT {names} FROM ({self.sql}\n) drgpay_rows", self.values)

    def without_rows(self) -> "Statement":
        """The same columns, and no row."""
        return Statement(f"SELECT * FROM ({self.sql}\n) drgpay_rows WHERE 1 = 0", self.values)

    def counted(self) -> "Statement":
        """The number of its rows, and when they were counted."""
        return Statement(
            "SELECT COUNT(*) AS counted, MAX(CURRENT_TIMESTAMP) AS asked_at "
            f"FROM ({self.sql}\n) drgpay_rows",
            self.values,
        )


def of_table(table: str, quote: str) -> Statement:
    """All rows of `table`, `schema.table` or `catalogue.schema.table`, each name quoted by `quote`.

    Raises DrgpayError for what is no such name.
    """
    parts = table.split(".")
    if len(parts) > _MOST_PARTS or not all(part.strip() for part in parts):
        raise DrgpayError(*_ERRORS("no_table_name", table=table))
    return Statement(f"SELECT * FROM {'.'.join(quoted(part, quote) for part in parts)}")


def quoted(name: str, quote: str) -> str:
    """A name as SQL has it, whatever stands in it. Raises DrgpayError where it cannot be quoted."""
    if quote:
        return f"{quote}{name.replace(quote, quote * 2)}{quote}"
    if not re.fullmatch(r"\w+", name):
        raise DrgpayError(*_ERRORS("no_table_name", table=name))
    return name


def of_query(query: str, parameters: Mapping[str, Value], mark: str) -> Statement:
    """A query with a mark for each `:name`; values are bound, never written into the text.

    Raises DrgpayError for a name without a value, and a value without its name.
    """
    order: list[str] = []
    unknown: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return found[0]
        if name not in parameters:
            unknown.append(name)
            return found[0]
        if mark == ASKED:
            order.append(name)
            return ASKED
        if name not in order:
            order.append(name)
        return f"{NUMBERED}{order.index(name) + 1}"

    sql = _PIECES.sub(replaced, query.strip()).rstrip().removesuffix(";").rstrip()
    if unknown:
        raise DrgpayError(*_ERRORS("no_value", names=listed(dict.fromkeys(unknown))))
    unused = [name for name in parameters if name not in order]
    if unused:
        raise DrgpayError(*_ERRORS("no_mark", names=listed(unused)))
    ended = f"{sql}\n" if "--" in sql else sql  # what is put behind it is in no comment
    return Statement(ended, tuple(parameters[name] for name in order))
