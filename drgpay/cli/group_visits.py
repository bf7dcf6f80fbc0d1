"""`drgpay group-visits`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.memory import keep_freed_memory
from drgpay.cli.options import Encoding, ItemsMapping, Records, Threads, say_what_was_converted

_said = Wording("cli").said
EXAMPLES = (
    "drgpay group-visits visits.parquet --items visit_items.parquet --scheme open-apg-1\n"
    "--out entries.parquet",
    "drgpay group-visits visits/ --items visit_items/ --scheme open-apg-1 --policy policy.toml\n"
    "--catalogue apg-catalogue --hospitals hospitals.csv --out entries.parquet\n"
    "--visits-out points.parquet --findings findings/",
)


def group_visits(
    visits: Records,
    items: Annotated[Path, typer.Option()],
    scheme: Annotated[str, typer.Option()],
    out: Annotated[Path, typer.Option()],
    policy: Annotated[str, typer.Option()] = "illustrative",
    catalogue: Annotated[Path | None, typer.Option()] = None,
    hospitals: Annotated[Path | None, typer.Option()] = None,
    visits_out: Annotated[Path | None, typer.Option()] = None,
    findings: Annotated[Path | None, typer.Option()] = None,
    mapping: Annotated[str | None, typer.Option("--mapping", "--visits-mapping")] = None,
    items_mapping: ItemsMapping = None,
    encoding: Encoding = None,
    threads: Threads = None,
) -> None:
    """Group outpatient visits: entries with consolidation, discount and packaging, each with why.

    Entries are written by visit_id, in whatever order the visits and lines come.
    """
    keep_freed_memory()
    from drgpay.records.visits.tables import VisitInput
    from drgpay.run.visit_entries import VisitGrouping, write_entries

    grouping = VisitGrouping(scheme, policy, catalogue, hospitals)
    records = VisitInput(visits, items, mapping, items_mapping, encoding)
    written = write_entries(
        records, grouping, out, visits_out, findings, console.progress_bar, chosen(), threads
    )
    for dataset in (written.records.visits, written.records.items):
        say_what_was_converted(dataset)
    grouped = written.grouped
    counts = grouped.counted
    language = chosen()
    for key, read, valid, quarantined in (
        ("visits_read", counts.visits_read, counts.visits_valid, counts.visits_quarantined),
        ("lines_read", counts.lines_read, counts.lines_valid, counts.lines_quarantined),
    ):
        numbers = {"read": f"{read:,}", "valid": f"{valid:,}", "refused": f"{quarantined:,}"}
        console.say(_said(key, language, **numbers))
    console.say(_said("netted", language, lines=f"{counts.lines_netted:,}"))
    for table, kind, code, rows in grouped.findings.iter_rows():
        named = {"table": _named("table", table), "kind": _named("kind", kind)}
        console.say(_said("finding", language, code=code, rows=f"{rows:,}", **named), err=True)
    entries = f"{grouped.entries:,}"
    console.say(_said("entries", language, entries=entries, scheme=scheme, out=out))


def _named(kind: str, value: str) -> str:
    return Wording("cli").named(kind, value, chosen())
