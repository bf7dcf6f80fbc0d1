"""up_coding 高套: coded more severe than the cost shows (07; S8).

A coded stay is grouped again without its diagnoses of that severity. What the hospital codes beyond its
peers is the prior; how well the cost fits each of the two groups is the evidence.
"""

import numpy as np
import polars as pl

from drgpay.points.formulas import class_formulas
from drgpay.points.pricing import priced_cases
from drgpay.policy.fields import PositiveCount, PositiveRatio, Ratio, Section, Share
from drgpay.supervise.code_prefixes import begins_with_any
from drgpay.supervise.coded_share import coded_shares, prior
from drgpay.supervise.found import (
    HIT_SCHEMA,
    Found,
    facts_of,
    hits_of,
    numbers_of,
    points_said,
    stakes_of,
    stay_rows,
    yuan_said,
)
from drgpay.supervise.level_means import level_means
from drgpay.supervise.material import Material, Rated
from drgpay.supervise.peers import hospitals_of, peers_of
from drgpay.supervise.rule import Rule
from drgpay.supervise.severity_groups import grouped_again, with_coded, without_level

# Beyond it a likelihood ratio moves no probability by a unit of its last place: the table holds it as a decimal.
_FAR = 25


class Limits(Section):
    """min_peers: peers of a level and kind. min_there, min_judged: eligible stays of a peer in an ADRG,
    and how many such peers a median needs. min_n, z_from, least, most: of the prior. min_level_cases: of
    a level's mean. no_line_if_wrong, no_line_if_right: how often no line shows a code that has evidence
    rows, of a code that is wrong and of one that is right. implied: what a pair of `implied` multiplies the
    likelihood ratio by. c_from: a hit.
    """

    min_peers: PositiveCount
    min_there: PositiveCount
    min_judged: PositiveCount
    min_n: PositiveCount
    z_from: PositiveRatio
    least: Share
    most: Share
    min_level_cases: PositiveCount
    no_line_if_wrong: Share
    no_line_if_right: Share
    implied: Ratio
    c_from: Share


COLUMNS = (
    *("case_id", "run", "hospital_id", "level", "kind", "account", "out_of_area", "admission_date"),
    *("discharge_date", "settlement_date", "length_of_stay", "sex", "age", "age_days", "weight_g"),
    *("department", "discharge_type", "principal_diagnosis", "other_diagnoses", "procedures"),
    *("payment_unit", "bed_day_class", "complete", "status", "mdc", "adrg", "drg", "severity"),
    *("total_fen", "fund_fen", "patient_fen", "other_fen"),
)


def find(material: Material, limits: Limits) -> Found:
    """Stays whose cost fits the less severe group better; leaves the table `candidates`."""
    stays = material.stays(*COLUMNS, current=True).filter(
        (pl.col("payment_unit") == "drg") & (pl.col("status") == "grouped")
    )
    parts, checked, not_judged = [], 0, dict[str, int]()
    eligible = pl.concat(
        [stays.clear().with_columns(coded=pl.lit(value=False)), *_eligible(stays, material)]
    )
    priors = _priors(eligible, limits)
    for number, run in enumerate(material.runs):
        mine = eligible.filter((pl.col("run") == number) & pl.col("coded"))
        if mine.is_empty():
            continue
        low = _low(mine, run)
        judged = with_likelihood_ratio(low, run, limits.min_level_cases)
        checked += mine.height
        _count(not_judged, "low", mine.height - low.height)
        _count(not_judged, "mean", low.height - judged.height)
        parts.append(judged)
    if not parts:
        return Found(hits_of(pl.DataFrame(schema=HIT_SCHEMA).drop("hit")), checked=checked)
    tried = _with_items(pl.concat(parts), material, limits).join(
        priors, on="hospital_id", how="left"
    )
    tried = tried.with_columns(pl.col("pi").fill_null(float(limits.least)))
    tried = tried.with_columns(c=posterior(pl.col("pi"), pl.col("lr"))).sort("case_id")
    lacking = () if material.table("stay_items") is not None else ("stay_items",)
    return _found(tried, limits, checked, not_judged, lacking)


def posterior(prior: pl.Expr, likelihood_ratio: pl.Expr) -> pl.Expr:
    """c: how probable it is that the stay was coded up (S8: .6011)."""
    odds = prior * likelihood_ratio
    return odds / (odds + 1 - prior)


def _count(counts: dict[str, int], name: str, number: int) -> None:
    if number:
        counts[name] = counts.get(name, 0) + number


def _eligible(stays: pl.DataFrame, material: Material) -> list[pl.DataFrame]:
    """The stays of ADRGs that severity splits, with `coded`: in a group that names the severity they have."""
    return [
        with_coded(run.compiled, stays.filter(pl.col("run") == number))
        .filter("eligible")
        .drop("eligible")
        for number, run in enumerate(material.runs)
        if run.current
    ]


def _priors(eligible: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """hospital_id, n, p, e, pi."""
    counts = (
        eligible.group_by("hospital_id", "adrg")
        .agg(eligible=pl.len(), coded=pl.col("coded").sum())
        .sort("hospital_id", "adrg")
    )
    peers = peers_of(hospitals_of(eligible.sort("case_id")), limits.min_peers)
    shares = coded_shares(counts, peers, limits.min_there, limits.min_judged)
    pis = [
        prior(
            n,
            p,
            e,
            min_n=limits.min_n,
            z_from=float(limits.z_from),
            least=float(limits.least),
            most=float(limits.most),
        )
        for n, p, e in shares.select("n", "p", "e").iter_rows()
    ]
    return shares.with_columns(pi=pl.Series(pis, dtype=pl.Float64))


def _low(coded: pl.DataFrame, run: Rated) -> pl.DataFrame:
    """Coded stays whose group without the severe diagnoses is stable, of the same ADRG and earns less;
    with points_own and points_low, both before adjustments, at this stay's cost.
    """
    bare = without_level(run.compiled, coded)
    again = grouped_again(run.compiled, bare)
    both = bare.join(again, on="case_id")
    return cheaper(both.filter(pl.col("low_adrg") == pl.col("adrg")), run)


def cheaper(both: pl.DataFrame, run: Rated) -> pl.DataFrame:
    """The stays whose other group is stable and earns less, sorted by case_id; with points_own and
    points_low, both before adjustments, at this stay's cost.

    both: with low_status, low_mdc, low_adrg, low_drg, low_severity of `grouped_again`.
    """
    both = both.filter((pl.col("low_status") == "grouped") & (pl.col("low_drg") != pl.col("drg")))
    stable = run.catalogue.groups.filter(pl.col("stability") == "stable")["drg"].unique()
    both = both.filter(pl.col("low_drg").is_in(stable.implode())).sort("case_id")
    own = _points(both, run)
    low = _points(
        both.with_columns(
            **{name: pl.col(f"low_{name}") for name in ("status", "mdc", "adrg", "drg", "severity")}
        ),
        run,
    )
    return both.with_columns(points_own=own, points_low=low).filter(
        pl.col("points_low") < pl.col("points_own")
    )


def _points(stays: pl.DataFrame, run: Rated) -> pl.Series:
    """Points before adjustments of stays sorted by case_id, by class and coefficient."""
    points = run.policy.points
    person = pl.lit(None, pl.String).alias("person_id")
    if stays.is_empty():
        return pl.Series([], dtype=pl.Int64)
    priced = priced_cases(
        stays.select(*(name for name in COLUMNS if name not in ("kind", "run"))).with_columns(
            person
        ),
        run.catalogue,
        points,
        class_formulas(run.catalogue, points),
    )
    return priced["points_before"]


def with_likelihood_ratio(low: pl.DataFrame, run: Rated, min_level_cases: int) -> pl.DataFrame:
    """Of those with means and cv of both groups: lr, of log-normal costs."""
    means = level_means(run.catalogue, min_level_cases)
    both = low.join(
        means.rename({"mean": "mean_own", "cv": "cv_own"}), on=["drg", "level"], how="left"
    )
    of_low = means.rename({"drg": "low_drg", "mean": "mean_low", "cv": "cv_low"})
    both = both.join(of_low, on=["low_drg", "level"], how="left")
    known = both.drop_nulls(["mean_own", "mean_low", "cv_own", "cv_low"]).filter(
        (pl.col("cv_own") > 0) & (pl.col("cv_low") > 0)
    )
    cost = known["total_fen"].to_numpy()
    ratio = log_density(
        cost, known["mean_low"].to_numpy(), known["cv_low"].to_numpy()
    ) - log_density(cost, known["mean_own"].to_numpy(), known["cv_own"].to_numpy())
    lr = np.exp(np.clip(ratio, -_FAR, _FAR))
    return known.with_columns(lr=pl.Series(lr, dtype=pl.Float64))


def log_density(cost: np.ndarray, mean: np.ndarray, cv: np.ndarray) -> np.ndarray:
    """The logarithm of the density of a log-normal cost of a mean and cv (S8)."""
    square = np.log(1 + cv**2)
    mu = np.log(mean) - square / 2
    distance: np.ndarray = (
        -((np.log(cost) - mu) ** 2) / (2 * square) - np.log(square) / 2 - np.log(cost)
    )
    return distance


def _with_items(tried: pl.DataFrame, material: Material, limits: Limits) -> pl.DataFrame:
    """lr times what lines and the principal diagnosis say of the suspected codes."""
    tried = tried.with_columns(evidence=pl.lit("none"))
    implied = material.listed("implied")
    if implied is not None:
        tried = tried.with_columns(
            lr=pl.col("lr") * _implied(tried, implied, float(limits.implied))
        )
    items, rows = material.table("stay_items"), material.listed("evidence")
    if items is None or rows is None:
        return tried
    asked = _asked_items(tried, rows)
    charged = items.select("case_id", item="item_code").unique()
    met = asked.join(charged, on=["case_id", "item"], how="semi")["case_id"].unique()
    case = pl.col("case_id")
    evidence = (
        pl.when(case.is_in(met.implode()))
        .then(pl.lit("item"))
        .when(case.is_in(asked["case_id"].unique().implode()))
        .then(pl.lit("no_item"))
        .otherwise(pl.lit("none"))
    )
    wrong, right = float(limits.no_line_if_wrong), float(limits.no_line_if_right)
    times = (
        pl.when(pl.col("evidence") == "item")
        .then((1 - wrong) / (1 - right))
        .when(pl.col("evidence") == "no_item")
        .then(wrong / right)
        .otherwise(1.0)
    )
    return tried.with_columns(evidence=evidence).with_columns(lr=pl.col("lr") * times)


def _asked_items(tried: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """case_id, item: of each suspected code the items that would show it; codes by prefix."""
    suspects = tried.select("case_id", code="suspects").explode("code")
    evidence = rows.select(prefix="code", item="code2").with_columns(
        length=pl.col("prefix").str.len_chars()
    )
    asked = [
        suspects.with_columns(prefix=pl.col("code").str.slice(0, length))
        .join(evidence.filter(pl.col("length") == length), on="prefix")
        .select("case_id", "item")
        for length in evidence["length"].unique().sort()
    ]
    return pl.concat([pl.DataFrame(schema={"case_id": pl.String, "item": pl.String}), *asked])


def _implied(tried: pl.DataFrame, rows: pl.DataFrame, times: float) -> pl.Series:
    """times where a suspected code is one that the principal diagnosis implies."""
    pairs = tried.select("case_id", "principal_diagnosis", code="suspects").explode("code")
    found = pl.concat(
        [
            pl.Series([], dtype=pl.String),
            *(
                pairs.filter(
                    begins_with_any(pl.col("principal_diagnosis"), [principal])
                    & begins_with_any(pl.col("code"), [other])
                )["case_id"]
                for principal, other in rows.iter_rows()
            ),
        ]
    ).unique()
    return tried.select(
        pl.when(pl.col("case_id").is_in(found.implode())).then(times).otherwise(1.0).alias("times")
    )["times"]


def _found(
    tried: pl.DataFrame,
    limits: Limits,
    checked: int,
    not_judged: dict[str, int],
    lacking: tuple[str, ...],
) -> Found:
    stake = tried["points_own"] - tried["points_low"]
    tried = tried.with_columns(stake=stake)
    flagged = tried.filter(pl.col("c") >= float(limits.c_from))
    rows = stay_rows(flagged).with_columns(
        reason_code=pl.lit("up_coding"),
        numbers=numbers_of(
            drg=pl.col("drg"),
            low=pl.col("low_drg"),
            coded=pl.col("p").round(4),
            expected=pl.col("e").round(4),
        ),
    )
    hits = hits_of(rows)
    named = rows.with_columns(hit=hits["hit"])
    key = pl.col("case_id")
    facts = [
        facts_of(named, "group", "cases", key, "drg", pl.col("drg")),
        facts_of(named, "low_group", "candidates", key, "low_drg", pl.col("low_drg")),
        facts_of(
            named, "suspects", "stays", key, "other_diagnoses", pl.col("suspects").list.join(" ")
        ),
        facts_of(named, "cost", "cases", key, "total_cost", yuan_said("total_fen")),
        facts_of(named, "points", "cases", key, "points_before", points_said("points_own")),
        facts_of(named, "low_points", "candidates", key, "points_low", points_said("points_low")),
        facts_of(named, "item", "stay_items", key, "item_code", pl.col("evidence")),
        facts_of(named, "prior", "candidates", key, "pi", pl.col("pi").round(4)),
        facts_of(named, "ratio", "candidates", key, "lr", pl.col("lr").round(4)),
    ]
    candidates = tried.select(
        "case_id", "hospital_id", "low_drg", "lr", "pi", "c", stake_points="stake"
    )
    return Found(
        hits,
        stakes_of(named.select("hit", "case_id", points="stake")),
        pl.concat(facts),
        checked=checked,
        not_judged=not_judged,
        lacking=lacking,
        extra={"candidates": candidates},
    )


RULE = Rule(Limits, find)
