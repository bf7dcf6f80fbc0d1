"""The job of a month: its records, with a gap for what is still missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from drgpay.base.gaps import gap
from drgpay.base.language import Language
from drgpay.base.words import Wording

WORDS = Wording("start")

POLICY = "policy.toml"
HOSPITALS = "hospitals.csv"
MAPPING = "mapping.toml"
VISITS_MAPPING = "visits_mapping.toml"
ITEMS_MAPPING = "items_mapping.toml"
VISIT_SCHEME = "open-apg-1"


@dataclass
class JobFile:
    """month: as 2026-10. catalogues and records: paths from the folder of the project; None where
    there are none. of_stays: whether stays are part of the job; without `visits` visits are not.
    """

    month: str | None
    scheme: str
    catalogue: str | None = None
    stays: str | None = None
    visits: str | None = None
    items: str | None = None
    visit_catalogue: str | None = None
    of_stays: bool = True

    def text(self, language: Language) -> str:
        """The TOML of the job."""
        return "\n".join(self._lines(language)) + "\n"

    def _lines(self, language: Language) -> Iterator[str]:
        def given(path: str | None, what: str) -> str:
            said = path or gap(WORDS.words(f"gap.{what}"), language)
            return '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'

        head = WORDS.said("job.head", language, month=self.month or "")
        yield from (f"# {line}" for line in head.splitlines())
        yield ""
        yield f"period = {given(self.month, 'period')}"
        if self.of_stays:
            yield f'scheme = "{self.scheme}"'
            yield f"catalogue = {given(self.catalogue, 'catalogue')}"
        yield from (f'policy = "{POLICY}"', 'output = "runs"', "", "[inputs]")
        if self.of_stays:
            yield f"stays = {given(self.stays, 'stays')}"
        if self.stays:
            yield f'mapping = "{MAPPING}"'
        yield f'hospitals = "{HOSPITALS}"'
        if self.visits:
            yield from ("", "[outpatient]")
            yield f"visits = {given(self.visits, 'visits')}"
            yield f"items = {given(self.items, 'visits')}"
            yield f'visits_mapping = "{VISITS_MAPPING}"'
            yield f'items_mapping = "{ITEMS_MAPPING}"'
            yield f'scheme = "{VISIT_SCHEME}"'
            yield f"catalogue = {given(self.visit_catalogue, 'visit_catalogue')}"
