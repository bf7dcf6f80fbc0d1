"""Scores of the year's assessment (年度考核): a table of hospital_id and score."""

from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table

_ERRORS = Sentences("errors/records")

_SCORES = {
    "hospital_id": Column(Kind.TEXT, required=True),
    "score": Column(Kind.SCORE, required=True),
}


def read_scores(path: Path) -> pl.DataFrame:
    """Read scores from CSV (UTF-8 or GB18030) or Parquet.

    Returns hospital_id and score (Int64, in 1/10,000), in the order of the file. Raises DrgpayError
    naming file, row and column for a missing column, an empty cell and a score that is no number.
    Whether each hospital has one score in range is seen by the clearing.
    """
    return read_table(path, _SCORES).select("hospital_id", "score")


def scores_of_hospitals(hospitals: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The scores in the column `assessment` of the table of hospitals, where there are any."""
    given = hospitals.filter(pl.col("assessment").is_not_null())
    score = pl.col("assessment").cast(pl.Decimal(18, POINT_PLACES), strict=False)
    scores = given.select("hospital_id", "assessment", score=score.to_physical().cast(pl.Int64))
    wrong = scores.filter(pl.col("score").is_null())
    if wrong.height:
        hospital, score_given = wrong["hospital_id"][0], wrong["assessment"][0]
        raise DrgpayError(*_ERRORS("no_score", path=path, hospital=hospital, score=score_given))
    return scores.select("hospital_id", "score")
