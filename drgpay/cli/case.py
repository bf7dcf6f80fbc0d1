"""`drgpay case`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import AsJson, Runs
from drgpay.cli.tables import AsFormat, Format, give_tables, refuse_terminal

EXAMPLES = (
    "drgpay case 2026-10 H33900022026100000001",
    "drgpay case runs/2026-10-9726ef57c5 H33900022026100000001 --job sample_data/2026-10.toml",
    "drgpay case 2026-10 H33900022026100000001 --json --lang en",
)


def case(
    run: Annotated[str, typer.Argument()],
    case_id: Annotated[str, typer.Argument()],
    job: Annotated[Path | None, typer.Option()] = None,
    runs: Runs = Path("runs"),
    as_json: AsJson = False,
    as_format: AsFormat = Format.table,
) -> None:
    """Show one case from codes to money: every number with its formula and inputs, recomputed.

    Exit status 1: a number of the run is not what follows from its inputs.
    """
    import json

    from drgpay.report.case import case_json, case_lines, explain_case
    from drgpay.run.case import find_run, read_case

    refuse_terminal(as_format)
    explained = explain_case(read_case(find_run(run, runs), case_id, job), chosen())
    if as_json:
        console.give_json(json.dumps(case_json(explained), ensure_ascii=False, indent=2))
    elif as_format is not Format.table:
        give_tables({"lines": case_lines(explained)}, as_format)
    else:
        from drgpay.report.case_console import case_view

        console.show(case_view(explained, chosen()))
    if explained.differing:
        raise typer.Exit(1)
