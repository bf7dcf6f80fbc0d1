"""Read a policy file; every mistake in it is reported at once, by the path of its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from drgpay.base.errors import DrgpayError, UnfitError, shortened
from drgpay.base.language import Words, alike
from drgpay.base.nearest import nearest_name, unknown_name
from drgpay.base.shipped import shipped_folder
from drgpay.base.toml_reader import read_toml
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy


class Provenance(BaseModel):
    """Where a value comes from, and whether somebody compared it with that source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = ""
    verified: bool = False


_ERRORS = Sentences("errors/policy")
_Model = TypeVar("_Model", bound=BaseModel)
_PROVENANCES = TypeAdapter(dict[str, Provenance])


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy with the provenance of its values, keyed by dotted path.

    written: as its file has it, where lists of groups are those of a scheme in `policy`.
    """

    policy: Policy
    provenance: Mapping[str, Provenance]
    path: Path
    written: Policy | None = None

    @property
    def as_written(self) -> Policy:
        """The policy of whatever scheme."""
        return self.written or self.policy


def load_policy(name: str | Path) -> LoadedPolicy:
    """Read a policy by the id of a shipped one or by its file.

    A value is written plainly, or as a table with `value`, `source` and `verified`.
    Raises DrgpayError for unknown keys, missing keys and impossible values.
    """
    path = policy_path(name)
    remedy = _ERRORS.words("correct_keys")
    return LoadedPolicy(*read_sourced(path, Policy, _ERRORS.words("policy"), remedy), path)


def read_sourced(
    path: Path, model: type[_Model], what: Words, remedy: Words
) -> tuple[_Model, dict[str, Provenance]]:
    """Read a TOML file whose values may be tables with `value`, `source` and `verified`.

    Returns the model, and the provenance by the dotted paths of such tables. Errors as `read_keys`.
    """
    # Decimals keep the digits that were written: 38.90 stays 38.90.
    raw = read_toml(path, what, decimals=True)
    about: dict[str, Any] = {}
    plain = _without_provenance(raw, "", about)
    try:
        provenance = _PROVENANCES.validate_python(about)
        return model.model_validate(plain), provenance
    except ValidationError as error:
        of_provenance = error.title.startswith("dict")
        told = validation_sentence(
            error, about if of_provenance else plain, Provenance if of_provenance else model
        )
        raise DrgpayError(_ERRORS.words("in_file", path=path, told=told), remedy) from None


def shipped_policies() -> list[str]:
    """The ids of the policies that come with the program, sorted."""
    return sorted(path.stem for path in shipped_folder("policies").glob("*.toml"))


def read_keys(
    path: Path,
    model: type[_Model],
    what: Words,
    remedy: Words,
    *,
    decimals: bool = False,
) -> _Model:
    """Read a TOML file of the user's into its model; decimals: numbers as they are written.

    Raises DrgpayError in one sentence for what `read_toml` refuses, and for all wrong keys by their
    paths; `what` the file is is named, and for wrong keys the remedy.
    """
    raw = read_toml(path, what, decimals=decimals)
    return validated(raw, model, path, remedy)


def validated(raw: Mapping[str, Any], model: type[_Model], path: Path, remedy: Words) -> _Model:
    """Values as their model has them; raises DrgpayError for all wrong keys by their paths.

    path: where they stand, for messages.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        told = validation_sentence(error, raw, model)
        raise DrgpayError(_ERRORS.words("in_file", path=path, told=told), remedy) from None


_MOST_MISTAKES = 20
_LONGEST_KEY, _LONGEST_VALUE = 80, 60


def validation_sentence(
    error: ValidationError, raw: Any, model: type[BaseModel] | None = None
) -> Words:
    """All findings of a validation of `raw` in one sentence, each with the path of its key.

    model: what was validated by; an unknown key is then told with the known one that is nearest.
    """
    details = error.errors()
    found = [_told(detail, raw, model) for detail in details[:_MOST_MISTAKES]]
    more = len(details) - _MOST_MISTAKES
    if more > 0:
        found.append(_ERRORS.words("more_keys", more=more))
    return _ERRORS.words("between_keys").between(found)


def _told(detail: Any, raw: Any, model: type[BaseModel] | None) -> Words:
    """What is wrong with one key."""
    key = shortened(_key_path(detail["loc"], raw), _LONGEST_KEY)
    match detail["type"]:
        case "extra_forbidden":
            meant = _nearest_key(model, detail["loc"]) if model else None
            if meant:
                return _ERRORS.words("unknown_key_like", key=key, meant=meant)
            return _ERRORS.words("unknown_key", key=key)
        case "missing":
            return _ERRORS.words("missing_key", key=key)
        case "value_error" if not key:
            return _fault(detail)
    fault, given = _fault(detail), detail["input"]
    if isinstance(given, dict):
        return _ERRORS.words("wrong_key", key=key, fault=fault)
    value = shortened(str(given), _LONGEST_VALUE)
    if meant := _share_of_percent(detail):
        return _ERRORS.words("wrong_percent", key=key, fault=fault, value=value, meant=meant)
    return _ERRORS.words("wrong_value", key=key, fault=fault, value=value)


_LIMITS = ("min_length", "max_length", "max_digits", "decimal_places", "whole_digits")


def _fault(detail: Any) -> Words:
    """What is wrong with a value: as the model's own check says it, or by the type of the error."""
    kind, values = detail["type"], dict(detail.get("ctx", {}))
    if kind == "value_error":
        refused = values["error"]
        return refused.words if isinstance(refused, UnfitError) else alike(refused)
    if any(values.get(limit) == 1 for limit in _LIMITS) and f"value.{kind}_one" in _ERRORS:
        kind = f"{kind}_one"
    if f"value.{kind}" not in _ERRORS:  # of a type that no value of these files has
        return alike(detail["msg"])
    if "expected" in values:
        values["expected"] = _choice(values["expected"])
    if f"kind.{values.get('field_type')}" in _ERRORS:
        values["field_type"] = _ERRORS.words(f"kind.{values['field_type']}")
    return _ERRORS.words(f"value.{kind}", **values)


def _choice(expected: str) -> Words:
    """The values that pydantic lists: 'a', 'b' or 'c'."""
    others, alternative, last = expected.rpartition(" or ")
    if not alternative:
        return alike(expected)
    return _ERRORS.words("one_of", others=Words(others.replace(", ", "、"), others), last=last)


def _share_of_percent(detail: Any) -> str | None:
    """The share where one seems to be given in percent: 0.85 for 85."""
    given = detail["input"]
    is_share = detail["type"] == "less_than_equal" and detail.get("ctx", {}).get("le") == 1
    if is_share and isinstance(given, int | float | Decimal) and 1 < given <= 100:
        return f"{(Decimal(str(given)) / 100).normalize():f}"
    return None


def _nearest_key(model: type[BaseModel], location: tuple[int | str, ...]) -> str | None:
    """The key of the same table that is most like the unknown one."""
    models = {model}
    for part in location[:-1]:
        # Names of variants, places in lists and keys that the region chooses lead no deeper.
        below = {
            inner
            for one in models
            for name, field in one.model_fields.items()
            if part in (name, field.alias)
            for inner in _models_in(field.annotation)
        }
        models = below or models
    known = {field.alias or name for one in models for name, field in one.model_fields.items()}
    return nearest_name(str(location[-1]), sorted(known))


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    """The models that an annotation names, inside of lists, options and alternatives too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for part in get_args(annotation) for model in _models_in(part)}


def _key_path(location: tuple[int | str, ...], raw: Any) -> str:
    """The dotted path as it stands in the file; pydantic adds the name of a chosen variant."""
    path: list[str] = []
    for place, part in enumerate(location):
        inside = isinstance(raw, dict) and part in raw
        listed = isinstance(raw, list | tuple) and isinstance(part, int)
        if inside or listed:
            raw = raw[part]
        elif place < len(location) - 1:
            continue
        path.append(str(part))
    return ".".join(path)


def policy_path(name: str | Path) -> Path:
    """The file of a policy that is named by its id or its path; raises DrgpayError."""
    path = Path(name)
    if path.is_file():
        return path
    shipped = shipped_folder("policies") / f"{name}.toml"
    if str(name) in shipped_policies():
        return shipped
    raise unknown_name(
        _ERRORS.words("policy"), str(name), _ERRORS.words("other_policy"), shipped_policies()
    )


def _without_provenance(raw: Any, path: str, about: dict[str, Any]) -> Any:
    """Put plain values where tables with `value` stand; `about` gets what else they say."""
    if isinstance(raw, dict):
        if "value" in raw:
            about[path] = {key: value for key, value in raw.items() if key != "value"}
            return raw["value"]
        return {
            key: _without_provenance(value, f"{path}.{key}" if path else key, about)
            for key, value in raw.items()
        }
    return raw
