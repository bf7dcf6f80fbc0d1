"""Groups whose patients come back by plan: chemotherapy, radiotherapy, dialysis, staged treatment.

A scheme may have a table exempt_groups.csv. It takes no part in grouping, so it is no part of the
scheme's content hash: a catalogue does not depend on it, a run does.
"""

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/grouper")

FILE = "exempt_groups.csv"
COLUMNS = ("drg", "kind", "source", "verified")
KINDS = ("chemotherapy", "radiotherapy", "dialysis", "staged_treatment")
_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True)
class ExemptGroup:
    """A row of exempt_groups.csv; verified: somebody compared it with the source."""

    drg: str
    kind: str
    source: str
    verified: bool


def exempt_groups(folder: Path) -> tuple[ExemptGroup, ...]:
    """The rows of a scheme's table; none where it has no table.

    Raises DrgpayError for a missing column, an unknown kind, a value of verified that is neither
    true nor false, and a group that is listed twice.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                said = {"columns": listed(missing), "needed": listed(COLUMNS)}
                raise DrgpayError(*_ERRORS("no_column", path=path, **said))
            rows = [
                _row(path, number, {name: (row[name] or "").strip() for name in COLUMNS})
                for number, row in enumerate(reader, start=2)
            ]
    except UnicodeDecodeError:
        raise DrgpayError(*_ERRORS("no_utf_8", path=path)) from None
    except OSError as error:
        raise DrgpayError(*_ERRORS("unreadable", path=path, reason=reason_of(error))) from None
    groups = [row.drg for row in rows]
    for number, group in enumerate(groups, start=2):
        if groups.index(group) < number - 2:
            raise DrgpayError(*_ERRORS("exempt_twice", path=path, row=number, group=group))
    return tuple(rows)


def write_exempt_groups(rows: Collection[ExemptGroup], folder: Path) -> None:
    """Write the table of a scheme; none where there is nothing to list."""
    if not rows:
        return
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            (row.drg, row.kind, row.source, "true" if row.verified else "false") for row in rows
        )


def refuse_unknown(rows: Collection[ExemptGroup], known: Collection[str], folder: Path) -> None:
    """Raise DrgpayError for a group that the scheme does not have."""
    for row in rows:
        if row.drg not in known:
            raise DrgpayError(*_ERRORS("exempt_unknown", path=folder / FILE, group=row.drg))


def _row(path: Path, number: int, cells: dict[str, str]) -> ExemptGroup:
    if cells["kind"] not in KINDS:
        said = {"path": path, "row": number, "kind": cells["kind"]}
        raise DrgpayError(*_ERRORS("exempt_kind", known=listed(KINDS), **said))
    if cells["verified"] not in _TRUTHS:
        verified = cells["verified"]
        raise DrgpayError(*_ERRORS("exempt_verified", path=path, row=number, verified=verified))
    return ExemptGroup(cells["drg"], cells["kind"], cells["source"], _TRUTHS[cells["verified"]])
