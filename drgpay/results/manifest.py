"""The evidence of a run: what went in, with what it was settled, and what came out.

manifest.json of a run is its basis (run/basis.py) with

    run              the run id
    basis_sha256     over the basis; the run id ends in its first ten digits, unless named by hand
    id_given         whether somebody named the run by hand: its id then proves nothing of the basis
    counts           rows: read, valid, quarantined, warnings ...
    outputs          file (in subfolders `statements/H01.xlsx`) -> {"bytes": ..., "sha256": ...}
    seconds          by step; the only part that differs when a run is repeated
    rights           of its files and folders, and whether the file system keeps them
    fetched          of what was read from databases: which service, the query's hash, rows, time;
                     the snapshots themselves are in the basis, by their hashes
    forgotten        which files are missing by decision, whose and when; added when that was made

All keys but these, and accepted_by, are the basis, so the run id can be recomputed from the manifest.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drgpay import __version__
from drgpay.base.errors import DrgpayError, UnreadableError
from drgpay.base.file_hash import file_hash
from drgpay.base.file_rights import OWNER, Rights, give_all, has_file, rights_shown
from drgpay.base.language import Language, Words, alike
from drgpay.base.plain_json import json_fault, plain_json
from drgpay.base.words import Sentences
from drgpay.results.part import PARTS, Part
from drgpay.results.run_ids import checked_id

_ERRORS = Sentences("errors/results")

MANIFEST = "manifest.json"
TRANSITION = "transition"
"""The kind of the folder that compares two schemes, which is no run."""
SUPERVISION = "supervision"
"""The kind of a folder of clues (drgpay supervise), which is no run."""
DECISIONS = "decisions"
"""The kind of a folder of decisions on clues (drgpay supervise-decide), which is no run."""
EVALUATION = "evaluation"
"""The kind of a folder of an evaluation of hospitals (drgpay evaluate), which is no run."""
RESPONSIBILITY = "responsibility"
"""The kind of a folder of a year's responsibility (drgpay share), which is no run."""
SHADOW = "shadow"
"""The kind of a folder of shadow months (drgpay shadow), which is no run either."""
PACKAGE = "datapackage.json"
"""Made from the manifest (results/data_package.py), so no part of what it stands for."""
PROGRAM = f"drgpay {__version__}"

_RUN_ID_DIGITS = 10
_BESIDE_BASIS = ("run", "basis_sha256", "counts", "outputs", "seconds")
_RIGHTS = "rights"  # older manifests have none
_ACCEPTED_BY = "accepted_by"  # nor this: who took on what stops runs
ID_GIVEN = "id_given"  # nor this
FORGOTTEN = "forgotten"  # nor this: which files are missing by decision (results/forgotten.py)
_FETCHED = "fetched"  # nor this: what was read from databases, and when
_NEWER_BESIDE_BASIS = (ID_GIVEN, _RIGHTS, _ACCEPTED_BY, FORGOTTEN, _FETCHED)
CASE_SHEETS = "case_sheets"
"""In the basis of a month whose workbooks of hospitals name the cases; others have no such key."""
CHANGING = ("seconds", _RIGHTS, _ACCEPTED_BY, FORGOTTEN, _FETCHED)
"""What of a manifest differs when a run is repeated, or was added later: in no evidence."""


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
    return {name: named[name] for name in sorted(named) if name not in (MANIFEST, PACKAGE)}


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
    fetched: Mapping[str, Any] | None = None,
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
        **({_FETCHED: fetched} if fetched else {}),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Manifest:
    """manifest.json of a finished run: `content` is as it was written, `path` the file."""

    path: Path
    content: Mapping[str, Any] = field(repr=False)

    def at(self, *keys: str) -> Any:
        """What stands below some keys; raises UnreadableError where one is missing."""
        found: Any = self.content
        for key in keys:
            if not isinstance(found, Mapping) or key not in found:
                lacking = _ERRORS("lacking_key", path=self.path, key=".".join(keys))
                raise UnreadableError(*lacking)
            found = found[key]
        return found

    def of(self, part: Part) -> "PartFacts":
        """What it says of the stays or of the visits."""
        return PartFacts(self, part)

    @property
    def run_id(self) -> str:
        """The id of the run, whatever its folder is called now."""
        return str(self.content["run"])

    @property
    def kind(self) -> str:
        """`month`, `visits` (a month of visits alone), `clearing`, or of what is no run another."""
        return str(self.content["kind"])

    @property
    def kind_said(self) -> Words:
        """What the kind is called in a sentence."""
        key = f"kind_{self.kind}"
        return _ERRORS.words(key) if key in _ERRORS else alike(self.kind)

    @property
    def is_clearing(self) -> bool:
        """Whether a year was cleared."""
        return self.kind == "clearing"

    @property
    def period(self) -> str:
        """The month, as 2026-10, or the year."""
        return str(self.content["period"])

    @property
    def parts(self) -> tuple[Part, ...]:
        """What a month or a clearing settled."""
        if self.kind not in (*MONTHS, "clearing"):
            return ()
        return tuple(part for part in PARTS if part.section_of(self.content).get("scheme"))

    @property
    def program(self) -> str:
        """The version that wrote it."""
        return str(self.at("program"))

    @property
    def language(self) -> Language:
        """The language of its texts."""
        language: Language = self.at("language")
        return language

    @property
    def corrects(self) -> dict[str, str] | None:
        """`reference` of the run that this one corrects, if it does."""
        if not self.content.get("corrects"):
            return None
        return {name: str(self.at("corrects", name)) for name in ("run", "evidence")}

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The sections of the policy, as Policy.model_dump gives them."""
        parameters: Mapping[str, Any] = self.at("policy", "parameters")
        return parameters

    @property
    def region(self) -> str:
        """The region whose policy it is."""
        return str(self.at("policy", "parameters", "policy", "region"))

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Files and runs that were read, by what they are."""
        inputs: Mapping[str, Any] = self.at("inputs")
        return inputs

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows: read, valid, quarantined ..."""
        counts: Mapping[str, int] = self.content["counts"]
        return counts

    @property
    def outputs(self) -> Mapping[str, Mapping[str, Any]]:
        """The files of results by their name from the folder, with their sha256."""
        outputs: Mapping[str, Mapping[str, Any]] = self.content["outputs"]
        return outputs

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long each step took."""
        seconds: Mapping[str, float] = self.content["seconds"]
        return seconds

    @property
    def accepted_by(self) -> Sequence[Mapping[str, Any]]:
        """Who took on what stops runs."""
        people: Sequence[Mapping[str, Any]] = self.content.get(_ACCEPTED_BY, ())
        return people

    @property
    def forgotten(self) -> frozenset[str]:
        """The files of results that are missing by decision."""
        about = self.content.get(FORGOTTEN)
        return frozenset(about.get("files", ())) if isinstance(about, Mapping) else frozenset()

    @property
    def basis(self) -> dict[str, Any]:
        """What the results depend on (run/basis.py)."""
        beside = (*_BESIDE_BASIS, *_NEWER_BESIDE_BASIS)
        return {key: value for key, value in self.content.items() if key not in beside}

    @property
    def evidence(self) -> str:
        """The sha256 without seconds, rights and who accepted: the same for a repeated run.

        Through the hashes that are in it, it stands for everything that went in and came out.
        """
        return basis_hash({key: self.content[key] for key in self.content if key not in CHANGING})

    @property
    def reference(self) -> dict[str, str]:
        """The run as an input of another: its id and its evidence."""
        return {"run": self.run_id, "evidence": self.evidence}


MONTHS = ("month", "visits")
"""The kinds of runs of a month."""


@dataclass(frozen=True)
class PartFacts:
    """What a manifest says of a part of a run."""

    manifest: Manifest
    part: Part

    def at(self, *keys: str) -> Any:
        """What stands below some keys of the part's section; raises UnreadableError as Manifest.at."""
        section = (self.part.section,) if self.part.section else ()
        return self.manifest.at(*section, *keys)

    @property
    def content(self) -> Mapping[str, Any]:
        """All of it: scheme, catalogue, of visits also inputs."""
        return self.part.section_of(self.manifest.content)

    @property
    def scheme(self) -> Mapping[str, str]:
        """id and sha256 of the grouping scheme."""
        scheme: Mapping[str, str] = self.at("scheme")
        return scheme

    @property
    def catalogue(self) -> Mapping[str, str]:
        """name and sha256 of the catalogue."""
        catalogue: Mapping[str, str] = self.at("catalogue")
        return catalogue

    @property
    def rules(self) -> Mapping[str, Any]:
        """The sections of the policy that the part is paid by."""
        return self.part.section_of(self.manifest.parameters)

    @property
    def settlement(self) -> Mapping[str, Any]:
        """[settlement], or [outpatient.settlement], of the policy."""
        section = (self.part.section,) if self.part.section else ()
        settlement: Mapping[str, Any] = self.manifest.at(
            "policy", "parameters", *section, "settlement"
        )
        return settlement

    @property
    def value_places(self) -> int:
        """The decimal places of its point values."""
        return int(self.settlement["value_places"])

    @property
    def has_accounts(self) -> bool:
        """Whether accounts of contractors were kept: of a year by `capitation`."""
        return bool(self.content.get("capitation") or self.content.get("enrolment"))


def sharing() -> Words:
    """The remedy for a run that only somebody else may read."""
    return _ERRORS.words("share")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run; raises DrgpayError if the folder holds none that can be read."""
    path = folder / MANIFEST
    if not has_file(path, sharing()):
        missing = "no_manifest" if folder.is_dir() else "no_such_folder"
        lacking = _ERRORS.words(missing, file=MANIFEST)
        raise DrgpayError(*_ERRORS("no_run_folder", folder=folder, lacking=lacking))
    try:
        content = plain_json(path.read_bytes())
    except (ValueError, OSError) as error:
        raise DrgpayError(*_ERRORS("damaged", path=path, reason=json_fault(error))) from None
    manifest = Manifest(path, content)
    for key in (*_BESIDE_BASIS, "kind", "period"):
        manifest.at(key)
    if not isinstance(manifest.outputs, dict) or not all(
        isinstance(about, dict) and "sha256" in about for about in manifest.outputs.values()
    ):
        raise DrgpayError(*_ERRORS("no_hashes", path=path))
    return manifest


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
