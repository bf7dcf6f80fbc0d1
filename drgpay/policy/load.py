"""Read a policy file; every mistake in it is reported at once, by the path of its key."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from drgpay.errors import DrgpayError, reason_of
from drgpay.policy.model import Policy
from drgpay.shipped import shipped_folder


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
    try:
        # Decimals keep the digits that were written: 38.90 stays 38.90.
        raw = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrgpayError(f"{path} is not valid TOML: {error}", "correct that line") from None
    about: dict[str, Any] = {}
    plain = _without_provenance(raw, "", about)
    remedy = "correct these keys; docs/policy.md lists them"
    try:
        provenance = _PROVENANCES.validate_python(about)
        return LoadedPolicy(Policy.model_validate(plain), provenance, path)
    except ValidationError as error:
        read = about if error.title.startswith("dict") else plain
        raise DrgpayError(f"{path}: {validation_sentence(error, read)}", remedy) from None


def shipped_policies() -> list[str]:
    """The ids of the policies that come with the program, sorted."""
    return sorted(path.stem for path in shipped_folder("policies").glob("*.toml"))


def read_keys(path: Path, model: type[_Model], what: str, docs: str) -> _Model:
    """Read a TOML file of the user's into its model, with its numbers as they are written.

    Raises DrgpayError in one sentence for a file that cannot be read, TOML that does not parse, and
    all wrong keys by their paths; `what` the file is, and `docs` that lists its keys, are named.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrgpayError(f"{path} is not valid TOML: {error}", "correct that line") from None
    except OSError as error:
        raise DrgpayError(
            f"the {what} {path} cannot be read ({reason_of(error)})", "correct the path"
        ) from None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise DrgpayError(
            f"{path}: {validation_sentence(error, raw)}", f"correct these keys; {docs} lists them"
        ) from None


def validation_sentence(error: ValidationError, raw: Any) -> str:
    """All findings of a validation of `raw` in one sentence, each with the path of its key."""
    found = []
    for detail in error.errors():
        key = _key_path(detail["loc"], raw)
        match detail["type"]:
            case "extra_forbidden":
                found.append(f"the key {key} is unknown")
            case "missing":
                found.append(f"the key {key} is missing")
            case "value_error" if not key:
                found.append(detail["msg"].removeprefix("Value error, "))
            case _:
                message = detail["msg"].removeprefix("Value error, ")
                given = detail["input"]
                shown = "" if isinstance(given, dict) else f" (given: {given})"
                found.append(f"the key {key} is wrong: {message}{shown}")
    return "; ".join(found)


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
    known = ", ".join(shipped_policies())
    raise DrgpayError(f"there is no policy {name}", f"name a TOML file or one of {known}")


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
