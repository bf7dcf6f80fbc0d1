"""`drgpay calibrate` and `drgpay calibrate-visits`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.options import (
    ClinicalCodes,
    Encoding,
    Groups,
    GroupsRuleOption,
    ItemsMapping,
    Mapping,
    Records,
    given_groups,
    say_what_was_converted,
)
from drgpay.cli.tables import AsFormat, Format, Only, give_tables, refuse_terminal

if TYPE_CHECKING:
    from collections import abc

    import polars as pl

    from drgpay.report.calibration import ReportedTables

STAYS_EXAMPLES = (
    "drgpay calibrate history/ --scheme chs-drg-2.0 --policy policy.toml --hospitals hospitals.csv\n"
    "--out catalogue-2026",
)
VISITS_EXAMPLES = (
    "drgpay calibrate-visits visits/ --items visit_items/ --scheme open-apg-1 --policy policy.toml\n"
    "--hospitals hospitals.csv --out apg-catalogue-2026",
)


def calibrate(
    stays: Records,
    scheme: Annotated[str, typer.Option()],
    policy: Annotated[str, typer.Option()],
    hospitals: Annotated[Path, typer.Option()],
    out: Annotated[Path, typer.Option()],
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    groups: Groups = None,
    groups_rule: GroupsRuleOption = None,
    as_format: AsFormat = Format.table,
    only: Only = None,
) -> None:
    """Make a catalogue: the points of every group and the coefficients of every hospital."""
    from drgpay.records.dataset import RecordsInput
    from drgpay.run.calibration import make_catalogue

    refuse_terminal(as_format)
    language, progress = chosen(), console.progress_bar
    given = given_groups(groups, groups_rule)
    records = RecordsInput(stays, mapping, encoding, clinical_codes, groups=given)
    made = make_catalogue(records, scheme, policy, hospitals, out, progress, language)
    beside = {"stay_rules": made.stay_rules, "group_findings": made.group_findings}
    give_report(made.report, out, as_format, only, beside)


def calibrate_visits(
    visits: Records,
    items: Annotated[Path, typer.Option()],
    scheme: Annotated[str, typer.Option()],
    policy: Annotated[str, typer.Option()],
    hospitals: Annotated[Path, typer.Option()],
    out: Annotated[Path, typer.Option()],
    previous: Annotated[Path | None, typer.Option()] = None,
    mapping: Mapping = None,
    items_mapping: ItemsMapping = None,
    encoding: Encoding = None,
    as_format: AsFormat = Format.table,
    only: Only = None,
) -> None:
    """Make a catalogue of APGs from outpatient visits, with coefficients by level."""
    from drgpay.records.visits.tables import VisitInput
    from drgpay.run.visit_calibration import make_visit_catalogue

    refuse_terminal(as_format)
    language, progress = chosen(), console.progress_bar
    records = VisitInput(visits, items, mapping, items_mapping, encoding)
    made = make_visit_catalogue(
        records, scheme, policy, hospitals, out, previous, progress, language
    )
    for dataset in (made.records.visits, made.records.items):
        say_what_was_converted(dataset)
    give_report(made.report, out, as_format, only)


def give_report(
    report: "ReportedTables",
    out: Path,
    as_format: Format,
    only: str | None,
    beside: "abc.Mapping[str, pl.DataFrame | None] | None" = None,
) -> None:
    """Print the report of a catalogue that lies in `out`, or its tables in a format for programs.

    beside: `stay_rules` and `group_findings`, what was found of the stays; None where nothing was.
    """
    from drgpay.report.calibration import console_report
    from drgpay.report.group_tables import group_findings_console
    from drgpay.report.point_notes import stay_rules_console

    found = {name: frame for name, frame in (beside or {}).items() if frame is not None}
    if as_format is not Format.table:
        give_tables({**report.files, **found}, as_format, only)
        return
    console.show(console_report(report, chosen()))
    views = {"stay_rules": stay_rules_console, "group_findings": group_findings_console}
    for name, frame in found.items():
        console.show(views[name](frame, chosen()))
    console.say(out)
