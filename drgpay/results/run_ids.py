"""Which names a run may be given: that of a folder directly below the output folder."""

import re

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.file_names import MOST_BYTES, is_device

# drgpay.registry keeps it in the output folder; DuckDB puts further files beside it.
DATABASE = "drgpay.duckdb"
_ENDINGS = (".lock", ".partial", ".tmp", ".wal")


def checked_id(run_id: str) -> str:
    """The id itself; raises DrgpayError for one that cannot name a folder, or names another thing.

    Beside the folders of runs lie the database with its files, locks and the folders that are being
    written; on some systems devices have names, and a name may not end in a dot.
    """
    shown = shortened(run_id, 60)
    if not re.fullmatch(r"\w[\w.-]*", run_id):
        raise DrgpayError(
            f"the run id {shown!r} cannot name a folder", "use letters, digits, '-', '_' and '.'"
        )
    if len(run_id.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise DrgpayError(
            f"the run id {shown!r} is too long for the name of a folder",
            f"use at most {MOST_BYTES} letters, a Chinese one counts three",
        )
    folded = run_id.casefold()
    if folded.endswith(".") or is_device(folded):
        raise DrgpayError(
            f"the run id {shown!r} cannot name a folder on every system",
            "end it in no dot, and use no name of a device such as CON, NUL or COM1",
        )
    if folded.startswith(DATABASE) or folded.endswith(_ENDINGS):
        raise DrgpayError(
            f"the run id {shown!r} is the name of another file of the output folder",
            "choose an id without such an ending, such as 2026-10-first",
        )
    return run_id
