"""Ids of clues, of their evidence and of case files: hashes, the same whenever a clue is found again."""

import hashlib
from collections.abc import Iterable

import polars as pl

_DIGITS = 12


def hash_of(parts: Iterable[str]) -> str:
    """The hash of texts in their order; no two lists of texts have the same bytes."""
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]


def clue_ids(rule: str, hits: pl.DataFrame) -> pl.Series:
    """The id of each hit (part, keys) of a rule."""
    rows = zip(hits["part"].to_list(), hits["keys"].to_list(), strict=True)
    return pl.Series("clue_id", [hash_of((rule, part, *keys)) for part, keys in rows], pl.String)


def evidence_hashes(hits: pl.DataFrame, facts: pl.DataFrame) -> pl.Series:
    """The hash of the stays and the facts of each hit, whatever the order of the facts."""
    said = [
        pl.col(name).fill_null("") for name in ("fact", "table", "key", "column", "value", "limit")
    ]
    texts = facts.select("hit", text=pl.concat_str(said, separator="\x1f")).sort("hit", "text")
    by_hit = texts.group_by("hit", maintain_order=True).agg("text")
    joined = hits.select("hit", "case_ids").join(
        by_hit, on="hit", how="left", maintain_order="left"
    )
    rows = zip(joined["case_ids"].to_list(), joined["text"].to_list(), strict=True)
    return pl.Series(
        "evidence_hash", [hash_of((*ids, "", *(text or ()))) for ids, text in rows], pl.String
    )
