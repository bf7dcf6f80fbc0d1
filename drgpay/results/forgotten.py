"""What of a run was forgotten by decision: its rows about persons are gone, its evidence is there.

The manifest then says which files are missing, by whose decision and when; it stays the same
evidence. Beside the folder lies the record of it, `runs/2026-10-1f2e3d4c5b.forgotten.jsonl`: a JSON
line a decision, added and never changed, that holds the sha256 of the line before it, the first one
the evidence of the run.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError, UnreadableError
from drgpay.base.file_hash import bytes_hash
from drgpay.base.file_rights import has_file, rights_like
from drgpay.base.plain_json import json_fault, plain_json
from drgpay.base.system_errors import reason_of
from drgpay.base.whole_file import replace_whole
from drgpay.base.words import Sentences
from drgpay.results.manifest import FORGOTTEN, Manifest, sharing

_ERRORS = Sentences("errors/results")

RECORD_ENDING = ".forgotten.jsonl"


@dataclass(frozen=True)
class Decision:
    """One line of the record.

    files: the files that went, with their sha256 as the manifest has it. beside: files that lay beside
    the run, by their names from there, with the sha256 that they had. sha256: of the line.
    """

    run: str
    evidence: str
    by: str
    at: str
    note: str
    files: Mapping[str, str]
    beside: Mapping[str, str]
    sha256: str


def record_of(folder: Path) -> Path:
    """Where the record of the run in a folder lies."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}{RECORD_ENDING}")


def decisions(folder: Path) -> tuple[Decision, ...]:
    """The decisions about the run in a folder, the first one first; none without a record.

    Raises DrgpayError for a record that cannot be read, and for one whose lines do not follow from
    each other.
    """
    path = record_of(folder)
    if not has_file(path, sharing()):
        return ()
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise _broken(path, 1, reason_of(error)) from None
    found: list[Decision] = []
    for number, line in enumerate(lines, start=1):
        try:
            said = plain_json(line)
            made = Decision(
                run=str(said["run"]),
                evidence=str(said["evidence"]),
                by=str(said["by"]),
                at=str(said["at"]),
                note=str(said["note"]),
                files=dict(said["files"]),
                beside=dict(said.get("beside", {})),
                sha256=bytes_hash(line),
            )
            follows = said["follows"]
        except ValueError as error:
            raise _broken(path, number, json_fault(error)) from None
        except (KeyError, TypeError):
            raise _broken(path, number, _ERRORS.words("no_decision")) from None
        if follows != (found[-1].sha256 if found else made.evidence):
            raise _broken(path, number, _ERRORS.words("follows_another"))
        found.append(made)
    return tuple(found)


def add_decision(
    folder: Path,
    manifest: Manifest,
    by: str,
    at: str,
    note: str,
    files: Mapping[str, str],
    beside: Mapping[str, str],
) -> Decision:
    """Add a decision to the record of a run, which is replaced as a whole.

    Raises DrgpayError for a record that is broken, OSError if it cannot be written.
    """
    path, before = record_of(folder), decisions(folder)
    said = {
        "run": manifest.run_id,
        "evidence": manifest.evidence,
        "by": by,
        "at": at,
        "note": note,
        "files": dict(files),
        "beside": dict(beside),
        "follows": before[-1].sha256 if before else manifest.evidence,
    }
    line = json.dumps(said, ensure_ascii=False).encode()
    whole = path.read_bytes() if before else b""
    replace_whole(path, whole + line + b"\n", rights_like(folder))
    return decisions(folder)[-1]


def mark_forgotten(folder: Path, manifest: Manifest, decided: Decision) -> None:
    """Have the manifest say which files are missing by decision; its evidence stays the same.

    Raises OSError if it cannot be written.
    """
    gone = sorted({*manifest.forgotten, *decided.files})
    about = {"by": decided.by, "at": decided.at, "record": decided.sha256, "files": gone}
    content: dict[str, Any] = {**manifest.content, FORGOTTEN: about}
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    beside = folder.resolve().parent
    replace_whole(manifest.path, text.encode(), rights_like(folder), below=beside)


def forgotten_error(manifest: Manifest) -> tuple[Any, Any]:
    """What is said of a run whose rows are asked for and are forgotten."""
    about = manifest.content[FORGOTTEN]
    folder = manifest.path.parent
    return _ERRORS("forgotten", folder=folder, by=about.get("by", ""), at=about.get("at", "")[:10])


class ForgottenError(UnreadableError):
    """A table is not there because a decision on record beside its run removed it."""


def table_forgotten(manifest: Manifest, name: str) -> UnreadableError:
    """The error about a file that its manifest says was forgotten: whether the record says so too."""
    try:
        on_record = any(name in one.files for one in decisions(manifest.path.parent))
    except DrgpayError:  # what verify of that run says
        on_record = False
    kind = ForgottenError if on_record else UnreadableError
    return kind(*forgotten_error(manifest))


def _broken(path: Path, line: int, reason: object) -> DrgpayError:
    return DrgpayError(*_ERRORS("broken_decisions", path=path, line=line, reason=reason))
