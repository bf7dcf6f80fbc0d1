"""Clues that were decided: what became of them, and which do not come back (07a, "Outputs")."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from drgpay.supervise.kept_tables import read_kept

_REFUSAL = "unreadable_decided"

DECIDED: Final = "decided"
EVIDENCE: Final = "decided_evidence"
_FACT = ("fact", "source_table", "key", "source_column", "value", "limit")
_EVIDENCE_SCHEMA = {
    "clue_id": pl.String(),
    **dict.fromkeys(_FACT, pl.String()),
    "folder": pl.Int32(),
}
_DECIDED_SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(("clue_id", "evidence_hash", "rule", "hospital_id", "result"), pl.String()),
    "deduction_kind": pl.String(),
    "serious": pl.Boolean(),
    "decided_on": pl.Date(),
    "decided_by": pl.String(),
    "note": pl.String(),
    "folder": pl.Int32(),
}


@dataclass(frozen=True)
class Decided:
    """Final decisions of earlier supervisions, one a clue: the newest. evidence: what each stood on."""

    clues: pl.DataFrame
    evidence: pl.DataFrame


def read_decided(folders: Sequence[Path]) -> Decided:
    """The decisions of folders of `drgpay supervise-decide`; a later folder counts for a clue of both.

    Raises DrgpayError for a folder that has none.
    """
    clues = [pl.DataFrame(schema=_DECIDED_SCHEMA)]
    evidence = [pl.DataFrame(schema=_EVIDENCE_SCHEMA)]
    for number, folder in enumerate(folders):
        clues.append(
            read_kept(folder / f"{DECIDED}.parquet", _REFUSAL).with_columns(folder=pl.lit(number))
        )
        evidence.append(
            read_kept(folder / f"{EVIDENCE}.parquet", _REFUSAL).with_columns(folder=pl.lit(number))
        )
    newest = (
        pl.concat(clues)
        .sort("clue_id", "decided_on", "folder")
        .unique("clue_id", keep="last", maintain_order=True)
    )
    facts = pl.concat(evidence).join(newest.select("clue_id", "folder"), on=["clue_id", "folder"])
    return Decided(newest.drop("folder"), facts.drop("folder").sort("clue_id", *_FACT))


def without_decided(
    clues: pl.DataFrame, evidence: pl.DataFrame, decided: Decided
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The clues that are open, and the table clues_decided of those that are not.

    A decided clue whose evidence changed is open again, and `changed` names the facts that differ.
    evidence: clue_id and the facts of the clues, with the names that they have in memory.
    """
    if decided.clues.is_empty():
        return clues, _again(clues.clear(), decided.clues)
    known = decided.clues.select("clue_id", former="evidence_hash")
    marked = clues.join(known, on="clue_id", how="left", maintain_order="left")
    same = (pl.col("evidence_hash") == pl.col("former")).fill_null(value=False)
    again = _again(marked.filter(same).drop("former"), decided.clues)
    open_again = marked.filter(~same)
    returned = open_again.filter(pl.col("former").is_not_null())["clue_id"]
    now = evidence.rename({"table": "source_table", "column": "source_column"})
    facts = [
        _missing_in(one.filter(pl.col("clue_id").is_in(returned.implode())), other)
        for one, other in ((now, decided.evidence), (decided.evidence, now))
    ]
    changed = pl.concat(facts).group_by("clue_id").agg(new=pl.col("fact").unique().sort())
    opened = (
        open_again.join(changed, on="clue_id", how="left", maintain_order="left")
        .with_columns(changed=pl.coalesce("new", "changed"))
        .select(clues.columns)
    )
    return opened, again


def _missing_in(facts: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    columns = ["clue_id", *_FACT]
    return facts.join(other, on=columns, how="anti", nulls_equal=True).select("clue_id", "fact")


def _again(clues: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    return (
        clues.select("clue_id", "rule", "hospital_id")
        .join(decided.select("clue_id", "result", "decided_on", "decided_by"), on="clue_id")
        .sort("clue_id")
    )
