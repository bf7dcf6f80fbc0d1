"""What an error of the program itself leaves: one sentence, and a file for its makers."""

import os
import tempfile
import traceback
from pathlib import Path

from drgpay import __version__
from drgpay.base.errors import DrgpayError
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/cli")

DEBUG = "DRGPAY_DEBUG"
"""The variable that has the program show the traceback instead."""


def leave_report(error: BaseException) -> DrgpayError:
    """Write the traceback to a file that only its owner reads; the sentence that names it."""
    kind = type(error).__name__
    try:
        handle, name = tempfile.mkstemp(prefix="drgpay-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"drgpay {__version__}\n")
            file.writelines(traceback.format_exception(error))
    except OSError as refusal:
        why = reason_of(refusal)
        return DrgpayError(*_ERRORS("fault_unwritten", kind=kind, why=why, variable=DEBUG))
    return DrgpayError(*_ERRORS("fault", kind=kind, report=Path(name)))


def is_debugging() -> bool:
    """Whether the user wants tracebacks."""
    return os.environ.get(DEBUG, "") not in ("", "0")
