"""Options that several commands share, and what they say of converted records."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.cli import console

if TYPE_CHECKING:
    from drgpay.base.language import Language
    from drgpay.records.dataset import Dataset


class Lang(StrEnum):
    """Languages of what people read."""

    zh = "zh"
    en = "en"


Records = Annotated[
    Path, typer.Argument(help="Parquet or CSV: a file, folder or partitioned dataset.")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads to use; by default one a core.")]
GroupingThreads = Annotated[
    int | None, typer.Option(min=1, help="Threads that read and group; by default one a core.")
]
Mapping = Annotated[
    str | None,
    typer.Option(help="How the columns are named: settlement-list, front-page or a TOML file."),
]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of CSV; by default UTF-8 or GB18030, as it is found.")
]
ClinicalCodes = Annotated[
    bool,
    typer.Option("--clinical-codes", help="Translate codes of the clinical edition (国临版)."),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        help="Take a finding on that stops the run: CODE, CODE:HOSPITAL or CODE:HOSPITAL=YUAN; "
        "may be repeated."
    ),
]
AcceptedBy = Annotated[str, typer.Option("--by", help="Who accepts.")]
AcceptedNote = Annotated[str, typer.Option("--note", help="Why.")]


def say_what_was_converted(dataset: "Dataset", language: "Language" = "zh") -> None:
    """Print the counts of converted values and translated codes, on standard error."""
    for line in dataset.reading_lines(language):
        console.say(line, err=True)


def enter_in_database(folder: Path) -> None:
    """Register a finished run; a failure is a warning, since the run itself is whole."""
    from drgpay.registry.registration import register

    try:
        register(folder)
    except DrgpayError as error:
        console.say(f"drgpay: warning: {error}", err=True)


def examples(*commands: str) -> str:
    """What stands below the options of a command's help."""
    lines = "\n\n".join(commands)
    return f"\n[bold]Example{'s' * (len(commands) > 1)}[/bold]\n\n{lines}\n"
