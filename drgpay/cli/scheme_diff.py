"""`drgpay scheme diff`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.options import ClinicalCodes, Encoding, Lang, Mapping, Threads, examples

if TYPE_CHECKING:
    import polars as pl

EXAMPLES = examples(
    "drgpay scheme diff chs-drg-1.1 chs-drg-2.0 --out changes.csv",
    "drgpay scheme diff chs-drg-2.0 my-scheme/ --stays stays/ --matrix-out migration.parquet",
)


def register(commands: typer.Typer) -> None:
    """Add the command to `drgpay scheme`."""
    commands.command("diff", epilog=EXAMPLES)(diff)


def diff(
    before: Annotated[str, typer.Argument(help="A scheme's id or its folder.")],
    after: Annotated[str, typer.Argument(help="The scheme to compare with it.")],
    out: Annotated[
        Path | None, typer.Option(help="Write one row a change here (.csv or .parquet).")
    ] = None,
    stays: Annotated[
        Path | None, typer.Option(help="Stays to group under both: a file or folder.")
    ] = None,
    matrix_out: Annotated[
        Path | None,
        typer.Option(help="Write the migration matrix here (.csv or .parquet); needs --stays."),
    ] = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    clinical_codes: ClinicalCodes = False,
    show: Annotated[
        int, typer.Option(min=0, help="Changes of groups, and moves of stays, to print.")
    ] = 20,
    threads: Threads = None,
    lang: Annotated[Lang, typer.Option(help="Language of the tables.")] = Lang.zh,
) -> None:
    """Compare two schemes: groups, rules, code sets, MCC and CC, exclusions; and where stays go."""
    from drgpay.base.errors import DrgpayError
    from drgpay.grouper.scheme import load_scheme
    from drgpay.records.writing import write_table
    from drgpay.schemes.diff import diff_schemes, summary

    if matrix_out and not stays:
        raise DrgpayError("--matrix-out needs stays to group", "name them with --stays")
    schemes = load_scheme(before), load_scheme(after)
    changes = diff_schemes(*schemes)
    if out:
        write_table(changes, out)
    language: Language = lang.value
    title = f"{schemes[0].info.id} → {schemes[1].info.id}"
    console.show(summary_table(summary(changes), title, language))
    if show and changes.height:
        console.show(group_table(changes, show, language))
    if stays:
        from drgpay.grouper.compiled import compile_scheme
        from drgpay.records.dataset import RecordsInput
        from drgpay.schemes.diff import migration

        records = RecordsInput(stays, mapping, encoding, clinical_codes)
        dataset = records.open(schemes[0].info.code_system)
        compiled = compile_scheme(schemes[0]), compile_scheme(schemes[1])
        with console.progress_bar("grouping", dataset.rows) as advance:
            matrix = migration(dataset, *compiled, advance, threads)
        if matrix_out:
            write_table(matrix, matrix_out)
        console.show(_move_table(matrix, show, language))
    for path in (out, matrix_out):
        if path:
            console.say(console.shown(path))


_said = Wording("scheme_diff").said
_GROUP_LEVELS = ("option", "mdc", "adrg", "drg")


def _heads(names: list[str], language: Language) -> list[str]:
    return [_said(f"head.{name}", language) for name in names]


def summary_table(counts: "pl.DataFrame", title: str, language: Language) -> Table:
    heads = _heads(counts.columns, language)
    table = console.table(title, *heads, numbers=(heads[2],))
    for level, kind, number in counts.iter_rows():
        table.add_row(
            _said(f"level.{level}", language), _said(f"kind.{kind}", language), f"{number:,}"
        )
    if counts.is_empty():
        table.caption = _said("same", language)
    return table


def group_table(changes: "pl.DataFrame", show: int, language: Language) -> Table:
    import polars as pl

    from drgpay.show.terminal import Text

    groups = changes.filter(pl.col("level").is_in(_GROUP_LEVELS))
    shown = groups.head(show)
    title = _said("groups", language, shown=shown.height, all=f"{groups.height:,}")
    table = console.table(title, *_heads(changes.columns, language))
    for level, kind, *texts in shown.iter_rows():
        words = _said(f"level.{level}", language), _said(f"kind.{kind}", language)
        table.add_row(*words, *map(Text, texts))
    return table


def _move_table(matrix: "pl.DataFrame", show: int, language: Language) -> Table:
    import polars as pl

    moves = matrix.filter(pl.col("from_group") != pl.col("to_group")).sort(
        ["cases", "from_group", "to_group"], descending=[True, False, False]
    )
    whole, moved = int(matrix["cases"].sum()), int(moves["cases"].sum())
    shown = moves.head(show)
    share = f"{moved / whole:.2%}" if whole else "–"
    title = _said(
        "moves",
        language,
        stays=f"{whole:,}",
        moved=f"{moved:,}",
        share=share,
        shown=shown.height,
    )
    heads = _heads(matrix.columns, language)
    table = console.table(title, *heads, numbers=tuple(heads[2:]))
    for before, after, *numbers in shown.iter_rows():
        table.add_row(before, after, *(f"{number:,}" for number in numbers))
    return table
