"""`drgpay evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import AsJson
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.evaluation.evaluation import Evaluation

EXAMPLES = (
    "drgpay evaluate evaluation-2026.toml",
    "drgpay evaluate evaluation-2026.toml --out evaluation-2026 --lang en",
)


def evaluate(
    file: Annotated[Path, typer.Argument()],
    out: Annotated[Path | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate the hospitals of a year: indicators, scores, ranks, and what they change in payment."""
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.evaluation.console import console_report
    from drgpay.evaluation.evaluation import evaluate as compute
    from drgpay.evaluation.file import load_evaluation
    from drgpay.evaluation.output import write_evaluation

    language = chosen()
    refuse_existing(out)
    found = compute(load_evaluation(file))
    folder = write_evaluation(found, out, language)
    if as_json:
        console.give_json(json_text(_summary(found, folder)))
        return
    console.show(console_report(found, language))
    console.say(console.shown(folder))


def _summary(found: "Evaluation", folder: Path) -> dict[str, object]:
    """What a program reads of an evaluation: totals and money."""
    from drgpay.evaluation.tables import machine_tables

    tables = machine_tables(found)
    return {
        "status": "done",
        "folder": str(console.shown(folder)),
        "year": found.job.year,
        "stays": found.stays,
        "indicators": len(found.job.file.indicators),
        "unverified": sum(not one.verified for one in found.job.file.indicators),
        **{
            name: tables[name].to_dicts()
            for name in ("evaluation_total", "evaluation_money")
            if name in tables
        },
    }
