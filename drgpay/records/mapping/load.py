"""Find and read a mapping; every mistake in it is reported at once, by the path of its key."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from drgpay.errors import DrgpayError
from drgpay.policy.load import validation_sentence
from drgpay.records.mapping.model import Mapping

NO_MAPPING = Mapping()
_PRESETS = Path(__file__).resolve().parent / "presets"


@dataclass(frozen=True)
class LoadedMapping:
    """A mapping and the file that it was read from."""

    mapping: Mapping
    path: Path


def shipped_mappings() -> list[str]:
    """The names of the presets, sorted."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def mapping_path(name: str | Path) -> Path:
    """The file of a mapping that is named by its preset or its path; raises DrgpayError."""
    path = Path(name)
    if path.is_file():
        return path
    if str(name) not in shipped_mappings():
        known = ", ".join(shipped_mappings())
        raise DrgpayError(f"there is no mapping {name}", f"name a TOML file or one of {known}")
    return _PRESETS / f"{name}.toml"


def load_mapping(name: str | Path) -> LoadedMapping:
    """Read a mapping by the name of a preset or by its file; raises DrgpayError."""
    path = mapping_path(name)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrgpayError(f"{path} is not valid TOML: {error}", "correct that line") from None
    try:
        return LoadedMapping(Mapping.model_validate(raw), path)
    except ValidationError as error:
        raise DrgpayError(
            f"{path}: {validation_sentence(error, raw)}",
            "correct these keys; docs/mappings.md lists them",
        ) from None
