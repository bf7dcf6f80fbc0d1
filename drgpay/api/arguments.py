"""Arguments of the public functions, checked against their annotations before anything is done."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, wraps
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/api")

_P = ParamSpec("_P")
_R = TypeVar("_R")

_SAID: dict[Any, str] = {
    str: "type_text",
    Path: "type_path",
    int: "type_whole_number",
    float: "type_number",
    Decimal: "type_decimal",
    bool: "type_flag",
    date: "type_date",
    type(None): "type_none",
}
# Of other libraries by name, so that nothing is imported to say it.
_SAID_OF_LIBRARIES = {
    ("polars", "DataFrame"): "type_frame",
    ("polars", "LazyFrame"): "type_lazy_frame",
    ("pyarrow", "RecordBatch"): "type_batch",
    ("pyarrow", "Schema"): "type_schema",
}
# numpy's numbers are numbers; True is none.
_NUMBERS: dict[Any, type] = {int: Integral, float: Real}


def checked(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The function, refusing arguments of other types than its annotations name (DrgpayError).

    Arguments that are missing or that it does not have stay Python's TypeError.
    """
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        due = _types_of(function)
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            if not _fits(value, due[name]):
                raise _wrong_type(function.__name__, name, value, due[name])
        return function(*args, **kwargs)

    return call


def refuse_wrong_fields(made: object) -> None:
    """Check an object that users make themselves, a Stay or Choices, as an argument is checked."""
    kind: Any = type(made)
    for name, due in _types_of(kind).items():
        value = getattr(made, name)
        if not _fits(value, due):
            raise _wrong_type(kind.__name__, name, value, due)


def _wrong_type(function: str, name: str, value: object, due: Any) -> DrgpayError:
    facts = {"function": function, "name": name, "given": _said_of(value), "due": _said(due)}
    return DrgpayError(*_ERRORS("wrong_type", **facts))


@cache
def _types_of(annotated: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(annotated)


def _fits(value: object, due: Any) -> bool:
    if due is Any:
        return True
    origin, inner = get_origin(due), get_args(due)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is Sequence:
        # A text is a sequence of texts, and never meant as one.
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            return False
        return all(_fits(one, inner[0]) for one in value)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(one, inner[0]) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _fits(key, inner[0]) and _fits(one, inner[1]) for key, one in value.items()
        )
    if isinstance(value, bool):
        return due is bool
    return isinstance(value, _NUMBERS.get(due, due))


def _said(due: Any) -> Words:
    """The type in words, as what is to be given."""
    origin, inner = get_origin(due), get_args(due)
    if origin in (Union, UnionType):
        *others, last = (_said(one) for one in inner)
        return _ERRORS.words("either", others=listed(others), last=last)
    if origin is Literal:
        return _ERRORS.words("or").between(map(repr, inner))
    if origin is Sequence:
        return _ERRORS.words("type_list", each=_said(inner[0]))
    if origin is tuple:
        return _ERRORS.words("type_tuple", each=_said(inner[0]))
    if origin is Mapping:
        return _ERRORS.words("type_dict")
    key = _SAID.get(due) or _SAID_OF_LIBRARIES.get((due.__module__.partition(".")[0], due.__name__))
    if key:
        return _ERRORS.words(key)
    return _ERRORS.words("type_of_drgpay", name=due.__name__)


def _said_of(value: object) -> Words:
    """What was given instead; never the value, which may be of a person."""
    if value is None:
        return _ERRORS.words("type_none")
    if isinstance(value, str):
        return _ERRORS.words("given_other_text")
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    named = kind.__name__ if module == "builtins" else f"{module}.{kind.__name__}"
    return _ERRORS.words("given_type", name=named)
