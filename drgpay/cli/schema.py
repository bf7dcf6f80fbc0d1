"""`drgpay schema`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console

_said = Wording("cli").said
EXAMPLES = (
    "drgpay schema policy --out policy.schema.json",
    "drgpay schema job > job.schema.json",
)


class Kind(StrEnum):
    """The TOML files that people write."""

    job = "job"
    year = "year"
    policy = "policy"
    scenario = "scenario"
    mapping = "mapping"
    transition = "transition"


def schema(
    kind: Annotated[Kind, typer.Argument()],
    out: Annotated[Path | None, typer.Option("--out", "--output")] = None,
) -> None:
    """Print the JSON Schema of a TOML file: with it an editor completes keys and marks mistakes.

    The file names it in its first line: #:schema ./policy.schema.json
    """
    from drgpay.schemas.files import save_schema, schema_line, schema_text

    if out is None:
        console.give(schema_text(kind.value))
        return
    save_schema(kind.value, out)
    console.say(_said("first_line", chosen(), line=schema_line(out.name)), err=True)
    console.say(console.shown(out))
