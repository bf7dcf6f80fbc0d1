"""What the database keeps of a run's manifest."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drgpay.base.errors import DrgpayError, reason_of

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


class _File(_Part):
    sha256: str


class _PolicyHead(_Part):
    region: str | None = None


class _Settlement(_Part):
    method: str | None = None
    value_places: int | None = None


class _OutpatientRules(_Part):
    settlement: _Settlement = _Settlement()


class _Parameters(_Part):
    policy: _PolicyHead = _PolicyHead()
    settlement: _Settlement = _Settlement()
    outpatient: _OutpatientRules | None = None


class _Policy(_Part):
    id: str
    sha256: str
    parameters: _Parameters = _Parameters()


class _Inputs(_Part):
    stays: list[_File] = Field(default_factory=list)
    hospitals: _File | None = None


class _Outpatient(_Part):
    """The part of a manifest about visits."""

    scheme: _Scheme | None = None
    catalogue: _Catalogue | None = None
    visits: list[_File] = Field(default_factory=list)
    items: list[_File] = Field(default_factory=list)
    enrolment: _File | None = None


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
    outpatient: _Outpatient | None = None
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
        **_value_rules(manifest, parameters),
        "corrects": _run_named(manifest.corrects),
        **{name: counts.get(name) for name in ("read", "valid", "quarantined", "warnings")},
        "seconds": sum(manifest.seconds.values(), Decimal(0)),
        "finished": _finished(folder),
        "policy_sha256": manifest.policy.sha256 if manifest.policy else None,
        "scheme_sha256": manifest.scheme.sha256 if manifest.scheme else None,
        "catalogue_sha256": manifest.catalogue.sha256 if manifest.catalogue else None,
        "stays_sha256": _joint_hash(manifest.inputs.stays),
        "hospitals_sha256": manifest.inputs.hospitals.sha256 if manifest.inputs.hospitals else None,
        **_of_visits(manifest.outpatient, parameters.outpatient, counts),
        "manifest_sha256": hashlib.sha256(content).hexdigest(),
    }


_VISIT_COUNTS = (
    *("visits_read", "visits_valid", "visits_quarantined", "visit_warnings"),
    *("lines_read", "lines_valid", "lines_quarantined", "line_warnings"),
)


def _of_visits(
    given: _Outpatient | None, rules: _OutpatientRules | None, counts: dict[str, int]
) -> dict[str, Any]:
    """What the row says of visits; nothing for a run without any."""
    if given is None:
        return {}
    settlement = rules.settlement if rules else _Settlement()
    return {
        "visit_scheme": given.scheme.id if given.scheme else None,
        "visit_catalogue": given.catalogue.name if given.catalogue else None,
        "visit_method": settlement.method,
        "visit_value_places": settlement.value_places,
        **{name: counts.get(name) for name in _VISIT_COUNTS},
        "visit_scheme_sha256": given.scheme.sha256 if given.scheme else None,
        "visit_catalogue_sha256": given.catalogue.sha256 if given.catalogue else None,
        "visits_sha256": _joint_hash(given.visits),
        "lines_sha256": _joint_hash(given.items),
        "enrolment_sha256": given.enrolment.sha256 if given.enrolment else None,
    }


def _manifest_bytes(folder: Path) -> bytes:
    try:
        return (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise DrgpayError(
            f"{folder} is not the folder of a finished run ({MANIFEST}: {reason_of(error)})",
            "finish it with `drgpay run`, or move it away",
        ) from None


def _value_rules(manifest: _Manifest, parameters: _Parameters) -> dict[str, Any]:
    """Of a run of visits alone the inpatients' rules say nothing."""
    if manifest.outpatient and not manifest.scheme:
        return {}
    settlement = parameters.settlement
    return {"method": settlement.method, "value_places": settlement.value_places}


def _kind(manifest: _Manifest) -> str:
    """month, visits (a month of visits alone), correction or clearing; to a manifest a correction is
    a month that corrects another.
    """
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
