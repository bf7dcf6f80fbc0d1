"""What outpatient reports say with the words of visits.toml."""

from collections.abc import Callable

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.report.wording import word
from drgpay.results.part import VISITS, Part

visit_word = Wording("visits").word


def words_of(part: Part) -> Callable[[str, Language], str]:
    """The words that a part is reported in."""
    return visit_word if part == VISITS else word
