"""The folder of a simulation: Parquet, workbook, page, the scenario files, manifest."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import bytes_hash, file_hash
from drgpay.base.file_rights import OWNER, make_folder
from drgpay.base.language import Language
from drgpay.base.words import Sentences
from drgpay.records.writing import write_frame
from drgpay.results.data_package import write_data_package
from drgpay.results.manifest import (
    PROGRAM,
    run_id_of,
    write_manifest,
)
from drgpay.results.part import STAYS
from drgpay.results.results import case_frames, line_frames
from drgpay.run.output_group import rights_of_output
from drgpay.run.result_folder import keep_same
from drgpay.run.staging import refusals_named, staged_folder
from drgpay.show.tables_xlsx import write_tables
from drgpay.simulate.notes import remarks_of, warnings_of
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.page import commands_of, facts_of, page
from drgpay.simulate.stages import State
from drgpay.simulate.tables import conflicts_table, machine_tables, shown_tables
from drgpay.simulate.wording import word

_ERRORS = Sentences("errors/simulate")


def write_simulation(
    found: Simulation, out: Path | None = None, language: Language = "zh", with_cases: bool = False
) -> Path:
    """Leave the folder of a simulation, whole or not at all; returns where it lies.

    Without `out` it is `<output>/scenarios/<id>`, where the same simulation may lie already.
    with_cases: also the scenario's cases.parquet and adjustments.parquet, as a run has them.
    Raises DrgpayError if `out` exists, and for whatever the operating system refuses.
    """
    basis = _basis(found, language, with_cases)
    folder = out or found.base.job.output / "scenarios" / run_id_of(basis)
    if out and folder.exists():
        raise DrgpayError(*_ERRORS("folder_exists", folder=folder))
    # In the output of a job a simulation is for those whom the job's runs are for.
    rights = OWNER if out else rights_of_output(found.base.job)
    if not out:
        with refusals_named(folder):
            make_folder(found.base.job.output, rights)
    with staged_folder(folder, keep_same, rights) as staged:
        _fill(found, staged, language, with_cases)
        counts = {"cases": found.after.settled.cases.height, "base": found.before.stays.height}
        write_manifest(staged, folder.name, basis, counts, found.seconds, rights)
        write_data_package(staged)
    return folder


def _fill(found: Simulation, folder: Path, language: Language, with_cases: bool) -> None:
    for name, frame in machine_tables(found).items():
        write_frame(frame, folder / f"{name}.parquet")
    for name, frame in run_tables(found.after, with_cases).items():
        write_frame(frame, folder / f"{name}.parquet")
    tables = shown_tables(found, language)
    said = [*warnings_of(found, language), *remarks_of(found, language)]
    write_tables(
        folder / "comparison.xlsx",
        "simulation",
        {**dict(facts_of(found, language)), **({"notes": "；".join(said)} if said else {})},
        [conflicts_table(found), *tables] if found.conflicts else tables,
        language,
        lambda key: word(key, language),
    )
    text = page(found, tables, language)
    (folder / "report.html").write_text(text, encoding="utf-8", newline="\n")
    kept = folder / "scenarios"
    kept.mkdir()
    for number, scenario in enumerate(found.scenarios, start=1):
        (kept / f"{number}-{scenario.path.name}").write_bytes(scenario.content)
        for overlay in scenario.overlays:
            shutil.copyfile(overlay, kept / f"{number}-{overlay.name}")


def run_tables(state: State, with_cases: bool) -> dict[str, pl.DataFrame]:
    """A state as a run or a clearing writes it, by the name of the file."""
    settled, hospitals = state.settled, state.plan.hospitals
    frames = line_frames(settled, state.plan.policy, hospitals)
    if with_cases:
        frames |= case_frames(STAYS, settled)
    # The values of a month are in the table of its values beside those of the base.
    frames.pop("values", None)
    return frames


def _basis(found: Simulation, language: Language, with_cases: bool) -> dict[str, Any]:
    base, after = found.base, found.after
    return {
        "kind": "simulation",
        "program": PROGRAM,
        "period": base.period,
        "language": language,
        "with_cases": with_cases,
        "base": {
            "run": base.run.manifest.reference if base.run else None,
            **{key: base.basis[key] for key in ("scheme", "catalogue", "policy", "inputs")},
            **({"outpatient": found.visits.basis} if found.visits else {}),
        },
        "scenarios": [
            {
                "name": scenario.name,
                "file": scenario.path.name,
                "sha256": bytes_hash(scenario.content),
                "overlays": [
                    {"file": path.name, "sha256": file_hash(path)} for path in scenario.overlays
                ],
            }
            for scenario in found.scenarios
        ],
        "conflicts": [conflict.key for conflict in found.conflicts],
        "stops": [
            {
                "code": one.stop.code,
                one.stop.about: one.stop.subject,
                "yuan": str(one.stop.yuan),
                "accepted_by": one.accepted_by,
            }
            for one in found.noticed
        ],
        "scheme": {
            "id": after.plan.compiled.scheme.info.id,
            "sha256": after.plan.compiled.scheme.content_hash,
        },
        "catalogue": json.loads(after.catalogue.info.model_dump_json()),
        "policy": after.plan.policy.model_dump(mode="json"),
        "commands": [command for _, command in commands_of(found)],
    }
