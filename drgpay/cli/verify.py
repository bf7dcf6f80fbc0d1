"""`drgpay verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drgpay.base.language import Language, chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.run.verify import Verified
    from drgpay.show.tables import ReportTable

EXAMPLES = (
    "drgpay verify runs/2026-10-1f2e3d4c5b",
    "drgpay verify runs/2026-* --lang en --json",
    "drgpay verify runs/2026-10-1f2e3d4c5b --job october.toml",
    "drgpay verify runs/2026-10-1f2e3d4c5b --job october.toml --recompute",
)

_WORDS = Wording("verify")
_STYLE = {"right": "", "wrong": "bold red", "unknown": "yellow", "forgotten": "dim"}


def verify(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...")],
    job: Annotated[Path | None, typer.Option()] = None,
    recompute: Annotated[bool, typer.Option("--recompute")] = False,
    as_json: AsJson = False,
) -> None:
    """Recompute hashes, balances, tables and workbooks of runs, or run their job again.

    Exit status 0: all is right, or was forgotten by decision; 1: something is wrong; 2: something cannot be checked.
    """
    from drgpay.base.errors import DrgpayError
    from drgpay.run.verify import verify_run

    language = chosen()
    verified: list[Verified] = []
    unreadable: list[tuple[Path, Exception]] = []
    for run in runs:
        if run.is_file():  # a report or the database, named by a pattern such as runs/*
            console.say(f"{run}: {_WORDS.said('passed_over', language)}", err=True)
            continue
        try:
            verified.append(verify_run(run, job, console.progress_bar, recompute))
        except DrgpayError as error:
            unreadable.append((run, error))
    if as_json:
        _print_json(verified, unreadable, language)
    else:
        for each in verified:
            table = _table(each, language)
            console.show_blocks(table, say=lambda key: _WORDS.said(f"head.{key}", language))
            console.show(_evidence(each, language))
    for _, refusal in unreadable:
        console.warn(f"drgpay: {refusal}")
    statuses = {each.status for each in verified}
    if "wrong" in statuses:
        raise typer.Exit(1)
    if "unknown" in statuses or unreadable:
        raise typer.Exit(2)


def _table(verified: "Verified", language: Language) -> "ReportTable":
    import polars as pl

    from drgpay.show.tables import ReportTable

    named = f"kind.{verified.kind}"
    kind = _WORDS.said(named, language) if named in _WORDS else verified.kind
    said = {status: _WORDS.said(f"status.{status}", language) for status in _STYLE}
    rows = [
        (
            *(check.title.said_in(language), said[check.status]),
            *(check.compared, check.finding.said_in(language)),
        )
        for check in verified.checks
    ]
    frame = pl.DataFrame(rows, ["check", "result", "compared", "finding"], orient="row")
    styles = {said[status]: style for status, style in _STYLE.items()}
    title = f"{verified.run_id} · {kind}"
    return ReportTable("", frame, title=title, styles=("result", styles))


def _evidence(verified: "Verified", language: Language) -> str:
    status = _WORDS.said(f"status.{verified.status}", language)
    label = _WORDS.said("evidence", language)
    return f"{console.shown(verified.folder)}: {status} · {label} {verified.evidence}"


def _print_json(
    verified: list["Verified"], unreadable: list[tuple[Path, Exception]], language: Language
) -> None:
    found: list[dict[str, Any]] = [
        {
            "folder": str(each.folder),
            "run": each.run_id,
            "kind": each.kind,
            "evidence": each.evidence,
            "status": each.status,
            "checks": [
                {
                    "check": check.key,
                    "status": check.status,
                    "compared": check.compared,
                    "finding": check.finding.said_in(language),
                }
                for check in each.checks
            ],
        }
        for each in verified
    ]
    found += [
        {"folder": str(run), "status": "unknown", "finding": str(error)}
        for run, error in unreadable
    ]
    console.give_json(json_text({"runs": found}))
