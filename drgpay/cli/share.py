"""`drgpay share`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import AsJson
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.responsibility.responsibility import Responsibility

EXAMPLES = (
    "drgpay share responsibility-2026.toml",
    "drgpay share responsibility-2026.toml --out counties-2026 --lang en",
)


def share(
    file: Annotated[Path, typer.Argument()],
    out: Annotated[Path | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """Who bears the gap of a pooled fund: counties, pool, adjustment fund, rewards."""
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.responsibility.console import console_report
    from drgpay.responsibility.file import load_responsibility
    from drgpay.responsibility.output import write_responsibility
    from drgpay.responsibility.responsibility import responsibility

    language = chosen()
    refuse_existing(out)
    found = responsibility(load_responsibility(file))
    folder = write_responsibility(found, out, language)
    if as_json:
        console.give_json(json_text(_summary(found, folder)))
        return
    console.show(console_report(found, language))
    console.say(console.shown(folder))


def _summary(found: "Responsibility", folder: Path) -> dict[str, object]:
    """What a program reads of a year's responsibility: shares, cascade, rewards."""
    from drgpay.responsibility.tables import machine_tables, unverified

    tables = machine_tables(found)
    return {
        "status": "done",
        "folder": str(console.shown(folder)),
        "year": found.job.year,
        "parameters": len(found.job.parameters()),
        "unverified": unverified(found),
        **{
            name: tables[name].to_dicts()
            for name in ("county_share", "cascade", "adjustment", "rewards")
        },
    }
