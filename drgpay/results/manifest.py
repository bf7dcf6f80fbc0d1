"""The evidence of a run: what went in, with what it was settled, and what came out.

manifest.json of a run is its basis (run/basis.py) with

    run              the run id
    basis_sha256     over the basis; the run id ends in its first ten digits, unless named by hand
    id_given         whether somebody named the run by hand: its id then proves nothing of the basis
    counts           rows: read, valid, quarantined, warnings ...
    outputs          file (in subfolders `statements/H01.xlsx`) -> {"bytes": ..., "sha256": ...}
    seconds          by step; the only part that differs when a run is repeated
    rights           of its files and folders, and whether the file system keeps them

All keys but these, and accepted_by, are the basis, so the run id can be recomputed from the manifest.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from drgpay import __version__
from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.file_rights import OWNER, Rights, give_all, has_file, rights_shown
from drgpay.base.plain_json import plain_json
from drgpay.results.run_ids import checked_id

MANIFEST = "manifest.json"
SHARE = "have its owner share it: output.group of the job says with whom"
"""The remedy for a run that somebody else may read only."""
PROGRAM = f"drgpay {__version__}"

_RUN_ID_DIGITS = 10
_BESIDE_BASIS = ("run", "basis_sha256", "counts", "outputs", "seconds")
_RIGHTS = "rights"  # older manifests have none
_ACCEPTED_BY = "accepted_by"  # nor this: who took on what stops runs
ID_GIVEN = "id_given"  # nor this
_NEWER_BESIDE_BASIS = (ID_GIVEN, _RIGHTS, _ACCEPTED_BY)
CHANGING = ("seconds", _RIGHTS, _ACCEPTED_BY)
"""What of a manifest differs when a run is repeated: in no evidence."""


def content_of(basis: Any) -> Any:
    """A basis, or a part of one, without the names of files: what they hold is what counts."""
    if isinstance(basis, Mapping):
        return {key: content_of(value) for key, value in basis.items() if key != "file"}
    return [content_of(one) for one in basis] if isinstance(basis, list) else basis


def basis_hash(basis: Mapping[str, Any]) -> str:
    """The sha256 over the content of a basis."""
    text = json.dumps(content_of(basis), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity_of(basis: Mapping[str, Any], run_id: str | None) -> str:
    """What a run is called: as somebody said, or by its basis. Raises DrgpayError for no good name."""
    return checked_id(run_id) if run_id else run_id_of(basis)


def run_id_of(basis: Mapping[str, Any]) -> str:
    """The same inputs, parameters and program give the same id: 2026-10-1f2e3d4c5b."""
    return f"{basis['period']}-{basis_hash(basis)[:_RUN_ID_DIGITS]}"


def output_files(folder: Path) -> dict[str, Path]:
    """Every result file of a run, by its name from the folder, in the order of the names."""
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: named[name] for name in sorted(named) if name != MANIFEST}


def output_hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every result file of a run, by its name from the folder."""
    return {name: file_hash(path) for name, path in output_files(folder).items()}


def write_manifest(
    folder: Path,
    run_id: str,
    basis: Mapping[str, Any],
    counts: Mapping[str, int],
    seconds: Mapping[str, float],
    rights: Rights = OWNER,
    accepted_by: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write manifest.json over all files that lie in the folder by now, which get their rights."""
    kept = give_all(folder, rights)
    manifest = {
        "run": run_id,
        "basis_sha256": basis_hash(basis),
        ID_GIVEN: run_id != run_id_of(basis),
        **basis,
        "counts": counts,
        "outputs": {
            name: {"bytes": path.stat().st_size, "sha256": file_hash(path)}
            for name, path in output_files(folder).items()
        },
        "seconds": {step: round(spent, 3) for step, spent in seconds.items()},
        _RIGHTS: rights_shown(rights, kept),
        **({_ACCEPTED_BY: list(accepted_by)} if accepted_by else {}),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run; raises DrgpayError if the folder holds none that can be read."""
    path = folder / MANIFEST
    if not has_file(path, SHARE):
        raise DrgpayError(f"{folder} is no folder of a run: it has no {MANIFEST}", "name a run")
    try:
        manifest = plain_json(path.read_bytes())
    except (ValueError, OSError) as error:
        raise DrgpayError(f"{path} is damaged: {error}", _RESTORE) from None
    keys = (*_BESIDE_BASIS, "kind", "period")
    missing = [key for key in keys if key not in manifest] if isinstance(manifest, dict) else keys
    if missing:
        raise DrgpayError(
            f"{path} lacks {missing[0]}: another version of drgpay wrote it, or it was changed",
            _RESTORE,
        )
    outputs = manifest["outputs"]
    if not isinstance(outputs, dict) or not all(
        isinstance(about, dict) and "sha256" in about for about in outputs.values()
    ):
        raise DrgpayError(f"{path}: outputs does not list files with their sha256", _RESTORE)
    return manifest


_RESTORE = "restore it from a copy, or run the job again"


def basis_in(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The basis that a manifest holds."""
    return {
        key: manifest[key] for key in manifest if key not in (*_BESIDE_BASIS, *_NEWER_BESIDE_BASIS)
    }


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every single value with its path: ("inputs.stays.0.sha256", "...")."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{name}.{number}")
    elif value is not None:
        yield name, str(value)


def evidence_of(folder: Path) -> str:
    """The sha256 over a manifest without its seconds, rights and who accepted: the same for a repeated run.

    Through the hashes that the manifest holds it stands for everything that went in and came out.
    Raises DrgpayError if there is no manifest.
    """
    manifest = read_manifest(folder)
    return basis_hash({key: manifest[key] for key in manifest if key not in CHANGING})


def evidence_of_run(folder: Path) -> dict[str, str]:
    """A run as an input of another: its id and its evidence."""
    return {"run": read_manifest(folder)["run"], "evidence": evidence_of(folder)}
