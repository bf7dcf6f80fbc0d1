"""`drgpay check`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import (
    ClinicalCodes,
    Encoding,
    GroupingThreads,
    Lang,
    Mapping,
    examples,
    say_what_was_converted,
)

EXAMPLES = examples(
    "drgpay check october.parquet --scheme chs-drg-2.0 --policy policy.toml --hospitals hospitals.csv",
    "drgpay check stays/ --scheme chs-drg-2.0 --policy policy.toml --hospitals hospitals.csv\n"
    "--period 2026-10 --out quality-2026-10",
)


def check(
    records: Annotated[Path, typer.Argument(help="Stays: Parquet file, folder or dataset.")],
    scheme: Annotated[str, typer.Option(help="A scheme's id or its folder.")],
    policy: Annotated[str, typer.Option(help="A policy's id or its TOML file.")],
    hospitals: Annotated[Path, typer.Option(help="Table of hospitals, CSV or Parquet.")],
    period: Annotated[
        str | None, typer.Option(help="Month of settlement, as 2026-10; by default any.")
    ] = None,
    nonspecific: Annotated[
        Path | None,
        typer.Option(
            help="Patterns of diagnoses that say too little (TOML), instead of the usual."
        ),
    ] = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make: Parquet tables and quality.xlsx.")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of tables and findings.")] = Lang.zh,
    threads: GroupingThreads = None,
) -> None:
    """Check a month before it is paid: findings, worst hospitals, coding quality.

    Nothing is paid or refused here: a finding that would stop a run is counted like the others.
    """
    from drgpay.base.period import Period
    from drgpay.cli.quality_output import publish, refuse_existing
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
    from drgpay.policy.load import load_policy
    from drgpay.quality.month_quality import month_quality
    from drgpay.quality.nonspecific import DEFAULT_FILE, load_nonspecific
    from drgpay.records.dataset import RecordsInput
    from drgpay.records.hospitals import read_hospitals
    from drgpay.records.meaning.rules import Reading
    from drgpay.report.quality_tables import month_report

    refuse_existing(out, records, hospitals)
    days = Period.parse(period).days if period else None
    compiled, rules = load_compiled(scheme), load_policy(policy).policy
    loaded = compiled.scheme
    kinds = load_nonspecific(nonspecific or DEFAULT_FILE)
    named = read_hospitals(hospitals)
    source = RecordsInput(records, mapping, encoding, clinical_codes)
    dataset = source.open(loaded.info.code_system, Reading.of(rules.records))
    with console.progress_bar("grouping", dataset.rows) as advance:
        stays = read_grouped_stays(dataset, compiled, advance, threads)
    sexes = sex_of_diagnosis(compiled)
    quality = month_quality(
        stays, loaded, rules, named, days, sexes, kinds, str(records), lang.value
    )
    say_what_was_converted(dataset, lang.value)
    facts = {
        "source": records.name,
        "scheme": f"{loaded.info.name} ({loaded.info.id})",
        "policy": f"{rules.policy.name} ({rules.policy.id})",
        "period": period or "–",
    }
    publish(month_report(quality, facts), out, lang.value)
