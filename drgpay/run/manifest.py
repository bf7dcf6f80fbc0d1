"""The evidence of a run: what went in, with what it was settled, and what came out."""

import hashlib
import json
from pathlib import Path
from typing import Any

from drgpay import __version__
from drgpay.grouper.scheme import Scheme
from drgpay.points.catalogue import catalogue_hash
from drgpay.policy.load import LoadedPolicy
from drgpay.records.dataset import Dataset
from drgpay.run.job import Job

_RUN_ID_DIGITS = 10


def file_hash(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def basis_of_run(
    job: Job, dataset: Dataset, scheme: Scheme, loaded: LoadedPolicy, language: str
) -> dict[str, Any]:
    """Everything that the results depend on, by content; file names without folders."""
    return {
        "program": f"drgpay {__version__}",
        "period": str(job.period),
        "language": language,
        "scheme": {"id": scheme.info.id, "sha256": scheme.content_hash},
        "catalogue": {"name": job.catalogue.name, "sha256": catalogue_hash(job.catalogue)},
        "policy": {
            "id": loaded.policy.policy.id,
            "sha256": file_hash(loaded.path),
            "parameters": loaded.policy.model_dump(mode="json"),
            "unverified": sorted(
                path for path, about in loaded.provenance.items() if not about.verified
            ),
        },
        "inputs": {
            "stays": [
                {
                    "file": file.path.relative_to(dataset.path).as_posix()
                    if dataset.path.is_dir()
                    else file.path.name,
                    "rows": file.rows,
                    "sha256": file_hash(file.path),
                }
                for file in dataset.files
            ],
            "mapping": (
                {"file": dataset.mapping.path.name, "sha256": file_hash(dataset.mapping.path)}
                if dataset.mapping
                else None
            ),
            "encoding": job.stays.encoding,
            "clinical_codes": job.stays.clinical_codes,
            "hospitals": {"file": job.hospitals.name, "sha256": file_hash(job.hospitals)},
        },
    }


def run_id_of(basis: dict[str, Any]) -> str:
    """The same inputs, parameters and program give the same id: 2026-10-1f2e3d4c5b."""
    text = json.dumps(basis, sort_keys=True, ensure_ascii=False)
    return f"{basis['period']}-{hashlib.sha256(text.encode()).hexdigest()[:_RUN_ID_DIGITS]}"


def output_hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every result file of a run."""
    return {
        path.name: file_hash(path)
        for path in sorted(folder.iterdir())
        if path.name != "manifest.json"
    }


def write_manifest(
    folder: Path,
    run_id: str,
    basis: dict[str, Any],
    counts: dict[str, int],
    seconds: dict[str, float],
) -> None:
    """Write manifest.json; `seconds` is the only part that differs when a run is repeated."""
    manifest = {
        "run": run_id,
        **basis,
        "counts": counts,
        "outputs": output_hashes(folder),
        "seconds": {step: round(spent, 3) for step, spent in seconds.items()},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
