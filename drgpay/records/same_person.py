"""What only the stays of one person together show: copies and overlaps."""

import polars as pl

COPY, OVERLAP = "is_copy", "overlaps"
"""The columns of `with_same_person`."""

_COPIED = ("hospital_id", "admission_date", "discharge_date", "principal_diagnosis", "total_fen")


PERSON_COLUMNS = ("person_id", "case_id", "settlement_date", *_COPIED)
"""What tells copies and overlaps."""


def with_same_person(stays: pl.DataFrame) -> pl.DataFrame:
    """Mark copies of stays and stays that begin before an earlier one of the same person ended.

    Copy: the same person, hospital, days, principal diagnosis and total cost under another case_id;
    the first by settlement date, then case_id, is none. Overlap: of two stays the one begun later;
    one that begins on the day of a discharge is a return or a transfer. A copy overlaps nothing.
    """
    rows = stays.select(*PERSON_COLUMNS).with_row_index("at")
    several = rows.filter(pl.col("person_id").is_duplicated() & pl.col("person_id").is_not_null())
    copies, overlaps = marked_stays(several)
    return stays.with_columns(
        _marked(stays.height, copies).alias(COPY),
        _marked(stays.height, overlaps).alias(OVERLAP),
    )


def marked_stays(several: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Which stays are copies, and which overlap (see with_same_person), by their `at`.

    several: PERSON_COLUMNS and `at`, the place of the stay among all; all stays of a person, if any.
    """
    copies = _copies(several)
    others = several.filter(~pl.col("at").is_in(copies.implode()))
    return copies, _overlaps(others)


def _copies(rows: pl.DataFrame) -> pl.Series:
    keys = ["person_id", *_COPIED]
    alike = rows.drop_nulls(keys).filter(pl.struct(keys).is_duplicated())
    first = pl.col("case_id").first()
    return (
        alike.sort("settlement_date", "case_id", "at", nulls_last=True)
        # A case_id that occurs twice is a finding of its own.
        .filter((pl.col("case_id") != first.over(keys)).fill_null(False))["at"]
    )


def _overlaps(rows: pl.DataFrame) -> pl.Series:
    begun = rows.drop_nulls(["admission_date", "discharge_date"]).sort(
        "person_id", "admission_date", "discharge_date", "case_id", "at"
    )
    ended = (
        pl.col("discharge_date")
        .cum_max()
        .shift()
        .over("person_id", mapping_strategy="group_to_rows")
    )
    return begun.filter((pl.col("admission_date") < ended).fill_null(False))["at"]


def _marked(length: int, rows: pl.Series) -> pl.Series:
    marks = pl.Series([False]).new_from_index(0, length)
    return marks.scatter(rows.cast(pl.UInt32), True) if len(rows) else marks
