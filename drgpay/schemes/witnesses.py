"""Test cases derived from a scheme: stays that land in its groups, and stays just outside."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.file_rights import BY_UMASK
from drgpay.grouper.compiled import compile_scheme
from drgpay.grouper.reference import Stay
from drgpay.grouper.scheme import Scheme
from drgpay.records.writing import staged_file, write_batches
from drgpay.schemes.alternatives import Requirement
from drgpay.schemes.boundaries import boundaries
from drgpay.schemes.candidates import STAY_FIELDS, batch_of
from drgpay.schemes.code_choice import CodeChoice
from drgpay.schemes.reachability import Reach, Witness, land, search_reach

_TEXT = pa.string()
WITNESS_SCHEMA = pa.schema(
    [
        pa.field("case_id", _TEXT),
        *STAY_FIELDS,
        pa.field("kind", _TEXT),
        pa.field("target_drg", _TEXT),
        pa.field("changed", _TEXT),
        pa.field("expected_mdc", _TEXT),
        pa.field("expected_adrg", _TEXT),
        pa.field("expected_drg", _TEXT),
    ]
)


def witness_table(scheme: Scheme, reach: Reach | None = None) -> pa.Table:
    """The witnesses and boundary stays of a scheme, WITNESS_SCHEMA, in the order of the groups.

    kind is `witness` (the stay lands in target_drg; expected_drg is the same) or `boundary` (one
    fact of the witness above is changed, so that one comparison or membership fails; expected_drg
    is where the stay lands then). changed names the level, the requirement that fails and the fact
    before and after; null for a witness. A group has one witness for each further requirement that
    an alternative of its rules brings. expected_mdc, expected_adrg and expected_drg are what the
    engine gives (`0000`, `00`, `0000` for no group). The same scheme always gives the same table.
    """
    reach = reach or search_reach(scheme)
    compiled = compile_scheme(scheme)
    choice = CodeChoice(compiled)
    rows: list[tuple[str, str, str | None, Stay]] = []  # kind, target, changed, stay
    for witness in _telling(reach.witnesses):
        target = witness.group.drg.code
        rows.append(("witness", target, None, witness.stay))
        rows += [
            ("boundary", target, outside.changed, outside.stay)
            for outside in boundaries(choice, witness)
        ]
    rows = _once(rows)
    stays = [stay for *_, stay in rows]
    landed = land(compiled, stays)
    columns: dict[str, list[str | None]] = {
        "case_id": _case_ids(target for _, target, _, _ in rows),
        "kind": [kind for kind, *_ in rows],
        "target_drg": [target for _, target, _, _ in rows],
        "changed": [changed for _, _, changed, _ in rows],
        "expected_mdc": [mdc for mdc, _, _ in landed],
        "expected_adrg": [adrg for _, adrg, _ in landed],
        "expected_drg": [drg for _, _, drg in landed],
    }
    facts = batch_of(stays)
    return pa.table(
        {
            field.name: pa.array(columns[field.name], field.type)
            if field.name in columns
            else facts.column(field.name)
            for field in WITNESS_SCHEMA
        },
        schema=WITNESS_SCHEMA,
    )


def write_witnesses(table: pa.Table, out: Path) -> None:
    """Write a witness table as Parquet; the same table gives the same bytes."""
    with staged_file(out, BY_UMASK) as staged:
        coded = [field.name for field in table.schema if field.type == _TEXT]
        write_batches(table.to_batches(), table.schema, staged, coded)


def coverage(table: pa.Table) -> pl.DataFrame:
    """Per kind how many groups and stays: kind, groups, stays; witness first."""
    frame = pl.DataFrame(table.select(["kind", "target_drg"]))
    counted = frame.group_by("kind").agg(
        groups=pl.col("target_drg").n_unique(), stays=pl.len().cast(pl.Int64)
    )
    return counted.sort("kind", descending=True)


def _telling(witnesses: Iterable[Witness]) -> list[Witness]:
    """Of each group the first witness, and those whose way asks something not yet asked."""
    asked: dict[str, set[Requirement]] = {}
    kept = []
    for witness in witnesses:
        group = witness.group.drg.code
        if group not in asked or not asked[group].issuperset(witness.alternative):
            kept.append(witness)
            asked.setdefault(group, set()).update(witness.alternative)
    return kept


def _once(
    rows: Iterable[tuple[str, str, str | None, Stay]],
) -> list[tuple[str, str, str | None, Stay]]:
    """Of the same stay for the same group and purpose only the first."""
    kept: dict[tuple[str, str, Stay], tuple[str, str, str | None, Stay]] = {}
    for row in rows:
        kept.setdefault((row[0], row[1], row[3]), row)
    return list(kept.values())


def _case_ids(targets: Iterable[str]) -> list[str | None]:
    """The group and a running number within it."""
    numbers: dict[str, int] = {}
    found: list[str | None] = []
    for target in targets:
        numbers[target] = numbers.get(target, 0) + 1
        found.append(f"{target}-{numbers[target]:02d}")
    return found
