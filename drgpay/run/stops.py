"""What stops a run until a person accepts it (docs/settlement.md, "When a month must stop").

A stop concerns one hospital, or one pool, with its money. It is taken on as it was printed: another
hospital, or more money, stops again.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, scaled, unscaled
from drgpay.base.language import Words, listed
from drgpay.base.nearest import nearest_name
from drgpay.base.period import Period
from drgpay.base.remarks import remark
from drgpay.base.words import Sentences
from drgpay.policy.model import Policy
from drgpay.policy.records import Records
from drgpay.policy.settlement import Settlement
from drgpay.records.joined_codes import separator_in
from drgpay.report.wording import level_name
from drgpay.results.manifest import Manifest
from drgpay.settle.budget import budget_keys
from drgpay.settle.findings import WORDS, deductions_above_payable, implausible_values
from drgpay.settle.pools import pools_of

_ERRORS = Sentences("errors/run")
_INPUTS = WORDS.words("correct_inputs")

StopCode = Literal[
    "refused_share",
    "hospital_refused",
    "unknown_codes",
    "unknown_level",
    "plausible_budget",
    "plausible_value_change",
    "deduction_above_payable",
    "official_missing",
    "official_unknown",
    "official_repeated",
    "official_scheme",
    "official_unpriced",
]
STOP_CODES: tuple[str, ...] = get_args(StopCode)
_NOBODY = "?"  # of rows without a hospital
_OF_POOLS = ("plausible_budget", "plausible_value_change")
_UNKNOWN_HOSPITAL = "unknown_hospital"
MOST_SMALL = 100
"""From so many rows on shares are looked at: of a few rows each is a large share."""


@dataclass(frozen=True)
class Stop:
    """One finding that stops a run: what it is about (a hospital or a pool), and its money in fen.

    correct: what to correct, and where, if the finding is a mistake.
    """

    code: StopCode
    subject: str
    fen: int
    said: Words
    correct: Words = _INPUTS

    @property
    def about(self) -> str:
        """What its subject is: `hospital` or `pool`."""
        return "pool" if self.code in _OF_POOLS else "hospital"

    @property
    def yuan(self) -> Decimal:
        """Its money."""
        return unscaled(self.fen, FEN_PLACES)


@dataclass(frozen=True)
class Accepted:
    """What a person takes on; subject None: every one found; fen None: as much as is found."""

    code: str
    subject: str | None = None
    fen: int | None = None
    by: str = ""
    note: str = ""

    def covers(self, stop: Stop) -> bool:
        """Whether a stop is taken on."""
        return (
            self.code == stop.code
            and self.subject in (None, stop.subject)
            and (self.fen is None or stop.fen <= self.fen)
        )


def parse_accepted(text: str, by: str, note: str = "") -> Accepted:
    """CODE[:SUBJECT][=YUAN] of the command line; raises DrgpayError for what it cannot be."""
    named, equals, yuan = text.partition("=")
    code, colon, subject = named.partition(":")
    return accepted_of(code, subject if colon else None, yuan if equals else None, by, note)


def accepted_of(
    code: str, subject: str | None, yuan: str | None, by: str, note: str = ""
) -> Accepted:
    """An acceptance as somebody wrote it; raises DrgpayError for an unknown code or a wrong amount."""
    if code not in STOP_CODES:
        raise DrgpayError(*_ERRORS("no_stop", code=code, codes=listed(STOP_CODES)))
    if not by:
        raise DrgpayError(*_ERRORS("accepted_by_nobody", code=code))
    try:
        fen = None if yuan is None else scaled(Decimal(yuan), FEN_PLACES)
    except (InvalidOperation, ValueError):
        raise DrgpayError(*_ERRORS("no_amount", code=code, yuan=yuan)) from None
    return Accepted(code, subject, fen, by, note)


def taken_on(stops: Iterable[Stop], accepted: Sequence[Accepted]) -> list[dict[str, str]]:
    """The acceptances that the stops needed, as the basis of a run has them: code, hospital or pool, yuan.

    Two people who accept the same leave the same. Raises DrgpayError for stops that nobody accepts.
    """
    needed: list[dict[str, str]] = []
    still: list[Stop] = []
    for stop in stops:
        found = next((one for one in accepted if one.covers(stop)), None)
        if found is None:
            still.append(stop)
            continue
        limit = stop.fen if found.fen is None else found.fen
        needed.append({"code": stop.code, stop.about: stop.subject, "yuan": _yuan(limit)})
    if still:
        raise RunStoppedError(still)
    return sorted(needed, key=lambda one: [*one.values()])


class RunStoppedError(DrgpayError):
    """A run that stops with findings that a person may accept; `stops` are all of them.

    They are printed below the sentence, each on a line, in the chosen language.
    """

    def __init__(self, stops: Sequence[Stop]) -> None:
        self.stops = tuple(stops)
        said = (f"{stop.code} · {stop.subject} · {stop.yuan} · {stop.said}" for stop in stops)
        self.further = "\n".join([*said, "", self.to_paste()])
        first, more = max(stops, key=lambda stop: stop.fen), len(stops) - 1
        found = {"code": first.code, "subject": first.subject, "said": first.said}
        found["correct"] = first.correct
        key = "stopped_at_several" if more else "stopped"
        super().__init__(*_ERRORS(key, more=more, **found))

    def to_paste(self) -> str:
        """All of them as they stand in a job file."""
        return "\n".join(
            f"[[accepted]]\ncode = {_text(stop.code)}\n{stop.about} = {_text(stop.subject)}\n"
            f"yuan = {stop.yuan}\nby = {_text('')}"
            for stop in self.stops
        )


def _text(text: str) -> str:
    # JSON writes texts as TOML does, but for the control character 127.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _yuan(fen: int) -> str:
    return f"{unscaled(fen, FEN_PLACES)}"


def record_stops(
    records: Records,
    valid: pl.DataFrame,
    refused: pl.DataFrame,
    unknown: pl.DataFrame,
    table: Path | None = None,
) -> list[Stop]:
    """Too much refused, or too many codes that no table knows.

    table: the file of the hospitals. valid: hospital_id, rows, total_fen of the valid rows of each hospital. refused: REFUSED_SCHEMA.
    unknown: as `unknown_sums`. Rows outside the period are in no share.
    """
    inside = _refused_by_hospital(refused)
    read, money = (
        int(valid[column].sum()) + int(inside[column].sum()) for column in ("rows", "total_fen")
    )
    stops: list[Stop] = []
    share = records.max_refused_share
    too_many = int(inside["rows"].sum()) > share * read
    too_much = int(inside["total_fen"].sum()) > share * money
    if read >= MOST_SMALL and (too_many or too_much):
        stops += [
            Stop(
                "refused_share",
                hospital,
                fen,
                WORDS.words("refused", rows=rows, yuan=_yuan(fen), reasons=listed(reasons)),
                _correct_refused(hospital, reasons, table),
            )
            for hospital, rows, fen, reasons in inside.iter_rows()
        ]
    paid = set(valid["hospital_id"])
    stops += [
        Stop(
            "hospital_refused",
            hospital,
            fen,
            WORDS.words("hospital_refused", rows=rows, yuan=_yuan(fen), reasons=listed(reasons)),
            _correct_refused(hospital, reasons, table),
        )
        for hospital, rows, fen, reasons in inside.iter_rows()
        if hospital not in paid and hospital != _NOBODY
    ]
    if read >= MOST_SMALL and int(unknown["rows"].sum()) > records.max_unknown_codes_share * read:
        stops += [
            Stop("unknown_codes", hospital, fen, _unknown_words(rows, fen, such))
            for hospital, rows, fen, such in unknown.iter_rows()
        ]
    return stops


def level_stops(
    records: Records,
    valid: pl.DataFrame,
    hospitals: Mapping[str, str],
    catalogue_levels: Iterable[str],
    table: Path | None = None,
) -> list[Stop]:
    """Hospitals with a level that policy or catalogue do not know: they would be paid as the mean.

    valid, table: as in `record_stops`. hospitals: the level of each. catalogue_levels: those with
    coefficients, none if the catalogue has none by level.
    """
    tables = [known for known in (set(records.levels), set(catalogue_levels)) if known]
    stops = []
    for hospital, rows, fen in valid.sort("hospital_id").iter_rows():
        level = hospitals[hospital]
        lacking = [known for known in tables if level not in known]
        if lacking:
            said = _level_words(level, rows, lacking[0])
            correct = _correct("correct_level", hospital, table)
            stops.append(Stop("unknown_level", hospital, fen, said, correct))
    return stops


def settled_stops(
    statements: pl.DataFrame,
    values: pl.DataFrame | None,
    rules: Settlement,
    period: Period | None,
    before: Mapping[str, Decimal] | None = None,
    correct_budget: Callable[[str], Words] = lambda _pool: _INPUTS,
) -> list[Stop]:
    """What settlement finds implausible (settle/findings.py).

    correct_budget: where the budget of a pool stands (`budget_of_pool`).
    values, period: those of a month; None for a clearing, in which no budget is compared. before: by
    pool the value of the month before, where there is one to compare with.
    """
    found = deductions_above_payable(statements, rules)
    if values is not None and period is not None:
        found += implausible_values(values, before, rules, period)
    return [
        Stop(
            one.code,
            one.hospital_id or one.pool or "",
            one.amount_fen,
            one.said,
            correct_budget(one.pool) if one.pool else _INPUTS,
        )
        for one in found
    ]


def budget_of_pool(policy: Policy, path: Path, period: Period) -> Callable[[str], Words]:
    """Where people correct the budget of a pool: the policy's file and the keys of its accounts."""

    def of(pool: str) -> Words:
        (accounts,) = (one.accounts for one in pools_of(policy) if one.name == pool)
        keys = listed(budget_keys(policy, accounts, period))
        return WORDS.words("correct_budget", path=path, keys=keys)

    return of


def _correct_refused(hospital: str, reasons: Sequence[str], table: Path | None) -> Words:
    unknown = reasons[0].split()[0] == _UNKNOWN_HOSPITAL
    return _correct("correct_hospital", hospital, table) if unknown else _INPUTS


def _correct(key: str, hospital: str, table: Path | None) -> Words:
    return WORDS.words(key, hospital=hospital, table=table or WORDS.words("table_of_hospitals"))


def _refused_by_hospital(refused: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, rows, total_fen, reasons: codes of findings, each with its rows, the most first."""
    by_reason = (
        refused.filter(~pl.col("outside"))
        .with_columns(pl.col("hospital_id").fill_null(_NOBODY))
        .group_by("hospital_id", "code")
        .agg(pl.col("rows", "total_fen").sum())
        .sort("hospital_id", "rows", "code", descending=[False, True, False])
    )
    return by_reason.group_by("hospital_id", maintain_order=True).agg(
        pl.col("rows", "total_fen").sum(),
        pl.format("{} {}", "code", "rows").alias("reasons"),
    )


def _unknown_words(rows: int, fen: int, such: str) -> Words:
    found = WORDS.words("unknown_codes", rows=rows, yuan=_yuan(fen), such=such)
    sign = separator_in(such)
    return WORDS.words("joined_codes", found=found, sign=sign) if sign else found


def remark_on_unknown(records: Records, read: int, unknown: pl.DataFrame) -> None:
    """Where nothing stops, as in a calibration: say that more codes are unknown than a month may have.

    read: rows of the input. unknown: as in `record_stops`.
    """
    rows = int(unknown["rows"].sum())
    if rows > records.max_unknown_codes_share * read:
        remark([_unknown_words(rows, int(unknown["total_fen"].sum()), unknown["such"][0])])


def _level_words(level: str, rows: int, known: Iterable[str]) -> Words:
    levels = sorted(known)
    called = {level_name(one, "zh"): one for one in levels}
    # The beginning of a name, 二级, is as well that of another.
    names = [name for name in called if not name.startswith(level)]
    meant = nearest_name(level, levels) or called.get(nearest_name(level, names) or "")
    key = "nearly_known_level" if meant else "unknown_level"
    return WORDS.words(key, level=level, listed=listed(levels), meant=meant, rows=rows)


def by_hospital(valid: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, rows, total_fen of valid rows (hospital_id, total_fen), sorted."""
    return kinds_by_hospital(valid.select("hospital_id", "total_fen", cases=pl.lit(1, pl.Int64)))


def kinds_by_hospital(kinds: pl.DataFrame) -> pl.DataFrame:
    """The same of valid rows in sums by kind (NarrowCases.kinds)."""
    return (
        kinds.group_by(pl.col("hospital_id").cast(pl.String))
        .agg(pl.col("cases").sum().alias("rows"), pl.col("total_fen").sum())
        .sort("hospital_id")
    )


def accepted_before(manifest: Manifest) -> list[Accepted]:
    """What was taken on in a run: corrections of it and clearings over it take it over."""
    return [
        Accepted(
            one["code"],
            one.get("hospital", one.get("pool")),
            scaled(Decimal(one["yuan"]), FEN_PLACES),
            by=manifest.run_id,
        )
        for one in manifest.content.get("accepted", ())
    ]


def accepted_by(accepted: Iterable[Accepted], needed: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Who took on what, and why: beside the basis of a run, since it changes no result."""
    codes = {one["code"] for one in needed}
    return [
        {"code": one.code, "about": one.subject, "by": one.by, "note": one.note}
        for one in accepted
        if one.code in codes
    ]
