"""What an error of the program itself leaves: one sentence, and a file for its makers."""

import os
import tempfile
import traceback
from pathlib import Path

from drgpay import __version__
from drgpay.base.system_errors import reason_of

DEBUG = "DRGPAY_DEBUG"
"""The variable that has the program show the traceback instead."""


def leave_report(error: BaseException) -> str:
    """Write the traceback to a file that only its owner reads; the sentence that names it."""
    what = f"this is a fault of the program ({type(error).__name__})"
    try:
        handle, name = tempfile.mkstemp(prefix="drgpay-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"drgpay {__version__}\n")
            file.writelines(traceback.format_exception(error))
    except OSError as refusal:
        return f"{what}; its report could not be written ({reason_of(refusal)}): set {DEBUG}=1."
    return f"{what}; send its makers the report {Path(name)}, which may name files and values."


def is_debugging() -> bool:
    """Whether the user wants tracebacks."""
    return os.environ.get(DEBUG, "") not in ("", "0")
