"""`drgpay schema`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen, listed
from drgpay.base.words import Sentences, Wording
from drgpay.cli import console

_said = Wording("cli").said
_ERRORS = Sentences("errors/schemas")
EXAMPLES = (
    "drgpay schema policy --out policy.schema.json",
    "drgpay schema job > job.schema.json",
    "drgpay schema table stays --out stays.schema.json",
)


class Kind(StrEnum):
    """The TOML files that people write, and `table` for the tables that they hand in."""

    job = "job"
    year = "year"
    policy = "policy"
    scenario = "scenario"
    mapping = "mapping"
    transition = "transition"
    responsibility = "responsibility"
    evaluation = "evaluation"
    table = "table"


def schema(
    kind: Annotated[Kind, typer.Argument()],
    table: Annotated[str | None, typer.Argument()] = None,
    out: Annotated[Path | None, typer.Option("--out", "--output")] = None,
) -> None:
    """Print the JSON Schema of a TOML file: with it an editor completes keys and marks mistakes.

    The file names it in its first line: #:schema ./policy.schema.json
    With `table` that of a row of a table that offices hand in.
    """
    from drgpay.schemas.files import KINDS, save_schema, schema_line, schema_text

    if kind is Kind.table:
        text = _of_table(table)
    elif table is not None:
        raise DrgpayError(*_ERRORS("needless_table", kind=kind.value, name=table))
    else:
        text = schema_text(next(one for one in KINDS if one == kind.value))
    if out is None:
        console.give(text)
        return
    save_schema(text, out)
    if kind is not Kind.table:
        console.say(_said("first_line", chosen(), line=schema_line(out.name)), err=True)
    console.say(console.shown(out))


def _of_table(name: str | None) -> str:
    from drgpay.schemas.tables import table_schema
    from drgpay.tables.inputs import input_tables

    if name is None:
        raise DrgpayError(*_ERRORS("which_table", known=listed(input_tables())))
    return table_schema(name)
