"""`drgpay scheme diff` and `drgpay scheme migrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Language, chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.commands import add_command
from drgpay.cli.options import ClinicalCodes, Encoding, Mapping, Records, Threads
from drgpay.cli.tables import AsFormat, Format, give_tables, refuse_terminal

if TYPE_CHECKING:
    import polars as pl

    from drgpay.show.tables import Say

DIFF_EXAMPLES = (
    "drgpay scheme diff chs-drg-1.1 chs-drg-2.0 --out changes.csv",
    "drgpay scheme diff chs-drg-1.1 chs-drg-2.0 --format json > changes.json",
)
MIGRATE_EXAMPLES = ("drgpay scheme migrate chs-drg-2.0 my-scheme/ stays/ --out migration.parquet",)


def register(commands: typer.Typer) -> None:
    """Add the commands to `drgpay scheme`."""
    add_command(commands, diff, DIFF_EXAMPLES)
    add_command(commands, migrate, MIGRATE_EXAMPLES)


def diff(
    before: Annotated[str, typer.Argument()],
    after: Annotated[str, typer.Argument()],
    out: Annotated[Path | None, typer.Option()] = None,
    as_format: AsFormat = Format.table,
    show: Annotated[int, typer.Option(min=0)] = 20,
) -> None:
    """Compare two schemes: groups, rules, code sets, MCC and CC, exclusions."""
    from drgpay.grouper.scheme import load_scheme
    from drgpay.records.writing import write_table
    from drgpay.schemes.diff import diff_schemes

    refuse_terminal(as_format, out)
    schemes = load_scheme(before), load_scheme(after)
    changes = diff_schemes(*schemes)
    if as_format is not Format.table:
        give_tables({"changes": changes}, as_format, out=out)
        return
    if out:
        write_table(changes, out)
    title = f"{schemes[0].info.id} → {schemes[1].info.id}"
    show_changes(changes, title, show, chosen())
    if out:
        console.say(console.shown(out))


def migrate(
    before: Annotated[str, typer.Argument()],
    after: Annotated[str, typer.Argument()],
    stays: Records,
    out: Annotated[Path | None, typer.Option()] = None,
    as_format: AsFormat = Format.table,
    show: Annotated[int, typer.Option(min=0)] = 20,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    threads: Threads = None,
) -> None:
    """Group stays under two schemes: how many go from which group to which."""
    from drgpay.grouper.compiled import compile_scheme
    from drgpay.grouper.scheme import load_scheme
    from drgpay.records.dataset import RecordsInput
    from drgpay.records.writing import write_table
    from drgpay.schemes.diff import migration

    refuse_terminal(as_format, out)
    schemes = load_scheme(before), load_scheme(after)
    records = RecordsInput(stays, mapping, encoding, clinical_codes)
    dataset = records.open(schemes[0].info.code_system)
    compiled = compile_scheme(schemes[0]), compile_scheme(schemes[1])
    with console.progress_bar("grouping", dataset.rows) as advance:
        matrix = migration(dataset, *compiled, advance, threads)
    if as_format is not Format.table:
        give_tables({"moves": matrix}, as_format, out=out)
        return
    if out:
        write_table(matrix, out)
    _show_moves(matrix, show, chosen())
    if out:
        console.say(console.shown(out))


_said = Wording("scheme_diff").said
_GROUP_LEVELS = ("option", "mdc", "adrg", "drg")


def show_changes(changes: "pl.DataFrame", title: str, show: int, language: Language) -> None:
    """Print how many changes there are of each kind, and the first changes of groups."""
    import polars as pl

    from drgpay.schemes.diff import summary
    from drgpay.show.tables import ReportTable, Sentence

    counts = ReportTable("summary", _in_words(summary(changes), language), title=title)
    console.show_blocks(counts, say=_speaker(language))
    if changes.is_empty():
        console.show_blocks(Sentence(_said("same", language)), say=_speaker(language))
    elif show:
        groups = changes.filter(pl.col("level").is_in(_GROUP_LEVELS))
        shown = groups.head(show)
        title = _said("groups", language, shown=shown.height, all=f"{groups.height:,}")
        table = ReportTable("groups", _in_words(shown, language), title=title)
        console.show_blocks(table, say=_speaker(language))


def _show_moves(matrix: "pl.DataFrame", show: int, language: Language) -> None:
    import polars as pl

    from drgpay.show.tables import ReportTable

    moves = matrix.filter(pl.col("from_group") != pl.col("to_group")).sort(
        ["cases", "from_group", "to_group"], descending=[True, False, False]
    )
    whole, moved = int(matrix["cases"].sum()), int(moves["cases"].sum())
    shown = moves.head(show)
    share = f"{moved / whole:.2%}" if whole else "–"
    facts = {"stays": f"{whole:,}", "moved": f"{moved:,}", "share": share}
    title = _said("moves", language, shown=shown.height, **facts)
    console.show_blocks(ReportTable("moves", shown, title=title), say=_speaker(language))


def _speaker(language: Language) -> "Say":
    return lambda key: _said(f"head.{key}", language)


def _in_words(changes: "pl.DataFrame", language: Language) -> "pl.DataFrame":
    """The changes with their levels and kinds in words."""
    import polars as pl

    levels = [_said(f"level.{level}", language) for level in changes["level"]]
    kinds = [_said(f"kind.{kind}", language) for kind in changes["kind"]]
    said = {"level": levels, "kind": kinds}
    return changes.with_columns(pl.Series(name, texts, pl.String) for name, texts in said.items())
