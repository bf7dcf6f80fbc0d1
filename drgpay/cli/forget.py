"""`drgpay forget`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson, Runs, warn
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.run.forgetting import Forgettable

EXAMPLES = (
    "drgpay forget --before 2022-01-01 --dry-run",
    "drgpay forget --before 2022-01-01 --by 王主任 --note 档案保管期满",
    "drgpay forget --before 2022-01-01 --by Wang --runs /data/runs --lang en",
)

_WORDS = Wording("forget")


def forget(
    before: Annotated[str, typer.Option()],
    runs: Runs = Path("runs"),
    by: Annotated[str, typer.Option()] = "",
    note: Annotated[str, typer.Option()] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    force: Annotated[bool, typer.Option("--force")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what old runs hold about persons, and leave their evidence.

    Exit status 1: a run was left because something still needs it.
    """
    from drgpay.run.forgetting import day_of, forget_old

    done = forget_old(runs, day_of(before), by, note, dry_run, force)
    for one in done:
        if one.remark:
            warn(one.remark)
    found, states = [one.found for one in done], [one.state for one in done]
    if as_json:
        console.give_json(json_text({"runs": _rows(found, states)}))
    else:
        _show(found, states)
    if "kept" in states:
        raise typer.Exit(1)


def _rows(found: Sequence["Forgettable"], states: Sequence[str]) -> list[dict[str, object]]:
    return [
        {
            "run": each.run.run_id,
            "period": each.run.period,
            "state": state,
            "files": list(each.files),
            "beside": list(each.beside),
            "archives": [str(archive) for archive in each.archives],
            "bytes": each.bytes,
            "needed": each.needed.said_in(chosen()) if each.needed else "",
        }
        for each, state in zip(found, states, strict=True)
    ]


def _show(found: Sequence["Forgettable"], states: Sequence[str]) -> None:
    import polars as pl

    from drgpay.show.tables import ReportTable

    language = chosen()
    if not found:
        console.say(_WORDS.said("nothing", language))
        return
    said = {
        state: _WORDS.said(f"state.{state}", language) for state in ("gone", "would_go", "kept")
    }
    rows = [
        (
            *(each.run.run_id, each.run.period, said[state]),
            *(len(each.files) + len(each.beside), each.bytes),
            each.needed.said_in(language) if each.needed and state == "kept" else "",
        )
        for each, state in zip(found, states, strict=True)
    ]
    columns = ["run", "period", "state", "files", "bytes", "needed"]
    frame = pl.DataFrame(rows, columns, orient="row")
    table = ReportTable("", frame, styles=("state", {said["kept"]: "yellow"}))
    console.show_blocks(table, say=lambda key: _WORDS.said(f"head.{key}", language))
    for each in found:
        for archive in each.archives:
            facts = {"run": each.run.run_id, "place": console.shown(archive)}
            console.say(_WORDS.said("archive", language, **facts))
