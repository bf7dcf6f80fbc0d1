"""The words of the HTML report; what the workbook says too comes from its wording."""

from dataclasses import dataclass, replace

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.results.part import VISITS, Part


@dataclass(frozen=True)
class Speaker:
    """The words of a part of the report: of stays, or of visits; of a month, or of a cleared year."""

    language: Language
    of_visits: bool = False
    of_year: bool = False

    def of(self, part: Part) -> "Speaker":
        """The words of a part of the same report."""
        return replace(self, of_visits=part == VISITS)

    def __call__(self, key: str, /, **values: object) -> str:
        """The wording of a key with values put in; what the HTML report has no words for is called
        as in the workbooks, or stands for itself.
        """
        period = "_year" if self.of_year else ""
        words = Wording(f"html{period}{'_visits' if self.of_visits else ''}")
        return words.word(key, self.language, **values)
