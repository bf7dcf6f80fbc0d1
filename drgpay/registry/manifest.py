"""What the database keeps of a run's manifest."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from drgpay.approval.state import time_zone
from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.words import Sentences
from drgpay.results.manifest import Manifest, read_manifest
from drgpay.results.part import STAYS, VISITS, Part

_ERRORS = Sentences("errors/registry")


def manifest_hash(folder: Path) -> str:
    """The sha256 of a run's manifest, and with it of all that the run consists of."""
    return file_hash(read_manifest(folder).path)


def run_row(folder: Path) -> dict[str, Any]:
    """The row of `stored.runs` for the run in a folder, by column.

    Raises DrgpayError if the folder holds no run, or one of another name.
    """
    manifest = read_manifest(folder)
    if not manifest.parts:
        raise DrgpayError(*_ERRORS("no_run", folder=folder, kind=manifest.kind_said))
    if manifest.run_id != folder.name:
        raise DrgpayError(*_ERRORS("other_name", folder=folder, run=manifest.run_id))
    corrected = manifest.corrects
    return {
        "run": manifest.run_id,
        # To a manifest a correction is a month that corrects another.
        "kind": "correction" if corrected else manifest.kind,
        "period": manifest.period,
        "region": manifest.region,
        "policy": manifest.at("policy", "id"),
        "program": manifest.program,
        "language": manifest.language,
        "corrects": corrected["run"] if corrected else None,
        "seconds": sum((Decimal(str(spent)) for spent in manifest.seconds.values()), Decimal(0)),
        "finished": _finished(manifest),
        "time_zone": time_zone(manifest),
        "policy_sha256": manifest.at("policy", "sha256"),
        "hospitals_sha256": manifest.at("inputs", "hospitals", "sha256"),
        **_row_of(STAYS, manifest, "", _COUNTS),
        "stays_sha256": _joint_hash(manifest.inputs.get("stays")),
        **_row_of(VISITS, manifest, "visit_", _VISIT_COUNTS),
        "visits_sha256": _joint_hash(_of_visits(manifest).get("visits")),
        "lines_sha256": _joint_hash(_of_visits(manifest).get("items")),
        "enrolment_sha256": (_of_visits(manifest).get("enrolment") or {}).get("sha256"),
        "manifest_sha256": file_hash(manifest.path),
    }


_COUNTS = ("read", "valid", "quarantined", "warnings")
_VISIT_COUNTS = (
    *("visits_read", "visits_valid", "visits_quarantined", "visit_warnings"),
    *("lines_read", "lines_valid", "lines_quarantined", "line_warnings"),
)


def _row_of(part: Part, manifest: Manifest, prefix: str, counts: Iterable[str]) -> dict[str, Any]:
    """What the row says of a part; nothing where the run did not settle it."""
    if part not in manifest.parts:
        return {}
    about = manifest.of(part)
    return {
        f"{prefix}scheme": about.scheme["id"],
        f"{prefix}catalogue": about.catalogue["name"],
        f"{prefix}method": about.settlement["method"],
        f"{prefix}value_places": about.value_places,
        **{name: manifest.counts.get(name) for name in counts},
        f"{prefix}scheme_sha256": about.scheme["sha256"],
        f"{prefix}catalogue_sha256": about.catalogue["sha256"],
    }


def _of_visits(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.of(VISITS).content


def _finished(manifest: Manifest) -> datetime:
    """When the manifest was written, in UTC; equal runs have equal bytes, so it is not inside."""
    written = datetime.fromtimestamp(manifest.path.stat().st_mtime, UTC)
    return written.replace(tzinfo=None)


def _joint_hash(files: Iterable[Mapping[str, Any]] | None) -> str | None:
    """One sha256 for all files of records, in their order."""
    if not files:
        return None
    return hashlib.sha256("\n".join(file["sha256"] for file in files).encode()).hexdigest()
