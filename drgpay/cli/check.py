"""`drgpay check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import (
    AsJson,
    ClinicalCodes,
    Encoding,
    GroupingThreads,
    Mapping,
    say_what_was_converted,
)
from drgpay.cli.tables import AsFormat, Format, Only, json_text, refuse_terminal

if TYPE_CHECKING:
    from drgpay.quality.month_quality import MonthQuality

EXAMPLES = (
    "drgpay check october.parquet --scheme chs-drg-2.0 --policy policy.toml --hospitals hospitals.csv",
    "drgpay check stays/ --scheme chs-drg-2.0 --policy policy.toml --hospitals hospitals.csv\n"
    "--period 2026-10 --out quality-2026-10",
)


def check(
    records: Annotated[Path, typer.Argument()],
    scheme: Annotated[str, typer.Option()],
    policy: Annotated[str, typer.Option()],
    hospitals: Annotated[Path, typer.Option()],
    period: Annotated[str | None, typer.Option()] = None,
    nonspecific: Annotated[Path | None, typer.Option()] = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    out: Annotated[Path | None, typer.Option()] = None,
    as_format: AsFormat = Format.table,
    only: Only = None,
    as_json: AsJson = False,
    threads: GroupingThreads = None,
) -> None:
    """Check a month before it is paid: findings, worst hospitals, coding quality.

    Nothing is paid or refused here: a finding that would stop a run is counted like the others.
    """
    from drgpay.base.period import Period
    from drgpay.cli.quality_output import leave, publish, refuse_existing
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
    from drgpay.policy.load import load_policy
    from drgpay.quality.month_quality import month_quality
    from drgpay.quality.nonspecific import DEFAULT_FILE, load_nonspecific
    from drgpay.records.dataset import RecordsInput
    from drgpay.records.hospitals import read_hospitals
    from drgpay.records.meaning.rules import Reading
    from drgpay.report.quality_tables import month_report

    language = chosen()
    refuse_existing(out, records, hospitals)
    refuse_terminal(as_format)
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
        stays, loaded, rules, named, days, sexes, kinds, str(records), language, dataset.origin
    )
    say_what_was_converted(dataset)
    facts = {
        "source": records.name,
        "scheme": f"{loaded.info.name} ({loaded.info.id})",
        "policy": f"{rules.policy.name} ({rules.policy.id})",
        "period": period or "–",
    }
    report = month_report(quality, facts)
    if as_json:
        leave(report, out, language)
        console.give_json(json_text(_summary(quality, facts, out)))
        return
    publish(report, out, language, as_format, only)


def _summary(quality: "MonthQuality", facts: dict[str, str], out: Path | None) -> dict[str, object]:
    """What a program reads of a check: how many stays, what was found, and where all of it lies."""
    return {
        **facts,
        "folder": str(console.shown(out)) if out else None,
        "sums": quality.hospital_totals,
        "findings": quality.findings.to_dicts(),
        "hospitals": quality.hospitals.to_dicts(),
    }
