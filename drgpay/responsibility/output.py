"""The folder of a year's responsibility: Parquet, workbooks, page, the file, manifest."""

from pathlib import Path
from typing import Any

from drgpay import __version__
from drgpay.base.file_hash import bytes_hash
from drgpay.base.language import Language
from drgpay.records.writing import write_frame
from drgpay.responsibility.responsibility import Responsibility
from drgpay.responsibility.sentences import facts, headlines, standing
from drgpay.responsibility.sheets import write_county_sheets
from drgpay.responsibility.tables import WORDS, account_sums, machine_tables, shown_tables
from drgpay.results.manifest import PROGRAM, RESPONSIBILITY, read_manifest
from drgpay.run.result_folder import leave_result
from drgpay.show.sections import PageSection
from drgpay.show.tables_html import html_table
from drgpay.show.tables_xlsx import write_tables
from drgpay.show.template import render_page

_LISTED = 200
WORKBOOK, COUNTIES, PAGE = "responsibility.xlsx", "counties.xlsx", "report.html"
GENERATOR = "drgpay share"
_STYLE = "td:first-child { white-space: nowrap; }\n"


def write_responsibility(
    found: Responsibility, out: Path | None = None, language: Language = "zh"
) -> Path:
    """Leave the folder, whole or not at all; returns where it lies.

    Without `out` it is `responsibility/<id>` beside the file, where the same one may lie already.
    Raises DrgpayError if `out` exists, and for whatever the operating system refuses.
    """
    basis = basis_of(found, language)
    counts = {"counties": found.given.counties.height, "accounts": len(found.accounts)}

    def fill(folder: Path) -> None:
        for table, frame in machine_tables(found).items():
            write_frame(frame, folder / f"{table}.parquet")
        _write_read(found, folder, language)
        (folder / found.job.path.name).write_bytes(found.job.path.read_bytes())

    return leave_result(basis, found.job.path.parent / "responsibility", out, fill, counts)


def basis_of(found: Responsibility, language: Language) -> dict[str, Any]:
    """What a year's responsibility stands for: its file, tables and clearing."""
    job = found.job
    return {
        "kind": RESPONSIBILITY,
        "program": PROGRAM,
        "period": str(job.year),
        "language": language,
        "file": {"file": job.path.name, "sha256": bytes_hash(job.path.read_bytes())},
        "parameters": {one.key: one.value for one in job.parameters()},
        "inputs": {
            **({"clearing": read_manifest(job.clearing).reference} if job.clearing else {}),
            **{name: {"sha256": sha256} for name, sha256 in found.files.items()},
        },
    }


def _write_read(found: Responsibility, folder: Path, language: Language) -> None:
    tables = shown_tables(found, language)

    def say(key: str) -> str:
        return WORDS.word(key, language)

    told = facts(found, language)
    write_tables(folder / WORKBOOK, "workbook", told, tables, language, say)
    write_county_sheets(found, folder / COUNTIES, language)
    text = render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=language,
        generator=GENERATOR,
        title=WORDS.said("title", language, name=found.job.file.name, year=found.job.year),
        subtitle=standing(found, language),
        facts=[(say(key), value) for key, value in told.items()],
        tiles=[
            (f"{say(key)} · {say(one.account)}", f"{sums[name] / 100:,.2f}", "")
            for one in found.accounts
            for sums in (account_sums(one),)
            for name, key in _TILES.items()
        ],
        notes=[*headlines(found, language), say("order_note")],
        sections=[PageSection(say(one.key), html_table(one, say, _LISTED)) for one in tables],
        footer=f"drgpay {__version__}",
    )
    (folder / PAGE).write_text(text, encoding="utf-8", newline="\n")


_TILES = {"gap": "gap", "counties": "county_borne", "pool": "pool_borne", "unfunded": "t_unfunded"}
