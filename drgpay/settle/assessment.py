"""The year's assessment (年度考核): scores become factors of what is payable."""

from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import POINT_PLACES, POINT_SCALE, apportion, half_up, scaled, unscaled
from drgpay.policy.settlement import Assessment
from drgpay.settle.lines import Row


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
            raise DrgpayError(
                f"the clearing of {year} is given assessment scores, but the policy has no "
                "[clearing.assessment]",
                "add the section to the policy or leave inputs.assessment out",
            )
        return {}
    if scores is None:
        raise DrgpayError(
            f"the policy assesses hospitals, but the clearing of {year} is given no scores",
            "name the table of scores in inputs.assessment",
        )
    given: dict[str, int] = {}
    for hospital, score in scores.select("hospital_id", "score").sort("hospital_id").iter_rows():
        if hospital in given:
            raise DrgpayError(
                f"the assessment of {year} has the hospital {hospital} twice",
                "keep one score for each hospital",
            )
        maximum = scaled(assessment.maximum_score, POINT_PLACES)
        if score is None or not 0 <= score <= maximum:
            shown = "no score" if score is None else f"the score {_plain(score)}"
            raise DrgpayError(
                f"the assessment of {year} gives the hospital {hospital} {shown}; scores go from "
                f"0 to {_plain(maximum)} (clearing.assessment.maximum_score)",
                "correct the score",
            )
        given[hospital] = score
    missing = [hospital for hospital in hospitals if hospital not in given]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DrgpayError(
            f"the assessment of {year} has no score for the hospital {missing[0]}{others}",
            "add a row for every hospital with cases in the year",
        )
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
