"""The one error a user may see: a sentence that names what is wrong and the remedy."""

import os

from drgpay.base.addresses import DATABASE_REMEDY, has_user, without_passwords

_LONGEST = 2000
"""Characters of a problem or a remedy: a sentence that quotes a file may quote a megabyte of it."""


class DrgpayError(Exception):
    """A mistake in the user's input. The command line prints it as one sentence and exits with 2.

    `problem` names the file, row, column or key; `remedy` says what to do about it. Passwords are
    masked in both, whoever put them there, and what is endless is shortened. `further` are lines that
    are printed below the sentence.
    """

    further: str = ""

    def __init__(self, problem: str, remedy: str) -> None:
        if has_user(problem):  # given for a file, whatever was made of it since
            remedy = DATABASE_REMEDY
        self.problem = shortened(without_passwords(problem), _LONGEST)
        self.remedy = shortened(without_passwords(remedy), _LONGEST)
        super().__init__(f"{self.problem}; {self.remedy}.")


class UnreadableError(DrgpayError):
    """Results of a run that cannot be read as they were written: damaged, changed or of another version."""


def reason_of(error: OSError) -> str:
    """What the operating system says of a file that it refused, in a few words."""
    return os.strerror(error.errno) if error.errno else str(error)


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and its end where it is longer than so many characters."""
    if len(text) <= longest:
        return text
    half = (longest - 3) // 2
    return f"{text[:half]} … {text[-half:]}"
