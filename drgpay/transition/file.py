"""The file of a transition: two schemes, the stays of past years, and what the change must keep to."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field

from drgpay.base.words import Sentences
from drgpay.policy.fields import Count, Month, Name, Section, Share
from drgpay.policy.load import Provenance, read_sourced
from drgpay.records.dataset import RecordsInput
from drgpay.run.job import beside, policy_beside, scheme_beside

_ERRORS = Sentences("errors/transition")

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]


class SideFile(Section):
    """[old] and [new]: a scheme, and its catalogue if it is not to be calibrated from the history."""

    scheme: Name
    catalogue: Name | None = None


class HistoryFile(Section):
    """[history]: the stays of two or three past years."""

    stays: Name
    mapping: Name | None = None
    encoding: Name | None = None
    clinical_codes: bool = False
    ignore: tuple[Name, ...] = ()


class ShadowFile(Section):
    """[shadow]: folders that `drgpay shadow` left."""

    folders: Annotated[tuple[Name, ...], Field(min_length=1)]


class GateFile(Section):
    """[gate]: what the change must keep to.

    coverage_drop_points: percentage points that the coverage may fall by. hospital_change_percent: per
    cent that the points of a hospital may change by, either way. open_notes: notes of the import that
    may be open. explanations: a table of what was looked into, and is no obstacle.
    """

    coverage_drop_points: Percent
    hospital_change_percent: Percent
    open_notes: Count
    explanations: Name | None = None


class PhaseInFile(Section):
    """[phase_in]: the share of the new scheme from each month on."""

    share_by_month: Annotated[dict[Month, Share], Field(min_length=1)]


class TransitionFile(Section):
    """The keys of the file of a transition; relative paths start at its folder."""

    name: Name
    policy: Name
    hospitals: Name
    old: SideFile
    new: SideFile
    history: HistoryFile
    shadow: ShadowFile | None = None
    gate: GateFile
    phase_in: PhaseInFile | None = None


@dataclass(frozen=True)
class SchemeInput:
    """The scheme of one side, and its catalogue; None where it is to be calibrated."""

    scheme: str
    catalogue: Path | None


@dataclass(frozen=True)
class TransitionJob:
    """The file of a transition with its paths resolved, and where its limits come from."""

    path: Path
    file: TransitionFile
    policy: str
    hospitals: Path
    old: SchemeInput
    new: SchemeInput
    history: RecordsInput
    shadow: tuple[Path, ...]
    explanations: Path | None
    provenance: Mapping[str, Provenance]

    def is_verified(self, limit: str) -> bool:
        """Whether somebody compared a limit of the gate with its source."""
        about = self.provenance.get(f"gate.{limit}") or self.provenance.get("gate")
        return about is not None and about.verified


def load_transition(path: Path) -> TransitionJob:
    """Read the file of a transition.

    A value is written plainly, or as a table with `value`, `source` and `verified`, as in policies.
    Raises DrgpayError with the path of every wrong key.
    """
    what, remedy = _ERRORS.words("transition"), _ERRORS.words("transition_keys")
    file, provenance = read_sourced(path, TransitionFile, what, remedy)
    here, history = path.parent, file.history
    given = file.gate.explanations
    return TransitionJob(
        path=path,
        file=file,
        policy=policy_beside(here, file.policy),
        hospitals=here / file.hospitals,
        old=_side(here, file.old),
        new=_side(here, file.new),
        history=RecordsInput(
            here / history.stays,
            beside(here, history.mapping),
            history.encoding,
            history.clinical_codes,
            history.ignore,
        ),
        shadow=tuple(here / name for name in file.shadow.folders) if file.shadow else (),
        explanations=here / given if given else None,
        provenance=provenance,
    )


def _side(here: Path, side: SideFile) -> SchemeInput:
    catalogue = here / side.catalogue if side.catalogue else None
    return SchemeInput(scheme_beside(here, side.scheme), catalogue)
