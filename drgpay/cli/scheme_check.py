"""`drgpay scheme check` and `drgpay scheme witnesses`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from drgpay.base.language import Language, Words
from drgpay.cli import console
from drgpay.cli.options import Lang, examples

if TYPE_CHECKING:
    import polars as pl

    from drgpay.schemes.findings import Finding

CHECK_EXAMPLES = examples(
    "drgpay scheme check my-scheme/",
    "drgpay scheme check zj-drg-2022 --lang en --out findings.csv",
)
WITNESSES_EXAMPLE = examples(
    "drgpay scheme witnesses chs-drg-2.0 --out witnesses.parquet",
)

_WORDS = {
    "findings": Words("检查结果", "findings"),
    "severity": Words("程度", "severity"),
    "code": Words("类型", "kind"),
    "count": Words("数量", "count"),
    "table": Words("表", "table"),
    "row": Words("行", "row"),
    "subject": Words("对象", "subject"),
    "message": Words("问题", "what is wrong"),
    "remedy": Words("处理办法", "remedy"),
    "error": Words("错误", "error"),
    "warning": Words("警告", "warning"),
    "none": Words("{scheme}：没有发现问题", "{scheme}: nothing found"),
    "total": Words("{scheme}：{errors} 个错误，{warnings} 个警告", "{scheme}: {errors} errors, {warnings} warnings"),
    "more": Words("另有 {rest} 条，用 --all 或 --out 查看", "{rest} more; see them with --all or --out"),
    "kind": Words("种类", "kind"),
    "groups": Words("组数", "groups"),
    "stays": Words("病例数", "stays"),
    "witness": Words("落入该组", "witness"),
    "boundary": Words("恰在组外", "boundary"),
    "reached": Words(
        "{scheme}：{groups} 个组中 {reached} 个有病例到达，已写入 {out}",
        "{scheme}: stays reach {reached} of {groups} groups; written to {out}",
    ),
    "unreached": Words("没有病例到达：{names}", "reached by no stay: {names}"),
}  # fmt: skip


def register(commands: typer.Typer) -> None:
    """Add the commands to `drgpay scheme`."""
    commands.command("check", epilog=CHECK_EXAMPLES)(check)
    commands.command("witnesses", epilog=WITNESSES_EXAMPLE)(witnesses)


def check(
    scheme: Annotated[str, typer.Argument(help="A scheme's id or its folder.")],
    out: Annotated[
        Path | None, typer.Option(help="Write one row a finding here (.csv or .parquet).")
    ] = None,
    show: Annotated[int, typer.Option(min=0, help="Findings to print, errors first.")] = 40,
    every: Annotated[bool, typer.Option("--all", help="Print every finding.")] = False,
    lang: Annotated[Lang, typer.Option(help="Language of the findings.")] = Lang.zh,
) -> None:
    """Report every mistake in the tables of a scheme, and the groups that no stay can reach.

    Exit status 1 if there is an error, 0 if there are at most warnings.
    """
    from drgpay.records.writing import write_table
    from drgpay.schemes.check import check_scheme
    from drgpay.schemes.findings import findings_frame

    language: Language = lang.value
    found = check_scheme(scheme)
    frame = findings_frame(found, language)
    if out:
        write_table(frame, out)
    if not found:
        console.show(_say("none", language, scheme=scheme))
        return
    shown = frame if every else frame.head(show)
    console.show(_counts_table(found, language))
    if shown.height:
        console.show(_findings_table(shown, language))
    if shown.height < frame.height:
        console.show(_say("more", language, rest=frame.height - shown.height))
    errors = sum(one.severity == "error" for one in found)
    facts = {"scheme": scheme, "errors": errors, "warnings": len(found) - errors}
    console.show(_say("total", language, **facts))
    if errors:
        raise typer.Exit(1)


def witnesses(
    scheme: Annotated[str, typer.Argument(help="A scheme's id or its folder.")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    lang: Annotated[Lang, typer.Option(help="Language of the summary.")] = Lang.zh,
) -> None:
    """Derive test cases from a scheme: stays that land in each group, and stays just outside.

    Writes the columns that grouping reads, kind (witness or boundary), target_drg, changed (the
    requirement that fails and the fact before and after) and expected_mdc, expected_adrg,
    expected_drg: feed the stays to another grouper and compare.
    """
    from drgpay.grouper.scheme import load_scheme
    from drgpay.schemes.reachability import groups_of, search_reach
    from drgpay.schemes.witnesses import coverage, witness_table, write_witnesses

    language: Language = lang.value
    loaded = load_scheme(scheme)
    reach = search_reach(loaded)
    made = witness_table(loaded, reach)
    write_witnesses(made, out)
    table = console.table("", *(_say(key, language) for key in ("kind", "groups", "stays")))
    for kind, groups, stays in coverage(made).iter_rows():
        table.add_row(_say(kind, language), f"{groups:,}", f"{stays:,}")
    console.show(table)
    reached = len({witness.group.names for witness in reach.witnesses})
    facts = {"scheme": loaded.info.id, "groups": len(groups_of(loaded)), "reached": reached}
    console.show(_say("reached", language, out=out, **facts))
    if reach.unreached:
        names = " ".join(missed.group.drg.code for missed in reach.unreached)
        console.show(_say("unreached", language, names=names))


def _counts_table(found: "list[Finding]", language: Language) -> Table:
    heads = [_say(key, language) for key in ("severity", "code", "count")]
    table = console.table(_say("findings", language), *heads, numbers=(heads[-1],))
    counts = Counter((one.severity, one.code) for one in found)
    for severity, code in sorted(counts):
        table.add_row(_say(severity, language), code, f"{counts[severity, code]:,}")
    return table


def _findings_table(frame: "pl.DataFrame", language: Language) -> Table:
    keys = ("severity", "table", "row", "subject", "message", "remedy")
    heads = [_say(key, language) for key in keys]
    table = console.table("", *heads, numbers=(heads[2],))
    for row in frame.select(keys).iter_rows():
        severity, place, number, *rest = row
        style = "red" if severity == "error" else ""
        table.add_row(_say(severity, language), place, str(number or ""), *rest, style=style)
    return table


def _say(key: str, language: Language, **facts: object) -> str:
    return _WORDS[key].said_in(language).format_map(facts)
