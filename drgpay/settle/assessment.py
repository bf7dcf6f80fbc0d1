"""The year's assessment (年度考核): scores become factors of what is payable."""

from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES, POINT_SCALE, apportion, half_up, scaled, unscaled
from drgpay.base.words import Sentences
from drgpay.policy.settlement import Assessment
from drgpay.settle.lines import Row

_ERRORS = Sentences("errors/settle")


@dataclass(frozen=True)
class Assessed:
    """The score of a hospital and its factor, both in 1/10,000."""

    score: int
    factor: int


def assessed_hospitals(
    scores: pl.DataFrame | None, assessment: Assessment | None, hospitals: list[str], year: int
) -> dict[str, Assessed]:
    """Each hospital's factor: that of the first band which its score reaches.

    scores: hospital_id, score (Int64, 1/10,000). Empty without [clearing.assessment]. Raises
    DrgpayError for a hospital without a score, with two, or with one out of range, and for scores
    without [clearing.assessment].
    """
    if assessment is None:
        if scores is not None:
            raise DrgpayError(*_ERRORS("unasked_scores", year=year))
        return {}
    if scores is None:
        raise DrgpayError(*_ERRORS("no_scores", year=year))
    given: dict[str, int] = {}
    for hospital, score in scores.select("hospital_id", "score").sort("hospital_id").iter_rows():
        if hospital in given:
            raise DrgpayError(*_ERRORS("scored_twice", year=year, hospital=hospital))
        maximum = scaled(assessment.maximum_score, POINT_PLACES)
        said = {"year": year, "hospital": hospital, "maximum": _plain(maximum)}
        if score is None:
            raise DrgpayError(*_ERRORS("empty_score", **said))
        if not 0 <= score <= maximum:
            raise DrgpayError(*_ERRORS("score_out_of_range", score=_plain(score), **said))
        given[hospital] = score
    missing = [hospital for hospital in hospitals if hospital not in given]
    if missing:
        key = "hospital_without_score" if len(missing) == 1 else "hospitals_without_score"
        raise DrgpayError(*_ERRORS(key, year=year, hospital=missing[0], more=len(missing) - 1))
    return {hospital: _assessed(given[hospital], assessment) for hospital in hospitals}


def assessed_lines(
    lines: list[Row], assessed: dict[str, Assessed], assessment: Assessment | None
) -> list[Row]:
    """The lines of a pool with score, factor, assessment_fen and redistributed_fen.

    Only lines in the pool are assessed; a negative fund amount stays whole. What the factors
    withhold on the whole is kept, or goes to all assessed lines in proportion to what they are
    left with, by largest remainder (ties in the order of the lines).
    """
    unassessed = {"score": None, "factor": None, "assessment_fen": 0, "redistributed_fen": 0}
    lines = [line | unassessed for line in lines]
    concerned = [line for line in lines if line["in_pool"] and line["hospital_id"] in assessed]
    for line in concerned:
        found = assessed[line["hospital_id"]]
        fund = line["fund_amount_fen"]
        line["score"], line["factor"] = found.score, found.factor
        if fund > 0:
            line["assessment_fen"] = fund - half_up(Fraction(fund * found.factor, POINT_SCALE))
    if assessment is None or assessment.withheld == "fund":
        return lines
    left = [max(line["fund_amount_fen"] - line["assessment_fen"], 0) for line in concerned]
    if any(left):
        withheld = sum(line["assessment_fen"] for line in concerned)
        for line, share in zip(concerned, apportion(withheld, left), strict=True):
            line["redistributed_fen"] = share
    return lines


def _assessed(score: int, assessment: Assessment) -> Assessed:
    band = next(b for b in assessment.bands if scaled(b.score_from, POINT_PLACES) <= score)
    return Assessed(score, scaled(band.factor, POINT_PLACES))


def _plain(score: int) -> str:
    return f"{unscaled(score, POINT_PLACES).normalize():f}"
