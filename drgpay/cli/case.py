"""`drgpay case`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import Lang, examples

EXAMPLES = examples(
    "drgpay case 2026-10 H33900022026100000001",
    "drgpay case runs/2026-10-9726ef57c5 H33900022026100000001 --job sample_data/2026-10.toml",
    "drgpay case 2026-10 H33900022026100000001 --json --lang en",
)


def case(
    run: Annotated[str, typer.Argument(help="The folder of a run, its id or how that begins.")],
    case_id: Annotated[str, typer.Argument(help="The case_id, as the records have it.")],
    job: Annotated[
        Path | None,
        typer.Option(help="The month's job file: read the stay, and show how it was grouped."),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs"),
    lang: Annotated[Lang, typer.Option(help="Language of the calculation.")] = Lang.zh,
    as_json: Annotated[bool, typer.Option("--json", help="The same steps as JSON.")] = False,
) -> None:
    """Show one case from codes to money: every number with its formula and inputs, recomputed.

    Exit status 1: a number of the run is not what follows from its inputs.
    """
    import json

    from drgpay.report.case import case_json, explain_case
    from drgpay.run.case import find_run, read_case

    explained = explain_case(read_case(find_run(run, output), case_id, job), lang.value)
    if as_json:
        console.give_json(json.dumps(case_json(explained), ensure_ascii=False, indent=2))
    else:
        from drgpay.report.case_console import case_view

        console.show(case_view(explained, lang.value))
    if explained.differing:
        raise typer.Exit(1)
