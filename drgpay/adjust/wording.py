"""What proposals say, Chinese first."""

from collections.abc import Mapping

from drgpay.adjust.features import Feature
from drgpay.adjust.trees import Condition
from drgpay.base.language import Language
from drgpay.base.words import Wording

_PROPOSALS = Wording("adjust")
say = _PROPOSALS.said
_NUMBERS = {"age": "age", "length_of_stay": "days", "procedure_count": "count"}


def condition_words(
    condition: Condition, names: Mapping[str, str], language: Language, short: bool = False
) -> str:
    """A condition in words; `names` are those of codes, left out if `short`."""
    feature, low, high = condition.feature, condition.low, condition.high
    if feature.numeric:
        how = "between" if None not in (low, high) else "from" if low is not None else "below"
        return say(f"{_NUMBERS[feature.kind]}_{how}", language, low=low, high=high)
    yes = low is not None
    if feature.kind == "age_band":
        first, last = feature.key.split("-")
        return say("age_between" if yes else "age_outside", language, low=first, high=last)
    if feature.kind == "sex":
        key = feature.key if f"sex_{feature.key}" in _PROPOSALS else "other"
        return say(f"sex_{key}" if yes else f"not_sex_{key}", language, key=feature.key)
    key = feature.kind if yes else f"not_{feature.kind}"
    return say(key, language, key=_key_words(feature, names, language, short))


def _key_words(feature: Feature, names: Mapping[str, str], language: Language, short: bool) -> str:
    if feature.kind == "severity":
        return feature.key.replace(",", say("or", language))
    text = say("category", language, key=feature.key) if feature.category else feature.key
    name = names.get(feature.key)
    return text if short or name is None else say("named", language, key=text, name=name)


def conditions_words(
    conditions: tuple[Condition, ...],
    names: Mapping[str, str],
    language: Language,
    short: bool = False,
) -> str:
    """Conditions in words, one after the other."""
    texts = [condition_words(one, names, language, short) for one in conditions]
    return say("and", language).join(texts)
