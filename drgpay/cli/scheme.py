"""`drgpay scheme list` and `drgpay scheme show`."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console, scheme_check, scheme_diff, scheme_workbook
from drgpay.cli.commands import add_command, add_group
from drgpay.cli.tables import AsFormat, Format, give_tables

if TYPE_CHECKING:
    from drgpay.grouper.scheme import Scheme

LIST_EXAMPLES = ("drgpay scheme list", "drgpay scheme list --format csv")
SHOW_EXAMPLES = ("drgpay scheme show chs-drg-2.0",)

_said = Wording("cli").said
Out = Annotated[Path | None, typer.Option()]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    commands = add_group(app, "scheme")
    add_command(commands, list_schemes, LIST_EXAMPLES, "list")
    add_command(commands, show_scheme, SHOW_EXAMPLES, "show")
    scheme_check.register(commands)
    scheme_diff.register(commands)
    scheme_workbook.register(commands)


def list_schemes(as_format: AsFormat = Format.table, out: Out = None) -> None:
    """List the schemes that come with the program."""
    import polars as pl

    from drgpay.grouper.scheme import load_scheme_info, scheme_folder, shipped_schemes
    from drgpay.show.tables import ReportTable

    infos = [load_scheme_info(scheme_folder(name)) for name in shipped_schemes()]
    if as_format is not Format.table or out:
        columns = ("id", "name", "kind", "version", "effective_from", "effective_to")
        rows = [{name: getattr(info, name) for name in columns} for info in infos]
        give_tables({"schemes": pl.DataFrame(rows)}, as_format, out=out)
        return
    told = [
        (
            info.id,
            info.name,
            info.kind,
            info.version,
            _dates(info.effective_from, info.effective_to),
        )
        for info in infos
    ]
    heads = ("id", "name", "kind", "version", "in_force")
    frame = pl.DataFrame(told, dict.fromkeys(heads, pl.String), orient="row")
    console.show_blocks(ReportTable("", frame), say=lambda key: _said(f"head_{key}", chosen()))


def show_scheme(
    scheme: Annotated[str, typer.Argument()],
    as_format: AsFormat = Format.table,
    out: Out = None,
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
        "in_force": _dates(info.effective_from, info.effective_to),
        "codes": ", ".join(filter(None, (info.code_system, info.item_system))),
        "source": info.source,
        "options": ", ".join(f"{key} = {value}" for key, value in info.options),
        **_sizes(loaded),
        "content": f"sha256 {loaded.content_hash[:16]}",
    }
    if as_format is not Format.table or out:
        frame = pl.DataFrame({"fact": list(facts), "value": list(facts.values())})
        give_tables({"facts": frame}, as_format, out=out)
        return
    heads = [_said(f"head_{key}", chosen()) for key in facts]
    frame = pl.DataFrame({"fact": heads, "value": list(facts.values())})
    console.show_blocks(ReportTable("", frame), say=lambda key: "")


def _sizes(scheme: "Scheme") -> dict[str, str]:
    """How many rows each part of a scheme has; lists that it does not have are left out."""
    from drgpay.grouper.scheme_files import OPTIONAL_TABLES

    counts = {part: f"{number:,}" for part, number in scheme.counts().items()}
    if scheme.info.kind == "apg":
        apgs = {mdc.code: sum(len(family.drgs) for family in mdc.adrgs) for mdc in scheme.mdcs}
        return {
            "families": counts["adrg"],
            "apg": counts["drg"],
            "apg_by_class": ", ".join(f"{name} {number:,}" for name, number in apgs.items()),
            "packaging": f"{len(scheme.packaging):,}",
            "sets": counts["sets"],
        }
    return {
        "mdc": counts["mdc"],
        "adrg": counts["adrg"],
        "drg": counts["drg"],
        "ambiguous": counts["ambiguous"],
        "fallback": counts["fallback"],
        "sets": counts["sets"],
        "mcc_cc": f"{counts['mcc']} / {counts['cc']}",
        **{name: counts[name] for name in OPTIONAL_TABLES if counts[name] != "0"},
    }


def _dates(start: date | None, end: date | None) -> str:
    if start is None and end is None:
        return _said("no_dates", chosen())
    return _said("dates", chosen(), start=start or "…", end=end or "…")
