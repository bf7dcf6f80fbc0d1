"""Points against members of staff (驾照式记分): sums of a calendar year, suspensions, ends (07a; S14).

An entry counts only behind a confirmed decision against the institution. What a suspension concerns is
shown: money moves only by a `payment` that a decision writes. Nothing here is part of any other table.
"""

from dataclasses import dataclass

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.results.part import STAYS
from drgpay.results.run_folder import open_run
from drgpay.supervise.decided import read_decided
from drgpay.supervise.decisions import CONFIRMED
from drgpay.supervise.file import SuperviseJob
from drgpay.supervise.rulebook import PersonPoints, load_rulebook
from drgpay.supervise.tables_given import table_given

_ERRORS = Sentences("errors/supervise")
_TABLE = "person_points"

COUNTED, SUSPENDED, ENDED = "counted", "suspended", "ended"
DUTIES = ("general", "important", "main")

SERVICE_SCHEMA: dict[str, pl.DataType] = {
    "staff_id": pl.String(),
    "admission_date": pl.Date(),
    "admission_route": pl.String(),
    "fund_fen": pl.Int64(),
}
"""A stay that somebody was responsible for. fund_fen: what the fund paid for it by the named run."""


@dataclass(frozen=True)
class Staff:
    """entries: staff_id, date, clue_id, points of those that count. refused: row, clue_id, code.

    status: a row a measure (SUSPENDED, ENDED), or one COUNTED row of who has none: staff_id, year, entries,
    points (up to that day), standing, since, until_first, until_last, stays, fund_first_fen, fund_last_fen
    (of stays admitted after `since` and before each end; null without stays_ext).
    """

    entries: pl.DataFrame
    refused: pl.DataFrame
    status: pl.DataFrame


def staff_of(job: SuperviseJob, *, accept_refused: bool = False) -> Staff:
    """The standing of the staff whom the table person_points of a supervision's file names.

    accept_refused: leave refused entries out. Raises DrgpayError for a file without the table, and for
    refused entries that are not accepted.
    """
    path = job.tables.get(_TABLE)
    if path is None:
        raise DrgpayError(*_ERRORS("no_person_points", path=job.path))
    rules = load_rulebook(job.rules).person_points
    decided = read_decided(job.decided).clues
    entries, refused = checked_entries(table_given(_TABLE, path), decided, rules)
    if refused.height and not accept_refused:
        first = refused.row(0, named=True)
        why = _ERRORS.words(f"refused_{first['code']}")
        said = {"path": path, "row": first["row"], "clue": first["clue_id"], "why": why}
        raise DrgpayError(*_ERRORS("person_points_refused", count=refused.height, **said))
    status = with_services(standings(entries, rules), _services(job), rules)
    return Staff(entries, refused, status)


def checked_entries(
    given: pl.DataFrame, decided: pl.DataFrame, rules: PersonPoints
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The entries that count, and the refused ones with `code`; together all rows.

    given: the table person_points, with `row`. decided: clue_id, result, decided_on. Refused as bad_points,
    unknown_duty, no_decision (none, or none that is confirmed), before_decision or repeated (the same
    person, clue and day above).
    """
    least, most = rules.points
    rows = (
        given.sort("row")
        .join(
            decided.filter(pl.col("result") == CONFIRMED).select("clue_id", "decided_on"),
            on="clue_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            code=pl.when(~pl.col("points").is_between(least, most))
            .then(pl.lit("bad_points"))
            .when(~pl.col("duty").is_in(DUTIES))
            .then(pl.lit("unknown_duty"))
            .when(pl.col("decided_on").is_null())
            .then(pl.lit("no_decision"))
            .when(pl.col("date") < pl.col("decided_on"))
            .then(pl.lit("before_decision"))
            .when(~pl.struct("staff_id", "clue_id", "date").is_first_distinct())
            .then(pl.lit("repeated"))
        )
    )
    counted = rows.filter(pl.col("code").is_null()).select("staff_id", "date", "clue_id", "points")
    refused = rows.filter(pl.col("code").is_not_null()).select("row", "clue_id", "code")
    return counted.sort("staff_id", "date", "clue_id"), refused


def standings(entries: pl.DataFrame, rules: PersonPoints) -> pl.DataFrame:
    """Who is counted, suspended or ended, by person, year and day; each year starts from 0.

    entries: staff_id, date, points. Entries of one day count together. Returns the columns of Staff.status
    up to until_last.
    """
    person = ["staff_id", "year"]
    days = (
        entries.group_by("staff_id", "date")
        .agg(pl.col("points").sum(), entries=pl.len(), largest=pl.col("points").max())
        .sort("staff_id", "date")
        .with_columns(year=pl.col("date").dt.year().cast(pl.Int64))
        .with_columns(
            pl.col("points").cum_sum().over(person),
            pl.col("entries").cum_sum().over(person),
            pl.col("largest").max().over(person),
        )
    )
    first, last = rules.suspended_months
    once = pl.col("largest") >= rules.points[1]
    years = pl.when(once).then(rules.ended_years_at_once).otherwise(rules.ended_years)
    ended = _reached(days, rules.ended_from, person).with_columns(
        standing=pl.lit(ENDED), months_first=12 * years, months_last=12 * years
    )
    # Who is ended at once is not suspended first.
    suspended = _reached(days, rules.suspended_from, person).filter(
        pl.col("points") < rules.ended_from
    )
    suspended = suspended.with_columns(
        standing=pl.lit(SUSPENDED), months_first=pl.lit(first), months_last=pl.lit(last)
    )
    none = pl.lit(None, pl.Int32)
    rest = (
        days.unique(person, keep="last", maintain_order=True)
        .filter(pl.col("points") < rules.suspended_from)
        .with_columns(standing=pl.lit(COUNTED), months_first=none, months_last=none)
    )
    rows = pl.concat([suspended, ended, rest], how="vertical_relaxed")
    measured = pl.col("standing") != COUNTED
    return rows.select(
        *person,
        pl.col("entries").cast(pl.Int64),
        pl.col("points").cast(pl.Int64),
        "standing",
        since=pl.when(measured).then("date"),
        until_first=_months_later("months_first"),
        until_last=_months_later("months_last"),
    ).sort("staff_id", "year", "since", "standing")


def _reached(days: pl.DataFrame, threshold: int, person: list[str]) -> pl.DataFrame:
    """The day of each person and year on which a sum is reached."""
    return days.filter(pl.col("points") >= threshold).unique(
        person, keep="first", maintain_order=True
    )


def _months_later(months: str) -> pl.Expr:
    return pl.col("date").dt.offset_by(pl.format("{}mo", pl.col(months)))


def with_services(
    status: pl.DataFrame, services: pl.DataFrame | None, rules: PersonPoints
) -> pl.DataFrame:
    """Standings with the stays that a measure concerns; those of a rescue are left out.

    services: SERVICE_SCHEMA, None where it is not known whose stays are whose. A suspension ends where the
    person is ended; a stay counts by its admission, after the day of the entry and before the end.
    """
    if services is None:
        nothing = pl.lit(None, pl.Int64)
        return status.with_columns(stays=nothing, fund_first_fen=nothing, fund_last_fen=nothing)
    rescue = pl.col("admission_route").is_in(rules.rescue_routes).fill_null(value=False)
    ended = pl.when(pl.col("standing") == ENDED).then("since").min().over("staff_id", "year")
    # The day of the entry that ends somebody is still one of the suspension before.
    cut = pl.when(pl.col("standing") == SUSPENDED).then(ended.dt.offset_by("1d"))
    limits = status.with_row_index("measure").with_columns(
        stop_first=pl.min_horizontal("until_first", cut),
        stop_last=pl.min_horizontal("until_last", cut),
    )
    inside = limits.join(services.filter(~rescue), on="staff_id").filter(
        (pl.col("admission_date") > pl.col("since"))
        & (pl.col("admission_date") < pl.col("stop_last"))
    )
    soon = pl.col("admission_date") < pl.col("stop_first")
    sums = inside.group_by("measure").agg(
        stays=pl.len().cast(pl.Int64),
        fund_first_fen=pl.col("fund_fen").filter(soon).sum(),
        fund_last_fen=pl.col("fund_fen").sum(),
    )
    return (
        limits.join(sums, on="measure", how="left", maintain_order="left")
        .with_columns(pl.col("stays", "fund_first_fen", "fund_last_fen").fill_null(0))
        .drop("measure", "stop_first", "stop_last")
    )


def _services(job: SuperviseJob) -> pl.DataFrame | None:
    """The stays of the named runs with the doctor of each; None without a table that says whose they are."""
    if "stays_ext" not in job.tables:
        return None
    ext = table_given("stays_ext", job.tables["stays_ext"])
    whose = ext.drop_nulls("doctor_id").select("case_id", "admission_route", staff_id="doctor_id")
    runs = [open_run(one.run).of(STAYS) for one in job.runs]
    cases = pl.concat(
        run.scaled("cases", ["case_id", "admission_date", "case_fund_fen"]).with_columns(
            pl.col("case_id").cast(pl.String)
        )
        for run in runs
    )
    return cases.join(whose, on="case_id").select(
        "staff_id", "admission_date", "admission_route", fund_fen="case_fund_fen"
    )
