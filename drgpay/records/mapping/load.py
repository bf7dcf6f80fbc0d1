"""Find and read a mapping; every mistake in it is reported at once, by the path of its key."""

from dataclasses import dataclass
from pathlib import Path

from drgpay.base.nearest import unknown_name
from drgpay.base.words import Sentences
from drgpay.policy.load import read_keys
from drgpay.records.mapping.model import Mapping

_ERRORS = Sentences("errors/records")

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
        what, other = _ERRORS.words("mapping.what"), _ERRORS.words("mapping.other")
        raise unknown_name(what, str(name), other, shipped_mappings())
    return _PRESETS / f"{name}.toml"


def load_mapping(name: str | Path) -> LoadedMapping:
    """Read a mapping by the name of a preset or by its file; raises DrgpayError."""
    path = mapping_path(name)
    what, remedy = _ERRORS.words("mapping.what"), _ERRORS.words("mapping.wrong_keys")
    return LoadedMapping(read_keys(path, Mapping, what, remedy), path)
