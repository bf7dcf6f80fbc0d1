"""mix_jump: a hospital whose case mix or share of CC and MCC rises and stays above its months before (07; S7).

A new version of the grouping scheme is no jump: months of another scheme are not compared.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from drgpay.policy.fields import PositiveCount, PositiveRatio, Section
from drgpay.supervise.cusum import Cusum, cusum
from drgpay.supervise.found import HIT_SCHEMA, Found, facts_of, hits_of, numbers_of
from drgpay.supervise.material import Material, Rated
from drgpay.supervise.measures import case_mix
from drgpay.supervise.rule import Rule


class Limits(Section):
    """min_n: stays of a month that counts. months: how many before are the measure. slack, limit: of CUSUM,
    in standard deviations of the months before.
    """

    min_n: PositiveCount
    months: PositiveCount
    slack: PositiveRatio
    limit: PositiveRatio


_COLUMNS = (
    *("hospital_id", "month", "current", "run", "payment_unit", "status", "severity"),
    "base_points",
)
MEASURES = ("cmi", "severe")


@dataclass(frozen=True)
class Span:
    """Months that are looked at and grouped by one scheme, and the months before them."""

    scheme: str
    months: tuple[str, ...]
    before: tuple[str, ...]


def find(material: Material, limits: Limits) -> Found:
    """Months in which the sum of what lies above the months before reaches the limit. It ranks only."""
    stays = material.stays(*_COLUMNS).filter(
        (pl.col("payment_unit") == "drg") & (pl.col("status") == "grouped")
    )
    ids = [_version(run) for run in material.runs]
    schemes = pl.DataFrame(
        {"run": range(len(ids)), "scheme": ids}, schema={"run": pl.Int32, "scheme": pl.String}
    )
    stays = stays.join(schemes, on="run", how="left")
    monthly = months_of_hospitals(stays).filter(pl.col("n") >= limits.min_n)
    looked_at = stays.filter(pl.col("current")).select("month", "scheme").unique()
    parts: list[pl.DataFrame] = []
    checked = not_judged = 0
    hospitals = stays.filter(pl.col("current"))["hospital_id"].unique().sort().to_list()
    for span in spans(looked_at.sort("month", "scheme").rows(), limits.months):
        for measure in MEASURES:
            values = monthly.filter(
                (pl.col("measure") == measure) & (pl.col("scheme") == span.scheme)
            )
            before = _matrix(values, hospitals, span.before)
            months = _matrix(values, hospitals, span.months)
            found = cusum(before, months, float(limits.slack), float(limits.limit))
            judged = int((~np.isnan(found.level)).sum())
            checked += judged
            not_judged += found.level.size - judged
            parts.append(_alarms(found, months, hospitals, span, measure))
    return _found(pl.concat(parts) if parts else _NO_ALARMS, limits, checked, not_judged)


def _version(run: Rated) -> str:
    info = run.compiled.scheme.info
    return f"{info.id} {info.version}"


def months_of_hospitals(stays: pl.DataFrame) -> pl.DataFrame:
    """hospital_id, month, scheme, measure, n, x: CMI and the share of CC and MCC together."""
    by = ["hospital_id", "month", "scheme"]
    severe = pl.col("severity").is_in(["CC", "MCC"]).fill_null(value=False)
    shares = stays.group_by(by).agg(n=pl.len(), x=severe.sum() / pl.len())
    mix = case_mix(stays, by)
    return pl.concat(
        [
            frame.select(*by, pl.col("n").cast(pl.Int64), "x", measure=pl.lit(name))
            for name, frame in zip(MEASURES, (mix, shares), strict=True)
        ]
    )


def spans(months: list[tuple[str, str]], before: int) -> list[Span]:
    """Months (month, scheme), sorted, in spans of one scheme; each with the calendar months before it."""
    found: list[Span] = []
    for month, scheme in months:
        if found and found[-1].scheme == scheme:
            last = found.pop()
            found.append(Span(scheme, (*last.months, month), last.before))
        else:
            earlier = tuple(_earlier(month, number) for number in range(before, 0, -1))
            found.append(Span(scheme, (month,), earlier))
    return found


def _earlier(month: str, number: int) -> str:
    """The month that lies a number of months before one (2026-03)."""
    year, of_year = (int(part) for part in month.split("-"))
    count = year * 12 + of_year - 1 - number
    return f"{count // 12:04}-{count % 12 + 1:02}"


def _matrix(values: pl.DataFrame, hospitals: list[str], months: tuple[str, ...]) -> np.ndarray:
    """A row a hospital, a column a month; nan where a month lacks or has too few stays."""
    rows = {one: number for number, one in enumerate(hospitals)}
    columns = {one: number for number, one in enumerate(months)}
    known = values.filter(
        pl.col("hospital_id").is_in(list(rows)) & pl.col("month").is_in(list(columns))
    )
    matrix = np.full((len(rows), len(columns)), np.nan)
    row = known["hospital_id"].replace_strict(rows, return_dtype=pl.Int64).to_numpy()
    column = known["month"].replace_strict(columns, return_dtype=pl.Int64).to_numpy()
    matrix[row, column] = known["x"].to_numpy()
    return matrix


_ALARM: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "part": pl.String(),
    "scheme": pl.String(),
    "month": pl.String(),
    "x": pl.Float64(),
    "mu": pl.Float64(),
    "sigma": pl.Float64(),
    "level": pl.Float64(),
}
_NO_ALARMS = pl.DataFrame(schema=_ALARM)


def _alarms(
    found: Cusum, months: np.ndarray, hospitals: list[str], span: Span, measure: str
) -> pl.DataFrame:
    rows, columns = np.nonzero(found.alarm)
    return pl.DataFrame(
        {
            "hospital_id": [hospitals[one] for one in rows],
            "part": [measure] * len(rows),
            "scheme": [span.scheme] * len(rows),
            "month": [span.months[one] for one in columns],
            "x": months[rows, columns],
            "mu": found.mu[rows],
            "sigma": found.sigma[rows],
            "level": found.level[rows, columns],
        },
        schema=_ALARM,
    )


def _found(alarms: pl.DataFrame, limits: Limits, checked: int, not_judged: int) -> Found:
    if alarms.is_empty():
        hits = hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit"))
        return Found(hits, checked=checked, not_judged=_counted(not_judged))
    ordered = alarms.sort("hospital_id", "part", "month")
    none: list[str] = []
    start = pl.col("month").str.to_date("%Y-%m")
    rows = ordered.with_columns(
        case_ids=pl.lit(none, pl.List(pl.String)),
        keys=pl.concat_list("hospital_id", "month"),
        first=start,
        last=start.dt.month_end(),
        reason_code=pl.lit("mix_jump_") + pl.col("part"),
        numbers=numbers_of(
            month=pl.col("month"),
            x=pl.col("x").round(4),
            mean=pl.col("mu").round(4),
            level=pl.col("level").round(2),
        ),
        file=pl.lit("none"),
    )
    hits = hits_of(rows)
    named = ordered.with_columns(hit=hits["hit"])
    key = pl.col("hospital_id") + " " + pl.col("month")
    told = {"x": "x", "mean_before": "mu", "sigma_before": "sigma", "cusum": "level"}
    facts = [
        facts_of(
            named,
            fact,
            "cases",
            key,
            fact,
            pl.col(column).round(4),
            limits.limit if fact == "cusum" else None,
        )
        for fact, column in told.items()
    ]
    facts.append(facts_of(named, "scheme", "cases", key, "scheme", pl.col("scheme")))
    return Found(hits, facts=pl.concat(facts), checked=checked, not_judged=_counted(not_judged))


def _counted(not_judged: int) -> dict[str, int]:
    return {"months": not_judged} if not_judged else {}


RULE = Rule(Limits, find)
