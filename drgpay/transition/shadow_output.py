"""The folder of shadow months: Parquet, workbook, report, the scenarios, manifest."""

from pathlib import Path
from typing import Any

from drgpay.base.file_hash import bytes_hash
from drgpay.base.file_rights import OWNER, make_folder
from drgpay.base.language import Language
from drgpay.records.writing import write_frame
from drgpay.results.data_package import write_data_package
from drgpay.results.manifest import PROGRAM, SHADOW, run_id_of, write_manifest
from drgpay.run.output_group import rights_of_output
from drgpay.run.result_folder import keep_same
from drgpay.run.staging import refusals_named, staged_folder
from drgpay.show.tables_xlsx import write_tables
from drgpay.transition.shadow import Shadow
from drgpay.transition.shadow_page import facts_of, page, sentences
from drgpay.transition.shadow_tables import machine_tables, shown_tables, word

WORKBOOK = "shadow.xlsx"
REPORT = "report.html"


def write_shadow(found: Shadow, out: Path | None = None, language: Language = "zh") -> Path:
    """Leave the folder of shadow months, whole or not at all; returns where it lies.

    Without `out` it is `<output>/shadow/<id>` of the last month's job, where the same may lie
    already. Raises DrgpayError if `out` exists, and for whatever the operating system refuses.
    """
    basis = _basis(found, language)
    name = run_id_of(basis)
    output = found.output.output
    folder = out or output / SHADOW / name
    rights = OWNER if out else rights_of_output(found.output)
    if not out:
        with refusals_named(folder):
            make_folder(output, rights)
    place = (
        staged_folder(folder, rights=rights) if out else staged_folder(folder, keep_same, rights)
    )
    with place as staged:
        _fill(found, staged, language)
        counts = {"months": len(found.months), "hospitals": found.hospitals.height}
        write_manifest(staged, name, basis, counts, dict(found.seconds), rights)
        write_data_package(staged)
    return folder


def _fill(found: Shadow, folder: Path, language: Language) -> None:
    for name, frame in machine_tables(found).items():
        write_frame(frame, folder / f"{name}.parquet")
    tables = shown_tables(found, language)
    write_tables(
        folder / WORKBOOK,
        "title",
        {**dict(facts_of(found, language)), "notes": "".join(sentences(found, language))},
        tables,
        language,
        lambda key: word(key, language),
    )
    text = page(found, tables, language)
    (folder / REPORT).write_text(text, encoding="utf-8", newline="\n")
    kept = folder / "scenarios"
    kept.mkdir()
    for number, scenario in enumerate(found.scenarios, start=1):
        (kept / f"{number}-{scenario.path.name}").write_bytes(scenario.content)


def _basis(found: Shadow, language: Language) -> dict[str, Any]:
    return {
        "kind": SHADOW,
        "program": PROGRAM,
        "period": found.period,
        "language": language,
        "months": [
            {"period": month.period, "run": month.run.manifest.reference, **month.basis}
            for month in found.months
        ],
        "scenarios": [
            {"name": one.name, "file": one.path.name, "sha256": bytes_hash(one.content)}
            for one in found.scenarios
        ],
        "factors": {account: str(k) for account, k in sorted(found.factors.items())},
    }
