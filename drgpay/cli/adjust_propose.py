"""`drgpay adjust propose`, `split` and `merge`: changes of groups that costs speak for."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Language, chosen
from drgpay.cli import console
from drgpay.cli.commands import add_command
from drgpay.cli.options import (
    ClinicalCodes,
    Encoding,
    Mapping,
    Records,
    Threads,
    say_what_was_converted,
)
from drgpay.cli.tables import AsFormat, Format, give_tables, refuse_terminal

if TYPE_CHECKING:
    from decimal import Decimal

    import polars as pl

    from drgpay.adjust.propose import Choices, Proposals
    from drgpay.adjust.stays import GroupedStays
    from drgpay.records.dataset import RecordsInput

PROPOSE_EXAMPLES = (
    "drgpay adjust propose stays/ --scheme chs-drg-2.0 --out overlay.toml --table proposals.csv",
)
SPLIT_EXAMPLES = (
    "drgpay adjust split stays/ --scheme chs-drg-2.0 --adrg FM1 --adrg FM3 --max-depth 3\n"
    "--out overlay.toml",
)
MERGE_EXAMPLES = (
    "drgpay adjust merge stays/ --scheme chs-drg-2.0 --merge-below 0.1 --out overlay.toml",
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
    length_of_stay = "length_of_stay"


SchemeName = Annotated[str, typer.Option()]
OverlayOut = Annotated[Path, typer.Option()]
Table = Annotated[Path | None, typer.Option()]
Grouped = Annotated[Path | None, typer.Option()]
OnlyDrgs = Annotated[list[str] | None, typer.Option()]
OnlyAdrgs = Annotated[list[str] | None, typer.Option()]
MergeBelow = Annotated[float, typer.Option(min=0)]
MinCases = Annotated[int, typer.Option(min=2)]
OverlayId = Annotated[str | None, typer.Option("--id")]
Show = Annotated[int, typer.Option(min=0)]


@dataclass(frozen=True)
class _Leave:
    """What is left of proposals: the overlay, a table of all of them, and what is printed."""

    out: Path
    table: Path | None
    overlay_id: str | None
    show: int
    as_format: Format


def register(commands: typer.Typer) -> None:
    """Add the commands to `drgpay adjust`."""
    add_command(commands, propose, PROPOSE_EXAMPLES)
    add_command(commands, split, SPLIT_EXAMPLES)
    add_command(commands, merge, MERGE_EXAMPLES)


def propose(
    stays: Records,
    scheme: SchemeName,
    out: OverlayOut,
    drg: OnlyDrgs = None,
    adrg: OnlyAdrgs = None,
    min_cases: MinCases = 100,
    merge_below: MergeBelow = 0.05,
    table: Table = None,
    grouped: Grouped = None,
    overlay_id: OverlayId = None,
    show: Show = 20,
    as_format: AsFormat = Format.table,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    threads: Threads = None,
) -> None:
    """Look for splits and merges of groups worth making, by the costs of stays.

    Writes an overlay for `drgpay adjust apply`.
    """
    from drgpay.adjust.propose import Choices
    from drgpay.records.dataset import RecordsInput

    records = RecordsInput(stays, mapping, encoding, clinical_codes)
    leave = _Leave(out, table, overlay_id, show, as_format)
    choices = Choices(
        min_cases=min_cases,
        merge_below=merge_below,
        drgs=tuple(drg or ()),
        adrgs=tuple(adrg or ()),
    )
    _propose(records, grouped, scheme, choices, leave, threads)


def split(
    stays: Records,
    scheme: SchemeName,
    out: OverlayOut,
    drg: OnlyDrgs = None,
    adrg: OnlyAdrgs = None,
    features: Annotated[list[FeatureKind] | None, typer.Option()] = None,
    min_cases: MinCases = 100,
    max_depth: Annotated[int, typer.Option(min=1, max=5)] = 2,
    min_gain: Annotated[float, typer.Option(min=0, max=1)] = 0.05,
    q: Annotated[float, typer.Option("--q", min=0, max=1)] = 0.05,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    table: Table = None,
    grouped: Grouped = None,
    overlay_id: OverlayId = None,
    show: Show = 20,
    as_format: AsFormat = Format.table,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    threads: Threads = None,
) -> None:
    """Look for splits of groups alone, with limits of one's own."""
    from drgpay.adjust.features import KINDS, Kind
    from drgpay.adjust.propose import Choices
    from drgpay.records.dataset import RecordsInput

    kinds: tuple[Kind, ...] = tuple(one.value for one in features) if features else KINDS
    choices = Choices(
        min_cases=min_cases,
        max_depth=max_depth,
        min_gain=min_gain,
        merge_below=0,
        q=q,
        seed=seed,
        kinds=kinds,
        drgs=tuple(drg or ()),
        adrgs=tuple(adrg or ()),
    )
    records = RecordsInput(stays, mapping, encoding, clinical_codes)
    leave = _Leave(out, table, overlay_id, show, as_format)
    _propose(records, grouped, scheme, choices, leave, threads)


def merge(
    stays: Records,
    scheme: SchemeName,
    out: OverlayOut,
    drg: OnlyDrgs = None,
    adrg: OnlyAdrgs = None,
    merge_below: MergeBelow = 0.05,
    min_cases: MinCases = 100,
    table: Table = None,
    grouped: Grouped = None,
    overlay_id: OverlayId = None,
    show: Show = 20,
    as_format: AsFormat = Format.table,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    threads: Threads = None,
) -> None:
    """Look for neighbouring groups alone whose costs differ too little to keep them apart."""
    from drgpay.adjust.propose import Choices
    from drgpay.records.dataset import RecordsInput

    choices = Choices(
        min_cases=min_cases,
        merge_below=merge_below,
        kinds=(),
        drgs=tuple(drg or ()),
        adrgs=tuple(adrg or ()),
    )
    records = RecordsInput(stays, mapping, encoding, clinical_codes)
    leave = _Leave(out, table, overlay_id, show, as_format)
    _propose(records, grouped, scheme, choices, leave, threads)


def _propose(
    records: "RecordsInput",
    grouped: Path | None,
    scheme: str,
    choices: "Choices",
    leave: _Leave,
    threads: int | None,
) -> None:
    from drgpay.adjust.overlay import overlay_toml
    from drgpay.adjust.propose import propose as find_proposals
    from drgpay.adjust.proposed import proposed
    from drgpay.adjust.stays import read_stays
    from drgpay.base.file_rights import BY_UMASK
    from drgpay.grouper.compiled_cache import load_compiled
    from drgpay.records.folder import refuse_overwriting
    from drgpay.records.writing import staged_file, write_table

    language = chosen()
    refuse_terminal(leave.as_format)
    for path in (leave.out, leave.table):
        refuse_overwriting(path, [records.path, grouped])
    compiled = load_compiled(scheme)
    dataset = records.open(compiled.code_system)
    with console.progress_bar("grouping", dataset.rows) as advance:
        read = read_stays(dataset, compiled, grouped, advance, threads)
    say_what_was_converted(dataset)
    found = find_proposals(read, compiled.scheme, choices, threads)
    made = proposed(found, read, compiled.scheme, language, leave.overlay_id)
    if leave.table:
        write_table(made.table, leave.table)
    with staged_file(leave.out, BY_UMASK) as staged:
        staged.write_text(overlay_toml(made.overlay), encoding="utf-8")
    if leave.as_format is not Format.table:
        give_tables({"proposals": made.table}, leave.as_format)
        return
    _print_proposals(made.table, found, read, leave.show, language)
    for path in (leave.table, leave.out):
        if path:
            console.say(console.shown(path))


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
