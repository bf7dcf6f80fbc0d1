"""`drgpay shadow`."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.base.words import Sentences
from drgpay.cli import console
from drgpay.cli.options import AsJson, GroupingThreads, pairs
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.transition.shadow import Factors, Shadow

_ERRORS = Sentences("errors/cli")
EXAMPLES = (
    "drgpay shadow runs/2026-10-* runs/2026-11-* --scheme chs-drg-3.0 --catalogue 2027"
    " --job 2026-10.toml --job 2026-11.toml",
    "drgpay shadow runs/2027-01-1f2e3d4c5b --scheme chs-drg-2.0 --catalogue 2026 --job 2027-01.toml"
    " --points policy-2026.toml",
)


def shadow(
    runs: Annotated[list[Path], typer.Argument()],
    scheme: Annotated[str, typer.Option()],
    catalogue: Annotated[Path, typer.Option()],
    job: Annotated[list[Path], typer.Option()],
    points: Annotated[Path | None, typer.Option()] = None,
    scenario: Annotated[list[Path] | None, typer.Option()] = None,
    k: Annotated[list[str] | None, typer.Option("--k")] = None,
    transition: Annotated[Path | None, typer.Option()] = None,
    out: Annotated[Path | None, typer.Option()] = None,
    threads: GroupingThreads = None,
    as_json: AsJson = False,
) -> None:
    """Settle paid months once more under another scheme, and show both results; nothing is paid."""
    from drgpay.cli.quality_output import refuse_existing
    from drgpay.transition.shadow import shadow as compute
    from drgpay.transition.shadow_output import write_shadow
    from drgpay.transition.shadow_page import console_report

    language = chosen()
    refuse_existing(out)
    found = compute(
        runs,
        job,
        scheme,
        catalogue,
        points=points,
        scenarios=scenario or [],
        factors=_factors(k or [], transition, scheme),
        progress=console.progress_bar,
        threads=threads,
    )
    folder = write_shadow(found, out, language)
    if as_json:
        console.give_json(json_text(_summary(found, folder)))
        return
    console.show(console_report(found, language))
    seconds = " ".join(f"{step} {spent:.2f}s" for step, spent in found.seconds.items())
    console.say(seconds, err=True)
    console.say(console.shown(folder))


def _factors(given: list[str], transition: Path | None, scheme: str) -> "Factors":
    """The neutral factors of a transition, and those that the command gives, which go first."""
    from drgpay.transition.shadow import factors_of

    found = dict(factors_of(transition, scheme)) if transition else {}
    for account, text in pairs("--k", given, "ACCOUNT=K", "employee=1.020408").items():
        try:
            factor = Decimal(text)
        except InvalidOperation:
            factor = Decimal(0)
        if not factor.is_finite() or factor <= 0:
            raise DrgpayError(*_ERRORS("no_factor", account=account, text=text))
        found[account] = factor
    return found


def _summary(found: "Shadow", folder: Path) -> dict[str, object]:
    """What a program reads of shadow months: months, values, hospitals, quality, findings."""
    from drgpay.transition.shadow_tables import machine_tables

    tables = machine_tables(found)
    shown = ("shadow_months", "month_values", "hospitals", "month_quality", "month_stops")
    return {
        "status": "shadowed",
        "folder": str(console.shown(folder)),
        "periods": [month.period for month in found.months],
        "schemes": {side: found.rules[f"scheme_{side}"] for side in ("before", "after")},
        **{name: tables[name].to_dicts() for name in shown},
    }
