"""Read a policy file; every mistake in it is reported at once, by the path of its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.language import Words
from drgpay.base.nearest import nearest_name, unknown_name
from drgpay.base.shipped import shipped_folder
from drgpay.base.toml_reader import read_toml
from drgpay.policy.model import Policy


class Provenance(BaseModel):
    """Where a value comes from, and whether somebody compared it with that source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = ""
    verified: bool = False


_Model = TypeVar("_Model", bound=BaseModel)
_PROVENANCES = TypeAdapter(dict[str, Provenance])


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy with the provenance of its values, keyed by dotted path."""

    policy: Policy
    provenance: Mapping[str, Provenance]
    path: Path


def load_policy(name: str | Path) -> LoadedPolicy:
    """Read a policy by the id of a shipped one or by its file.

    A value is written plainly, or as a table with `value`, `source` and `verified`.
    Raises DrgpayError for unknown keys, missing keys and impossible values.
    """
    path = policy_path(name)
    # Decimals keep the digits that were written: 38.90 stays 38.90.
    raw = read_toml(path, "policy", decimals=True)
    about: dict[str, Any] = {}
    plain = _without_provenance(raw, "", about)
    remedy = "correct these keys; docs/policy.md lists them"
    try:
        provenance = _PROVENANCES.validate_python(about)
        return LoadedPolicy(Policy.model_validate(plain), provenance, path)
    except ValidationError as error:
        of_provenance = error.title.startswith("dict")
        read, model = (about, Provenance) if of_provenance else (plain, Policy)
        raise DrgpayError(f"{path}: {validation_sentence(error, read, model)}", remedy) from None


def shipped_policies() -> list[str]:
    """The ids of the policies that come with the program, sorted."""
    return sorted(path.stem for path in shipped_folder("policies").glob("*.toml"))


def read_keys(
    path: Path,
    model: type[_Model],
    what: Words | str,
    remedy: Words | str,
    *,
    decimals: bool = False,
) -> _Model:
    """Read a TOML file of the user's into its model; decimals: numbers as they are written.

    Raises DrgpayError in one sentence for what `read_toml` refuses, and for all wrong keys by their
    paths; `what` the file is is named, and for wrong keys the remedy.
    """
    raw = read_toml(path, what, decimals=decimals)
    return validated(raw, model, path, remedy)


def validated(
    raw: Mapping[str, Any], model: type[_Model], path: Path, remedy: Words | str
) -> _Model:
    """Values as their model has them; raises DrgpayError for all wrong keys by their paths.

    path: where they stand, for messages.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        told = validation_sentence(error, raw, model)
        raise DrgpayError(f"{path}: {told}", remedy) from None


_MOST_MISTAKES = 20
_LONGEST_KEY, _LONGEST_VALUE = 80, 60


def validation_sentence(
    error: ValidationError, raw: Any, model: type[BaseModel] | None = None
) -> str:
    """All findings of a validation of `raw` in one sentence, each with the path of its key.

    model: what was validated by; an unknown key is then told with the known one that is nearest.
    """
    found = []
    details = error.errors()
    for detail in details[:_MOST_MISTAKES]:
        key = shortened(_key_path(detail["loc"], raw), _LONGEST_KEY)
        match detail["type"]:
            case "extra_forbidden":
                meant = _nearest_key(model, detail["loc"]) if model else None
                asked = f" (is {meant} meant?)" if meant else ""
                found.append(f"the key {key} is unknown{asked}")
            case "missing":
                found.append(f"the key {key} is missing")
            case "value_error" if not key:
                found.append(detail["msg"].removeprefix("Value error, "))
            case _:
                message = detail["msg"].removeprefix("Value error, ")
                given = detail["input"]
                value = shortened(str(given), _LONGEST_VALUE)
                shown = "" if isinstance(given, dict) else f" (given: {value}{_percent(detail)})"
                found.append(f"the key {key} is wrong: {message}{shown}")
    more = len(details) - _MOST_MISTAKES
    return "; ".join([*found, *([f"and {more} more"] if more > 0 else [])])


def _percent(detail: Any) -> str:
    """A question where a share seems to be given in percent: 85 for 0.85."""
    given = detail["input"]
    is_share = detail["type"] == "less_than_equal" and detail.get("ctx", {}).get("le") == 1
    if is_share and isinstance(given, int | float | Decimal) and 1 < given <= 100:
        return f"; is {(Decimal(str(given)) / 100).normalize():f} meant?"
    return ""


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
    raise unknown_name("policy", str(name), "a TOML file", shipped_policies())


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
