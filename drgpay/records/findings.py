"""Checks of rows: what they find, and whether a row is refused, warned of, or stops the run."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import LANGUAGES, Language, Words, alike
from drgpay.base.words import Sentences, Wording
from drgpay.records.meaning.faults import FAULTS, Fault, unpacked
from drgpay.records.origin import NOWHERE, ORIGIN_SCHEMA, ROW, Origin

_ERRORS = Sentences("errors/records")


@dataclass(frozen=True)
class Check:
    """A named check: true of the rows that fail; the message shows some of the row's values."""

    code: str
    column: str
    fails: pl.Expr
    message: Words
    shows: tuple[pl.Expr, ...] = ()
    said: tuple[pl.Expr, pl.Expr] | None = None
    """What the message says last, in Chinese and in English, where that differs by row."""
    severity: str = ""
    """The key of the severity, where it is not the code."""

    @property
    def key(self) -> str:
        """The key of [records.severity] that says what a finding does."""
        return self.severity or self.code


@dataclass(frozen=True)
class Subject:
    """What the rows are, and the columns that identify one.

    name: the key of what they are called, in the section [subject] of the errors.
    """

    name: str
    identity: tuple[str, ...]

    @property
    def finding_columns(self) -> tuple[str, ...]:
        """The columns of quarantine and warnings."""
        return (*self.identity, "column", "code", "message", "other_codes", *ORIGIN_SCHEMA)

    @property
    def words(self) -> Words:
        """What a row is called in a sentence."""
        return _ERRORS.words(f"subject.{self.name}")


REFUSED_SCHEMA: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "code": pl.String(),
    "outside": pl.Boolean(),
    "rows": pl.Int64(),
    "total_fen": pl.Int64(),
}
"""Refused rows by hospital (null where it is missing, and of lines), first reason, and whether they
are outside the period (or no records: totals); total_fen: their amounts, without regard to sign.
"""


@dataclass(frozen=True)
class CheckedRows:
    """Valid rows; one quarantine row per refused row; one warning row per row and check.

    Quarantine and warnings have the finding columns of the subject and are sorted.
    refused: the rows of the quarantine and their money in sums, REFUSED_SCHEMA, sorted.
    """

    valid: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    refused: pl.DataFrame


@dataclass(frozen=True)
class Stopped:
    """Rows that a check stops at: how many ids they have, the first of these and what is said of it."""

    check: Check
    message: Words
    id: str | None
    ids: int


@dataclass(frozen=True)
class Stops:
    """What the checks of one part of the rows stop at, for the whole to say: by number of the check.

    Parts have no id in common, and those of a part come after all of the part before.
    """

    found: dict[int, Stopped] = field(default_factory=dict)

    def with_those_of(self, later: "Stops") -> "Stops":
        """Those of this part and of one that comes after it."""
        both = dict(self.found)
        for number, stopped in later.found.items():
            first = both.get(number)
            both[number] = replace(first, ids=first.ids + stopped.ids) if first else stopped
        return Stops(both)

    def refuse(self, subject: Subject, source: str) -> None:
        """Raise DrgpayError for the first check that stops, if any does."""
        for number in sorted(self.found)[:1]:
            raise _refusal(self.found[number], subject, source)


def run_checks(
    rows: pl.DataFrame,
    checks: Sequence[Check],
    severities: Mapping[str, str],
    subject: Subject,
    source: str,
    language: Language,
    origin: Origin = NOWHERE,
    stops: Stops | None = None,
) -> CheckedRows:
    """Every row of the input is in `valid` or in `quarantine`; `severities` by code of the check.

    rows: with ROW, unless no origin is given. origin: the files that the rows come from, which say
    what their columns are called. stops: takes what stops where the rows are a part of the whole.
    Raises DrgpayError for a finding that stops.
    """
    called = origin.called
    checks = [
        replace(check, message=with_names(check.message, called)) if called else check
        for check in checks
        if severities[check.key] != "ignore"
    ]
    marked = rows.with_columns(
        check.fails.fill_null(False).alias(f"check_{number}") for number, check in enumerate(checks)
    )
    by_severity = {
        severity: [n for n, check in enumerate(checks) if severities[check.key] == severity]
        for severity in ("stop", "reject", "warn")
    }
    for number in by_severity["stop"]:
        stopped = _stopped(marked.filter(f"check_{number}"), checks[number], subject)
        if stopped and stops is None:
            raise _refusal(stopped, subject, source)
        if stopped and stops is not None:
            stops.found[number] = stopped

    refused = pl.any_horizontal(*[f"check_{n}" for n in by_severity["reject"]], pl.lit(False))
    marks = pl.selectors.starts_with("check_")
    rejected = marked.filter(refused)
    quarantine = _first_findings(rejected, checks, by_severity["reject"], subject, language, origin)
    sums = _refused(rejected, checks, by_severity["reject"])
    valid = marked.filter(~refused)
    warnings = _findings(valid, checks, by_severity["warn"], subject, language, origin)
    return CheckedRows(valid.drop(marks), quarantine, warnings, sums)


def with_names(message: Words, called: Mapping[str, str]) -> Words:
    """A message with columns under the names that the files of the user have for them."""
    names = "|".join(map(re.escape, sorted(called, key=len, reverse=True)))
    column = re.compile(rf"(?<![A-Za-z0-9_.{{])({names})(?![A-Za-z0-9_.}}])")
    plain = {name: its.replace("{", "｛").replace("}", "｝") for name, its in called.items()}
    return message.edited(lambda text: column.sub(lambda found: plain[found[0]], text))


def summed_refused(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Those of all rows from those of their parts (REFUSED_SCHEMA)."""
    keys = ["hospital_id", "code", "outside"]
    return pl.concat(parts).group_by(keys).agg(pl.col("rows", "total_fen").sum()).sort(keys)


def _refused(rows: pl.DataFrame, checks: Sequence[Check], numbers: list[int]) -> pl.DataFrame:
    if not rows.height:
        return pl.DataFrame(schema=REFUSED_SCHEMA)
    amount = "total_fen" if "total_fen" in rows.columns else "amount_fen"
    outside = [f"check_{n}" for n in numbers if checks[n].code in _IN_NO_SHARE]
    hospital = pl.col("hospital_id") if "hospital_id" in rows.columns else pl.lit(None)
    keys = ["hospital_id", "code", "outside"]
    return (
        rows.select(
            hospital.cast(pl.String).alias("hospital_id"),
            pl.coalesce(pl.when(f"check_{n}").then(pl.lit(checks[n].code)) for n in numbers).alias(
                "code"
            ),
            pl.any_horizontal(*outside, pl.lit(False)).alias("outside"),
            pl.col(amount).abs().fill_null(0).alias("total_fen"),
        )
        .group_by(keys)
        .agg(pl.len().cast(pl.Int64).alias("rows"), pl.col("total_fen").sum())
        .select(*REFUSED_SCHEMA)
        .sort(keys)
    )


_IN_NO_SHARE = ("outside_period", "total_row")
"""Findings about rows that are no records of the period: they are in no share of refused rows."""


def commonest(quarantine: pl.DataFrame, subject: Subject) -> Words:
    """The finding that refused most rows, with the first of them, as the end of a sentence."""
    if quarantine.is_empty():
        return alike("")
    counts = (
        quarantine["code"]
        .cast(pl.String)
        .value_counts()
        .sort("count", "code", descending=[True, False])
    )
    code, rows = counts.row(0)
    first = quarantine.filter(pl.col("code").cast(pl.String) == code).row(0, named=True)
    said = {"id": first[subject.identity[0]], "message": first["message"]}
    return _ERRORS.words("commonest", code=code, rows=rows, subject=subject.words, **said)


def fault_checks(faults: pl.Series) -> list[Check]:
    """A check for each kind of fault of reading that the rows have, in the order of its columns.

    faults: the column FAULTS, categorical; rows rarely have any, and then there is nothing to check.
    """
    said: dict[tuple[str, str], dict[str, Fault]] = {}
    for text, fault in _different(faults):
        said.setdefault((fault.column, fault.code), {})[text] = fault
    return [_fault_check(column, code, found) for (column, code), found in sorted(said.items())]


def _fault_check(column: str, code: str, found: Mapping[str, Fault]) -> Check:
    text = pl.col(FAULTS).cast(pl.String)

    def shows(part: Callable[[Fault], str]) -> pl.Expr:
        values = [part(fault) for fault in found.values()]
        return text.replace_strict([*found], values, default=None, return_dtype=pl.String)

    return Check(
        code,
        column,
        text.is_in([*found]),
        Wording("records").words("finding.unread", column=column),
        (shows(lambda fault: fault.value),),
        (
            shows(lambda fault: fault.problem.words.zh),
            shows(lambda fault: fault.problem.words.en),
        ),
    )


def faulty_columns(faults: pl.Series) -> dict[str, list[str]]:
    """The columns with faults of reading, each with the texts of FAULTS that name it."""
    found: dict[str, list[str]] = {}
    for text, fault in _different(faults):
        found.setdefault(fault.column, []).append(text)
    return found


def _different(faults: pl.Series) -> Iterator[tuple[str, Fault]]:
    """The different texts of FAULTS in order, each with every fault that it names."""
    if faults.null_count() < len(faults):
        for text in faults.drop_nulls().unique().cast(pl.String).sort():
            yield from ((text, fault) for fault in unpacked(text))


def as_written(column: str) -> pl.Expr:
    """A number as it was written, without a needless fraction."""
    return pl.col(column).cast(pl.String).str.strip_suffix(".0")


def yuan(fen: str) -> pl.Expr:
    """A column of fen as text in yuan."""
    return pl.col(fen).cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2)).cast(pl.String)


def repeated(ids: pl.Series) -> pl.Series:
    """Which ids occur more than once; counting the different ones is quicker than marking."""
    present = ids.drop_nulls()
    if present.n_unique() == len(present):
        return pl.Series([False]).new_from_index(0, len(ids))
    return ids.is_not_null() & ids.is_duplicated()


def _stopped(rows: pl.DataFrame, check: Check, subject: Subject) -> Stopped | None:
    if not rows.height:
        return None
    key = subject.identity[0]
    ids = rows[key].unique().sort()
    first = rows.sort(key).head(1)
    message = Words(*(first.select(_message(check, one)).item() for one in LANGUAGES))
    return Stopped(check, message, ids[0], len(ids))


def _refusal(stopped: Stopped, subject: Subject, source: str) -> DrgpayError:
    others = _ERRORS.words("further_rows", count=stopped.ids - 1) if stopped.ids > 1 else ""
    said = {"source": source, "subject": subject.words, "id": stopped.id, "others": others}
    check = {"message": stopped.message, "key": stopped.check.key}
    return DrgpayError(*_ERRORS("finding_stops", **check, **said))


def _message(check: Check, language: Language) -> pl.Expr:
    said = () if check.said is None else (check.said[0 if language == "zh" else 1],)
    return pl.format(check.message.said_in(language), *check.shows, *said).alias("message")


def _finding(
    rows: pl.DataFrame, check: Check, subject: Subject, language: Language
) -> pl.DataFrame:
    return rows.select(
        *(pl.col(name).cast(_plain(rows.schema[name])) for name in subject.identity),
        pl.lit(check.column).alias("column"),
        pl.lit(check.code).alias("code"),
        _message(check, language),
        (pl.col("other_codes") if "other_codes" in rows.columns else pl.lit("")).alias(
            "other_codes"
        ),
        pl.col(ROW) if ROW in rows.columns else pl.lit(0, pl.UInt32).alias(ROW),
    )


def _plain(type_: pl.DataType) -> pl.DataType:
    return pl.String() if isinstance(type_, pl.Categorical) else type_


def _findings(
    rows: pl.DataFrame,
    checks: Sequence[Check],
    numbers: list[int],
    subject: Subject,
    language: Language,
    origin: Origin,
) -> pl.DataFrame:
    any_row = rows.select(pl.col(f"check_{n}").any() for n in numbers)
    found = [
        _finding(rows.filter(f"check_{n}"), checks[n], subject, language)
        for n in numbers
        if any_row[f"check_{n}"][0]
    ]
    return _sorted(rows, found, subject, language, origin)


def _first_findings(
    rows: pl.DataFrame,
    checks: Sequence[Check],
    numbers: list[int],
    subject: Subject,
    language: Language,
    origin: Origin,
) -> pl.DataFrame:
    """One row per row: its first finding in the order of the checks, the others by code."""
    codes = pl.concat_list(
        [
            pl.when(pl.col(f"check_{n}")).then(pl.lit(f"{checks[n].code}:{checks[n].column}"))
            for n in numbers
        ]
        or [pl.lit(None, pl.String)]
    ).list.drop_nulls()
    rows = rows.with_columns(
        first=pl.coalesce(
            *[pl.when(pl.col(f"check_{n}")).then(pl.lit(n)) for n in numbers], pl.lit(-1)
        ),
        other_codes=codes.list.slice(1).list.join("; "),
    )
    present = set(rows["first"])
    found = [
        _finding(rows.filter(pl.col("first") == n), checks[n], subject, language)
        for n in numbers
        if n in present
    ]
    return _sorted(rows, found, subject, language, origin)


def _sorted(
    rows: pl.DataFrame,
    found: list[pl.DataFrame],
    subject: Subject,
    language: Language,
    origin: Origin,
) -> pl.DataFrame:
    nothing = _finding(rows.clear(), _NOTHING, subject, language)
    whole = pl.concat([nothing, *found])
    placed = origin.of(whole[ROW], whole["column"])
    return whole.drop(ROW).hstack(placed).sort(subject.finding_columns)


_NOTHING = Check("", "", pl.lit(False), Words("", ""))
