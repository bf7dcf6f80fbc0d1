"""`drgpay cache`: what is kept so that it need not be computed again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from drgpay.base.cache_folder import (
    COMPILED_SCHEMES,
    SCENARIO_STAGES,
    CacheKind,
    Entry,
    entries,
    refuse_foreign,
    remove_entry,
)
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, chosen
from drgpay.base.users import number_of_group
from drgpay.base.words import Sentences, Wording
from drgpay.cli import console
from drgpay.cli.commands import add_command, add_group
from drgpay.cli.options import warn
from drgpay.cli.tables import AsFormat, Format, give_tables

SHOW_EXAMPLES = (
    "drgpay cache show",
    "drgpay cache show --runs /data/runs --lang en",
)
CLEAR_EXAMPLES = (
    "drgpay cache clear",
    "drgpay cache clear --runs /data/runs",
)

_said = Wording("cache").said
_ERRORS = Sentences("errors/cli")
_RUNS = Path("runs")  # the output of jobs that name none

Folder = Annotated[Path | None, typer.Option("--runs", "--output")]
Group = Annotated[str | None, typer.Option()]


def register(app: typer.Typer) -> None:
    """Add the command group to the program."""
    commands = add_group(app, "cache")
    add_command(commands, show, SHOW_EXAMPLES)
    add_command(commands, clear, CLEAR_EXAMPLES)


def show(runs: Folder = None, group: Group = None, as_format: AsFormat = Format.table) -> None:
    """Show where caches lie, what they take and when they were used last.

    A cache that the program would not use, because others could have written to it, is told.
    """
    gid = _gid(group)
    rows, refused = [], []
    for place in _places(runs):
        found = place.entries()
        newest = max((entry.used for entry in found), default=None)
        used = "" if newest is None else f"{datetime.fromtimestamp(newest):%Y-%m-%d %H:%M}"
        rows.append((*place.names(chosen()), len(found), _bytes(found), used))
        try:
            place.refuse_foreign(gid)
        except DrgpayError as error:
            refused.append(error)
    _show_table("title", rows, "used", as_format)
    for refusal in refused:
        warn(refusal)


def clear(runs: Folder = None, group: Group = None, as_format: AsFormat = Format.table) -> None:
    """Remove what caches keep, known by its names; every other file stays.

    Nothing is lost: it is computed again. Folders that others could have written to are refused.
    """
    gid = _gid(group)
    places = _places(runs)
    for place in places:
        place.refuse_foreign(gid)
    rows = []
    stuck = []
    for place in places:
        found = place.entries()
        for entry in found:
            remove_entry(entry.path)
        kept = [entry for entry in found if entry.path.exists()]
        stuck += kept
        gone = [entry for entry in found if entry not in kept]
        left = place.others([other.folder for other in places])
        rows.append((*place.names(chosen()), len(gone), _bytes(gone), f"{left:,}"))
    _show_table("cleared", rows, "left", as_format)
    if stuck:
        raise DrgpayError(*_ERRORS("stuck", count=len(stuck), path=stuck[0].path))


@dataclass(frozen=True)
class _Place:
    """One cache. folder: None where caches are switched off."""

    kind: CacheKind
    folder: Path | None

    def entries(self) -> list[Entry]:
        return entries(self.folder, self.kind) if self.folder else []

    def others(self, caches: Sequence[Path | None]) -> int:
        """How many files and folders in it are not the program's."""
        if self.folder is None or not self.folder.is_dir():
            return 0
        ours = {entry.path for entry in self.entries()} | set(caches)
        return sum(path not in ours for path in self.folder.iterdir())

    def refuse_foreign(self, group: int | None) -> None:
        if self.folder and self.folder.exists():
            refuse_foreign(self.folder, group)

    def names(self, language: Language) -> tuple[str, str]:
        said = _said(self.kind.name, language)
        if self.folder is None:
            return said, _said("off", language)
        return said, str(console.shown(self.folder))


def _places(runs: Path | None) -> list[_Place]:
    from drgpay.grouper.compiled_cache import compiled_folder
    from drgpay.simulate.cache import cache_folder

    if runs and not runs.is_dir():
        raise DrgpayError(*_ERRORS("no_folder", folder=runs))
    found = [_Place(COMPILED_SCHEMES, compiled_folder())]
    stages = cache_folder(runs or _RUNS)
    if runs or stages is None or stages.parent.is_dir():
        found.append(_Place(SCENARIO_STAGES, stages))
    return found


def _gid(group: str | None) -> int | None:
    if group is None:
        return None
    number = number_of_group(group)
    if number is None:
        raise DrgpayError(*_ERRORS("no_group", group=group))
    return number


def _show_table(
    title: str, rows: Sequence[tuple[str, str, int, int, str]], last: str, as_format: Format
) -> None:
    """Print a row a cache: kind, folder, entries, bytes, and what the last column says."""
    import polars as pl

    from drgpay.show.tables import ReportTable

    counts = {"entries": pl.Int64, "bytes": pl.Int64}
    schema = {"kind": pl.String, "folder": pl.String, **counts, last: pl.String}
    frame = pl.DataFrame(rows, schema, orient="row")
    if as_format is not Format.table:
        give_tables({"caches": frame}, as_format)
        return
    table = ReportTable(title, frame, numbers=frozenset({last}))
    console.show_blocks(table, say=lambda key: _said(key, chosen()))


def _bytes(found: Sequence[Entry]) -> int:
    return sum(entry.bytes for entry in found)
