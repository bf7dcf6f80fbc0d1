"""`drgpay group-visits`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.memory import keep_freed_memory
from drgpay.cli.options import Encoding, Lang, Records, Threads, examples, say_what_was_converted

EXAMPLES = examples(
    "drgpay group-visits visits.parquet --items visit_items.parquet --scheme open-apg-1\n"
    "--out entries.parquet",
    "drgpay group-visits visits/ --items visit_items/ --scheme open-apg-1 --policy policy.toml\n"
    "--catalogue apg-catalogue --hospitals hospitals.csv --out entries.parquet\n"
    "--visits-out points.parquet --findings findings/",
)


def group_visits(
    visits: Records,
    items: Annotated[Path, typer.Option(help="The service lines of the visits, likewise.")],
    scheme: Annotated[str, typer.Option(help="A scheme of kind apg: its id or its folder.")],
    out: Annotated[Path, typer.Option(help="The Parquet file of entries to write.")],
    policy: Annotated[
        str, typer.Option(help="A policy's id or its TOML file: its steps and discounts.")
    ] = "illustrative",
    catalogue: Annotated[
        Path | None,
        typer.Option(help="A catalogue of APGs; without one the entries' own cost orders them."),
    ] = None,
    hospitals: Annotated[
        Path | None,
        typer.Option(help="Table of hospitals: with a catalogue, for coefficients and points."),
    ] = None,
    visits_out: Annotated[
        Path | None, typer.Option(help="A Parquet file of visits with their points, too.")
    ] = None,
    findings: Annotated[
        Path | None, typer.Option(help="A folder to make for quarantined rows and warnings.")
    ] = None,
    visits_mapping: Annotated[
        str | None, typer.Option(help="How the columns of visits are named (a TOML file).")
    ] = None,
    items_mapping: Annotated[
        str | None, typer.Option(help="How the columns of lines are named (a TOML file).")
    ] = None,
    encoding: Encoding = None,
    lang: Annotated[Lang, typer.Option(help="Language of the findings.")] = Lang.zh,
    threads: Threads = None,
) -> None:
    """Group outpatient visits: entries with consolidation, discount and packaging, each with why.

    Entries are written by visit_id, in whatever order the visits and lines come.
    """
    keep_freed_memory()
    from drgpay.records.visits.tables import VisitInput
    from drgpay.run.visit_entries import VisitGrouping, write_entries

    grouping = VisitGrouping(scheme, policy, catalogue, hospitals)
    records = VisitInput(visits, items, visits_mapping, items_mapping, encoding)
    written = write_entries(
        records, grouping, out, visits_out, findings, console.progress_bar, lang.value, threads
    )
    for dataset in (written.records.visits, written.records.items):
        say_what_was_converted(dataset, lang.value)
    grouped = written.grouped
    counts = grouped.counted
    for text, read, valid, quarantined in (
        ("visits", counts.visits_read, counts.visits_valid, counts.visits_quarantined),
        ("lines", counts.lines_read, counts.lines_valid, counts.lines_quarantined),
    ):
        console.say(f"{read:,} {text} read = {valid:,} valid + {quarantined:,} quarantined")
    console.say(f"{counts.lines_netted:,} of the valid lines netted out with refunds")
    for table, kind, code, rows in grouped.findings.iter_rows():
        console.say(f"  {kind} of {table}: {code} {rows:,}", err=True)
    console.say(f"{grouped.entries:,} entries grouped with {scheme} into {out}")
