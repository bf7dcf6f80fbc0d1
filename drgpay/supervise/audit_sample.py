"""What is audited: the case files with most to recover, and beside them stays drawn at random (07a, "Sample").

The random layer is the only basis of an error rate: the clues are chosen, so they tell of no other stay.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

CLUES, RANDOM = "clues", "random"

SAMPLE_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "hospital_id": pl.String(),
    "layer": pl.String(),
    "order": pl.Int64(),
    "reason": pl.String(),
    "drawn_of": pl.Int64(),
}
"""order: of the case file, or in which the stay was drawn in its hospital. reason: the case file, or the
seed. drawn_of: stays of the hospital without a clue."""


def audit_sample(
    clues: pl.DataFrame,
    risks: pl.DataFrame,
    stays: pl.DataFrame,
    *,
    capacity: int | None,
    n_random: int,
    seed: int,
) -> pl.DataFrame:
    """The table audit_sample: SAMPLE_SCHEMA, the clues first.

    clues: case_ids, file_id, to_review, those with most to recover first. risks: case_id, hospital_id,
    file_id. stays: case_id, hospital_id of the stays that are looked at. capacity: case files at most.
    n_random: stays of each hospital, drawn from those without a clue.
    """
    chosen = _of_clues(clues, risks, capacity)
    concerned = clues.select(pl.col("case_ids").explode()).to_series().drop_nulls().unique()
    without = stays.filter(~pl.col("case_id").is_in(concerned.implode()))
    return pl.concat([chosen, _of_hospitals(without, n_random, seed)])


def _of_clues(clues: pl.DataFrame, risks: pl.DataFrame, capacity: int | None) -> pl.DataFrame:
    files = (
        clues.filter("to_review")
        .drop_nulls("file_id")
        .unique("file_id", keep="first", maintain_order=True)
        .select("file_id")
    )
    if capacity is not None:
        files = files.head(capacity)
    return (
        files.with_row_index("order", offset=1)
        .join(risks.select("case_id", "hospital_id", "file_id"), on="file_id")
        .sort("order", "case_id")
        .with_columns(
            layer=pl.lit(CLUES), reason=pl.col("file_id"), drawn_of=pl.lit(None, pl.Int64)
        )
        .select(pl.col(name).cast(dtype) for name, dtype in SAMPLE_SCHEMA.items())
    )


def _of_hospitals(stays: pl.DataFrame, n_random: int, seed: int) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=SAMPLE_SCHEMA)]
    ordered = stays.sort("hospital_id", "case_id")
    for (hospital,), mine in ordered.group_by("hospital_id", maintain_order=True):
        places = drawn(str(hospital), mine.height, n_random, seed)
        parts.append(
            mine[places]
            .with_columns(
                layer=pl.lit(RANDOM),
                order=pl.int_range(1, pl.len() + 1),
                reason=pl.lit(f"seed={seed}"),
                drawn_of=pl.lit(mine.height),
            )
            .select(pl.col(name).cast(dtype) for name, dtype in SAMPLE_SCHEMA.items())
        )
    return pl.concat(parts)


def drawn(hospital: str, stays: int, n_random: int, seed: int) -> Sequence[int]:
    """The places of the stays that are drawn in a hospital, in the order in which they are drawn.

    A PCG64 stream of the seed and the hospital's id: other hospitals change nothing of it.
    """
    stream = np.random.SeedSequence([seed, *hospital.encode()])
    order = np.random.Generator(np.random.PCG64(stream)).permutation(stays)
    places: Sequence[int] = order[:n_random].tolist()
    return places
