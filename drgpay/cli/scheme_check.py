"""`drgpay scheme check` and `drgpay scheme witnesses`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Language, chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.commands import add_command
from drgpay.cli.tables import AsFormat, Format, Only, give_tables, refuse_terminal

if TYPE_CHECKING:
    import polars as pl

    from drgpay.schemes.findings import Finding

CHECK_EXAMPLES = (
    "drgpay scheme check my-scheme/",
    "drgpay scheme check zj-drg-2022 --lang en --out findings.csv",
)
WITNESSES_EXAMPLES = ("drgpay scheme witnesses chs-drg-2.0 --out witnesses.parquet",)


_say = Wording("scheme_check").said


def register(commands: typer.Typer) -> None:
    """Add the commands to `drgpay scheme`."""
    add_command(commands, check, CHECK_EXAMPLES)
    add_command(commands, witnesses, WITNESSES_EXAMPLES)


def check(
    scheme: Annotated[str, typer.Argument()],
    out: Annotated[Path | None, typer.Option()] = None,
    as_format: AsFormat = Format.table,
    show: Annotated[int, typer.Option(min=0)] = 40,
    every: Annotated[bool, typer.Option("--all")] = False,
) -> None:
    """Report every mistake in the tables of a scheme, and the groups that no stay can reach.

    Exit status 1 if there is an error, 0 if there are at most warnings.
    """
    from drgpay.records.writing import write_table
    from drgpay.schemes.check import check_scheme
    from drgpay.schemes.findings import findings_frame

    language = chosen()
    found = check_scheme(scheme)
    frame = findings_frame(found, language)
    if as_format is not Format.table:
        give_tables({"findings": frame}, as_format, out=out)
        _end_with(found)
        return
    if out:
        write_table(frame, out)
    if not found:
        console.show(_say("none", language, scheme=scheme))
        return
    shown = frame if every else frame.head(show)
    _show_findings(found, shown, language)
    if shown.height < frame.height:
        console.show(_say("more", language, rest=frame.height - shown.height))
    errors = sum(one.severity == "error" for one in found)
    facts = {"scheme": scheme, "errors": errors, "warnings": len(found) - errors}
    console.show(_say("total", language, **facts))
    _end_with(found)


def _end_with(found: "list[Finding]") -> None:
    if any(one.severity == "error" for one in found):
        raise typer.Exit(1)


def witnesses(
    scheme: Annotated[str, typer.Argument()],
    out: Annotated[Path, typer.Option()],
    as_format: AsFormat = Format.table,
    only: Only = None,
) -> None:
    """Derive test cases from a scheme: stays that land in each group, and stays just outside.

    Writes the columns that grouping reads, kind (witness or boundary), target_drg, changed (the
    requirement that fails and the fact before and after) and expected_mdc, expected_adrg,
    expected_drg: feed the stays to another grouper and compare.
    """
    import polars as pl

    from drgpay.grouper.scheme import load_scheme
    from drgpay.schemes.reachability import groups_of, search_reach
    from drgpay.schemes.witnesses import coverage, witness_table, write_witnesses
    from drgpay.show.tables import ReportTable

    refuse_terminal(as_format)
    language = chosen()
    loaded = load_scheme(scheme)
    reach = search_reach(loaded)
    made = witness_table(loaded, reach)
    write_witnesses(made, out)
    unreached = [missed.group.drg.code for missed in reach.unreached]
    if as_format is not Format.table:
        missed = pl.DataFrame({"drg": unreached}, schema={"drg": pl.String})
        give_tables({"coverage": coverage(made), "unreached": missed}, as_format, only)
        return
    worded = frozenset({"kind"})
    table = ReportTable("", coverage(made), worded=worded)
    console.show_blocks(table, say=lambda key: _say(key, language))
    reached = len({witness.group.names for witness in reach.witnesses})
    facts = {"scheme": loaded.info.id, "groups": len(groups_of(loaded)), "reached": reached}
    console.show(_say("reached", language, out=out, **facts))
    if unreached:
        console.show(_say("unreached", language, names=" ".join(unreached)))


def _show_findings(found: "list[Finding]", listed: "pl.DataFrame", language: Language) -> None:
    """Print how many findings there are of each kind, and those that are to be listed."""
    import polars as pl

    from drgpay.show.tables import ReportTable

    counts = Counter((one.severity, one.code) for one in found)
    rows = [(*kind, count) for kind, count in sorted(counts.items())]
    schema = {"severity": pl.String, "code": pl.String, "count": pl.Int64}
    worded = frozenset({"severity"})
    tables = [ReportTable("findings", pl.DataFrame(rows, schema, orient="row"), worded=worded)]
    if listed.height:
        cells = listed.select(
            *("severity", "table", pl.col("row").cast(pl.String).fill_null("")),
            *("subject", "message", "remedy"),
        )
        styles = ("severity", {"error": "red"})
        numbers = frozenset({"row"})
        tables.append(ReportTable("", cells, worded=worded, numbers=numbers, styles=styles))
    console.show_blocks(*tables, say=lambda key: _say(key, language))
