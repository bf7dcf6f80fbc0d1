"""What a run settles in parts: stays and visits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.results.visit_files import VISIT_FILES

_ERRORS = Sentences("errors/results")

PartName = Literal["stays", "visits"]


@dataclass(frozen=True)
class Part:
    """A part of a run.

    id_column: what the id of a case is called. files: of its tables by name, where the file is
    called otherwise. section: the key below which a policy, a manifest and a job speak of it; none
    for stays, which have the keys of the whole.
    """

    name: PartName
    id_column: str
    files: Mapping[str, str]
    section: str = ""

    @property
    def said(self) -> Words:
        """What errors call its cases."""
        return _ERRORS.words(self.name)

    def file(self, table: str) -> str:
        """The file of a table, without its ending."""
        return self.files.get(table, table)

    def section_of(self, whole: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a manifest, or the parameters of a policy, say of the part; empty for nothing."""
        found: Mapping[str, Any] = whole.get(self.section) or {} if self.section else whole
        return found

    def __hash__(self) -> int:
        return hash(self.name)


STAYS = Part("stays", "case_id", {})
VISITS = Part("visits", "visit_id", VISIT_FILES, "outpatient")
PARTS = (STAYS, VISITS)
