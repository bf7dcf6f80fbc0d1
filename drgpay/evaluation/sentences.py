"""What is said of an evaluation in sentences."""

from drgpay.base.language import Language
from drgpay.evaluation.evaluation import Evaluation
from drgpay.evaluation.file import IndicatorFile
from drgpay.evaluation.tables import WORDS

_LOW = 6000
"""A total, in 1/100, below which two years running are a listed proposal."""


def headline(found: Evaluation, language: Language) -> str:
    """How many hospitals, who is not rated, what is withheld."""
    totals = found.card.totals.values()
    return WORDS.said(
        "headline",
        language,
        stays=f"{found.stays:,}",
        hospitals=len(found.card.hospitals),
        not_rated=sum(total is None for total in totals),
        withheld=f"{sum(one.lost_fen for one in found.paid) / 100:,.2f}",
        given=f"{sum(one.given_fen for one in found.paid) / 100:,.2f}",
    )


def standing(found: Evaluation, language: Language) -> str:
    """How many indicators have weights that nobody compared with a source."""
    indicators: tuple[IndicatorFile, ...] = found.job.file.indicators
    open_ones = sum(not one.verified for one in indicators)
    return WORDS.said(
        "standing_of_file", language, unverified=open_ones, indicators=len(indicators)
    )


def proposals(found: Evaluation, language: Language) -> list[str]:
    """Hospitals below 60: a proposal to look at, no act of the program."""
    low = [
        hospital
        for hospital, total in found.card.totals.items()
        if total is not None and total < _LOW
    ]
    if not low:
        return []
    names = dict(found.hospitals.select("hospital_id", "name").iter_rows())
    listed = "、".join(str(names.get(one) or one) for one in low)
    return [WORDS.said("below_60", language, hospitals=listed)]


def facts(found: Evaluation, language: Language) -> dict[str, str]:
    """What the folder is of, by keys of words."""
    return {
        "evaluation_name": found.job.file.name,
        "evaluation_year": str(found.job.year),
        "evaluation_standing": standing(found, language),
    }
