"""Which names a run may be given: that of a folder directly below the output folder."""

import re

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.file_names import MOST_BYTES, is_device
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/results")

# drgpay.registry keeps it in the output folder; DuckDB puts further files beside it.
DATABASE = "drgpay.duckdb"
RECORD_ENDING = ".steps.jsonl"
"""Of the record of a run's steps (drgpay.approval.record), behind the name of its folder."""
_ENDINGS = (RECORD_ENDING, ".lock", ".partial", ".tmp", ".wal")


def checked_id(run_id: str) -> str:
    """The id itself; raises DrgpayError for one that cannot name a folder, or names another thing.

    Beside the folders of runs lie the database with its files, locks and the folders that are being
    written; on some systems devices have names, and a name may not end in a dot.
    """
    shown = shortened(run_id, 60)
    if not re.fullmatch(r"\w[\w.-]*", run_id):
        raise DrgpayError(*_ERRORS("id_no_folder", shown=shown))
    if len(run_id.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise DrgpayError(*_ERRORS("long_id", shown=shown, most=MOST_BYTES))
    folded = run_id.casefold()
    if folded.endswith(".") or is_device(folded):
        raise DrgpayError(*_ERRORS("id_of_device", shown=shown))
    if folded.startswith(DATABASE) or folded.endswith(_ENDINGS):
        raise DrgpayError(*_ERRORS("id_of_file", shown=shown))
    return run_id
