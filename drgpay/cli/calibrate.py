"""`drgpay calibrate` and `drgpay calibrate-visits`."""

from pathlib import Path
from typing import Annotated

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
) -> None:
    """Make a catalogue: the points of every group and the coefficients of every hospital."""
    from drgpay.records.dataset import RecordsInput
    from drgpay.report.calibration import console_report
    from drgpay.report.group_tables import group_findings_console
    from drgpay.report.point_notes import stay_rules_console
    from drgpay.run.calibration import make_catalogue

    language, progress = chosen(), console.progress_bar
    given = given_groups(groups, groups_rule)
    records = RecordsInput(stays, mapping, encoding, clinical_codes, groups=given)
    made = make_catalogue(records, scheme, policy, hospitals, out, progress, language)
    console.show(console_report(made.report, language))
    if made.stay_rules is not None:
        console.show(stay_rules_console(made.stay_rules, language))
    if made.group_findings is not None:
        console.show(group_findings_console(made.group_findings, language))
    console.say(out)


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
) -> None:
    """Make a catalogue of APGs from outpatient visits, with coefficients by level."""
    from drgpay.records.visits.tables import VisitInput
    from drgpay.report.calibration import console_report
    from drgpay.run.visit_calibration import make_visit_catalogue

    language, progress = chosen(), console.progress_bar
    records = VisitInput(visits, items, mapping, items_mapping, encoding)
    made = make_visit_catalogue(
        records, scheme, policy, hospitals, out, previous, progress, language
    )
    for dataset in (made.records.visits, made.records.items):
        say_what_was_converted(dataset)
    console.show(console_report(made.report, language))
    console.say(out)
