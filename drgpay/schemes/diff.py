"""What differs between two schemes, and which stays change their group between them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, as_decimal
from drgpay.base.words import Sentences
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.dataset_pieces import grouped_batches
from drgpay.grouper.rules.nodes import Rule
from drgpay.grouper.scheme import Adrg, Drg, Mdc, Scheme
from drgpay.grouper.sorts import sort_of
from drgpay.grouper.stream import Progress
from drgpay.records.columns import CODE_COLUMNS
from drgpay.records.dataset import Dataset, PlacedPiece
from drgpay.records.in_order import in_order
from drgpay.schemes.set_matches import SetMatches, match_sets

_ERRORS = Sentences("errors/schemes")

Level = Literal["option", "mdc", "adrg", "drg", "set", "code", "cc", "exclusion"]
Kind = Literal[
    "added",
    "removed",
    "renamed",  # a group of the same code; a set or exclusion table that holds the same codes
    "moved",  # a group under another parent; a code in other sets
    "rule_changed",
    "reordered",  # the groups below a parent are tried in another order
    "level_changed",  # MCC or CC
    "table_changed",  # the number of the exclusion table
    "changed",  # an option
]

CHANGE_COLUMNS = ("level", "kind", "key", "before", "after")
INVALID = "invalid"
"""Stands in the migration matrix for a stay that no scheme can group."""


@dataclass(frozen=True)
class _Change:
    level: Level
    kind: Kind
    key: str
    before: str = ""
    after: str = ""


def diff_schemes(before: Scheme, after: Scheme) -> pl.DataFrame:
    """All differences, one row a change: level, kind, key, before, after (text).

    Levels in the order option, mdc, adrg, drg, set, code, cc, exclusion, keys sorted within. Rules are
    compared by their meaning as parsed: letter case, spaces and needless brackets are no change, nor
    are other names of the same sets. Sets and exclusion tables are told by what they hold (see
    match_sets): one that is renamed is one row, its codes are not.
    key: the code of the group, the set (the old one where it is renamed), the code, the exclusion
    table, or for `reordered` the parent.
    """
    sets = match_sets(before.sets, after.sets)
    tables = match_sets(*(_codes_of_tables(one.excluding_tables) for one in (before, after)))
    changes = [
        *_options(before, after),
        *_groups(before, after, sets),
        *_sets(sets),
        *_codes(sets),
        *_complications(before, after, tables),
        *_exclusions(tables),
    ]
    return pl.DataFrame(
        [(c.level, c.kind, c.key, c.before, c.after) for c in changes],
        schema=dict.fromkeys(CHANGE_COLUMNS, pl.String),
        orient="row",
    )


def summary(changes: pl.DataFrame) -> pl.DataFrame:
    """How many changes there are: level, kind, changes; in the order of their first appearance."""
    return changes.group_by("level", "kind", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("changes")
    )


def migration(
    dataset: Dataset,
    before: CompiledScheme,
    after: CompiledScheme,
    progress: Progress = lambda rows: None,
    threads: int | None = None,
) -> pl.DataFrame:
    """Where stays go: from_group, to_group (DRG, or `invalid`), cases and, if the stays have the
    column, total_cost (yuan, decimal(18,2); a missing cost counts as 0).

    One row for each pair of groups that occurs, sorted; stays that keep their group included. Reads
    piece by piece, so the dataset may be of any size; its report counts codes that seem joined and that the
    first scheme does not name.
    """
    needed = list(dict.fromkeys([*before.columns, *after.columns]))
    dataset.require(needed, optional=["total_cost"])
    with_cost = all(file.type_of("total_cost") is not None for file in dataset.files)
    read = [*needed, *(["total_cost"] if with_cost else [])]
    coded = [column for column in CODE_COLUMNS if column in needed]

    def counted(placed: PlacedPiece) -> list[pl.DataFrame]:
        counts = []
        for batch, found in grouped_batches(before, dataset, placed, read, coded, reasons=False):
            groups = {
                "from_group": _drgs(found),
                "to_group": _drgs(group_batch(after, batch)),
                "fen": _fen(batch) if with_cost else pl.zeros(batch.num_rows, pl.Int64, eager=True),
            }
            counts.append(_summed(pl.DataFrame(groups).with_columns(cases=pl.lit(1, pl.Int64))))
            progress(batch.num_rows)
        return counts

    parts = list(in_order(counted, dataset.placed_pieces(), threads))
    if not parts:
        raise DrgpayError(*_ERRORS("no_stay", path=dataset.path))
    matrix = _summed(pl.concat(parts)).sort("from_group", "to_group")
    cost = [as_decimal("fen", FEN_PLACES).alias("total_cost")] if with_cost else []
    return matrix.select("from_group", "to_group", "cases", *cost)


def _options(before: Scheme, after: Scheme) -> Iterator[_Change]:
    old, new = before.info.options.model_dump(), after.info.options.model_dump()
    for key in sorted(old):
        if old[key] != new[key]:
            yield _Change("option", "changed", key, _shown(old[key]), _shown(new[key]))


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True)
class _Group:
    parent: str
    name: str
    text: str
    rule: Rule
    asked: Rule  # the rule with one name for the same set in both schemes


def _groups(before: Scheme, after: Scheme, sets: SetMatches) -> Iterator[_Change]:
    olds, news = _levels(before, sets.old_rule), _levels(after, sets.new_rule)
    for level in olds:
        old, new = olds[level], news[level]
        for key in sorted({*old, *new}):
            yield from _group(level, key, old.get(key), new.get(key))
        yield from _reordered(level, old, new)


def _levels(scheme: Scheme, comparable: Callable[[Rule], Rule]) -> dict[Level, dict[str, _Group]]:
    """The groups of each level by code, in the order in which they are tried."""

    def entry(parent: str, group: Mdc | Adrg | Drg) -> tuple[str, _Group]:
        return group.code, _Group(
            parent, group.name, group.rule_text, group.rule, comparable(group.rule)
        )

    adrgs = [(mdc.code, adrg) for mdc in scheme.mdcs for adrg in mdc.adrgs]
    drgs = [(adrg.code, drg) for _, adrg in adrgs for drg in adrg.drgs]
    return {
        "mdc": dict(entry("", mdc) for mdc in scheme.mdcs),
        "adrg": dict(entry(parent, adrg) for parent, adrg in adrgs),
        "drg": dict(entry(parent, drg) for parent, drg in drgs),
    }


def _group(level: Level, key: str, old: _Group | None, new: _Group | None) -> Iterator[_Change]:
    if old is None or new is None:
        kind: Kind = "added" if old is None else "removed"
        yield _Change(level, kind, key, old.name if old else "", new.name if new else "")
        return
    if old.name != new.name:
        yield _Change(level, "renamed", key, old.name, new.name)
    if old.parent != new.parent:
        yield _Change(level, "moved", key, old.parent, new.parent)
    # A rule that names the same sets is told where one of them holds something else: at the sets.
    if old.rule != new.rule and old.asked != new.asked:
        yield _Change(level, "rule_changed", key, old.text, new.text)


def _reordered(level: Level, old: dict[str, _Group], new: dict[str, _Group]) -> Iterator[_Change]:
    stayed = {key for key in old if key in new and old[key].parent == new[key].parent}
    orders = [_below(groups, stayed) for groups in (old, new)]
    for parent in sorted(orders[0]):
        before, after = orders[0][parent], orders[1][parent]
        if before != after:
            key = parent or "all"
            yield _Change(level, "reordered", key, " ".join(before), " ".join(after))


def _below(groups: dict[str, _Group], kept: set[str]) -> dict[str, list[str]]:
    below: dict[str, list[str]] = {}
    for key, group in groups.items():
        if key in kept:
            below.setdefault(group.parent, []).append(key)
    return below


def _sets(sets: SetMatches) -> Iterator[_Change]:
    changes = [
        *(_Change("set", "renamed", old, old, new) for old, new in sets.renamed),
        *(_Change("set", "removed", name, str(len(sets.old[name]))) for name in sets.removed),
        *(_Change("set", "added", name, "", str(len(sets.new[name]))) for name in sets.added),
    ]
    yield from sorted(changes, key=lambda change: change.key)


def _codes(sets: SetMatches) -> Iterator[_Change]:
    """Codes that left some sets, joined others, or both; only these sets are named."""
    gone, come = _moved_codes(sets)
    left, joined = _by_first(gone), _by_first(come)
    for code in sorted({*left, *joined}):
        kind: Kind = "removed" if code not in joined else "added" if code not in left else "moved"
        yield _Change(
            "code", kind, code, " ".join(left.get(code, [])), " ".join(joined.get(code, []))
        )


def _moved_codes(sets: SetMatches) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The codes that left a set, with its old name, and those that joined one, with its new name.

    A code that is in a set of a name before and after did neither, though the set is another.
    """
    left = {(code, name) for name in sets.removed for code in sets.old[name]}
    joined = {(code, name) for name in sets.added for code in sets.new[name]}
    for old, new in sets.became.items():
        left |= {(code, old) for code in sets.old[old] - sets.new[new]}
        joined |= {(code, new) for code in sets.new[new] - sets.old[old]}
    return left - joined, joined - left


def _by_first(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for first, second in sorted(pairs):
        found.setdefault(first, []).append(second)
    return found


def _complications(before: Scheme, after: Scheme, tables: SetMatches) -> Iterator[_Change]:
    old, new = before.complications, after.complications
    for code in sorted({*old, *new}):
        if code not in new:
            yield _Change("cc", "removed", code, old[code].level)
        elif code not in old:
            yield _Change("cc", "added", code, "", new[code].level)
        else:
            if old[code].level != new[code].level:
                yield _Change("cc", "level_changed", code, old[code].level, new[code].level)
            pair = old[code].exclusion_table, new[code].exclusion_table
            if not _same_table(tables, *pair):
                yield _Change("cc", "table_changed", code, *pair)


def _same_table(tables: SetMatches, old: str, new: str) -> bool:
    """The same number, or the one that the old table has now: what it holds is told beside it."""
    renumbered = old not in tables.new and tables.same_content(old, new)
    return old == new or tables.became.get(old) == new or renumbered


def _exclusions(tables: SetMatches) -> Iterator[_Change]:
    """Exclusion tables of another number; principal diagnoses that joined or left one."""
    for old, new in sorted(tables.renamed, key=_as_numbers):
        yield _Change("exclusion", "renamed", old, old, new)
    left, joined = ({(table, code) for code, table in pairs} for pairs in _moved_codes(tables))
    for table, code in sorted(left | joined, key=_as_numbers):
        if (table, code) in left:
            yield _Change("exclusion", "removed", table, code)
        if (table, code) in joined:
            yield _Change("exclusion", "added", table, "", code)


def _codes_of_tables(excluding: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    """The principal diagnoses of each exclusion table."""
    codes: dict[str, set[str]] = {}
    for code, tables in excluding.items():
        for table in tables:
            codes.setdefault(table, set()).add(code)
    return codes


def _as_numbers(pair: tuple[str, str]) -> tuple[int, str, str]:
    """Exclusion tables have numbers: 2 comes before 10."""
    table, code = pair
    return sort_of(table) or 0, table, code


def _drgs(groups: pa.RecordBatch) -> pl.Series:
    drg = groups.column("drg").cast(pa.large_string())
    return pl.Series(drg, dtype=pl.String).fill_null(INVALID)


def _summed(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.group_by("from_group", "to_group").agg(pl.col("cases", "fen").sum())


def _fen(batch: pa.RecordBatch) -> pl.Series:
    """The costs in fen, Int64; a double is taken as the nearest whole fen."""
    cost = pl.DataFrame(pa.table({"cost": batch.column("total_cost")})).to_series()
    if cost.dtype.is_float():
        yuan = cost.cast(pl.Float64).fill_null(0.0).fill_nan(0.0).to_numpy()
        return pl.Series(np.round(yuan * 100).astype(np.int64))
    fen = cost.cast(pl.Decimal(38, FEN_PLACES)).to_physical().cast(pl.Int64)
    return fen.fill_null(0)
