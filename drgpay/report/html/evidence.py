"""What a run is, what it was made from, and how to check and repeat it."""

from collections.abc import Mapping
from typing import Any

from drgpay.report.html.row_names import scheme_title
from drgpay.report.html.tables import Column, Table, number_column, word_column
from drgpay.report.html.wording import Speaker
from drgpay.results.part import STAYS, VISITS
from drgpay.results.run_folder import RunFolder
from drgpay.show import cells
from drgpay.show.cells import Cell

_LISTED_FILES = 20
_HASH_DIGITS = 16


def facts_of(run: RunFolder, say: Speaker) -> list[tuple[str, str]]:
    """Headings and facts: where, when, by which rules."""
    manifest = run.manifest
    policy = manifest.parameters["policy"]
    facts = [
        (say("region"), manifest.region),
        (say("period"), run.period),
        (say("policy"), f"{policy['name']}（{manifest.at('policy', 'id')}）"),
    ]
    for part in run.parts:
        about = manifest.of(part)
        for key, value in (
            ("scheme", scheme_title(str(about.scheme["id"]))),
            ("catalogue", about.catalogue["name"]),
        ):
            heading = say(key)
            if len(run.parts) > 1:
                heading = say("of_part", part=say(f"part_{part.name}"), title=heading)
            facts.append((heading, value))
    facts += [(say("run"), run.run_id), (say("program"), manifest.program)]
    if run.corrects:
        facts.append((say("corrects"), run.corrects))
    return [(heading, str(value)) for heading, value in facts]


def evidence_table(run: RunFolder, say: Speaker) -> Table:
    """Rules and input files with the beginning of their hashes."""
    manifest = run.manifest
    rows = _files({"policy": manifest.at("policy")}, say)
    if manifest.is_clearing:
        rows += _files({"months": _runs_of_months(run)}, say)
    for part in run.parts:
        basis = manifest.of(part).content
        words = say.of(part)
        rows += _files({key: basis[key] for key in ("scheme", "catalogue")}, words)
        if part == VISITS:
            inputs = {key: basis[key] for key in basis if key not in ("scheme", "catalogue")}
            rows += _files(inputs, words)
    rows += _files(manifest.inputs, say)
    columns = [
        word_column("kind", say),
        word_column("file", say),
        number_column("rows", say),
        Column("sha256", "SHA-256", number=False),
    ]
    return Table(columns, rows)


def _runs_of_months(run: RunFolder) -> list[dict[str, str]]:
    """The runs that a clearing closes, fixed by the hash of their evidence."""
    runs = [one for month in run.manifest.inputs["months"] for one in month["runs"]]
    return [{"id": one["run"], "sha256": one["evidence"]} for one in runs]


def _files(entries: Mapping[str, Any], say: Speaker) -> list[list[Cell]]:
    """What the manifest says of rules and files, those that have a hash."""
    rows: list[tuple[str, Any, int | None, str]] = []
    for key, entry in entries.items():
        files = entry if isinstance(entry, list) else [entry]
        files = [file for file in files if isinstance(file, dict) and "sha256" in file]
        rows += [
            (
                key,
                file.get("file") or file.get("id") or file.get("name"),
                file.get("rows"),
                file["sha256"],
            )
            for file in files[:_LISTED_FILES]
        ]
        if len(files) > _LISTED_FILES:
            rows.append((key, say("more_files", n=len(files) - _LISTED_FILES), None, ""))
    return [
        [
            cells.words(say(f"in_{key}")),
            cells.words(str(name)),
            cells.count(count) if count is not None else Cell("", number=True),
            cells.words(str(digest)[:_HASH_DIGITS]),
        ]
        for key, name, count, digest in rows
    ]


def unverified_text(run: RunFolder, say: Speaker) -> str:
    """Parameters of the policy that no readable source confirmed; empty if there are none."""
    keys = run.manifest.at("policy").get("unverified") or []
    return say("unverified", keys=", ".join(keys)) if keys else ""


def commands_of(run: RunFolder, months: list[RunFolder], say: Speaker) -> list[tuple[str, str]]:
    """Commands with what they are for, to be called in the folder that holds the runs."""
    name = run.run_id
    further = "".join(f" \\\n  --with {month.run_id}" for month in months if month.run_id != name)
    english = "" if say.language == "zh" else " --lang en"
    year = run.manifest.is_clearing
    further = "" if year else further  # its months are those that it closes
    commands = [(f"drgpay verify {name}", say("c_verify"))]
    if STAYS in run.parts:
        commands.append((f"drgpay case {name} {say('case_id')}", say.of(STAYS)("c_case")))
    if VISITS in run.parts:
        of_visits = say.of(VISITS)
        scheme = run.manifest.of(VISITS).scheme["id"]
        commands.append((of_visits("c_case_command", scheme=scheme, run=name), of_visits("c_case")))
    return [
        *commands,
        (f"drgpay report {name}{further}{english}", say("c_report")),
        (f"drgpay {'clear' if year else 'run'} {say('job_file')}{english}", say("c_run")),
    ]
