"""`drgpay calibrate`."""

from pathlib import Path
from typing import Annotated

import typer

from drgpay.cli import console
from drgpay.cli.options import (
    ClinicalCodes,
    Encoding,
    Lang,
    Mapping,
    examples,
    say_what_was_converted,
)

EXAMPLES = examples(
    "drgpay calibrate history/ --scheme chs-drg-2.0 --policy policy.toml --hospitals hospitals.csv\n"
    "--out catalogue-2026",
    "drgpay calibrate visits/ --items visit_items/ --scheme open-apg-1 --policy policy.toml\n"
    "--hospitals hospitals.csv --out apg-catalogue-2026",
)


def calibrate(
    records: Annotated[
        Path, typer.Argument(help="Stays of past years, or with --items visits: Parquet or CSV.")
    ],
    scheme: Annotated[str, typer.Option(help="A scheme's id or its folder.")],
    policy: Annotated[str, typer.Option(help="A policy's id or its TOML file.")],
    hospitals: Annotated[Path, typer.Option(help="Table of hospitals, CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The catalogue's folder to make.")],
    items: Annotated[
        Path | None, typer.Option(help="The service lines of visits: make a catalogue of APGs.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(help="With --items: a catalogue of APGs that weighs what is packaged."),
    ] = None,
    mapping: Mapping = None,
    items_mapping: Annotated[
        str | None, typer.Option(help="With --items: how the columns of lines are named.")
    ] = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    lang: Annotated[Lang, typer.Option(help="Language of the report.")] = Lang.zh,
) -> None:
    """Make a catalogue: the points of every group and the coefficients of every hospital.

    With --items it is made from outpatient visits, with coefficients by level.
    """
    from drgpay.base.errors import DrgpayError
    from drgpay.report.calibration import console_report

    progress = console.progress_bar
    if items:
        if clinical_codes:
            raise DrgpayError(
                "--clinical-codes is for stays", "leave it out: visits have insurance codes"
            )
        from drgpay.records.visits.tables import VisitInput
        from drgpay.run.visit_calibration import make_visit_catalogue

        visits = VisitInput(records, items, mapping, items_mapping, encoding)
        of_visits = make_visit_catalogue(
            visits, scheme, policy, hospitals, out, previous, progress, lang.value
        )
        for dataset in (of_visits.records.visits, of_visits.records.items):
            say_what_was_converted(dataset, lang.value)
        console.show(console_report(of_visits.report, lang.value))
        console.say(out)
        return
    if previous or items_mapping:
        raise DrgpayError(
            "--previous and --items-mapping are for visits", "give their lines with --items"
        )
    from drgpay.records.dataset import RecordsInput
    from drgpay.report.point_notes import stay_rules_console
    from drgpay.run.calibration import make_catalogue

    stays = RecordsInput(records, mapping, encoding, clinical_codes)
    made = make_catalogue(stays, scheme, policy, hospitals, out, progress, lang.value)
    console.show(console_report(made.report, lang.value))
    if made.stay_rules is not None:
        console.show(stay_rules_console(made.stay_rules, lang.value))
    console.say(out)
