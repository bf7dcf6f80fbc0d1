"""Options that several commands share, and what they say of converted records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.base.remarks import unsaid
from drgpay.base.words import Sentences, Wording
from drgpay.cli import console

if TYPE_CHECKING:
    from drgpay.records.dataset import Dataset
    from drgpay.records.official_groups import GroupsInput

_said = Wording("cli").said
_ERRORS = Sentences("errors/cli")

Records = Annotated[Path, typer.Argument()]
Threads = Annotated[int | None, typer.Option(min=1)]
GroupingThreads = Annotated[int | None, typer.Option("--threads", min=1)]
Mapping = Annotated[str | None, typer.Option()]
ItemsMapping = Annotated[str | None, typer.Option()]
Encoding = Annotated[str | None, typer.Option()]
ClinicalCodes = Annotated[bool, typer.Option("--clinical-codes")]
Groups = Annotated[Path | None, typer.Option()]
GroupsRuleOption = Annotated[str | None, typer.Option("--groups-rule")]
Accept = Annotated[list[str] | None, typer.Option()]
AcceptedBy = Annotated[str, typer.Option("--by")]
AcceptedNote = Annotated[str, typer.Option("--note")]
Runs = Annotated[Path, typer.Option("--runs", "--output")]
"""The folder of the runs; formerly --output."""
RunsOut = Annotated[Path | None, typer.Option("--out", "--output")]
"""The folder to leave the run's folder in; formerly --output."""
AsJson = Annotated[bool, typer.Option("--json")]


def pairs(
    option: str, given: list[str], form: str, example: str, last: bool = False
) -> dict[str, str]:
    """The pairs of an option that may be repeated, cut at the first = or at the last.

    Raises DrgpayError for one without a name, = or value, and for a name that is given twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.rpartition("=") if last else text.partition("=")
        if not (name and equals and value):
            raise DrgpayError(
                *_ERRORS("no_pair", option=option, text=text, form=form, example=example)
            )
        if name in found:
            raise DrgpayError(*_ERRORS("twice", option=option, name=name))
        found[name] = value
    return found


def given_groups(groups: Path | None, rule: str | None) -> "GroupsInput | None":
    """The official groups that a command names; raises DrgpayError for a rule without groups."""
    from drgpay.records.official_groups import groups_input

    return groups_input(groups, rule)


def say_what_was_converted(dataset: "Dataset") -> None:
    """Print the counts of converted values and translated codes, on standard error."""
    for line in unsaid(dataset.reading_lines(chosen())):
        console.say(line, err=True)


def enter_in_database(folder: Path) -> None:
    """Register a finished run; a failure is a warning, since the run itself is whole."""
    from drgpay.registry.registration import register

    try:
        register(folder)
    except DrgpayError as error:
        warn(error)


def warn(reason: object) -> None:
    """Print a warning on standard error."""
    console.warn(_said("warning", chosen(), reason=reason))
