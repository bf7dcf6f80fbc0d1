"""Tables of commands for programs: CSV, JSON or Parquet, on standard output or in a file."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.cli import console

if TYPE_CHECKING:
    import polars as pl

_ERRORS = Sentences("errors/cli")


class Format(StrEnum):
    """How tables are given."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


AsFormat = Annotated[Format, typer.Option("--format")]
Only = Annotated[str | None, typer.Option()]


def give_tables(
    tables: Mapping[str, "pl.DataFrame"],
    as_format: Format,
    only: str | None = None,
    out: Path | None = None,
) -> None:
    """Give tables in a format for programs, or the one of them that is wanted.

    JSON holds them all, by name; a single one, or the one that is wanted, as a list of rows. CSV and
    Parquet hold one. Raises DrgpayError where one has to be chosen, and for Parquet on a terminal.
    """
    from drgpay.registry.export import as_csv, as_json, write_parquet, write_text

    if only is not None and only not in tables:
        raise DrgpayError(*_ERRORS("no_part", only=only, parts=listed(tables)))
    wanted = only or (next(iter(tables)) if len(tables) == 1 else None)
    if as_format is Format.json:
        text, give = as_json(tables[wanted] if wanted else dict(tables)), console.give_json
    elif wanted is None:
        raise DrgpayError(*_ERRORS("one_table", form=as_format.value, parts=listed(tables)))
    elif as_format is Format.parquet:
        if out is not None:
            write_parquet(tables[wanted], out)
        else:
            _give_parquet(tables[wanted])
        return
    else:
        text, give = as_csv(tables[wanted]), console.give
    if out is None:
        give(text)
    else:
        write_text(text, out)


def refuse_terminal(as_format: Format, out: Path | None = None) -> None:
    """Refuse Parquet on a terminal, before the work is done rather than after."""
    if as_format is Format.parquet and out is None and console.is_terminal():
        raise DrgpayError(*_ERRORS("parquet_on_terminal"))


def _give_parquet(frame: "pl.DataFrame") -> None:
    import io

    refuse_terminal(Format.parquet)
    content = io.BytesIO()
    frame.write_parquet(content)
    console.give_bytes(content.getvalue())


def json_text(content: Any) -> str:
    """JSON of what a command found; amounts are text, so that no reader makes floats of them."""
    return json.dumps(content, ensure_ascii=False, indent=2, default=_text)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
