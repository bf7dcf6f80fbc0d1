"""The folder of a transition: catalogues, Parquet, workbook, report, the section of the policy, manifest."""

import json
from pathlib import Path
from typing import Any

from drgpay.base.file_hash import bytes_hash, file_hash
from drgpay.base.language import Language
from drgpay.points.catalogue import catalogue_hash
from drgpay.records.writing import write_frame
from drgpay.results.manifest import PROGRAM, TRANSITION, read_manifest
from drgpay.run.calibration import leave_catalogue
from drgpay.run.result_folder import leave_result
from drgpay.show.tables_xlsx import write_tables
from drgpay.transition.history import SIDES, Side
from drgpay.transition.outcome import Transition
from drgpay.transition.page import facts_of, page
from drgpay.transition.sentences import sentences
from drgpay.transition.snippet import SNIPPET, phase_in_section
from drgpay.transition.tables import machine_tables, shown_tables, word

WORKBOOK = "transition.xlsx"
REPORT = "report.html"


def write_transition(found: Transition, out: Path | None = None, language: Language = "zh") -> Path:
    """Leave the folder of a transition, whole or not at all; returns where it lies.

    Without `out` it is `transitions/<id>` beside the file, where the same transition may lie already.
    Raises DrgpayError if `out` exists, and for whatever the operating system refuses.
    """
    given = {side: found.catalogues[side].folder for side in SIDES}
    hashes = {side: catalogue_hash(folder) for side, folder in given.items() if folder}
    basis = _basis(found, hashes, language)
    counts = {
        "read": found.history.read,
        "refused": found.history.refused,
        "valid": found.history.valid,
    }
    beside = found.job.path.parent / "transitions"

    def fill(folder: Path) -> None:
        _fill(found, folder, language)

    return leave_result(basis, beside, out, fill, counts, found.seconds)


def _fill(found: Transition, folder: Path, language: Language) -> None:
    for side in SIDES:
        one = found.catalogues[side]
        if one.report is not None:
            (folder / catalogue_folder(side)).mkdir()
            leave_catalogue(one.catalogue, one.report, folder / catalogue_folder(side), language)
    for name, frame in machine_tables(found).items():
        write_frame(frame, folder / f"{name}.parquet")
    tables = shown_tables(found, language)
    told = "".join(sentences(found, language))
    write_tables(
        folder / WORKBOOK,
        "workbook",
        {**dict(facts_of(found, language)), "notes": told},
        tables,
        language,
        lambda key: word(key, language),
    )
    text = page(found, tables, language)
    (folder / REPORT).write_text(text, encoding="utf-8", newline="\n")
    section = phase_in_section(found, language)
    (folder / SNIPPET).write_text(section, encoding="utf-8", newline="\n")
    (folder / found.job.path.name).write_bytes(found.job.path.read_bytes())


def catalogue_folder(side: Side) -> str:
    """The folder of a catalogue that was calibrated from the same stays."""
    return f"catalogue-{side}"


def _basis(found: Transition, hashes: dict[Side, str], language: Language) -> dict[str, Any]:
    job = found.job
    return {
        "kind": TRANSITION,
        "program": PROGRAM,
        "period": found.period,
        "language": language,
        "file": {"file": job.path.name, "sha256": bytes_hash(job.path.read_bytes())},
        "schemes": {
            side: {
                "id": found.rules.scheme_of(side).scheme.info.id,
                "sha256": found.rules.scheme_of(side).scheme.content_hash,
            }
            for side in SIDES
        },
        "catalogues": {
            side: json.loads(found.catalogues[side].catalogue.info.model_dump_json())
            | ({"sha256": hashes[side]} if side in hashes else {})
            for side in SIDES
        },
        "policy": found.rules.policy.model_dump(mode="json"),
        "inputs": {
            "hospitals": {"file": job.hospitals.name, "sha256": file_hash(job.hospitals)},
            **(
                {"shadow": [read_manifest(one).reference for one in job.shadow]}
                if job.shadow
                else {}
            ),
            "history": found.history.files,
            **(
                {
                    "explanations": {
                        "file": job.explanations.name,
                        "sha256": file_hash(job.explanations),
                    }
                }
                if job.explanations
                else {}
            ),
        },
    }
