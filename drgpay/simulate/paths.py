"""Policy parameters by dotted path: `points.low_ratio`, `points.high_bands.0.ratio`."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.policy.fields import EVERY_KEY
from drgpay.policy.load import validation_sentence
from drgpay.policy.model import Policy

_ERRORS = Sentences("errors/simulate")

_OPEN = ("budget.annual_yuan", "budget.month_yuan")
"""Tables whose keys are names of the region, not of the model."""


def with_values(policy: Policy, values: Mapping[str, Any], where: str) -> Policy:
    """The policy with other values by dotted path; `where` names the scenario in messages.

    A place in a list is a number from 0. Raises DrgpayError for a path that the policy does not
    have, with the nearest known one, and for a value that the policy model refuses.
    """
    if not values:
        return policy
    raw = policy.model_dump(context=EVERY_KEY)
    for path, value in values.items():
        _set(raw, path, value, where)
    try:
        return Policy.model_validate(raw)
    except ValidationError as error:
        said = validation_sentence(error, raw)
        raise DrgpayError(*_ERRORS("refused_value", where=where, said=said)) from None


def value_at(policy: Policy, path: str, where: str) -> Any:
    """The value of a path; raises DrgpayError as `with_values` does for an unknown one."""
    raw: Any = policy.model_dump(context=EVERY_KEY)
    for place, part in enumerate(path.split(".")):
        raw = _below(raw, part, path, place, where, policy)
    return raw


def _set(raw: dict[str, Any], path: str, value: Any, where: str) -> None:
    *parents, last = path.split(".")
    inside: Any = raw
    for place, part in enumerate(parents):
        below = _below(inside, part, path, place, where, raw)
        if isinstance(below, tuple):  # tuples of the model become lists, to be changed in place
            below = list(below)
            _put(inside, part, below)
        if below is None:
            known = ".".join(path.split(".")[: place + 1])
            raise DrgpayError(*_ERRORS("no_table", where=where, known=known, path=path))
        inside = below
    _below(inside, last, path, len(parents), where, raw)
    _put(inside, last, value)


def _put(inside: Any, part: str, value: Any) -> None:
    if isinstance(inside, list):
        inside[int(part)] = value
    else:
        inside[part] = value


def _below(inside: Any, part: str, path: str, place: int, where: str, raw: Any) -> Any:
    parent = ".".join(path.split(".")[:place])
    if isinstance(inside, dict):
        if part in inside:
            return inside[part]
        if parent == _OPEN[0] or parent.startswith(_OPEN[1] + "."):
            return None
        if parent == _OPEN[1]:
            inside[part] = {}
            return inside[part]
    elif isinstance(inside, list | tuple) and part.isdigit() and int(part) < len(inside):
        return inside[int(part)]
    whole = raw.model_dump(context=EVERY_KEY) if isinstance(raw, Policy) else raw
    close = difflib.get_close_matches(path, list(_paths(whole)), n=1, cutoff=0.4)
    if close:
        raise DrgpayError(*_ERRORS("path_like", where=where, path=path, meant=close[0]))
    raise DrgpayError(*_ERRORS("no_path", where=where, path=path))


def _paths(raw: Any, above: str = "") -> Iterator[str]:
    pairs: Any = ()
    if isinstance(raw, dict):
        pairs = raw.items()
    elif isinstance(raw, list | tuple):
        pairs = ((str(place), one) for place, one in enumerate(raw) if isinstance(one, dict))
    for key, value in pairs:
        path = f"{above}.{key}" if above else str(key)
        yield path
        yield from _paths(value, path)
