"""`drgpay clear`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import Accept, AcceptedBy, AcceptedNote, Lang, enter_in_database, examples

EXAMPLES = examples(
    "drgpay clear 2026.toml",
    "drgpay clear 2026.toml --accept-policy-change --lang en",
)


def clear(
    year: Annotated[Path, typer.Argument(help="The year file (TOML).")],
    lang: Annotated[Lang, typer.Option(help="Language of the tables and the workbooks.")] = Lang.zh,
    output: Annotated[
        Path | None, typer.Option(help="Put the folder here instead of the year file's output.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option(help="Name of the folder; by default from its inputs.")
    ] = None,
    accept_policy_change: Annotated[
        bool,
        typer.Option(
            "--accept-policy-change",
            help="Clear by the policy as it is now, though months were paid by another one.",
        ),
    ] = False,
    accept: Accept = None,
    by: AcceptedBy = "",
    note: AcceptedNote = "",
) -> None:
    """Clear a year: final reviews, shared surplus or overrun, assessment, and what is still due.

    Of stays, of visits ([outpatient] of the year file) or of both.
    """
    from drgpay.report.clearing_console import clearing_summary
    from drgpay.report.wording import word
    from drgpay.run.clearing import run_clearing
    from drgpay.run.stops import parse_accepted
    from drgpay.run.year_job import load_any_year_job

    finished = run_clearing(
        load_any_year_job(year),
        lang.value,
        run_id,
        accept_policy_change,
        output=output,
        accept=[parse_accepted(text, by, note) for text in accept or ()],
    )
    # What is printed may be lost, or end in the middle: by then nothing of the run is left to do.
    enter_in_database(finished.folder)
    for results in finished.results:
        console.show(clearing_summary(results, lang.value))
    for remark in finished.remarks:
        console.say(f"drgpay: {word(remark, lang.value)}", err=True)
    same = f" ({word('repeated', lang.value)})" if finished.repeated else ""
    console.say(f"{console.shown(finished.folder)}{same}")
