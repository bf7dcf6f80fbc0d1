"""What a check of a run says, and how two tables are compared exactly."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from drgpay.base.errors import DrgpayError, UnreadableError
from drgpay.base.language import Words, alike
from drgpay.base.words import Wording
from drgpay.results.forgotten import ForgottenError
from drgpay.results.former_reasons import with_codes
from drgpay.results.run_tables import CannotCheckError
from drgpay.settle.lines import LINE

Status = Literal["right", "wrong", "unknown", "forgotten"]
WORDS = Wording("verify")
NO_FINDING = Words("", "")


def title_of(key: str, **values: object) -> Words:
    """What a check is called."""
    return WORDS.words(f"check.{key}", **values)


@dataclass(frozen=True)
class Check:
    """One thing that was checked of a run.

    `key` names it for machines; `compared` counts what was compared (files, rows, figures);
    `finding` says what is wrong or why it cannot be checked, and may note what is right.
    """

    key: str
    title: Words
    status: Status
    compared: int
    finding: Words = NO_FINDING


Compared = tuple[int, Words | None]
"""How much was compared, and the first disagreement."""


@dataclass(frozen=True)
class Trial:
    """A check that is still to be made. refused: what it says of facts that are refused."""

    key: str
    title: Words
    compare: Callable[[], Compared]
    refused: Status = "unknown"


def tried(trial: Trial) -> Check:
    """Make a check; what it cannot read is unknown."""
    key, title = trial.key, trial.title
    try:
        compared, finding = trial.compare()
    except CannotCheckError as error:
        return Check(key, title, "unknown", 0, error.reason)
    except ForgottenError as error:  # of this run, or of one that it goes on from
        return Check(key, title, "forgotten", 0, error.sentence)
    except UnreadableError as error:
        return Check(key, title, "unknown", 0, error.sentence)
    except (DrgpayError, RuntimeError) as error:
        return Check(key, title, trial.refused, 0, said_of(error))
    except (
        *(OSError, ArithmeticError, LookupError, TypeError, ValueError),
        pl.exceptions.PolarsError,
    ) as error:
        reason = first_line(error) if str(error) else alike(type(error).__name__)
        said = WORDS.words("finding.unreadable", reason=reason)
        return Check(key, title, "unknown", 0, said)
    return Check(key, title, "wrong" if finding else "right", compared, finding or NO_FINDING)


def said_of(error: Exception) -> Words:
    """What an error says, in both languages where it has them."""
    return error.sentence if isinstance(error, DrgpayError) else alike(error)


def first_line(error: Exception) -> Words:
    """The first line of what an error says."""
    return said_of(error).edited(lambda said: said.splitlines()[0])


def first_of(findings: Iterable[Words]) -> Words | None:
    """The first finding; None if there is none."""
    return next(iter(findings), None)


def unequal(
    left: Words | str, said: object, right: Words | str, found: object, more: int = 0
) -> Words:
    """The finding that two figures differ which should be equal, and in how many more places."""
    words = WORDS.words("finding.unequal", left=left, said=said, right=right, found=found)
    return and_more(words, more)


def not_due(place: Words | str, said: object, due: object, more: int = 0) -> Words:
    """The finding that a file says something else than follows from the rest of the run."""
    return and_more(WORDS.words("finding.not_due", place=place, said=said, due=due), more)


def and_more(found: Words, more: int) -> Words:
    """A finding, and at how many more places there is such a one."""
    return WORDS.words("finding.more", found=found, more=more) if more > 0 else found


def disagreement(
    said: pl.DataFrame,
    found: pl.DataFrame,
    keys: Sequence[str],
    columns: Sequence[str],
    said_name: Words | str,
    found_name: Words | str,
) -> Words | None:
    """The first key, in order, at which two tables differ in a column; None if they agree.

    A key that one of them lacks counts as zeros. Keys may be null and occur once in each table.
    """
    both = said.select(*keys, *columns).join(
        found.select(*keys, *(pl.col(name).alias(_other(name)) for name in columns)),
        on=list(keys),
        how="full",
        coalesce=True,
        nulls_equal=True,
    )
    zeros = both.with_columns(pl.exclude(*keys).fill_null(0))
    differs = [pl.col(name) != pl.col(_other(name)) for name in columns]
    wrong = zeros.filter(pl.any_horizontal(*differs)).sort(keys)
    if not wrong.height:
        return None
    row = wrong.row(0, named=True)
    column = next(name for name in columns if row[name] != row[_other(name)])
    dot = alike(".")
    left = column_at(place_of(row, keys), dot.between([said_name, column]))
    right = dot.between([found_name, column])
    return unequal(left, row[column], right, row[_other(column)], wrong.height - 1)


def column_at(place: Words | str, column: Words | str) -> Words:
    """A column of a row that is named."""
    return WORDS.words("finding.column_at", place=place, column=column)


def place_of(row: Mapping[str, Any], keys: Sequence[str] = LINE, table: str = "") -> Words:
    """The key of a row as one reads it, behind its table if named: `H01 employee local points`."""
    words = [_word(key, row[key]) for key in keys if row[key] is not None]
    return alike(" ").between([table, *words] if table else words)


def _word(key: str, value: object) -> Words:
    if key == "out_of_area":
        return WORDS.words("finding.outside" if value else "finding.local")
    return alike(value)


def _other(name: str) -> str:
    return f"found:{name}"


def unlike(
    path: Path, due: pl.DataFrame, keys: Sequence[str], only: Sequence[str] = ()
) -> Words | None:
    """The first row and column at which a file differs from the table that it should hold.

    Rows stand in the same order in both; `keys` name one. Columns are read one by one, so that a
    large file is never in memory as a whole. A column that the file lacks cannot be compared
    (CannotCheckError): an older program did not write it, or somebody took it out. only: columns
    that are compared; by default all are.
    """
    name = path.stem
    scan = pl.scan_parquet(path, glob=False)
    if name == "adjustments":
        scan = with_codes(scan)
    written = [name for name in scan.collect_schema().names() if not only or name in only]
    extra = [column for column in written if column not in due.columns]
    if extra:
        return WORDS.words("finding.column_too_many", column=f"{name}.{extra[0]}")
    rows = int(scan.select(pl.len()).collect().item())
    if rows != due.height:
        return _other_rows(path, due, keys)
    for column in written:
        said = _plain(scan.select(column).collect()[column])
        right = _plain(due[column])
        if said.dtype != right.dtype:
            said = said.cast(right.dtype, strict=False)
        wrong = said.ne_missing(right)
        if wrong.any():
            place = int(wrong.arg_max() or 0)
            row = place_of(due.row(place, named=True), keys, name)
            more = int(wrong.sum()) - 1
            return not_due(column_at(row, column), said[place], right[place], more)
    missing = [column for column in due.columns if column not in written]
    if missing:
        raise CannotCheckError(WORDS.words("finding.no_column", table=name, column=missing[0]))
    return None


def _other_rows(path: Path, due: pl.DataFrame, keys: Sequence[str]) -> Words:
    """A row that one of two tables of different height lacks."""
    name = path.stem
    said = pl.read_parquet(path, columns=list(keys), glob=False)
    said, right = (
        frame.select(_plain(frame[key]) for key in keys).with_columns(
            nth=pl.int_range(pl.len()).over(keys)
        )
        for frame in (said, due)
    )
    for one, other, key in ((said, right, "row_extra"), (right, said, "row_missing")):
        rows = one.join(other, on=[*keys, "nth"], how="anti", nulls_equal=True)
        if rows.height:
            row = place_of(rows.row(0, named=True), keys, name)
            apart = abs(said.height - right.height)
            return WORDS.words(f"finding.{key}", row=row, apart=apart)
    return not_due(WORDS.words("finding.rows", table=name), said.height, right.height)


def _plain(values: pl.Series) -> pl.Series:
    """A column without codes and lists, which two tables may hold in different ways."""
    if isinstance(values.dtype, pl.List):
        return values.cast(pl.List(pl.String)).list.join("+")
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        return values.cast(pl.String)
    return values
