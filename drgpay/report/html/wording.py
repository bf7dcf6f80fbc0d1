"""The words of the HTML report; what the workbook says too comes from its wording."""

from dataclasses import dataclass

from drgpay.base.language import Language
from drgpay.base.words import Wording


@dataclass(frozen=True)
class Speaker:
    """The words of a part of the report: of stays, or of visits."""

    language: Language
    of_visits: bool = False

    def __call__(self, key: str, /, **values: object) -> str:
        """The wording of a key with values put in; what the HTML report has no words for is called
        as in the workbooks, or stands for itself.
        """
        words = Wording("html_visits" if self.of_visits else "html")
        return words.word(key, self.language, **values)
