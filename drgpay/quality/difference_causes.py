"""Why two groupers differ on a stay: the first rule of the official's group that is false of it.

Only the differing cases are looked at, with the plain evaluator: the rule as it is written decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.reference import Stay, excluded, holds
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, SEVERITY_SETS, CodeField
from drgpay.grouper.rules.nodes import (
    Always,
    And,
    Atom,
    Compare,
    Count,
    Member,
    Not,
    Or,
    Rule,
    atom_text,
)
from drgpay.grouper.scheme import Adrg, Drg, Mdc, Scheme
from drgpay.records.dataset import Dataset

_ERRORS = Sentences("errors/quality")

CAUSE_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "cause": pl.String(),
    "rule_level": pl.String(),
    "rule_group": pl.String(),
    "rule_fields": pl.String(),
    "rule_text": pl.String(),
    "facts": pl.String(),
}

_CODE_COLUMNS = ("principal_diagnosis", "other_diagnoses", "procedures")
_Group = Mdc | Adrg | Drg
_Path = tuple[Mdc, Adrg, Drg]


@dataclass(frozen=True)
class Cause:
    """Why a stay is not in the official's group.

    `group` is the group whose rule decides, at `level` (mdc, adrg, drg): for earlier_group ours,
    otherwise the official's. `fields` are the record columns (or severity) that the deciding parts
    of the rule read; `facts` says those parts and what the stay has there.
    """

    name: str
    level: str | None = None
    group: str | None = None
    fields: str | None = None
    text: str | None = None
    facts: str | None = None


def stays_of_cases(dataset: Dataset, compiled: CompiledScheme, case_ids: pl.Series) -> pl.DataFrame:
    """The rows of the cases, with what grouping reads and the group it gives (again_drg).

    Raises DrgpayError for a missing column or a case that has several rows.
    """
    needed = list(dict.fromkeys(["case_id", *_CODE_COLUMNS, *compiled.columns]))
    dataset.require(needed)
    wanted = pa.array(case_ids.to_list(), pa.string())
    frames = []
    for piece in dataset.pieces():
        for batch in piece.batches(needed):
            found = batch.filter(_is_in(batch.column("case_id"), wanted))
            if found.num_rows:
                groups = pl.DataFrame(pa.table(group_batch(compiled, found))).cast(pl.String)
                rows = pl.DataFrame(pa.table(found))
                frames.append(rows.with_columns(again_drg=groups["drg"]))
    if not frames:
        return pl.DataFrame(schema={"case_id": pl.String})
    rows = pl.concat(frames, how="vertical_relaxed").sort("case_id")
    repeated = rows.filter(pl.col("case_id").is_duplicated())
    if repeated.height:
        case = repeated["case_id"][0]
        raise DrgpayError(*_ERRORS("stay_twice", path=dataset.path, case=case))
    return rows


def with_causes(
    differing: pl.DataFrame, dataset: Dataset | None, compiled: CompiledScheme | None
) -> pl.DataFrame:
    """The differing cases (reconcile) with CAUSE_SCHEMA, in their order.

    Without the stays or their scheme the cause is `not_examined`.
    """
    if dataset and compiled:
        records = stays_of_cases(dataset, compiled, differing["case_id"])
        told = causes(differing, records, compiled.scheme)
        return differing.join(told, on="case_id", how="left", maintain_order="left")
    empty = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in CAUSE_SCHEMA.items()
        if name not in ("case_id", "cause")
    ]
    return differing.with_columns(pl.lit("not_examined").alias("cause"), *empty)


def causes(differing: pl.DataFrame, stays: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """The cause of each differing case: CAUSE_SCHEMA, sorted by case_id.

    differing: case_id, drg, official_drg and official_status (reconcile); stays: stays_of_cases.
    """
    paths = {path[-1].code: path for path in scheme.paths()}
    records = {row["case_id"]: row for row in stays.iter_rows(named=True)}
    rows = []
    for case_id, drg, official, status in differing.select(
        "case_id", "drg", "official_drg", "official_status"
    ).iter_rows():
        cause = _cause(scheme, paths, records.get(case_id), drg, official, status)
        rows.append(
            (case_id, cause.name, cause.level, cause.group, cause.fields, cause.text, cause.facts)
        )
    return pl.DataFrame(rows, schema=CAUSE_SCHEMA, orient="row").sort("case_id")


def _cause(
    scheme: Scheme,
    paths: Mapping[str, _Path],
    record: Mapping[str, Any] | None,
    drg: str | None,
    official: str | None,
    official_status: str,
) -> Cause:
    if record is None:
        return Cause("no_record")
    if official is None or (official_status == "ungrouped" and official not in paths):
        return Cause("official_no_group")
    if official not in paths:
        return Cause("not_in_scheme")
    if record["again_drg"] != drg:
        return Cause("not_reproduced", facts=f"{record['again_drg']}")
    stay = Stay.of(record)
    theirs = paths[official]
    for level, group in _levelled(theirs):
        if not holds(scheme, group.rule, stay):
            reasons = list(deciding(scheme, group.rule, stay))
            name = "severity_differs" if _only_severity(reasons) else "rule_false"
            return _told(scheme, name, level, group, reasons, stay)
    return _earlier(scheme, paths, drg, theirs, stay)


def _earlier(
    scheme: Scheme,
    paths: Mapping[str, _Path],
    drg: str | None,
    theirs: _Path,
    stay: Stay,
) -> Cause:
    """The official's rules hold too: ours was tried earlier, at the level where the paths part."""
    if drg is None or drg not in paths:
        return Cause("earlier_group")
    ours, others = _levelled(paths[drg]), _levelled(theirs)
    level, group = next(
        mine for mine, other in zip(ours, others, strict=True) if mine[1].code != other[1].code
    )
    reasons = list(deciding(scheme, group.rule, stay))
    severity = level == "drg" and _only_severity(reasons)
    name = "severity_differs" if severity else "earlier_group"
    return _told(scheme, name, level, group, reasons, stay)


def deciding(scheme: Scheme, rule: Rule, stay: Stay) -> Iterator[tuple[Atom, bool]]:
    """The questions whose answers make the rule what it is of a stay, with these answers.

    Of a false `and` the false parts, of a true `or` the true ones, otherwise all parts.
    """
    match rule:
        case Not(part):
            yield from deciding(scheme, part, stay)
        case And(parts) | Or(parts):
            truth = holds(scheme, rule, stay)
            # Whatever the rule is, the parts that are the same as it made it so.
            for part in parts:
                if holds(scheme, part, stay) == truth:
                    yield from deciding(scheme, part, stay)
        case _:
            yield rule, holds(scheme, rule, stay)


def _told(
    scheme: Scheme,
    name: str,
    level: str,
    group: _Group,
    reasons: list[tuple[Atom, bool]],
    stay: Stay,
) -> Cause:
    fields = sorted({field for atom, _ in reasons for field in _fields(atom)})
    facts = [
        f"{atom_text(atom)} = {str(truth).lower()}: {_has(scheme, atom, truth, stay)}"
        for atom, truth in reasons
    ]
    return Cause(name, level, group.code, ", ".join(fields), group.rule_text, "; ".join(facts))


def _only_severity(reasons: list[tuple[Atom, bool]]) -> bool:
    return bool(reasons) and all(_fields(atom) == {"severity"} for atom, _ in reasons)


def _fields(atom: Atom) -> set[str]:
    match atom:
        case Member(fields, sets):
            if set(sets) <= set(SEVERITY_SETS):
                return {"severity"}
            return {COLUMN_OF_FIELD[field] for field in fields}
        case Count(fields=fields):
            return {COLUMN_OF_FIELD[field] for field in fields}
        case Compare(field=field):
            return {COLUMN_OF_FIELD[field]}
        case Always():
            return set()


def _has(scheme: Scheme, atom: Atom, truth: bool, stay: Stay) -> str:
    """What the stay has in the fields that a question reads: of a true one only what made it so."""
    match atom:
        case Always():
            return "-"
        case Compare(field=field):
            number = stay.number(field)
            return "-" if number is None else f"{number:g}"
        case Member(fields, sets) if set(sets) <= set(SEVERITY_SETS):
            levels = sets if truth else SEVERITY_SETS
            return _levels(scheme, _codes(stay, fields), levels, truth, stay)
        case Member(fields, sets):
            held = frozenset().union(*(scheme.sets.get(name, frozenset()) for name in sets))
            codes = _codes(stay, fields)
            found = [code for code in codes if code in held]
            return " ".join(found if truth and found else codes) or "-"
        case Count(name, fields, _, _):
            return (
                " ".join(code for code in _codes(stay, fields) if code in scheme.sets[name]) or "-"
            )


def _codes(stay: Stay, fields: Iterable[CodeField]) -> list[str]:
    return [code for field in fields for code in stay.codes(field) if code]


def _levels(
    scheme: Scheme, codes: Iterable[str], levels: Iterable[str], counting: bool, stay: Stay
) -> str:
    """The MCCs and CCs among some codes, and which of them the principal diagnosis excludes."""
    said = []
    for code in codes:
        entry = scheme.complications.get(code)
        if entry and entry.level in levels:
            out = excluded(scheme, stay, code)
            if not (out and counting):
                said.append(f"{code} {entry.level}{' excluded' if out else ''}")
    return " ".join(said) or "-"


def _levelled(path: _Path) -> tuple[tuple[str, _Group], ...]:
    mdc, adrg, drg = path
    return ("mdc", mdc), ("adrg", adrg), ("drg", drg)


def _is_in(values: pa.Array, wanted: pa.Array) -> pa.Array:
    return pc.is_in(pc.cast(values, pa.string()), wanted)
