"""The folder of an evaluation: Parquet, workbooks, page, scores for a clearing, manifest."""

from pathlib import Path
from typing import Any

import polars as pl

from drgpay import __version__
from drgpay.base.file_hash import bytes_hash
from drgpay.base.language import Language
from drgpay.evaluation.evaluation import Evaluation
from drgpay.evaluation.sentences import facts, headline, proposals, standing
from drgpay.evaluation.sheets import write_hospital_sheets
from drgpay.evaluation.tables import WORDS, machine_tables, shown_tables
from drgpay.records.writing import write_frame
from drgpay.results.manifest import EVALUATION, PROGRAM, read_manifest
from drgpay.run.result_folder import leave_result
from drgpay.show.sections import PageSection
from drgpay.show.tables_html import html_table
from drgpay.show.tables_xlsx import write_tables
from drgpay.show.template import render_page

_LISTED = 400
WORKBOOK, HOSPITALS, PAGE = "evaluation.xlsx", "hospitals.xlsx", "report.html"
ASSESSMENT = "assessment.csv"
"""The scores of rated hospitals as a year file's `inputs.assessment` takes them."""
OBJECTIONS = "objections.csv"
"""A row for each indicator that a hospital may object to, as [tables] `objections` takes it."""
GENERATOR = "drgpay evaluate"
_STYLE = "td:first-child { white-space: nowrap; }\n"


def write_evaluation(found: Evaluation, out: Path | None = None, language: Language = "zh") -> Path:
    """Leave the folder, whole or not at all; returns where it lies.

    Without `out` it is `evaluations/<id>` beside the file, where the same one may lie already. Raises
    DrgpayError if `out` exists, and for whatever the operating system refuses.
    """
    basis = basis_of(found, language)
    counts = {"stays": found.stays, "hospitals": len(found.card.hospitals)}

    def fill(folder: Path) -> None:
        for table, frame in machine_tables(found).items():
            write_frame(frame, folder / f"{table}.parquet")
        _scores(found).write_csv(folder / ASSESSMENT)
        _objections(found).write_csv(folder / OBJECTIONS)
        _write_read(found, folder, language)
        (folder / found.job.path.name).write_bytes(found.job.path.read_bytes())

    return leave_result(basis, found.job.path.parent / "evaluations", out, fill, counts)


def basis_of(found: Evaluation, language: Language) -> dict[str, Any]:
    """What an evaluation stands for: its file, runs, clearing and tables."""
    job = found.job
    return {
        "kind": EVALUATION,
        "program": PROGRAM,
        "period": str(job.year),
        "language": language,
        "file": {"file": job.path.name, "sha256": bytes_hash(job.path.read_bytes())},
        "runs": [read_manifest(one.run).reference for one in job.runs],
        "inputs": {
            **({"clearing": read_manifest(job.clearing).reference} if job.clearing else {}),
            **(
                {"supervision": read_manifest(job.supervision).reference} if job.supervision else {}
            ),
            **{name: {"sha256": sha256} for name, sha256 in found.files.items()},
        },
    }


def _scores(found: Evaluation) -> pl.DataFrame:
    rated = [(one, total) for one, total in found.card.totals.items() if total is not None]
    return pl.DataFrame(
        {
            "hospital_id": [one for one, _ in rated],
            "score": [f"{total // 100}.{total % 100:02d}" for _, total in rated],
        },
        schema={"hospital_id": pl.String, "score": pl.String},
    )


def _objections(found: Evaluation) -> pl.DataFrame:
    """Objections as they stand; of what nobody objected to an empty claim that is open."""
    every = pl.DataFrame(
        [
            {"hospital_id": hospital, "indicator": one.rules.id}
            for hospital in found.card.hospitals
            for one in found.card.scored[hospital]
            if one.rules.weight
        ],
        schema={"hospital_id": pl.String, "indicator": pl.String},
    )
    table = machine_tables(found)["objections"].select(
        "hospital_id", "indicator", pl.col("claimed_value").cast(pl.Decimal(18, 4)), "decision"
    )
    joined = every.join(table, on=["hospital_id", "indicator"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("decision").fill_null("open"))


def _write_read(found: Evaluation, folder: Path, language: Language) -> None:
    tables = shown_tables(found, language)

    def say(key: str) -> str:
        return WORDS.word(key, language)

    told = facts(found, language)
    write_tables(folder / WORKBOOK, "workbook", told, tables, language, say)
    write_hospital_sheets(found, folder / HOSPITALS, language)
    text = render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=language,
        generator=GENERATOR,
        title=WORDS.said("title", language, name=found.job.file.name, year=found.job.year),
        subtitle=standing(found, language),
        facts=[(say(key), value) for key, value in told.items()],
        tiles=[
            (say("hospitals_tile"), str(len(found.card.hospitals)), ""),
            (say("withheld_by_score"), f"{sum(one.lost_fen for one in found.paid) / 100:,.2f}", ""),
            (say("given"), f"{sum(one.given_fen for one in found.paid) / 100:,.2f}", ""),
        ],
        notes=[headline(found, language), *proposals(found, language)],
        sections=[PageSection(say(one.key), html_table(one, say, _LISTED)) for one in tables],
        footer=f"drgpay {__version__}",
    )
    (folder / PAGE).write_text(text, encoding="utf-8", newline="\n")
