"""What a check finds in the lists of a scheme: codes nobody knows, groups it does not have."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from drgpay.grouper.rules.fields import PROCEDURE_FIELDS
from drgpay.grouper.rules.nodes import sets_of_fields
from drgpay.grouper.scheme import SchemeInfo
from drgpay.grouper.scheme_files import OPTIONAL_TABLES
from drgpay.records.known_codes import codes_in
from drgpay.schemes.findings import Finding, finding
from drgpay.schemes.group_rows import EXAMPLES, GroupRow

_KIND = {"not_principal": "diagnoses", "no_part": "procedures"}


def lists_of(folder: Path, kind: str) -> dict[str, tuple[str, ...]]:
    """The lists that a scheme's folder has, with their columns."""
    if kind != "drg":
        return {}
    return {
        table: columns
        for table, columns in OPTIONAL_TABLES.items()
        if (folder / f"{table}.csv").is_file()
    }


def list_findings(
    info: SchemeInfo,
    groups: Mapping[str, Sequence[GroupRow]],
    tables: Mapping[str, pl.DataFrame],
) -> Iterator[Finding]:
    """Findings of the tables of OPTIONAL_TABLES that are among `tables`."""
    for table, kind in _KIND.items():
        known = codes_in(info.code_system, kind)
        if table in tables and known is not None:
            yield from _unknown_codes(table, info.code_system, tables[table], known)
    if "no_part" in tables:
        yield from _procedures_with_part(groups, tables["no_part"], tables["sets"])
    if "primary_care" in tables:
        there = {row.code for level in ("adrg", "drg") for row in groups[level]}
        for row, group in tables["primary_care"].select("row", "group").iter_rows():
            if group and group not in there:
                yield finding("unknown_listed_group", "primary_care", row, group)


def _unknown_codes(
    table: str, system: str, listed: pl.DataFrame, known: frozenset[str]
) -> Iterator[Finding]:
    unknown = listed.filter([bool(code) and code not in known for code in listed["code"]])
    if unknown.height:
        codes = unknown["code"].unique().sort()
        facts = {"codes": len(codes), "examples": " ".join(codes.head(EXAMPLES))}
        facts |= {"owner": f"{table}.csv", "system": system}
        yield finding("unknown_code", table, unknown["row"][0], "code", **facts)


def _procedures_with_part(
    groups: Mapping[str, Sequence[GroupRow]], listed: pl.DataFrame, sets: pl.DataFrame
) -> Iterator[Finding]:
    """Procedures that take no part by the list, and some by the rules."""
    asked = {
        name
        for rows in groups.values()
        for row in rows
        if row.rule is not None
        for field, name in sets_of_fields(row.rule)
        if field in PROCEDURE_FIELDS
    }
    in_sets = sets.filter(pl.col("set").is_in(list(asked))).select("set", "code")
    found = listed.join(in_sets, on="code").sort("code", "set").unique("code", keep="first")
    if found.height:
        such = found.sort("code").head(EXAMPLES)
        examples = ", ".join(f"{code} ({name})" for code, name in such["code", "set"].iter_rows())
        row = found.sort("row")["row"][0]
        facts = {"codes": found.height, "examples": examples}
        yield finding("procedure_with_part", "no_part", row, "no_part.csv", **facts)
