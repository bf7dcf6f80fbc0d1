"""The folder of a supervision: Parquet, summary, workbook, rules, manifest; for its owner alone."""

from pathlib import Path
from typing import Any

from drgpay.base.file_hash import bytes_hash, file_hash
from drgpay.base.language import Language
from drgpay.records.writing import write_frame
from drgpay.results.manifest import PROGRAM, SUPERVISION
from drgpay.run.result_folder import leave_result
from drgpay.supervise.decided import DECIDED
from drgpay.supervise.summary import write_summary
from drgpay.supervise.supervision import Supervision
from drgpay.supervise.tables import machine_tables

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
    counts = {
        "read": found.read,
        "refused": found.refused,
        "visits_read": found.visits_read,
        "visits_refused": found.visits_refused,
        "clues": found.clues.height,
    }

    def fill(folder: Path) -> None:
        for table, frame in machine_tables(found).items():
            write_frame(frame, folder / f"{table}.parquet")
        write_summary(found, folder, language)
        (folder / RULES).write_bytes(found.rulebook.path.read_bytes())

    return leave_result(basis, found.job.path.parent / "supervision", out, fill, counts)


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
