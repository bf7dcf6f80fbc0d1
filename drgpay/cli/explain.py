"""`drgpay explain`."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.cli import console
from drgpay.cli.options import ClinicalCodes, Encoding, Lang, Mapping, examples

if TYPE_CHECKING:
    from drgpay.grouper.reference import Stay
    from drgpay.records.visits.tables import VisitInput
    from drgpay.run.visit_entries import VisitGrouping

EXAMPLES = examples(
    "drgpay explain stays.parquet --case 1004 --scheme chs-drg-2.0 --what-if",
    "drgpay explain --stay --scheme chs-drg-1.1 --sex 2 --age 88 --diagnosis K22.301 --diagnosis K11.901 --procedure 96.0800x005",
    "drgpay explain stays/ --case 1004 --scheme zj-drg-2022 --json > trace.json",
    "drgpay explain visits.parquet --visit V1004 --items visit_items.parquet --scheme open-apg-1\n"
    "--catalogue apg-catalogue --policy policy.toml --hospitals hospitals.csv",
)


def explain(
    stays: Annotated[
        Path | None, typer.Argument(help="Parquet or CSV: a file, folder or partitioned dataset.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="The case_id of the stay to explain.")] = None,
    scheme: Annotated[
        str | None,
        typer.Option(help="A scheme's id or its folder; by default the one in force today."),
    ] = None,
    stay: Annotated[
        bool,
        typer.Option(
            "--stay", help="Explain the stay typed with the options below; they say so too."
        ),
    ] = False,
    sex: Annotated[float | None, typer.Option(help="1 male, 2 female.")] = None,
    age: Annotated[float | None, typer.Option(help="Years.")] = None,
    age_days: Annotated[float | None, typer.Option(help="Days, for age 0.")] = None,
    weight_g: Annotated[float | None, typer.Option(help="A newborn's weight in grams.")] = None,
    department: Annotated[str | None, typer.Option(help="Department of discharge.")] = None,
    length_of_stay: Annotated[float | None, typer.Option(help="Days.")] = None,
    discharge_type: Annotated[
        float | None, typer.Option(help="1 ordered, 2 transfer, 3 community, 4 left, 5 died.")
    ] = None,
    diagnosis: Annotated[
        list[str] | None, typer.Option(help="Repeatable; the first is the principal diagnosis.")
    ] = None,
    procedure: Annotated[
        list[str] | None, typer.Option(help="Repeatable; the first is the principal procedure.")
    ] = None,
    what_if: Annotated[
        bool,
        typer.Option(
            "--what-if",
            help="Also the result with each other diagnosis as principal, without each procedure.",
        ),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full/--brief", help="Show every rule tried, or the path alone.")
    ] = False,
    visit: Annotated[
        str | None, typer.Option(help="The visit_id of the outpatient visit to explain.")
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help="With --visit: the service lines of the visits.")
    ] = None,
    items_mapping: Annotated[
        str | None, typer.Option(help="With --visit: how the columns of lines are named.")
    ] = None,
    catalogue: Annotated[
        Path | None, typer.Option(help="With --visit: a catalogue of APGs, for base points.")
    ] = None,
    policy: Annotated[
        str, typer.Option(help="With --visit: a policy's id or TOML file, for its steps.")
    ] = "illustrative",
    hospitals: Annotated[
        Path | None, typer.Option(help="With --visit: table of hospitals, for points by level.")
    ] = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    json: Annotated[bool, typer.Option("--json", help="The whole trace as JSON.")] = False,
    lang: Annotated[Lang, typer.Option(help="Language of the explanation.")] = Lang.zh,
) -> None:
    """Explain one stay or visit: every rule tried, what decided it, and what was narrowly missed.

    Of a visit also what became of each of its entries, and its points.
    """
    from drgpay.explain.code_names import CodeNames
    from drgpay.explain.stays import find_case
    from drgpay.explain.trace import trace_json
    from drgpay.explain.tracing import explain_stay
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.grouper.reference import Stay
    from drgpay.grouper.scheme import scheme_in_force
    from drgpay.records.dataset import RecordsInput
    from drgpay.records.visits.tables import VisitInput
    from drgpay.report.trace_console import trace_view
    from drgpay.run.visit_entries import VisitGrouping

    diagnoses, procedures = diagnosis or [], procedure or []
    typed = Stay(
        principal_diagnosis=diagnoses[0] if diagnoses else None,
        sex=sex,
        age=age,
        other_diagnoses=tuple(diagnoses[1:]),
        procedures=tuple(procedures),
        department=department,
        age_days=age_days,
        weight_g=weight_g,
        length_of_stay=length_of_stay,
        discharge_type=discharge_type,
    )
    if visit is not None or items is not None:
        typed_too = bool(case or stay or _typed_values(typed) or what_if or clinical_codes)
        if stays is None or visit is None or items is None or scheme is None or typed_too:
            raise DrgpayError(
                "a visit is explained by a file of visits, --visit, --items and --scheme alone",
                "give these four, and leave out the options of stays",
            )
        records = VisitInput(stays, items, mapping, items_mapping, encoding)
        grouping = VisitGrouping(scheme, policy, catalogue, hospitals)
        _explain_visit(records, visit, grouping, json, lang, full)
        return
    _refuse_mixture(stays, case, stay, typed)
    compiled = load_compiled(scheme or scheme_in_force(date.today()))
    system = compiled.scheme.info.code_system
    found = typed
    if stays and case:
        of_stays = RecordsInput(stays, mapping, encoding, clinical_codes)
        found = find_case(of_stays.open(system), compiled, case)
    names = CodeNames.of(system)
    trace = explain_stay(compiled, found, names, case, what_if)
    if json:
        console.give_json(trace_json(trace))
    else:
        console.show(trace_view(trace, lang.value, full))


def _explain_visit(
    records: "VisitInput", visit: str, grouping: "VisitGrouping", json: bool, lang: Lang, full: bool
) -> None:
    """The groups of the lines and of the visit, then the steps from entries to points."""
    from drgpay.report.entry_reasons import entry_view, visit_json
    from drgpay.report.trace_console import visit_view
    from drgpay.run.explained_visit import explained_visit

    found = explained_visit(records, visit, grouping)
    if json:
        console.give_json(
            visit_json(found.trace, found.entries, found.points, found.rules, lang.value)
        )
        return
    console.show(visit_view(found.trace, lang.value, full))
    console.show(
        entry_view(
            found.entries, found.points, found.names, found.rules, found.all_mean_fen, lang.value
        )
    )


def _typed_values(typed: "Stay") -> list[str]:
    return [name for name, value in typed.__dict__.items() if value not in (None, ())]


def _refuse_mixture(stays: Path | None, case: str | None, stay: bool, typed: "Stay") -> None:
    """One stay, named in a file or typed."""
    if stay:
        if stays or case:
            raise DrgpayError(
                "--stay was given together with a file or --case",
                "leave out --stay, or the file and --case",
            )
        return
    given = _typed_values(typed)
    if given and (stays or case):
        raise DrgpayError(
            f"the stay was typed ({', '.join(given)}) beside a file or --case",
            "leave out what was typed, or the file and --case",
        )
    if not given and not (stays and case):
        raise DrgpayError(
            "no stay was named",
            "give a file and --case, or type the stay, as in --diagnosis I10.x00",
        )
