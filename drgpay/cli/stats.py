"""`drgpay stats`."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli.options import Lang, examples

EXAMPLES = examples(
    "drgpay group stays.parquet --scheme chs-drg-2.0 --out groups.parquet --with-input",
    "drgpay stats groups.parquet --hospitals hospitals.csv --scheme chs-drg-2.0",
    "drgpay stats runs/2026-10/cases.parquet --weights catalogue/ --policy policy.toml --out statistics",
)


def stats(
    grouped: Annotated[
        Path, typer.Argument(help="What group --with-input wrote, or a run's cases.parquet.")
    ],
    hospitals: Annotated[
        Path | None, typer.Option(help="Table of hospitals: their names and levels.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="A catalogue's folder or a CSV with drg and weight; "
            "by default mean cost of the group / mean cost of all grouped stays."
        ),
    ] = None,
    scheme: Annotated[
        str | None, typer.Option(help="A scheme's id or folder: names of groups, how many it has.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="A policy: tell the explained variance after its trimming too."),
    ] = None,
    few_cases: Annotated[int, typer.Option(min=1, help="A group with fewer cases is marked.")] = 5,
    high_cv: Annotated[float, typer.Option(min=0, help="A group with a larger CV is marked.")] = 1,
    top: Annotated[int, typer.Option(min=1, help="How many top groups are shown.")] = 20,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make: Parquet tables and statistics.xlsx.")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the tables.")] = Lang.zh,
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
    facts["weights"] = weights.name if weights else speaker(lang.value)("own_weights")
    publish(statistics_report(found, facts, loaded, top), out, lang.value)
