"""What a run is, what it was made from, and how to check and repeat it."""

from typing import Any

from drgpay.language import Language
from drgpay.report.html import cells
from drgpay.report.html.cells import Cell
from drgpay.report.html.row_names import scheme_title
from drgpay.report.html.run_folder import RunFolder
from drgpay.report.html.tables import Column, Table, number_column, word_column
from drgpay.report.html.wording import word

_LISTED_FILES = 20
_HASH_DIGITS = 16


def facts_of(run: RunFolder, language: Language) -> list[tuple[str, str]]:
    """Headings and facts: where, when, by which rules."""
    manifest, policy = run.manifest, run.parameters["policy"]
    facts = {
        "region": run.region,
        "period": run.period,
        "policy": f"{policy['name']}（{manifest['policy']['id']}）",
        "scheme": scheme_title(str(manifest["scheme"]["id"])),
        "catalogue": manifest["catalogue"]["name"],
        "run": run.run_id,
        "program": manifest["program"],
    }
    if manifest.get("corrects"):
        facts["corrects"] = manifest["corrects"]["run"]
    return [(word(key, language), str(value)) for key, value in facts.items()]


def evidence_table(run: RunFolder, language: Language) -> Table:
    """Rules and input files with the beginning of their hashes."""
    manifest = run.manifest
    rows: list[tuple[str, Any, int | None, str]] = []
    for key in ("scheme", "catalogue", "policy"):
        entry = manifest[key]
        rows.append((key, entry.get("id") or entry.get("name"), None, entry["sha256"]))
    for key, entries in manifest["inputs"].items():
        files = entries if isinstance(entries, list) else [entries]
        files = [file for file in files if isinstance(file, dict) and "sha256" in file]
        rows += [
            (key, file["file"], file.get("rows"), file["sha256"]) for file in files[:_LISTED_FILES]
        ]
        if len(files) > _LISTED_FILES:
            more = word("more_files", language, n=len(files) - _LISTED_FILES)
            rows.append((key, more, None, ""))
    listed = [
        [
            cells.words(word(f"in_{key}", language)),
            cells.words(str(name)),
            cells.count(count) if count is not None else Cell("", number=True),
            cells.words(str(digest)[:_HASH_DIGITS]),
        ]
        for key, name, count, digest in rows
    ]
    columns = [
        word_column("kind", language),
        word_column("file", language),
        number_column("rows", language),
        Column("sha256", "SHA-256", number=False),
    ]
    return Table(columns, listed)


def unverified_text(run: RunFolder, language: Language) -> str:
    """Parameters of the policy that no readable source confirmed; empty if there are none."""
    keys = run.manifest["policy"].get("unverified") or []
    return word("unverified", language, keys=", ".join(keys)) if keys else ""


def commands_of(
    run: RunFolder, months: list[RunFolder], language: Language
) -> list[tuple[str, str]]:
    """Commands with what they are for, to be called in the folder that holds the runs."""
    name = run.run_id
    further = "".join(f" \\\n  --with {month.run_id}" for month in months if month.run_id != name)
    english = "" if language == "zh" else " --lang en"
    commands = {
        "c_verify": f"drgpay verify {name}",
        "c_case": f"drgpay case {name} {word('case_id', language)}",
        "c_report": f"drgpay report {name}{further}{english}",
        "c_run": f"drgpay run {word('job_file', language)}{english}",
    }
    return [(command, word(key, language)) for key, command in commands.items()]
