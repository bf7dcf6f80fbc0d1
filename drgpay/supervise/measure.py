"""How well rules find planted fraud: precision, recall, F1 a kind, hard negatives flagged (07a; S12)."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.supervise.kept_tables import read_kept

RULE_OF_KIND = {
    "split": "split_stay",
    "up_coding": "up_coding",
    "clone": "clone",
    "overlap": "overlap",
    "low_admission": "low_admission",
    "cost_shift": "cost_shift",
    "ghost_bed": "ghost_bed",
}
"""The rule that a planted kind is made for."""
NO_GAIN = "up_coding_no_gain"
"""Planted, but their points did not rise: counted neither way."""

MEASURE_SCHEMA: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "rule": pl.String(),
    "planted": pl.Int64(),
    "flagged": pl.Int64(),
    "true": pl.Int64(),
    "precision": pl.Float64(),
    "recall": pl.Float64(),
    "f1": pl.Float64(),
    "hard": pl.Int64(),
    "hard_flagged": pl.Int64(),
    "hard_share": pl.Float64(),
    "precision_against_hard": pl.Float64(),
    "first_100": pl.Float64(),
    "first_500": pl.Float64(),
    "expected_to_true_loss": pl.Float64(),
}
"""A row a kind. precision_against_hard: of the flagged ones that are planted or hard. first_100, first_500:
precision of the first by expected recovery. expected_to_true_loss: sum of c x stake of all candidates beside
what the planted ones gained."""


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1; None where there is nothing to divide by."""

    precision: float | None
    recall: float | None
    f1: float | None


def score(flagged: int, true: int, planted: int) -> Score:
    """Of `flagged` units `true` are planted, of `planted` ones (S12)."""
    precision = true / flagged if flagged else None
    recall = true / planted if planted else None
    if not precision or not recall:
        return Score(precision, recall, None)
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


def measure(folder: Path, labels_path: Path) -> pl.DataFrame:
    """Compare the clues of a supervision's folder with labels; MEASURE_SCHEMA, a row a kind that is planted.

    Raises DrgpayError for files that cannot be read.
    """
    clues, labels = read_kept(folder / "clues.parquet"), read_kept(labels_path)
    candidates = folder / "candidates.parquet"
    tried = read_kept(candidates) if candidates.is_file() else None
    rows = []
    not_counted = labels.filter(pl.col("kind") == NO_GAIN)["case_id"]
    for kind, rule in RULE_OF_KIND.items():
        of_kind = labels.filter(pl.col("kind") == kind)
        if of_kind.is_empty():
            continue
        flagged = flagged_units(clues, rule).filter(~pl.col("unit").is_in(not_counted.implode()))
        rows.append(
            {"kind": kind, "rule": rule, **_row(flagged, of_kind), **_loss(kind, of_kind, tried)}
        )
    return pl.DataFrame(rows, schema=MEASURE_SCHEMA)


def flagged_units(clues: pl.DataFrame, rule: str) -> pl.DataFrame:
    """unit, expected: the stays of the clues of a rule, of ghost_bed each day of a hospital; once each,
    the one with most to recover first.
    """
    mine = clues.filter(pl.col("rule") == rule)
    if rule == "ghost_bed":
        days = (
            mine.filter(pl.col("part") == "day")
            .select(
                "hospital_id", expected=pl.col("c"), day=pl.date_ranges("first_day", "last_day")
            )
            .explode("day")
        )
        units = days.select(
            "expected", unit=pl.col("hospital_id") + "@" + pl.col("day").dt.to_string("%Y-%m-%d")
        )
    else:
        units = mine.select(
            unit="case_ids",
            expected=(pl.col("c").cast(pl.Float64) * pl.col("stake_yuan").cast(pl.Float64)),
        ).explode("unit")
    best = units.group_by("unit").agg(pl.col("expected").cast(pl.Float64).max())
    return best.drop_nulls("unit").sort(["expected", "unit"], descending=[True, False])


def _row(flagged: pl.DataFrame, labels: pl.DataFrame) -> dict[str, object]:
    planted = labels.filter(~pl.col("hard"))["case_id"].unique()
    hard = labels.filter(pl.col("hard"))["case_id"].unique()
    hits = flagged.with_columns(
        true=pl.col("unit").is_in(planted.implode()), honest=pl.col("unit").is_in(hard.implode())
    )
    true, honest = int(hits["true"].sum()), int(hits["honest"].sum())
    found = score(hits.height, true, len(planted))
    return {
        "planted": len(planted),
        "flagged": hits.height,
        "true": true,
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
        "hard": len(hard),
        "hard_flagged": honest,
        "hard_share": honest / len(hard) if len(hard) else None,
        "precision_against_hard": true / (true + honest) if true + honest else None,
        "first_100": _mean(hits["true"].head(100)),
        "first_500": _mean(hits["true"].head(500)),
    }


def _mean(hits: pl.Series) -> float | None:
    return int(hits.sum()) / len(hits) if len(hits) else None


def _loss(
    kind: str, labels: pl.DataFrame, candidates: pl.DataFrame | None
) -> dict[str, float | None]:
    """Of up_coding: what all candidates would recover beside what the planted ones gained."""
    if kind != "up_coding" or candidates is None:
        return {"expected_to_true_loss": None}
    rows = candidates.with_columns(pl.col("c", "stake").cast(pl.Float64))
    gained = rows.filter(pl.col("case_id").is_in(labels["case_id"].implode()))["stake"].sum()
    expected = (rows["c"] * rows["stake"]).sum()
    return {"expected_to_true_loss": float(expected) / float(gained) if gained else None}
