"""Hospitals beside their peers, by every measure, and what their clues would recover of what they are paid."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from drgpay.supervise.funnel import places_of, with_funnel
from drgpay.supervise.material import Material
from drgpay.supervise.measures import SHARES, VALUES, Scores, measured
from drgpay.supervise.peers import hospitals_of, peers_of
from drgpay.supervise.robust import with_robust_z
from drgpay.supervise.rulebook import Comparison
from drgpay.supervise.score import fen_half_up

HOSPITAL_SCORE = "hospital_score"
HIGH, LOW, NOT_JUDGED = "high", "low", "not_judged"


def hospital_scores(
    material: Material, risks: pl.DataFrame, comparison: Comparison, scores: Scores
) -> pl.DataFrame:
    """The table hospital_scores, sorted by hospital and measure: n, x, theta, z, phi, flag.

    risks: case_id, hospital_id, expected_fen of stays with a clue. theta is the share of the peers, of a
    value that is no share the median of the hospital and its peers. A hospital with fewer stays than
    `min_n`, and one where nothing can be divided by, is not judged.
    """
    stays = material.stays("hospital_id", "level", "kind", current=True)
    peers = peers_of(hospitals_of(stays), comparison.min_peers)
    rows = measured(material, scores)
    judged = [
        *(shares_judged(_of(rows, one), peers, comparison) for one in SHARES),
        *(values_judged(_of(rows, one), peers, comparison, scores.robust_z) for one in VALUES),
        expected_of_paid(material, risks),
    ]
    order = [*SHARES, *VALUES, HOSPITAL_SCORE]
    return pl.concat(judged).sort("hospital_id", pl.col("measure").cast(pl.Enum(order)))


def _of(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    return rows.filter(pl.col("measure") == measure).sort("hospital_id")


def shares_judged(
    rows: pl.DataFrame, peers: Mapping[str, Sequence[str]], comparison: Comparison
) -> pl.DataFrame:
    """One share of every hospital (hospital_id, measure, n, hits, x) by the funnel of its peers."""
    units = rows["hospital_id"].to_list()
    others = places_of(units, [peers.get(one, ()) for one in units])
    judged = with_funnel(rows, others, comparison.min_n)
    return _flagged(judged, comparison.funnel_z)


def values_judged(
    rows: pl.DataFrame,
    peers: Mapping[str, Sequence[str]],
    comparison: Comparison,
    robust_z: Decimal,
) -> pl.DataFrame:
    """One value of every hospital by robust z among itself and its peers that have enough stays."""
    enough = rows.filter(pl.col("n") >= comparison.min_n).select(member="hospital_id", value="x")
    sides = pl.DataFrame(
        [(one, member) for one in sorted(peers) for member in (one, *peers[one])],
        schema={"hospital_id": pl.String, "member": pl.String},
        orient="row",
    )
    among = sides.join(enough, on="member").sort("hospital_id", "member")
    own = (
        with_robust_z(among, "value", ["hospital_id"])
        .filter(pl.col("member") == pl.col("hospital_id"))
        .select("hospital_id", "z", theta="median")
    )
    judged = rows.join(own, on="hospital_id", how="left", maintain_order="left").with_columns(
        phi=pl.lit(None, pl.Float64)
    )
    return _flagged(judged, robust_z)


def _flagged(judged: pl.DataFrame, limit: Decimal) -> pl.DataFrame:
    flag = (
        pl.when(pl.col("z").is_null())
        .then(pl.lit(NOT_JUDGED))
        .when(pl.col("z") >= float(limit))
        .then(pl.lit(HIGH))
        .when(pl.col("z") <= -float(limit))
        .then(pl.lit(LOW))
    )
    return judged.with_columns(flag=flag).select(_COLUMNS)


_COLUMNS = ("hospital_id", "measure", "n", "x", "theta", "z", "phi", "flag")


def expected_of_paid(material: Material, risks: pl.DataFrame) -> pl.DataFrame:
    """The hospital_score: 100 x expected recovery / (points x value) of the stays that are looked at.

    It stands beside the flags, and is no sanction by itself. Null where nothing was paid by points.
    """
    stays = material.stays("case_id", "hospital_id", "account", "points", current=True)
    own = material.values.drop_nulls("hospital_id")
    others = material.values.filter(pl.col("hospital_id").is_null()).select(
        "account", other="value"
    )
    paid = (
        stays.group_by("hospital_id", "account")
        .agg(n=pl.len(), points=pl.col("points").fill_null(0).sum())
        .join(own, on=["hospital_id", "account"], how="left")
        .join(others, on="account", how="left")
        .with_columns(
            standard_fen=_signed_fen(
                pl.col("points") / 10_000 * pl.coalesce("value", "other", pl.lit(0.0))
            )
        )
        .group_by("hospital_id")
        .agg(pl.col("n").sum(), pl.col("standard_fen").sum())
    )
    current = risks.filter(pl.col("case_id").is_in(stays["case_id"].implode()))
    expected = current.group_by("hospital_id").agg(pl.col("expected_fen").sum())
    return (
        paid.join(expected, on="hospital_id", how="left")
        .with_columns(
            measure=pl.lit(HOSPITAL_SCORE),
            n=pl.col("n").cast(pl.Int64),
            x=pl.when(pl.col("standard_fen") > 0).then(
                100 * pl.col("expected_fen").fill_null(0) / pl.col("standard_fen")
            ),
            flag=pl.lit(None, pl.String),
            **{name: pl.lit(None, pl.Float64) for name in ("theta", "z", "phi")},
        )
        .select(_COLUMNS)
    )


def _signed_fen(yuan: pl.Expr) -> pl.Expr:
    """Points are negative where deductions took more than a stay had."""
    return pl.when(yuan < 0).then(-fen_half_up(-yuan)).otherwise(fen_half_up(yuan))
