"""The one error a user may see: a sentence that names what is wrong and the remedy.

What errors say stands in drgpay/words/errors, a file a room (`Sentences` of drgpay.base.words).
"""

from drgpay.base.addresses import DATABASE_REMEDY, has_user, without_passwords
from drgpay.base.language import Words, alike, chosen
from drgpay.base.visible import visible

_LONGEST = 2000
"""Characters of a problem or a remedy: a sentence that quotes a file may quote a megabyte of it."""
_SENTENCE = Words("{problem}；{remedy}。", "{problem}; {remedy}.")


class DrgpayError(Exception):
    """A mistake in the user's input. The command line prints it as one sentence and exits with 2.

    `problem` names the file, row, column or key; `remedy` says what to do about it; both are in the
    language chosen when they are read, and in both languages as `problem_words`, `remedy_words`.
    Passwords are masked in them, whoever put them there, what a screen would obey is written out, and
    what is endless is shortened. `further` are lines that are printed below the sentence. `code` names the sentence for programs, as
    `base.no_month`; empty where it has none.
    """

    further: str = ""

    def __init__(self, problem: Words | str, remedy: Words | str) -> None:
        self.code: str = getattr(problem, "code", "")
        problem = problem if isinstance(problem, Words) else alike(problem)
        remedy = remedy if isinstance(remedy, Words) else alike(remedy)
        if has_user(problem.en):  # given for a file, whatever was made of it since
            remedy = DATABASE_REMEDY
        self.problem_words = problem.edited(_told)
        self.remedy_words = remedy.edited(_told)
        super().__init__(self.problem_words, self.remedy_words)

    @property
    def problem(self) -> str:
        """What is wrong, in the chosen language."""
        return self.problem_words.said_in(chosen())

    @property
    def remedy(self) -> str:
        """What to do about it, in the chosen language."""
        return self.remedy_words.said_in(chosen())

    @property
    def sentence(self) -> Words:
        """Both in one sentence, in both languages."""
        return _SENTENCE.filled(problem=self.problem_words, remedy=self.remedy_words)

    def __str__(self) -> str:
        return str(self.sentence)


def _told(text: str) -> str:
    return shortened(visible(without_passwords(text)), _LONGEST)


class UnreadableError(DrgpayError):
    """Results of a run that cannot be read as they were written: damaged, changed or of another version."""


class UnfitError(ValueError):
    """What a model's own check refuses, said in both languages; who reads the file adds the key."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and its end where it is longer than so many characters."""
    if len(text) <= longest:
        return text
    half = (longest - 3) // 2
    return f"{text[:half]} … {text[-half:]}"
