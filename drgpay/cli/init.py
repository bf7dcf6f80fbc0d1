"""`drgpay init`."""

import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Words, chosen
from drgpay.cli import console
from drgpay.cli.options import AsJson

if TYPE_CHECKING:
    from drgpay.start.project import Started

EXAMPLES = (
    "drgpay init 2026 --stays export.csv --hospitals hospitals.csv --weights weights.csv --no-input",
    "drgpay init 2026 --stays export.csv --hospitals hospitals.csv --history history/ --year 2026",
    "drgpay init 2026 --visits visits.xlsx --items items.csv --hospitals hospitals.csv",
)


def init(
    folder: Annotated[Path, typer.Argument()],
    stays: Annotated[Path | None, typer.Option()] = None,
    history: Annotated[Path | None, typer.Option()] = None,
    visits: Annotated[Path | None, typer.Option()] = None,
    items: Annotated[Path | None, typer.Option()] = None,
    visit_history: Annotated[Path | None, typer.Option()] = None,
    item_history: Annotated[Path | None, typer.Option()] = None,
    hospitals: Annotated[Path | None, typer.Option()] = None,
    weights: Annotated[Path | None, typer.Option()] = None,
    region: Annotated[str | None, typer.Option()] = None,
    year: Annotated[int | None, typer.Option(min=2000, max=2199)] = None,
    scheme: Annotated[str | None, typer.Option()] = None,
    all_mean: Annotated[float | None, typer.Option(metavar="YUAN", min=0.01)] = None,
    no_input: Annotated[bool, typer.Option("--no-input")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a project folder out of a centre's own files: columns recognised, what lacks marked."""
    from drgpay.start.found import Nobody, Person
    from drgpay.start.project import Wishes, start_project

    mean = None if all_mean is None else Decimal(str(all_mean))
    wishes = Wishes(
        *(folder, stays, history, visits, items, visit_history, item_history),
        *(hospitals, weights, region, year, scheme, mean),
    )
    live = not no_input and sys.stdin.isatty()
    person: Person = Terminal() if live else Nobody()
    started = start_project(wishes, person, chosen(), console.progress_bar)
    if as_json:
        console.give_json(_json(started))
        return
    _show(started)


class Terminal:
    """Somebody at the terminal, asked one question at a time."""

    live = True

    def choose(
        self, question: Words, choices: Sequence[tuple[str, Words]], default: str | None
    ) -> str | None:
        """One of the choices by its number; an empty answer is the default."""
        console.say(str(question))
        for number, (_, words) in enumerate(choices, start=1):
            console.say(f"  {number}. {words}")
        values = [value for value, _ in choices]
        shown = str(values.index(default) + 1) if default in values else ""
        while True:
            said = str(typer.prompt(">", default=shown, show_default=bool(shown))).strip()
            if not said:
                return default
            if said.isdigit() and 1 <= int(said) <= len(values):
                return values[int(said) - 1]

    def write(self, question: Words, default: str | None = None) -> str | None:
        """What is written; an empty answer is the default."""
        said = typer.prompt(str(question), default=default or "", show_default=bool(default))
        return str(said).strip() or default


def _show(started: "Started") -> None:
    """What was recognised, what to check, what is wrong with its money, and what comes next."""
    from drgpay.report.quality_tables import speaker
    from drgpay.show.tables import ReportTable
    from drgpay.show.tables_console import console_tables
    from drgpay.start.readme import next_commands, to_look_at
    from drgpay.start.summary import (
        WORDS,
        certain_count,
        file_frame,
        recognised_frame,
        unknown_frame,
    )

    language = chosen()
    said = WORDS.said
    for table, recognised in started.recognised.items():
        title = said(f"table.{table}", language, file=recognised.given.path.name)
        console.say(said("recognised", language, title=title, count=certain_count(recognised)))
        frame = recognised_frame(recognised, language, console.is_verbose())
        frames = [ReportTable("", frame)] if frame.height else []
        unknown = unknown_frame(recognised)
        if unknown.height:
            frames.append(ReportTable("", unknown, title=said("table.unknown", language)))
        if frames:
            console.show(console_tables(frames, lambda key: said(f"heading.{key}", language), 60))
    for remark in to_look_at(started):
        console.say(f"- {remark}")
    if started.checked:
        checked = started.checked
        findings = ReportTable("findings", checked.findings, worded=frozenset({"code", "severity"}))
        quality = speaker(language)
        console.show(
            console_tables(
                [findings], lambda key: said(key, language) if key in WORDS else quality(key)
            )
        )
        values = {
            "stays": checked.stays,
            "yuan": f"{checked.total_yuan:,.2f}",
            "refused": checked.refused,
            "refused_yuan": f"{checked.refused_yuan:,.2f}",
        }
        console.say(said("checked", language, **values))
    files = ReportTable("", file_frame(started, language), title=said("table.files", language))
    console.show(console_tables([files], lambda key: said(f"heading.{key}", language), 60))
    for one in started.gaps:
        console.say(said("readme.gap", language, **one._asdict()))
    console.say(said("next", language, folder=console.shown(started.folder.path)))
    for command in next_commands(started):
        console.say(f"  {command}")


def _json(started: "Started") -> str:
    from drgpay.cli.tables import json_text
    from drgpay.start.summary import summary

    return json_text(summary(started))
