"""`drgpay stats`."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli.tables import AsFormat, Format, Only, refuse_terminal

EXAMPLES = (
    "drgpay group stays.parquet --scheme chs-drg-2.0 --out groups.parquet --with-input",
    "drgpay stats groups.parquet --hospitals hospitals.csv --scheme chs-drg-2.0",
    "drgpay stats runs/2026-10/cases.parquet --weights catalogue/ --policy policy.toml --out statistics",
)


def stats(
    grouped: Annotated[Path, typer.Argument()],
    hospitals: Annotated[Path | None, typer.Option()] = None,
    weights: Annotated[Path | None, typer.Option()] = None,
    scheme: Annotated[str | None, typer.Option()] = None,
    policy: Annotated[str | None, typer.Option()] = None,
    few_cases: Annotated[int, typer.Option(min=1)] = 5,
    high_cv: Annotated[float, typer.Option(min=0)] = 1,
    top: Annotated[int, typer.Option(min=1)] = 20,
    out: Annotated[Path | None, typer.Option()] = None,
    as_format: AsFormat = Format.table,
    only: Only = None,
) -> None:
    """Statistics of grouped stays: coverage, case mix, consumption, variation, R² of the scheme."""
    from drgpay.cli.quality_output import publish, refuse_existing
    from drgpay.grouper.scheme import load_scheme
    from drgpay.points.trimming import kept
    from drgpay.policy.load import load_policy
    from drgpay.quality.statistics import Limits, statistics
    from drgpay.quality.weights import read_weights
    from drgpay.records.hospitals import read_hospitals
    from drgpay.report.quality_tables import speaker, statistics_report

    refuse_existing(out, grouped, hospitals)
    refuse_terminal(as_format)
    loaded = load_scheme(scheme) if scheme else None
    trim = kept(load_policy(policy).policy.calibration.trim) if policy else None
    found = statistics(
        grouped,
        read_hospitals(hospitals) if hospitals else None,
        read_weights(weights) if weights else None,
        trim,
        Limits(few_cases, Decimal(str(high_cv))),
    )
    facts = {"source": grouped.name}
    if loaded:
        facts["scheme"] = f"{loaded.info.name} ({loaded.info.id})"
    facts["weights"] = weights.name if weights else speaker(chosen())("own_weights")
    publish(statistics_report(found, facts, loaded, top), out, chosen(), as_format, only)
