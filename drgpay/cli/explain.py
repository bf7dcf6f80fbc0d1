"""`drgpay explain`, `explain-stay` and `explain-visit`: how one was grouped, and why."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.base.words import Sentences
from drgpay.cli import console
from drgpay.cli.options import AsJson, ClinicalCodes, Encoding, ItemsMapping, Mapping, Records

if TYPE_CHECKING:
    from drgpay.explain.trace import Trace

_ERRORS = Sentences("errors/cli")
STAYS_EXAMPLES = (
    "drgpay explain stays.parquet --case 1004 --scheme chs-drg-2.0 --what-if",
    "drgpay explain stays/ --case 1004 --scheme zj-drg-2022 --json > trace.json",
)
STAY_EXAMPLES = (
    "drgpay explain-stay --scheme chs-drg-1.1 --sex 2 --age 88 --diagnosis K22.301\n"
    "--diagnosis K11.901 --procedure 96.0800x005",
)
VISIT_EXAMPLES = (
    "drgpay explain-visit visits.parquet --visit V1004 --items visit_items.parquet --scheme open-apg-1\n"
    "--catalogue apg-catalogue --policy policy.toml --hospitals hospitals.csv",
)

WhatIf = Annotated[bool, typer.Option("--what-if")]
Full = Annotated[bool, typer.Option("--full/--brief")]
SchemeInForce = Annotated[str | None, typer.Option()]


def explain(
    stays: Records,
    case: Annotated[str, typer.Option()],
    scheme: SchemeInForce = None,
    what_if: WhatIf = False,
    full: Full = False,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    as_json: AsJson = False,
) -> None:
    """Explain one stay of a file: every rule tried, what decided it, what was narrowly missed."""
    from drgpay.explain.code_names import CodeNames
    from drgpay.explain.stays import find_case
    from drgpay.explain.tracing import explain_stay as traced
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.grouper.scheme import scheme_in_force
    from drgpay.records.dataset import RecordsInput

    compiled = load_compiled(scheme or scheme_in_force(date.today()))
    system = compiled.scheme.info.code_system
    records = RecordsInput(stays, mapping, encoding, clinical_codes)
    found = find_case(records.open(system), compiled, case)
    _give(traced(compiled, found, CodeNames.of(system), case, what_if), as_json, full)


def explain_stay(
    scheme: SchemeInForce = None,
    diagnosis: Annotated[list[str] | None, typer.Option()] = None,
    procedure: Annotated[list[str] | None, typer.Option()] = None,
    sex: Annotated[float | None, typer.Option()] = None,
    age: Annotated[float | None, typer.Option()] = None,
    age_days: Annotated[float | None, typer.Option()] = None,
    weight_g: Annotated[float | None, typer.Option()] = None,
    department: Annotated[str | None, typer.Option()] = None,
    length_of_stay: Annotated[float | None, typer.Option()] = None,
    discharge_type: Annotated[float | None, typer.Option()] = None,
    what_if: WhatIf = False,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Explain a stay that is typed: what is not typed is unknown, as in a record without it."""
    from drgpay.explain.code_names import CodeNames
    from drgpay.explain.tracing import explain_stay as traced
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.grouper.reference import Stay
    from drgpay.grouper.scheme import scheme_in_force

    diagnoses = diagnosis or []
    stay = Stay(
        principal_diagnosis=diagnoses[0] if diagnoses else None,
        sex=sex,
        age=age,
        other_diagnoses=tuple(diagnoses[1:]),
        procedures=tuple(procedure or ()),
        department=department,
        age_days=age_days,
        weight_g=weight_g,
        length_of_stay=length_of_stay,
        discharge_type=discharge_type,
    )
    if all(value in (None, ()) for value in stay.__dict__.values()):
        raise DrgpayError(*_ERRORS("no_stay"))
    compiled = load_compiled(scheme or scheme_in_force(date.today()))
    names = CodeNames.of(compiled.scheme.info.code_system)
    _give(traced(compiled, stay, names, None, what_if), as_json, full)


def explain_visit(
    visits: Records,
    visit: Annotated[str, typer.Option()],
    items: Annotated[Path, typer.Option()],
    scheme: Annotated[str, typer.Option()],
    catalogue: Annotated[Path | None, typer.Option()] = None,
    policy: Annotated[str, typer.Option()] = "illustrative",
    hospitals: Annotated[Path | None, typer.Option()] = None,
    mapping: Mapping = None,
    items_mapping: ItemsMapping = None,
    encoding: Encoding = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Explain one outpatient visit: its groups, what became of each of its entries, its points."""
    from drgpay.records.visits.tables import VisitInput
    from drgpay.report.entry_reasons import entry_view, visit_json
    from drgpay.report.trace_console import visit_view
    from drgpay.run.explained_visit import explained_visit
    from drgpay.run.visit_entries import VisitGrouping

    language = chosen()
    records = VisitInput(visits, items, mapping, items_mapping, encoding)
    grouping = VisitGrouping(scheme, policy, catalogue, hospitals)
    found = explained_visit(records, visit, grouping)
    entries, points, rules = found.entries, found.points, found.rules
    if as_json:
        console.give_json(visit_json(found.trace, entries, points, rules, language))
        return
    console.show(visit_view(found.trace, language, full))
    console.show(entry_view(entries, points, found.names, rules, found.all_mean_fen, language))


def _give(trace: "Trace", as_json: bool, full: bool) -> None:
    if as_json:
        from drgpay.explain.trace import trace_json

        console.give_json(trace_json(trace))
    else:
        from drgpay.report.trace_console import trace_view

        console.show(trace_view(trace, chosen(), full))
