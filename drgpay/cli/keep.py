"""`drgpay keep`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.base.words import Sentences, Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson, warn
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.run.archive import Archive

EXAMPLES = (
    "drgpay keep runs/2026-10-1f2e3d4c5b --to archive/2026-10.tar --job october.toml",
    "drgpay keep runs/2026-* --to /archive/2026 --job 2026.toml --lang en",
    "drgpay keep runs/2026-10-1f2e3d4c5b --to 2026-10.tar --job october.toml --records --recipient age1...",
)

_WORDS = Wording("keep")
_ERRORS = Sentences("errors/cli")


def keep(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...")],
    to: Annotated[Path, typer.Option()],
    jobs: Annotated[list[Path] | None, typer.Option("--job")] = None,
    records: Annotated[bool, typer.Option("--records/--without-records")] = False,
    recipients: Annotated[list[str] | None, typer.Option("--recipient")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an archive of runs with all that is needed to verify them in ten years."""
    from drgpay.run.archive import keep as keep_runs

    if records and not recipients:
        raise DrgpayError(*_ERRORS("records_for_nobody"))
    if recipients and not records:
        raise DrgpayError(*_ERRORS("recipient_of_nothing"))
    folders = [run for run in runs if not run.is_file()]
    for run in runs:
        if run.is_file():  # a report or the database, named by a pattern such as runs/*
            console.say(f"{run}: {_WORDS.said('passed_over', chosen())}", err=True)
    archive = keep_runs(folders, to, jobs or (), recipients or ())
    for name in archive.missing:
        warn(_WORDS.words("run_missing", run=name))
    for name in sorted({one.name for one in archive.left_out if not one.of_persons}):
        warn(_WORDS.words("input_missing", name=name))
    if as_json:
        console.give_json(_json(archive))
    else:
        _say(archive)


def _say(archive: "Archive") -> None:
    language = chosen()
    megabytes = f"{archive.bytes / 1_000_000:.1f}"
    counts = {"runs": len(archive.runs), "files": archive.files, "megabytes": megabytes}
    console.say(_WORDS.said("made", language, place=console.shown(archive.place), **counts))
    persons = [one for one, _ in archive.inputs if one.of_persons]
    left = sum(1 for one, kept in archive.inputs if one.of_persons and not kept)
    if persons:
        key = "records_left_out" if left else "records_encrypted"
        console.say(_WORDS.said(key, language, count=left or len(persons)))
    console.say(_WORDS.said("hash", language, sha256=archive.sha256))


def _json(archive: "Archive") -> str:
    told = {
        "place": str(archive.place),
        "runs": list(archive.runs),
        "runs_not_found": list(archive.missing),
        "inputs": [
            {
                "run": one.run,
                "what": one.what,
                "name": one.name,
                "sha256": one.sha256,
                "kept": kept or None,
            }
            for one, kept in archive.inputs
        ],
        "files": archive.files,
        "bytes": archive.bytes,
        "sha256": archive.sha256,
    }
    return json_text(told)
