"""The folder of a supervision: Parquet, summary, workbook, rules, manifest; for its owner alone."""

from pathlib import Path
from typing import Any

from drgpay.base.file_hash import bytes_hash, file_hash
from drgpay.base.file_rights import OWNER
from drgpay.base.language import Language
from drgpay.records.writing import write_frame
from drgpay.results.data_package import write_data_package
from drgpay.results.manifest import PROGRAM, SUPERVISION, basis_hash, write_manifest
from drgpay.run.staging import staged_folder
from drgpay.simulate.output import keep_same
from drgpay.supervise.decided import DECIDED
from drgpay.supervise.summary import write_summary
from drgpay.supervise.supervision import Supervision
from drgpay.supervise.tables import machine_tables

_DIGITS = 10
RULES = "rules.toml"
DECIDED_FILE = f"{DECIDED}.parquet"


def write_supervision(
    found: Supervision, out: Path | None = None, language: Language = "zh"
) -> Path:
    """Leave the folder of a supervision, whole or not at all; returns where it lies.

    Without `out` it is `supervision/<id>` beside the file, where the same one may lie already. Raises
    DrgpayError if `out` exists, and for whatever the operating system refuses.
    """
    basis = basis_of(found, language)
    name = f"{found.periods[-1]}-{basis_hash(basis)[:_DIGITS]}"
    folder = out or found.job.path.parent / "supervision" / name
    with staged_folder(folder, *(() if out else (keep_same,))) as staged:
        for table, frame in machine_tables(found).items():
            write_frame(frame, staged / f"{table}.parquet")
        write_summary(found, staged, language)
        (staged / RULES).write_bytes(found.rulebook.path.read_bytes())
        counts = {"read": found.read, "refused": found.refused, "clues": found.clues.height}
        write_manifest(staged, folder.name, basis, counts, {}, OWNER)
        write_data_package(staged)
    return folder


def basis_of(found: Supervision, language: Language) -> dict[str, Any]:
    """What a supervision stands for: runs, rules, tables."""
    job = found.job
    return {
        "kind": SUPERVISION,
        "program": PROGRAM,
        "period": found.periods[-1],
        "periods": list(found.periods),
        "language": language,
        "file": {"file": job.path.name, "sha256": bytes_hash(job.path.read_bytes())},
        "rules": {"id": found.rulebook.id, "sha256": found.rulebook.hash},
        "runs": list(found.runs),
        "schemes": list(found.schemes),
        "kinds": list(found.kinds),
        "sample": job.file.sample.model_dump(),
        "inputs": {
            "hospitals": {"file": job.hospitals.name, "sha256": file_hash(job.hospitals)},
            **{
                name: {"file": path.name, "sha256": file_hash(path)}
                for name, path in sorted(job.tables.items())
            },
            **{
                f"decided_{number}": {"file": one.name, "sha256": file_hash(one / DECIDED_FILE)}
                for number, one in enumerate(job.decided)
            },
        },
    }
