"""Growth and shift of volumes: cases are repeated, left out or moved, always the same ones."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.simulate.scenario import Volume

_ERRORS = Sentences("errors/simulate")

MOST_CASES = 5_000_000
"""Of a base after its changes of volume, where they add any: some kilobytes of memory each."""

Places = NDArray[np.int64]


def with_volumes(
    stays: pl.DataFrame, changes: Sequence[tuple[str, Volume]], levels: dict[str, str]
) -> pl.DataFrame:
    """The stays (sorted by case_id) after changes of volume, each with the name of its scenario.

    Of n cases that a change selects, in order of case_id, half_up(n x |times - 1|) are repeated or
    left out and half_up(n x share) moved, evenly spaced. A repeated case is a new one,
    `<case_id>~<change>.<copy>`, of an unknown person, so that no return is invented; a moved one
    takes the level of its new hospital. levels: of each hospital. Raises DrgpayError for a change
    that selects no case or moves them to an unknown hospital, and for one that makes more than
    MOST_CASES of them, before it makes any.
    """
    for number, (where, change) in enumerate(changes, start=1):
        stays = _changed(stays, change, number, where, levels)
    return stays


def _changed(
    stays: pl.DataFrame, change: Volume, number: int, where: str, levels: dict[str, str]
) -> pl.DataFrame:
    selected = pl.int_range(pl.len()) >= 0  # every row
    asked = {"hospital_id": change.hospital, "drg": change.group, "account": change.account}
    for column, value in asked.items():
        if value is not None:
            selected &= pl.col(column) == value
    rows = stays.select(selected.fill_null(False)).to_series().arg_true().to_numpy()
    rows = rows.astype(np.int64)
    if not len(rows):
        given = [f"{name} {value}" for name, value in asked.items() if value]
        said = listed(given) if given else _ERRORS.words("any_case")
        raise DrgpayError(*_ERRORS("no_case", where=where, said=said))
    if change.to_hospital is not None:
        return _moved(stays, rows, change, where, levels)
    times = Fraction(change.times or 0)
    if times >= 1:
        more = half_up(len(rows) * (times - 1))
        if more and stays.height + more > MOST_CASES:
            raise DrgpayError(
                *_ERRORS(
                    "many_cases",
                    where=where,
                    number=number,
                    times=change.times,
                    rows=len(rows),
                    cases=stays.height + more,
                    most=MOST_CASES,
                )
            )
        return _repeated(stays, rows, more, number)
    left_out = spaced(rows, half_up(len(rows) * (1 - times)))
    keep = np.ones(stays.height, dtype=bool)
    keep[left_out] = False
    return stays.filter(pl.Series(keep))


def _moved(
    stays: pl.DataFrame, rows: Places, change: Volume, where: str, levels: dict[str, str]
) -> pl.DataFrame:
    target = change.to_hospital or ""
    if target not in levels:
        raise DrgpayError(*_ERRORS("no_hospital_to_move_to", where=where, hospital=target))
    here = np.zeros(stays.height, dtype=bool)
    here[spaced(rows, half_up(len(rows) * Fraction(change.share or 0)))] = True
    moves = pl.lit(pl.Series(here))
    return stays.with_columns(
        hospital_id=pl.when(moves).then(pl.lit(target)).otherwise("hospital_id"),
        level=pl.when(moves).then(pl.lit(levels[target])).otherwise("level"),
    )


def _repeated(stays: pl.DataFrame, rows: Places, more: int, number: int) -> pl.DataFrame:
    whole, rest = divmod(more, len(rows))
    copies = [(copy, rows) for copy in range(1, whole + 1)]
    if rest:
        copies.append((whole + 1, spaced(rows, rest)))
    added = [
        stays[places].with_columns(
            case_id=pl.col("case_id") + f"~{number}.{copy}",
            person_id=pl.lit(None, stays.schema["person_id"]),
        )
        for copy, places in copies
    ]
    return pl.concat([stays, *added]).sort("case_id") if added else stays


def spaced(rows: Places, number: int) -> Places:
    """`number` of the rows, evenly spaced, the same ones every time."""
    n, wanted = len(rows), min(number, len(rows))
    if not wanted:
        return rows[:0]
    return rows[(2 * np.arange(wanted, dtype=np.int64) + 1) * n // (2 * wanted)]
