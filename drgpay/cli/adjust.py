"""`drgpay adjust`: overlays that change the groups of a scheme."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Language
from drgpay.cli import console
from drgpay.cli.options import (
    ClinicalCodes,
    Encoding,
    Lang,
    Mapping,
    Records,
    Threads,
    examples,
    say_what_was_converted,
)

if TYPE_CHECKING:
    from decimal import Decimal

    import polars as pl

    from drgpay.adjust.apply import Adjusted
    from drgpay.adjust.propose import Proposals
    from drgpay.adjust.stays import GroupedStays

APPLY_EXAMPLES = examples(
    "drgpay adjust apply overlay.toml --scheme chs-drg-2.0 --out city-2027",
    "drgpay adjust apply first.toml second.toml --scheme chs-drg-2.0 --out city-2027",
)
CHECK_EXAMPLES = examples(
    "drgpay adjust check overlay.toml --scheme chs-drg-2.0",
)
PROPOSE_EXAMPLES = examples(
    "drgpay adjust propose stays/ --scheme chs-drg-2.0 --out overlay.toml --table proposals.csv",
    "drgpay adjust propose stays/ --scheme chs-drg-2.0 --adrg FM1 --adrg FM3 --max-depth 3 --out overlay.toml",
)


class FeatureKind(StrEnum):
    """What a split may ask of a stay."""

    age = "age"
    age_band = "age_band"
    sex = "sex"
    severity = "severity"
    diagnosis = "diagnosis"
    procedure = "procedure"
    procedure_count = "procedure_count"
    discharge = "discharge"


Overlays = Annotated[
    list[Path], typer.Argument(help="Overlay files (TOML), applied one on another in this order.")
]
SchemeName = Annotated[str, typer.Option(help="The scheme to change: its id or its folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="Adjust the groups of a scheme: propose splits and merges, check and apply overlays.",
    )
    commands.command("propose", epilog=PROPOSE_EXAMPLES)(propose)
    commands.command("apply", epilog=APPLY_EXAMPLES)(apply)
    commands.command("check", epilog=CHECK_EXAMPLES)(check)
    app.add_typer(commands, name="adjust")


def apply(
    overlays: Overlays,
    scheme: SchemeName,
    out: Annotated[Path, typer.Option(help="The folder of the new scheme, to make.")],
    lang: Annotated[Lang, typer.Option(help="Language of the messages.")] = Lang.zh,
) -> None:
    """Make a new scheme of a scheme and overlays; refused if the check finds it unsound."""
    from drgpay.adjust.apply import apply_overlay
    from drgpay.adjust.overlay import read_overlay
    from drgpay.adjust.touched import touched_between

    made = apply_overlay(scheme, [read_overlay(path) for path in overlays], out)
    for warning in made.findings:
        console.say(f"{warning.table}.csv: {warning.message.said_in(lang.value)}", err=True)
    _say_touched(touched_between(made.before, made.after), lang.value)
    console.say(console.shown(out))


def check(
    overlays: Overlays,
    scheme: SchemeName,
    out: Annotated[
        Path | None, typer.Option(help="Write one row a change here (.csv or .parquet).")
    ] = None,
    show: Annotated[int, typer.Option(min=0, help="Changes of groups to print.")] = 20,
    lang: Annotated[Lang, typer.Option(help="Language of the tables.")] = Lang.zh,
) -> None:
    """Try overlays: what they change, which MDCs they touch, what the check finds in the result.

    Exit status 1 if the result is unsound, as `apply` would refuse it.
    """
    from drgpay.adjust.apply import try_overlay
    from drgpay.adjust.overlay import read_overlay
    from drgpay.adjust.touched import touched_between
    from drgpay.cli.scheme_diff import show_changes
    from drgpay.records.writing import write_table
    from drgpay.schemes.diff import diff_schemes

    language: Language = lang.value
    made = try_overlay(scheme, [read_overlay(path) for path in overlays])
    changes = diff_schemes(made.before, made.after)
    if out:
        write_table(changes, out)
    title = f"{made.before.info.id} → {made.after.info.id}"
    show_changes(changes, title, show, language)
    _print_findings(made, language)
    _say_touched(touched_between(made.before, made.after), language)
    if made.faults:
        raise typer.Exit(1)


def propose(
    stays: Records,
    scheme: SchemeName,
    out: Annotated[Path, typer.Option(help="The overlay to write (TOML).")],
    table: Annotated[
        Path | None, typer.Option(help="Write all proposals here (.csv or .parquet).")
    ] = None,
    drg: Annotated[
        list[str] | None, typer.Option(help="A DRG to look at; may be repeated.")
    ] = None,
    adrg: Annotated[
        list[str] | None, typer.Option(help="An ADRG to look at; may be repeated.")
    ] = None,
    grouped: Annotated[
        Path | None,
        typer.Option(
            help="Groups of the stays: case_id, status, drg; by default they are grouped."
        ),
    ] = None,
    min_cases: Annotated[int, typer.Option(min=2, help="Cases in each part of a split.")] = 100,
    max_depth: Annotated[int, typer.Option(min=1, max=5, help="Questions in a row.")] = 2,
    min_gain: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a group's variance to explain.")
    ] = 0.05,
    q: Annotated[
        float,
        typer.Option("--q", min=0, max=1, help="False discovery rate over the groups tested."),
    ] = 0.05,
    merge_below: Annotated[
        float, typer.Option(min=0, help="Merge neighbours whose means differ less; 0: never.")
    ] = 0.05,
    features: Annotated[
        list[FeatureKind] | None,
        typer.Option(help="What splits may ask; may be repeated; by default everything."),
    ] = None,
    by_length_of_stay: Annotated[
        bool, typer.Option("--by-length-of-stay", help="Let splits ask for the length of stay.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same overlay.")] = 0,
    overlay_id: Annotated[
        str | None, typer.Option("--id", help="Id of the new scheme; by default SCHEME-proposed.")
    ] = None,
    show: Annotated[int, typer.Option(min=0, help="Proposals to print.")] = 20,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    threads: Threads = None,
    lang: Annotated[Lang, typer.Option(help="Language of names, reasons and tables.")] = Lang.zh,
) -> None:
    """Look for splits and merges of groups worth making, by the costs of stays.

    Writes an overlay for `drgpay adjust apply`.
    """
    from drgpay.adjust.features import KINDS, Kind
    from drgpay.adjust.overlay import overlay_toml
    from drgpay.adjust.propose import Choices
    from drgpay.adjust.propose import propose as find_proposals
    from drgpay.adjust.proposed import proposed
    from drgpay.adjust.stays import read_stays
    from drgpay.base.file_rights import BY_UMASK
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.records.dataset import RecordsInput
    from drgpay.records.folder import refuse_overwriting
    from drgpay.records.writing import staged_file, write_table

    language: Language = lang.value
    kinds: tuple[Kind, ...] = tuple(one.value for one in features) if features else KINDS
    if by_length_of_stay:
        kinds = (*kinds, "length_of_stay")
    choices = Choices(
        min_cases=min_cases,
        max_depth=max_depth,
        min_gain=min_gain,
        merge_below=merge_below,
        q=q,
        seed=seed,
        kinds=kinds,
        drgs=tuple(drg or ()),
        adrgs=tuple(adrg or ()),
    )
    for path in (out, table):
        refuse_overwriting(path, [stays, grouped])
    compiled = load_compiled(scheme)
    dataset = RecordsInput(stays, mapping, encoding, clinical_codes).open(compiled.code_system)
    with console.progress_bar("grouping", dataset.rows) as advance:
        read = read_stays(dataset, compiled, grouped, advance, threads)
    say_what_was_converted(dataset, language)
    found = find_proposals(read, compiled.scheme, choices, threads)
    made = proposed(found, read, compiled.scheme, language, overlay_id)
    if table:
        write_table(made.table, table)
    with staged_file(out, BY_UMASK) as staged:
        staged.write_text(overlay_toml(made.overlay), encoding="utf-8")
    _print_proposals(made.table, found, read, show, language)
    for path in (table, out):
        if path:
            console.say(console.shown(path))


def _say_touched(mdcs: frozenset[str], language: Language) -> None:
    from drgpay.adjust.wording import say

    key = "touched" if mdcs else "touched_none"
    console.say(say(key, language, mdcs=" ".join(sorted(mdcs))))


def _print_findings(made: "Adjusted", language: Language) -> None:
    import polars as pl

    from drgpay.adjust.wording import say
    from drgpay.show.tables import ReportTable

    rows = []
    faults = made.new_faults()
    for found in made.findings:
        level = "error" if found in faults else "warning"
        words = found.message.said_in(language), found.remedy.said_in(language)
        rows.append((level, found.table, found.subject, *words))
    for one in made.nowhere:
        level = "warning" if one.code in made.accepted_nowhere else "error"
        kind = say(f"kind_{one.kind}", language)
        words = say(f"nowhere_{one.level}", language, kind=kind, code=one.code), ""
        rows.append((level, "sets", one.code, *words))
    if not rows:
        console.show(say("sound", language, id=made.after.info.id))
        return
    heads = ("severity_head", "table", "subject", "message", "remedy")
    frame = pl.DataFrame(rows, dict.fromkeys(heads, pl.String), orient="row")
    worded, styles = frozenset({"severity_head"}), ("severity_head", {"error": "red"})
    table = ReportTable("", frame, worded=worded, styles=styles)
    console.show_blocks(table, say=lambda key: say(key, language))
    errors = sum(row[0] == "error" for row in rows)
    facts = {"id": made.after.info.id, "errors": errors, "warnings": len(rows) - errors}
    console.show(say("faults", language, **facts))


def _print_proposals(
    table: "pl.DataFrame",
    found: "Proposals",
    stays: "GroupedStays",
    show: int,
    language: Language,
) -> None:
    import polars as pl

    from drgpay.adjust.wording import say

    splits = table.filter(pl.col("kind") == "split")
    if splits.is_empty():
        console.show(say("no_split", language))
    else:
        _show_splits(splits, show, language)
    merges = table.filter(pl.col("kind") == "merge")
    if merges.height:
        _show_merges(merges, show, language)
    facts = {
        "stays": f"{found.stays:,}",
        "groups": found.groups,
        "before": f"{found.r2:.4f}",
        "after": f"{found.r2_after:.4f}",
        "high_cv": len(found.high_cv),
        "few_cases": len(found.few_cases),
        "least": found.choices.min_cases,
    }
    console.say(say("looked_at", language, **facts))
    tests = {"groups": found.tested_groups, "tests": f"{found.tests:,}", "q": found.choices.q}
    taken = {"taken": found.beyond_chance, "splits": len(found.splits)}
    console.say(say("tested", language, **tests, **taken))
    left = stays.left_out
    if any(left.values()):
        names = {"not_grouped": "not grouped", "not_paid": "not paid by DRG"}
        numbers = {key: f"{left[name]:,}" for key, name in names.items()}
        numbers["no_cost"] = f"{left['without a cost']:,}"
        console.say(say("left_out", language, **numbers))


def _show_splits(splits: "pl.DataFrame", show: int, language: Language) -> None:
    """Print the splits that explain most of the scheme, these first."""
    import polars as pl

    from drgpay.adjust.wording import say
    from drgpay.show.tables import ReportTable, Sentence

    order = splits.unique("drg").sort(["gain_scheme", "drg"], descending=[True, False])["drg"]
    rows = []
    rest = say("rest", language)
    for drg in order.head(show):
        for row in splits.filter(pl.col("drg") == drg).iter_rows(named=True):
            told = (
                f"{row['gain_group_cv']:.1%}",
                f"{row['gain_scheme']:.4%}",
                f"{row['hospitals_held']}/{row['hospitals_judged']}",
            )
            rows.append(
                (
                    *(drg, row["code"], row["rule"] or rest),
                    *(row["cases"], row["mean_cost"], _cv(row["cv"])),
                    *(told if row["part"] == 1 else ("", "", "")),
                )
            )
    gains = ("gain_group_cv", "gain_scheme", "stability")
    names = [*("drg", "code", "part", "cases", "mean_cost", "cv"), *gains]
    table = ReportTable(
        "splits",
        pl.DataFrame(rows, names, orient="row"),
        title=say("splits", language, count=len(order)),
        numbers=frozenset({"cv", *gains}),
        may_go=("stability", "gain_group_cv", "cv"),
        parted="drg",
    )
    console.show_blocks(table, say=lambda key: say(key, language))
    if len(order) > show:
        more = say("more", language, rest=len(order) - show, out="--table")
        console.show_blocks(Sentence(more), say=lambda key: say(key, language))


def _show_merges(merges: "pl.DataFrame", show: int, language: Language) -> None:
    import polars as pl

    from drgpay.adjust.wording import say
    from drgpay.show.tables import ReportTable

    rows = [
        (
            *(row["drg"], row["code"], row["cases"], row["mean_cost"], _cv(row["cv"])),
            f"{row['gain_scheme']:.4%}" if row["part"] == 1 else "",
        )
        for row in merges.head(2 * show).iter_rows(named=True)
    ]
    names = ["drg", "code", "cases", "mean_cost", "cv", "gain_scheme"]
    table = ReportTable(
        "merges",
        pl.DataFrame(rows, names, orient="row"),
        title=say("merges", language, count=int((merges["part"] == 1).sum())),
        numbers=frozenset({"cv", "gain_scheme"}),
    )
    console.show_blocks(table, say=lambda key: say(key, language))


def _cv(value: "Decimal | float | None") -> str:
    return "–" if value is None else f"{value:.2f}"
