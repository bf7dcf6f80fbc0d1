"""The one error a user may see: a sentence that names what is wrong and the remedy."""

import os


class DrgpayError(Exception):
    """A mistake in the user's input. The command line prints it as one sentence and exits with 2.

    `problem` names the file, row, column or key; `remedy` says what to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}.")
        self.problem = problem
        self.remedy = remedy


def reason_of(error: OSError) -> str:
    """What the operating system says of a file that it refused, in a few words."""
    return os.strerror(error.errno) if error.errno else str(error)
