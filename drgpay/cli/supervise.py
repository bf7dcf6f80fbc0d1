"""`drgpay supervise`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import AsJson
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.supervise.supervision import Supervision

EXAMPLES = (
    "drgpay supervise supervise.toml",
    "drgpay supervise 2026-10.toml --lookback 2026-09.toml --lookback 2026-08.toml",
    "drgpay supervise supervise.toml --out clues-2026-10 --lang en",
)

MEASURE_EXAMPLES = ("drgpay supervise-measure clues-2026-10 region/fraud_labels.parquet",)
AUDIT_EXAMPLES = ("drgpay supervise-audit clues-2026-10 audit-results.csv",)
LIBRARY_EXAMPLES = (
    "drgpay supervise-library batch-1.xlsx --batch 1 --valid-from 2025-05-23 --out item_rules.csv",
)
DECIDE_EXAMPLES = (
    "drgpay supervise-decide clues-2026-10 decisions.csv",
    "drgpay supervise-decide clues-2026-10 decisions.csv --on 2026-12-01 --out decided-2026-10",
)
STAFF_EXAMPLES = (
    "drgpay supervise-staff supervise.toml",
    "drgpay supervise-staff supervise.toml --out staff-status.csv",
)
FILE_EXAMPLES = (
    "drgpay supervise-file clues-2026-10 3f9c1a7b20de",
    "drgpay supervise-file clues-2026-10 3f9c1a7b20de --out case.html",
)


def supervise(
    files: Annotated[list[Path], typer.Argument()],
    lookback: Annotated[list[Path] | None, typer.Option()] = None,
    out: Annotated[Path | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """Look for clues in the stays of finished runs, by a file of rules."""
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.supervise.console import console_report
    from drgpay.supervise.from_jobs import open_supervise
    from drgpay.supervise.output import write_supervision
    from drgpay.supervise.supervision import supervise as look

    language = chosen()
    refuse_existing(out)
    found = look(open_supervise(files, lookback or ()))
    folder = write_supervision(found, out, language)
    if as_json:
        console.give_json(json_text(_summary(found, folder)))
        return
    console.show(console_report(found, language, verbose=console.is_verbose()))
    console.say(console.shown(folder))


def _summary(found: "Supervision", folder: Path) -> dict[str, object]:
    """What a program reads of a supervision: what each rule found."""
    from drgpay.supervise.tables import machine_tables

    return {
        "status": "done",
        "folder": str(console.shown(folder)),
        "periods": list(found.periods),
        "stays": {"read": found.read, "refused": found.refused},
        "clues": found.clues.height,
        "rules": machine_tables(found)["rule_report"].to_dicts(),
    }


def supervise_measure(
    folder: Annotated[Path, typer.Argument()],
    labels: Annotated[Path, typer.Argument()],
    as_json: AsJson = False,
) -> None:
    """How well planted kinds of fraud are found by the rules."""
    from drgpay.supervise.console import measure_report
    from drgpay.supervise.measure import measure
    from drgpay.supervise.tables import as_declared

    found = as_declared("measure", measure(folder, labels))
    if as_json:
        console.give_json(json_text({"status": "done", "kinds": found.to_dicts()}))
    else:
        console.show(measure_report(found, chosen()))


def supervise_audit(
    folder: Annotated[Path, typer.Argument()],
    results: Annotated[Path, typer.Argument()],
    as_json: AsJson = False,
) -> None:
    """The error rate of each hospital, of the stays that were drawn at random."""
    from drgpay.supervise.console import audit_report
    from drgpay.supervise.error_rate import error_rates
    from drgpay.supervise.tables import as_declared

    found = as_declared("audit_rates", error_rates(folder, results))
    if as_json:
        console.give_json(json_text({"status": "done", "hospitals": found.to_dicts()}))
    else:
        console.show(audit_report(found, chosen()))


def supervise_file(
    folder: Annotated[Path, typer.Argument()],
    clue: Annotated[str, typer.Argument()],
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """The case file of a clue: on the terminal, or a page with a workbook beside it."""
    from drgpay.supervise.case_file import case_report, open_case_file, write_case_file

    file = open_case_file(folder, clue)
    if out is None:
        console.show(case_report(file, chosen()))
        return
    for path in write_case_file(file, out, chosen()):
        console.say(console.shown(path))


def supervise_decide(
    folder: Annotated[Path, typer.Argument()],
    decisions: Annotated[Path, typer.Argument()],
    filed: Annotated[Path | None, typer.Option("--with")] = None,
    on: Annotated[str | None, typer.Option()] = None,
    out: Annotated[Path | None, typer.Option()] = None,
    accept_refused: Annotated[bool, typer.Option("--accept-refused")] = False,
    as_json: AsJson = False,
) -> None:
    """Check decisions on clues, and make the deductions that a later month books."""
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.supervise.deciding import DEDUCTIONS, day_given, decide, write_decided
    from drgpay.supervise.decisions_console import decisions_report

    language = chosen()
    refuse_existing(out)
    decided = decide(
        folder,
        decisions,
        language,
        on=day_given(on),
        filed=filed,
        accept_refused=accept_refused,
    )
    written = write_decided(decided, out)
    if as_json:
        given = decided.decisions
        console.give_json(
            json_text(
                {
                    "status": "done",
                    "folder": str(console.shown(written)),
                    "steps": given.steps.height,
                    "refused": given.refused.height,
                    "decided": given.final.height,
                    "deductions": decided.deductions.height,
                }
            )
        )
        return
    console.show(decisions_report(decided, language))
    console.say(console.shown(written / DEDUCTIONS))


def supervise_staff(
    file: Annotated[Path, typer.Argument()],
    out: Annotated[Path | None, typer.Option()] = None,
    accept_refused: Annotated[bool, typer.Option("--accept-refused")] = False,
    as_json: AsJson = False,
) -> None:
    """Points against members of staff: sums of a year, suspensions and ends, and what they concern."""
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.supervise.file import load_supervise
    from drgpay.supervise.staff import staff_of
    from drgpay.supervise.staff_output import staff_report, staff_table, write_staff

    refuse_existing(out)
    found = staff_of(load_supervise(file), accept_refused=accept_refused)
    if out is not None:
        write_staff(found, out)
    if as_json:
        rows = staff_table(found).to_dicts()
        refused = found.refused.height
        console.give_json(json_text({"status": "done", "refused": refused, "staff": rows}))
    elif out is None:
        console.show(staff_report(found, chosen()))
    else:
        console.say(console.shown(out))


def supervise_library(
    files: Annotated[list[Path], typer.Argument()],
    out: Annotated[Path, typer.Option()],
    batch: Annotated[str | None, typer.Option()] = None,
    valid_from: Annotated[str | None, typer.Option()] = None,
    accept_refused: Annotated[bool, typer.Option("--accept-refused")] = False,
    as_json: AsJson = False,
) -> None:
    """Tables of knowledge points as item_rules."""
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.records.writing import write_table
    from drgpay.supervise.deciding import day_given
    from drgpay.supervise.library import read_library, refuse_refused_rules
    from drgpay.supervise.library_console import library_report

    refuse_existing(out)
    library = read_library(files, batch=batch, valid_from=day_given(valid_from))
    if not accept_refused:
        refuse_refused_rules(library)
    write_table(library.rules, out)
    if as_json:
        counts = {"read": library.read, "refused": library.refused.height}
        console.give_json(json_text({"status": "done", "rules": library.rules.height, **counts}))
        return
    console.show(library_report(library, chosen()))
    console.say(console.shown(out))
