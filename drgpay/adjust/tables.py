"""The six tables of a scheme, and the changes that an overlay makes to its sets of codes."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.adjust.overlay import MoveCodes, Overlay, SetCodes
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.grouper.rules.fields import SEVERITY_SETS
from drgpay.grouper.rules.parser import RuleError, parse_rule
from drgpay.grouper.scheme_files import TABLES

_ERRORS = Sentences("errors/adjust")

Row = dict[str, str]
Rows = dict[str, list[Row]]
Sets = dict[str, tuple[str, ...]]
GROUP_LEVELS = ("mdc", "adrg", "drg")


@dataclass(frozen=True)
class SchemeTables:
    """The tables of a scheme as text.

    groups: the rows of mdc, adrg and drg (columns as in TABLES); sets: the codes of each set;
    frames: cc and exclusions, which no overlay changes.
    """

    groups: Rows
    sets: Sets
    frames: dict[str, pl.DataFrame]


def read_tables(folder: Path) -> SchemeTables:
    """Read the tables of a scheme that loads (load_scheme tells of every mistake in it)."""

    def read(table: str) -> pl.DataFrame:
        frame = pl.read_csv(folder / f"{table}.csv", infer_schema=False, glob=False)
        return frame.select(pl.col(TABLES[table]).fill_null(""))

    listed = read("sets").unique(maintain_order=True)
    grouped = listed.group_by("set", maintain_order=True).agg("code")
    return SchemeTables(
        groups={level: read(level).to_dicts() for level in GROUP_LEVELS},
        sets={name: tuple(codes) for name, codes in grouped.iter_rows()},
        frames={table: read(table) for table in ("cc", "exclusions")},
    )


def write_tables(tables: SchemeTables, folder: Path) -> None:
    """Write the six CSV tables into a folder that exists."""
    frames = {
        level: pl.DataFrame(rows, schema=dict.fromkeys(TABLES[level], pl.String))
        for level, rows in tables.groups.items()
    }
    pairs = [(name, code) for name, codes in tables.sets.items() for code in codes]
    frames["sets"] = pl.DataFrame(
        pairs, schema=dict.fromkeys(TABLES["sets"], pl.String), orient="row"
    )
    for table, frame in {**frames, **tables.frames}.items():
        # An empty text is written as nothing, not as "".
        frame.select(pl.all().replace("", None)).write_csv(folder / f"{table}.csv")


def changed_sets(sets: Sets, overlay: Overlay) -> Sets:
    """The sets after the overlay's new sets, then added, removed and moved codes.

    Raises DrgpayError for an unknown set, a new one that exists already or has an impossible name,
    a code that is added where it is, or removed or moved from where it is not.
    """
    found = {name: dict.fromkeys(codes) for name, codes in sets.items()}
    where = overlay.scheme.id
    for new in overlay.new_set:
        _refuse_bad_name(where, new.set, found)
        found[new.set] = dict.fromkeys(new.codes)
    for added in overlay.add_codes:
        codes = _set(where, "add_codes", added.set, found)
        for code in added.codes:
            if code in codes:
                raise DrgpayError(
                    *_ERRORS("code_there_already", where=where, code=code, name=added.set)
                )
            codes[code] = None
    for removed in overlay.remove_codes:
        _take_out(where, "remove_codes", removed, removed.set, found)
    for moved in overlay.move_codes:
        target = _set(where, "move_codes", moved.to_set, found)
        _take_out(where, "move_codes", moved, moved.from_set, found)
        target.update(dict.fromkeys(moved.codes))
    emptied = sorted(name for name, codes in found.items() if not codes)
    if emptied:
        raise DrgpayError(*_ERRORS("set_emptied", where=where, name=emptied[0]))
    return {name: tuple(codes) for name, codes in found.items()}


def nearest(name: str, known: Collection[str]) -> Words:
    """A remedy that names what was probably meant."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return _ERRORS.words("meant", names=listed(close)) if close else _ERRORS.words("correct_name")


def _set(where: str, key: str, name: str, found: dict[str, dict[str, None]]) -> dict[str, None]:
    if name not in found:
        facts = {"where": where, "key": key, "name": name, "nearest": nearest(name, found)}
        raise DrgpayError(*_ERRORS("no_set", **facts))
    return found[name]


def _take_out(
    where: str, key: str, change: SetCodes | MoveCodes, name: str, found: dict[str, dict[str, None]]
) -> None:
    codes = _set(where, key, name, found)
    for code in change.codes:
        if code not in codes:
            holders = sorted(other for other, there in found.items() if code in there)
            lies = (
                _ERRORS.words("lies_in", sets=listed(holders[:5]))
                if holders
                else _ERRORS.words("lies_nowhere")
            )
            facts = {"where": where, "key": key, "code": code, "name": name, "lies": lies}
            raise DrgpayError(*_ERRORS("code_not_there", **facts))
        del codes[code]


def _refuse_bad_name(where: str, name: str, found: Collection[str]) -> None:
    if name in found or name in SEVERITY_SETS:
        raise DrgpayError(*_ERRORS("set_there_already", where=where, name=name))
    try:
        parse_rule(f"ZYZD in {name}")
    except RuleError:
        raise DrgpayError(*_ERRORS("bad_set_name", where=where, name=name)) from None
