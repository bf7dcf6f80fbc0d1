"""What is said of a year's responsibility in sentences."""

from drgpay.base.language import Language
from drgpay.responsibility.responsibility import Responsibility
from drgpay.responsibility.tables import WORDS, account_sums, unverified


def headlines(found: Responsibility, language: Language) -> list[str]:
    """One sentence an account: the gap, what counties and pool bear, what nobody pays."""
    return [
        WORDS.said(
            "headline",
            language,
            account=WORDS.word(one.account, language),
            **{name: f"{fen / 100:,.2f}" for name, fen in account_sums(one).items()},
        )
        for one in found.accounts
    ]


def standing(found: Responsibility, language: Language) -> str:
    """That the shares are parameters, and how many of them nobody compared with a source."""
    parameters = found.job.parameters()
    return WORDS.said(
        "standing", language, unverified=unverified(found), parameters=len(parameters)
    )


def facts(found: Responsibility, language: Language) -> dict[str, str]:
    """What the folder is of, by keys of words."""
    return {
        "responsibility_name": found.job.file.name,
        "year": str(found.job.year),
        "standing_title": standing(found, language),
    }
