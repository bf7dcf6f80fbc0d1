"""`drgpay scheme list` and `drgpay scheme show`."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.cli import console, scheme_check, scheme_diff, scheme_workbook
from drgpay.cli.options import examples

if TYPE_CHECKING:
    from drgpay.grouper.scheme import Scheme


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="The grouping schemes: list, show, check, compare, import and export them.",
    )
    commands.command("list", epilog=examples("drgpay scheme list"))(list_schemes)
    commands.command("show", epilog=examples("drgpay scheme show chs-drg-2.0"))(show_scheme)
    scheme_check.register(commands)
    scheme_diff.register(commands)
    scheme_workbook.register(commands)
    app.add_typer(commands, name="scheme")


def list_schemes() -> None:
    """List the schemes that come with the program."""
    import polars as pl

    from drgpay.grouper.scheme import load_scheme_info, scheme_folder, shipped_schemes
    from drgpay.show.tables import ReportTable

    rows = []
    for name in shipped_schemes():
        info = load_scheme_info(scheme_folder(name))
        dates = _dates(info.effective_from, info.effective_to)
        rows.append((info.id, info.name, info.kind, info.version, dates))
    heads = ("id", "name", "kind", "version", "in force")
    frame = pl.DataFrame(rows, dict.fromkeys(heads, pl.String), orient="row")
    console.show_blocks(ReportTable("", frame), say=str)


def show_scheme(
    scheme: Annotated[str, typer.Argument(help="A scheme's id or its folder.")],
) -> None:
    """Show what a scheme is, where it comes from and how many groups it has."""
    import polars as pl

    from drgpay.grouper.scheme import load_scheme
    from drgpay.show.tables import ReportTable

    loaded = load_scheme(scheme)
    info = loaded.info
    facts = {
        "id": info.id,
        "name": f"{info.name} ({info.name_en})" if info.name_en else info.name,
        "kind": info.kind,
        "version": info.version,
        "authority": info.authority,
        "in force": _dates(info.effective_from, info.effective_to),
        "codes": ", ".join(filter(None, (info.code_system, info.item_system))),
        "source": info.source,
        "options": ", ".join(f"{key} = {value}" for key, value in info.options),
        **_sizes(loaded),
        "content": f"sha256 {loaded.content_hash[:16]}",
    }
    frame = pl.DataFrame({"fact": list(facts), "value": list(facts.values())})
    console.show_blocks(ReportTable("", frame), say=lambda key: "")


def _sizes(scheme: "Scheme") -> dict[str, str]:
    """How many rows each part of a scheme has."""
    counts = {part: f"{number:,}" for part, number in scheme.counts().items()}
    if scheme.info.kind == "apg":
        apgs = {mdc.code: sum(len(family.drgs) for family in mdc.adrgs) for mdc in scheme.mdcs}
        return {
            "families": counts["adrg"],
            "APG": counts["drg"],
            "APG by class": ", ".join(f"{name} {number:,}" for name, number in apgs.items()),
            "packaging list": f"{len(scheme.packaging):,}",
            "code sets": counts["sets"],
        }
    return {
        "MDC": counts["mdc"],
        "ADRG": counts["adrg"],
        "DRG": counts["drg"],
        "ambiguous groups (QY)": counts["ambiguous"],
        "code sets": counts["sets"],
        "MCC / CC": f"{counts['mcc']} / {counts['cc']}",
    }


def _dates(start: date | None, end: date | None) -> str:
    if start is None and end is None:
        return "not given"
    return f"{start or '…'} to {end or '…'}"
