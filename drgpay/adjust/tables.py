"""The six tables of a scheme, and the changes that an overlay makes to its sets of codes."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.adjust.overlay import MoveCodes, Overlay, SetCodes
from drgpay.base.errors import DrgpayError
from drgpay.grouper.rules.fields import SEVERITY_SETS
from drgpay.grouper.rules.parser import RuleError, parse_rule
from drgpay.grouper.scheme_files import TABLES

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
                    f"the overlay {where}: add_codes adds {code} to the set {added.set}, "
                    "which has it already",
                    "leave the code out",
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
        raise DrgpayError(
            f"the overlay {where} takes every code out of the set {emptied[0]}",
            "leave a code in it, or change the rules that ask for it and keep the set as it is",
        )
    return {name: tuple(codes) for name, codes in found.items()}


def nearest(name: str, known: Collection[str]) -> str:
    """A remedy that names what was probably meant."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {', '.join(close)}?"[:-1] if close else "correct the name"


def _set(where: str, key: str, name: str, found: dict[str, dict[str, None]]) -> dict[str, None]:
    if name not in found:
        raise DrgpayError(
            f"the overlay {where}: {key} names the set {name}, which the scheme does not have",
            nearest(name, found),
        )
    return found[name]


def _take_out(
    where: str, key: str, change: SetCodes | MoveCodes, name: str, found: dict[str, dict[str, None]]
) -> None:
    codes = _set(where, key, name, found)
    for code in change.codes:
        if code not in codes:
            holders = sorted(other for other, listed in found.items() if code in listed)
            lies = f"it is in {', '.join(holders[:5])}" if holders else "no set has it"
            raise DrgpayError(
                f"the overlay {where}: {key} takes {code} from the set {name}, where it is not",
                f"correct the code or the set: {lies}",
            )
        del codes[code]


def _refuse_bad_name(where: str, name: str, found: Collection[str]) -> None:
    if name in found or name in SEVERITY_SETS:
        raise DrgpayError(
            f"the overlay {where}: new_set makes the set {name}, which the scheme has already",
            "give it another name, or use add_codes",
        )
    try:
        parse_rule(f"ZYZD in {name}")
    except RuleError:
        raise DrgpayError(
            f"the overlay {where}: new_set has the name {name!r}, which no rule can ask for",
            "begin with a letter and use letters, digits and _ alone",
        ) from None
