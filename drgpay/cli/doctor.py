"""`drgpay doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import AsJson, Runs
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.run.computer import Finding

EXAMPLES = (
    "drgpay doctor",
    "drgpay doctor --runs /data/runs --lang en",
    "drgpay doctor --json > computer.json",
)

_WORDS = Wording("doctor")
_STYLES = {"ok": "", "warning": "yellow", "error": "bold red"}


def doctor(runs: Runs = Path("runs"), as_json: AsJson = False) -> None:
    """Look whether this computer has what runs need.

    Exit status 0: it has, with or without warnings; 1: something stops runs.
    """
    from drgpay.run.computer import Printing, examined

    findings = list(examined(runs, Printing(console.encoding(), console.is_terminal())))
    if as_json:
        console.give_json(json_text({"findings": [_as_json(one) for one in findings]}))
    else:
        _show(findings)
    if any(one.grade == "error" for one in findings):
        raise typer.Exit(1)


def _as_json(finding: "Finding") -> dict[str, str]:
    language = chosen()
    return {
        "check": finding.key,
        "grade": finding.grade,
        "found": finding.value.said_in(language),
        "remedy": finding.remedy.said_in(language),
    }


def _show(findings: list["Finding"]) -> None:
    import polars as pl

    from drgpay.show.tables import ReportTable

    language = chosen()
    grades = {grade: _WORDS.said(f"grade.{grade}", language) for grade in _STYLES}
    rows = [
        (
            *(one.title.said_in(language), grades[one.grade]),
            *(one.value.said_in(language), one.remedy.said_in(language)),
        )
        for one in findings
    ]
    frame = pl.DataFrame(rows, ["title", "grade", "value", "remedy"], orient="row")
    styles = {grades[grade]: style for grade, style in _STYLES.items()}
    table = ReportTable("", frame, styles=("grade", styles))
    console.show_blocks(table, say=lambda key: _WORDS.said(f"head.{key}", language))
