"""What the database keeps of a run's manifest."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drgpay.errors import DrgpayError, reason_of

MANIFEST = "manifest.json"


class _Part(BaseModel):
    """A part of a manifest; keys that the database does not keep are passed over."""

    model_config = ConfigDict(extra="ignore")


class _Scheme(_Part):
    id: str
    sha256: str


class _Catalogue(_Part):
    name: str
    sha256: str


class _PolicyHead(_Part):
    region: str | None = None


class _Settlement(_Part):
    method: str | None = None
    value_places: int | None = None


class _Parameters(_Part):
    policy: _PolicyHead = _PolicyHead()
    settlement: _Settlement = _Settlement()


class _Policy(_Part):
    id: str
    sha256: str
    parameters: _Parameters = _Parameters()


class _File(_Part):
    sha256: str


class _Inputs(_Part):
    stays: list[_File] = Field(default_factory=list)
    hospitals: _File | None = None


class _Manifest(_Part):
    run: str
    period: str
    program: str
    kind: str | None = None
    language: str | None = None
    corrects: Any = None
    scheme: _Scheme | None = None
    catalogue: _Catalogue | None = None
    policy: _Policy | None = None
    inputs: _Inputs = _Inputs()
    counts: dict[str, int] = Field(default_factory=dict)
    seconds: dict[str, Decimal] = Field(default_factory=dict)


def manifest_hash(folder: Path) -> str:
    """The sha256 of a run's manifest, and with it of all that the run consists of."""
    return hashlib.sha256(_manifest_bytes(folder)).hexdigest()


def run_row(folder: Path) -> dict[str, Any]:
    """The row of `stored.runs` for the run in a folder, by column.

    Raises DrgpayError if the folder holds no run, or one of another name.
    """
    content = _manifest_bytes(folder)
    try:
        manifest = _Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DrgpayError(
            f"{folder / MANIFEST} is no manifest of a run ({f'{place}: ' if place else ''}"
            f"{first['msg']})",
            "run the job again, or move the folder away",
        ) from None
    if manifest.run != folder.name:
        raise DrgpayError(
            f"the folder {folder} holds the run {manifest.run}",
            "give the folder the name of its run again",
        )
    parameters = manifest.policy.parameters if manifest.policy else _Parameters()
    counts = manifest.counts
    return {
        "run": manifest.run,
        "kind": _kind(manifest),
        "period": manifest.period,
        "region": parameters.policy.region,
        "policy": manifest.policy.id if manifest.policy else None,
        "scheme": manifest.scheme.id if manifest.scheme else None,
        "catalogue": manifest.catalogue.name if manifest.catalogue else None,
        "program": manifest.program,
        "language": manifest.language,
        "method": parameters.settlement.method,
        "value_places": parameters.settlement.value_places,
        "corrects": _run_named(manifest.corrects),
        **{name: counts.get(name) for name in ("read", "valid", "quarantined", "warnings")},
        "seconds": sum(manifest.seconds.values(), Decimal(0)),
        "finished": _finished(folder),
        "policy_sha256": manifest.policy.sha256 if manifest.policy else None,
        "scheme_sha256": manifest.scheme.sha256 if manifest.scheme else None,
        "catalogue_sha256": manifest.catalogue.sha256 if manifest.catalogue else None,
        "stays_sha256": _joint_hash(manifest.inputs.stays),
        "hospitals_sha256": manifest.inputs.hospitals.sha256 if manifest.inputs.hospitals else None,
        "manifest_sha256": hashlib.sha256(content).hexdigest(),
    }


def _manifest_bytes(folder: Path) -> bytes:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise DrgpayError(
            f"{folder} is not the folder of a finished run ({MANIFEST}: {reason_of(error)})",
            "finish it with `drgpay run`, or move it away",
        ) from None


def _kind(manifest: _Manifest) -> str:
    """month, correction or clearing; to a manifest a correction is a month that corrects another."""
    if manifest.corrects:
        return "correction"
    if manifest.kind:
        return manifest.kind
    return "month" if "-" in manifest.period else "clearing"


def _run_named(corrects: Any) -> str | None:
    """The id of the corrected run, whether the manifest names it plainly or with its hash."""
    if isinstance(corrects, dict):
        corrects = corrects.get("run")
    return Path(corrects).name if isinstance(corrects, str) else None


def _finished(folder: Path) -> datetime:
    """When the manifest was written, in UTC; equal runs have equal bytes, so it is not inside."""
    written = datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC)
    return written.replace(tzinfo=None)


def _joint_hash(files: list[_File]) -> str | None:
    """One sha256 for all files of stays, in their order."""
    if not files:
        return None
    return hashlib.sha256("\n".join(file.sha256 for file in files).encode()).hexdigest()
