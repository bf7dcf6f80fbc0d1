"""All findings of a scheme: mistakes of its tables, and groups that no stay can reach.

Loading a scheme stops at the first mistake. A check reads the tables as they are, reports every
mistake, and goes on with what can be understood.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.language import Words
from drgpay.grouper.code_patterns import is_pattern
from drgpay.grouper.kinds import foreign_fields
from drgpay.grouper.rules.fields import DIAGNOSIS_FIELDS, PROCEDURE_FIELDS, SEVERITY_SETS, CodeField
from drgpay.grouper.rules.nodes import Always, Rule, sets_of_fields
from drgpay.grouper.rules.parser import RuleError, parse_rule
from drgpay.grouper.scheme import (
    APG_TABLES,
    TABLES,
    Complication,
    Mdc,
    Scheme,
    SchemeInfo,
    SchemeOptions,
    counted_sets,
    load_scheme_info,
    scheme_folder,
    status_of,
    tree_of,
)
from drgpay.grouper.scheme_files import OPTIONAL_TABLES
from drgpay.grouper.sorts import sort_of
from drgpay.records.known_codes import codes_in
from drgpay.schemes.apg_check import (
    class_findings,
    item_table,
    landing_findings,
    packaging_findings,
)
from drgpay.schemes.findings import WORDS, Finding, finding
from drgpay.schemes.group_rows import EXAMPLES, GroupRow
from drgpay.schemes.list_check import list_findings, lists_of
from drgpay.schemes.reachability import Reach, search_reach

_LEVELS = ("mdc", "adrg", "drg")
_PARENT = {"mdc": None, "adrg": "mdc", "drg": "adrg"}
_ORDER = ("scheme", *TABLES, *APG_TABLES, *OPTIONAL_TABLES)


def check_scheme(name: str) -> list[Finding]:
    """Every finding of a scheme named by its id or folder, errors first, then by table and row.

    Raises DrgpayError only where there is no such scheme at all. Takes a few seconds for a
    national scheme, most of them for the search of groups that no stay can reach.
    """
    folder = scheme_folder(name)
    info, found = _info(folder)
    tables: dict[str, pl.DataFrame] = {}
    needed = TABLES if info.kind == "drg" else TABLES | APG_TABLES
    for table, columns in (needed | lists_of(folder, info.kind)).items():
        tables[table], mistakes = _read(folder, table, columns)
        found += mistakes
    groups: dict[str, list[GroupRow]] = {}
    for level in _LEVELS:
        groups[level], mistakes = _group_rows(level, tables[level])
        found += mistakes
    # What hangs on a table that cannot be read at all would only repeat that, row by row.
    unread = {one.table for one in found if one.code in ("missing_table", "unreadable_table")}
    found += _tree_findings({level: groups[level] for level in _LEVELS if level not in unread})
    found += _name_findings(groups)
    found += _repeats(tables)
    if "sets" not in unread:
        found += _set_findings(info, groups, tables["sets"])
    if not unread & {"cc", "exclusions"}:
        found += _severity_findings(tables["cc"], tables["exclusions"])
    found += _unknown_codes(info, groups, tables)
    found += list_findings(info, groups, tables)
    found += _foreign_findings(info, groups)
    if info.kind == "apg":
        found += class_findings(groups)
        found += packaging_findings(groups, tables["packaging"])
        found += _counted_patterns(groups, tables["sets"])
    if not unread:
        scheme = _understood(info, groups, tables)
        if info.kind == "apg":
            found += landing_findings(scheme, groups)
        else:
            found += unreachable_findings(search_reach(scheme), groups)
    return sorted(found, key=_place)


def unreachable_findings(
    reach: Reach, groups: Mapping[str, Sequence[GroupRow]]
) -> Iterator[Finding]:
    """A finding for each DRG that no stay reaches, unless a rule on its way does not parse.

    `unreachable_...` is said only where it is proven that no stay at all lands there.
    """
    rows = {row.code: row.row for row in groups["drg"]}
    broken = {(row.table, row.code) for row in _all_rows(groups) if row.rule is None}
    for missed in reach.unreached:
        way = set(zip(_LEVELS, missed.group.names, strict=True))
        if not way & broken:
            code = missed.group.drg.code
            blockers = ", ".join(missed.blockers)
            kind = f"unreachable_{missed.reason}" if missed.certain else "not_reached"
            why = _why_not_reached(missed.tried, blockers)
            yield finding(kind, "drg", rows[code], code, blockers=blockers, why=why)


def _why_not_reached(tried: int, blockers: str) -> Words:
    key = "why.went_elsewhere" if tried else "why.no_stays"
    return WORDS.words(key, tried=tried, blockers=blockers)


def _place(found: Finding) -> tuple[bool, int, str, int, str]:
    warning = found.severity == "warning"
    return warning, _ORDER.index(found.table), found.code, found.row or 0, found.subject


def _info(folder: Path) -> tuple[SchemeInfo, list[Finding]]:
    try:
        return load_scheme_info(folder), []
    except DrgpayError as error:
        unknown = SchemeInfo(
            id=folder.name,
            name=folder.name,
            kind="drg",
            authority="",
            version="",
            code_system="",
            source="",
        )
        facts = {"problem": error.problem_words, "advice": error.remedy_words}
        return unknown, [finding("scheme_file", "scheme", None, "scheme.toml", **facts)]


def _read(folder: Path, table: str, columns: tuple[str, ...]) -> tuple[pl.DataFrame, list[Finding]]:
    """The table with its columns and `row`; missing columns are empty."""
    path = folder / f"{table}.csv"
    nothing = pl.DataFrame(schema={"row": pl.Int64, **dict.fromkeys(columns, pl.String)})
    if not path.is_file():
        return nothing, [finding("missing_table", table, None, path.name)]
    try:
        frame = pl.read_csv(path, infer_schema=False, glob=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        problem = str(error).splitlines()[0]
        return nothing, [finding("unreadable_table", table, None, path.name, problem=problem)]
    if table in _LEVELS and not frame.height:
        return nothing, [finding("empty_table", table, None, path.name)]
    missing = [column for column in columns if column not in frame.columns]
    frame = frame.with_columns(pl.lit("").alias(column) for column in missing)
    rows = (pl.int_range(pl.len(), dtype=pl.Int64) + 2).alias("row")
    frame = frame.select(rows, pl.col(columns).fill_null(""))
    return frame, [
        *(finding("missing_column", table, 1, column) for column in missing),
        *(
            finding("blank_code", table, row, column, column=column)
            for column in _needed(table, columns)
            if column not in missing
            for row in frame.filter(pl.col(column).str.strip_chars() == "")["row"]
        ),
    ]


def _needed(table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a table in which every row has a code."""
    if table in _LEVELS:
        return columns[1:-2]
    return ("code",) if table == "cc" else columns


def _group_rows(level: str, frame: pl.DataFrame) -> tuple[list[GroupRow], list[Finding]]:
    rows: list[GroupRow] = []
    found: list[Finding] = []
    parent = _PARENT[level]
    for entry in frame.iter_rows(named=True):
        row, code = entry["row"], entry[level]
        sort, rule = sort_of(entry["sort"]), None
        if sort is None:
            found.append(finding("bad_sort", level, row, code, sort=shortened(entry["sort"], 40)))
        try:
            rule = parse_rule(entry["rule"])
        except RuleError as error:
            facts = {"line": error.line, "column": error.column, "problem": error.message}
            found.append(finding("rule_not_parsed", level, row, code, **facts))
        rows.append(
            GroupRow(
                table=level,
                row=row,
                code=code,
                parent=entry[parent] if parent else "",
                name=entry["name"],
                sort=0 if sort is None else sort,
                rule_text=entry["rule"],
                rule=rule,
            )
        )
    return rows, found


def _tree_findings(groups: dict[str, list[GroupRow]]) -> Iterator[Finding]:
    for level, below in (("mdc", "adrg"), ("adrg", "drg")):
        if level not in groups or below not in groups:
            continue
        parents = {row.parent for row in groups[below]}
        known = {row.code for row in groups[level]}
        for row in groups[below]:
            if row.parent and row.parent not in known:
                yield finding("unknown_parent", below, row.row, row.code, parent=row.parent)
        for row in groups[level]:
            if row.code not in parents:
                yield finding(f"{level}_without_{below}", level, row.row, row.code)


def _name_findings(groups: dict[str, list[GroupRow]]) -> Iterator[Finding]:
    for level in _LEVELS:
        first: dict[str, GroupRow] = {}
        for row in groups[level]:
            # Ambiguous groups and fallbacks are called alike in every published scheme.
            if not row.name or (level != "mdc" and status_of(row.code, row.code) != "grouped"):
                continue
            other = first.setdefault(row.name, row)
            if other is not row and other.code != row.code:
                facts = {"first": other.row, "other": other.code, "name": row.name}
                yield finding("repeated_name", level, row.row, row.code, **facts)


def _repeats(tables: dict[str, pl.DataFrame]) -> Iterator[Finding]:
    for table, key in {**{level: level for level in _LEVELS}, "cc": "code"}.items():
        for row, first, code in _repeated(tables[table], [key]):
            yield finding("duplicate_code", table, row, code, first=first)
    for table, owner in {"sets": "set", "exclusions": "exclusion_table"}.items():
        for row, first, code, name in _repeated(tables[table], ["code", owner]):
            yield finding("duplicate_row", table, row, code, first=first, owner=name)


def _repeated(frame: pl.DataFrame, keys: list[str]) -> list[tuple[Any, ...]]:
    """row, row of the first occurrence, keys: of every row whose keys occurred before."""
    firsts = frame.with_columns(first=pl.col("row").min().over(keys))
    later = firsts.filter((pl.col("row") > pl.col("first")) & (pl.col(keys[0]) != ""))
    return later.sort("row").select("row", "first", *keys).rows()


def _set_findings(
    info: SchemeInfo, groups: dict[str, list[GroupRow]], sets: pl.DataFrame
) -> Iterator[Finding]:
    defined = sets.group_by("set").agg(pl.col("row").min(), pl.len()).sort("row")
    known, empty = set(defined["set"]), set(info.options.empty_sets)
    used: set[str] = set()
    for row in _all_rows(groups):
        names = {name for _, name in _asked(row.rule)}
        used |= names
        for name in sorted(names - known):
            code = "declared_empty_set" if name in empty else "undefined_set"
            yield finding(code, row.table, row.row, name, group=row.code)
    for name, first, codes in defined.iter_rows():
        if name and name not in used:
            yield finding("unused_set", "sets", first, name, codes=codes)
    for name in sorted(empty):
        if name in known:
            reason = "defined"
        elif name not in used:
            reason = "unused"
        else:
            continue
        said = WORDS.words(f"reason.{reason}")
        yield finding("needless_empty_set", "scheme", None, name, reason=said)


def _all_rows(groups: Mapping[str, Sequence[GroupRow]]) -> Iterator[GroupRow]:
    """The rows of all levels, the MDCs first."""
    return chain.from_iterable(groups[level] for level in _LEVELS)


def _asked(rule: Rule | None) -> Iterator[tuple[CodeField, str]]:
    """The sets that a rule asks of its fields; MCC and CC are not sets of a table."""
    asked = sets_of_fields(rule) if rule else ()
    yield from ((field, name) for field, name in asked if name not in SEVERITY_SETS)


def _severity_findings(cc: pl.DataFrame, exclusions: pl.DataFrame) -> Iterator[Finding]:
    wrong = cc.filter(~pl.col("level").is_in(list(SEVERITY_SETS)))
    for row, code, level in wrong.select("row", "code", "level").iter_rows():
        yield finding("wrong_level", "cc", row, code, level=level)
    without = cc.filter(pl.col("exclusion_table") == "")
    for row, code, level in without.select("row", "code", "level").iter_rows():
        yield finding("no_exclusion_table", "cc", row, code, level=level)
    listed = exclusions.group_by("exclusion_table").agg(pl.col("row").min(), pl.len())
    named = cc.filter(pl.col("exclusion_table") != "").group_by("exclusion_table")
    users = named.agg(pl.col("row").min(), pl.len(), pl.col("code").sort().head(EXAMPLES))
    tables = set(listed["exclusion_table"])
    for table, row, codes, examples in users.sort("row").iter_rows():
        if table not in tables:
            facts = {"codes": codes, "examples": " ".join(examples)}
            yield finding("exclusion_table_without_codes", "cc", row, table, **facts)
    used = set(users["exclusion_table"])
    for table, row, codes in listed.sort("row").iter_rows():
        if table and table not in used:
            yield finding("unused_exclusion_table", "exclusions", row, table, codes=codes)


def _foreign_findings(info: SchemeInfo, groups: dict[str, list[GroupRow]]) -> Iterator[Finding]:
    """Rules that ask for what the records of this kind lack."""
    class_of: dict[tuple[str, str], str] = {}
    for row in _all_rows(groups):
        parent = _PARENT[row.table]
        top = class_of.get((parent, row.parent), "") if parent else row.code
        class_of[row.table, row.code] = top
        for field, reason in foreign_fields(info.kind, top, row.rule or Always(True)).items():
            facts = {"group": row.code, "reason": reason}
            yield finding("foreign_field", row.table, row.row, field.value, **facts)


def _counted_patterns(groups: dict[str, list[GroupRow]], sets: pl.DataFrame) -> Iterator[Finding]:
    """Rules that count the codes of a set that does not list them all."""
    patterns = dict(
        sets.filter(pl.col("code").str.ends_with("*")).select("set", "code").iter_rows()
    )
    for row in _all_rows(groups):
        for name in counted_sets(row.rule or Always(True)):
            if name in patterns:
                facts = {"group": row.code, "pattern": patterns[name]}
                yield finding("counted_pattern", row.table, row.row, name, **facts)


def _fields_of_sets(groups: dict[str, list[GroupRow]]) -> dict[str, set[CodeField]]:
    """Of which fields rules ask each set."""
    fields: dict[str, set[CodeField]] = {}
    for row in _all_rows(groups):
        for field, name in _asked(row.rule):
            fields.setdefault(name, set()).add(field)
    return fields


def _unknown_codes(
    info: SchemeInfo, groups: dict[str, list[GroupRow]], tables: dict[str, pl.DataFrame]
) -> Iterator[Finding]:
    """Per set, for cc.csv and for exclusions.csv the codes that no code table knows.

    A set is looked up in the tables of the fields that rules ask it of, an unused set in all;
    departments, item kinds and visit types have no table.
    """
    system = info.code_system
    diagnoses, procedures = codes_in(system, "diagnoses"), codes_in(system, "procedures")
    if diagnoses is None or procedures is None:
        return
    fields, items = _fields_of_sets(groups), item_table(info)
    prefixes = frozenset() if items is None else frozenset(items["prefix"])

    def known_of(name: str, codes: Iterable[str]) -> frozenset[str] | None:
        asked = fields.get(name, {*DIAGNOSIS_FIELDS, *PROCEDURE_FIELDS, CodeField.ITEM})
        if asked & {CodeField.DEPARTMENT, CodeField.ITEM_KIND, CodeField.VISIT_TYPE}:
            return None
        of_diagnoses = diagnoses if asked & DIAGNOSIS_FIELDS else frozenset()
        of_procedures = procedures if asked & {*PROCEDURE_FIELDS, CodeField.ITEM} else frozenset()
        known = of_diagnoses | of_procedures
        if info.kind == "apg":
            known |= _known_by_beginning(known, prefixes if CodeField.ITEM in asked else (), codes)
        return known

    listed = _with_codes(tables["sets"]).sort("row")
    lost = []  # patterns that begin no known code
    for (name, *_), part in listed.group_by("set", maintain_order=True):
        known = known_of(str(name), part["code"])
        if known is not None:
            if info.kind == "apg":
                pattern = pl.col("code").str.ends_with("*")
                lost.append(part.filter(pattern & ~pl.col("code").is_in(list(known))))
                part = part.filter(~pattern)
            yield from _unknown_in("sets", str(name), str(name), system, part, known)
    if lost:
        yield from _unmatched(pl.concat(lost))
    for table in ("cc", "exclusions"):
        part = _with_codes(tables[table])
        yield from _unknown_in(table, "code", f"{table}.csv", system, part, diagnoses)


def _unmatched(patterns: pl.DataFrame) -> Iterator[Finding]:
    """Patterns that begin no known code, told together: the tables do not list every code."""
    different = patterns["code"].unique().sort()
    if len(different):
        facts = {"codes": len(different), "examples": " ".join(different.head(EXAMPLES))}
        yield finding("unmatched_pattern", "sets", patterns.sort("row")["row"][0], "*", **facts)


def _unknown_in(
    table: str, subject: str, owner: str, system: str, part: pl.DataFrame, known: frozenset[str]
) -> Iterator[Finding]:
    codes = part.filter([code not in known for code in part["code"]])
    if codes.height:
        different = codes["code"].unique().sort()
        facts = {"codes": len(different), "examples": " ".join(different.head(EXAMPLES))}
        row = codes["row"][0]
        yield finding("unknown_code", table, row, subject, owner=owner, system=system, **facts)


def _known_by_beginning(
    known: AbstractSet[str], prefixes: Collection[str], codes: Iterable[str]
) -> frozenset[str]:
    """Those codes and patterns that begin a known code or a prefix, or that a prefix begins."""
    ordered, beginnings = sorted({*known, *prefixes}), frozenset(prefixes)

    def begins_one(begin: str) -> bool:
        place = bisect_left(ordered, begin)
        return place < len(ordered) and ordered[place].startswith(begin)

    def begun(code: str) -> bool:
        return any(code[:end] in beginnings for end in range(1, len(code) + 1))

    return frozenset(
        code
        for code in codes
        if begun(code.removesuffix("*")) or (is_pattern(code) and begins_one(code[:-1]))
    )


def _understood(
    info: SchemeInfo, groups: dict[str, list[GroupRow]], tables: dict[str, pl.DataFrame]
) -> Scheme:
    """The scheme as far as it can be understood.

    Of rows with the same code the first counts; a rule that does not parse never holds; sets that
    no table defines are empty.
    """
    sets: dict[str, frozenset[str]] = {
        name: frozenset() for row in _all_rows(groups) for _, name in _asked(row.rule)
    }
    listed = _with_codes(tables["sets"]).group_by("set").agg("code")
    sets |= {str(name): frozenset(codes) for name, codes in listed.iter_rows()}
    right = _with_codes(tables["cc"]).filter(pl.col("level").is_in(list(SEVERITY_SETS)))
    excluding = _with_codes(tables["exclusions"]).group_by("code").agg("exclusion_table")
    return Scheme(
        info=info,
        mdcs=_tree(groups, info.options),
        sets=sets,
        complications={
            code: Complication(level, table)
            for code, level, table in right.unique("code", keep="first", maintain_order=True)
            .select("code", "level", "exclusion_table")
            .iter_rows()
        },
        excluding_tables={str(code): frozenset(found) for code, found in excluding.iter_rows()},
        content_hash="",
    )


def _with_codes(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("code").str.strip_chars() != "")


def _tree(groups: dict[str, list[GroupRow]], options: SchemeOptions) -> tuple[Mdc, ...]:
    mdcs, adrgs, drgs = (_by_parent(groups[level]) for level in _LEVELS)
    return tree_of(mdcs, adrgs, drgs, options)


def _by_parent(rows: list[GroupRow]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: row.sort):  # stable: equal sorts keep the row order
        if row.code and row.code not in seen:
            seen.add(row.code)
            node = {
                "sort": row.sort,
                "code": row.code,
                "name": row.name,
                "rule_text": row.rule_text,
                "rule": Always(False) if row.rule is None else row.rule,
            }
            found.setdefault(row.parent, []).append(node)
    return found
