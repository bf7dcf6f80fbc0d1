"""`drgpay reconcile`."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.base.words import Sentences
from drgpay.cli import console
from drgpay.cli.options import ClinicalCodes, Encoding, Mapping
from drgpay.cli.tables import AsFormat, Format, Only, refuse_terminal

EXAMPLES = (
    "drgpay reconcile groups.parquet official.csv --scheme chs-drg-2.0 --stays stays.parquet",
    "drgpay reconcile groups.parquet official.parquet --history agreement.json --period 2026-10\n"
    "--threshold 0.98 --out reconcile-2026-10",
)

_ERRORS = Sentences("errors/cli")
# What holds where neither --threshold nor the history says anything.
_USUAL_THRESHOLD = Decimal("0.98")


def reconcile(
    grouped: Annotated[Path, typer.Argument()],
    official: Annotated[Path, typer.Argument()],
    stays: Annotated[Path | None, typer.Option()] = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    scheme: Annotated[str | None, typer.Option()] = None,
    threshold: Annotated[str | None, typer.Option(metavar="SHARE")] = None,
    history: Annotated[Path | None, typer.Option()] = None,
    period: Annotated[str | None, typer.Option()] = None,
    out: Annotated[Path | None, typer.Option()] = None,
    as_format: AsFormat = Format.table,
    only: Only = None,
) -> None:
    """Compare our groups with an official grouper's; exit 1 when too few cases agree.

    The agreement is the share of cases, among those that both have, with the same DRG.
    """
    from drgpay.base.period import Period
    from drgpay.cli.quality_output import leave, refuse_existing, show
    from drgpay.grouper.compiled import compile_scheme
    from drgpay.grouper.scheme import load_scheme
    from drgpay.quality.agreement_history import (
        AgreementHistory,
        entry_of,
        load_history,
        save_history,
    )
    from drgpay.quality.difference_causes import with_causes
    from drgpay.quality.reconcile import reconcile as compare
    from drgpay.records.dataset import RecordsInput
    from drgpay.report.quality_tables import reconcile_report, speaker

    refuse_existing(out, grouped, official, stays)
    refuse_terminal(as_format)
    if stays and not scheme:
        raise DrgpayError(*_ERRORS("stays_without_scheme"))
    if history and not period:
        raise DrgpayError(*_ERRORS("history_without_period"))
    month = str(Period.parse(period)) if period else None
    before = load_history(history) if history else None
    least = _share(threshold) if threshold else before.threshold if before else _USUAL_THRESHOLD
    loaded = load_scheme(scheme) if scheme else None
    found = compare(grouped, official, loaded)
    compiled = compile_scheme(loaded) if stays and loaded else None
    records = RecordsInput(stays, mapping, encoding, clinical_codes) if stays else None
    dataset = records.open(loaded.info.code_system) if records and loaded else None
    differing = with_causes(found.differing, dataset, compiled)

    previous, after = None, None
    if history and month:
        before = before or AgreementHistory(threshold=least)
        previous = before.before(month)
        after = before.with_period(entry_of(found, month), least)
    facts = {"source": f"{grouped.name} / {official.name}"}
    if loaded:
        facts["scheme"] = f"{loaded.info.name} ({loaded.info.id})"
    facts |= {"period": month or "–", "threshold": f"{least:.2%}"}
    report = reconcile_report(found, differing, previous, after, facts)
    leave(report, out, chosen())
    if history and after:
        save_history(after, history)
    show(report, out, chosen(), as_format, only)
    if found.drg_agreement < least:
        say = speaker(chosen())
        console.warn(say("below").format(rate=found.drg_agreement, least=least))
        raise typer.Exit(1)


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 1 or share != share.quantize(Decimal("0.0001")):
        raise DrgpayError(*_ERRORS("no_share", option="--threshold", text=text))
    return share
