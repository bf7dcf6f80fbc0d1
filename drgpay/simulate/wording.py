"""What a simulation says with the words of simulate.toml: the answer to a target."""

from decimal import Decimal
from fractions import Fraction

from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.simulate.target import Found

word = Wording("simulate").word


def measure_text(found: Found, measure: Fraction) -> str:
    """A measure as people read it."""
    value = measure
    if found.target.measure == "change_share":
        return f"{float(value):+.4%}"
    places = 2 if found.target.measure == "fund_amount" else 8
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)):.{places}f}"


def measured_words(found: Found, language: Language) -> str:
    """What the target measures, and of whom."""
    target = found.target
    if target.measure == "point_value":
        return word("measured_value", language, pool=target.pool)
    amount = word("measured_final" if found.amount == "final_amount_fen" else "measured", language)
    whom = f"{target.hospital} {found.name}".strip()
    key = "measured_change" if target.measure == "change_share" else "measured_amount"
    return word(key, language, whom=whom, amount=amount)


def target_words(found: Found) -> Words:
    """`target_sentence` in both languages."""
    return Words(target_sentence(found, "zh"), target_sentence(found, "en"))


def target_sentence(found: Found, language: Language) -> str:
    """The answer: the value that was found, or that there is none and which comes nearest."""
    target, what = found.target, measured_words(found, language)
    if target.within is not None:
        goal = word("goal_within", language, what=what, share=f"{target.within:.2%}")
    else:
        least = target.at_least is not None
        amount = target.at_least if least else target.at_most
        shown = f"{amount:+.2%}" if target.measure == "change_share" else f"{amount}"
        goal = word("goal_at_least" if least else "goal_at_most", language, what=what, amount=shown)
    if found.value is None or found.measure is None:
        nearest = found.nearest
        said = word(
            "target_no",
            language,
            path=target.path,
            low=target.from_,
            high=target.to,
            goal=goal,
            nearest=nearest.value,
            measure=measure_text(found, nearest.measure),
        )
    else:
        said = word(
            "target_yes",
            language,
            path=target.path,
            value=found.value,
            goal=goal,
            measure=measure_text(found, found.measure),
            now=found.now,
        )
    return said if found.steady else said + word("not_steady", language)
