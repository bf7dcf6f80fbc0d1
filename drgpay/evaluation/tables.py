"""The tables of an evaluation as its files have them, and as people are shown them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from drgpay.base.exact import half_up
from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.evaluation.evaluation import Evaluation
from drgpay.evaluation.scorecard import Scored
from drgpay.results.columns import columns_of_table, written
from drgpay.show.tables import ReportTable
from drgpay.tables.declared import evaluation_tables
from drgpay.tables.schemas import schema_of

WORDS = Wording("evaluation")
NOT_RATED, RATED = "not_rated", "rated"
_TO_SCORE = 100  # scores are in 1/100, columns of kind score in 1/10,000
_FACTOR = 10**6


def machine_tables(found: Evaluation) -> dict[str, pl.DataFrame]:
    """The Parquet files of an evaluation, by name."""
    names = names_of(found)
    frames = {
        "evaluation": [*_indicators(found, names)],
        "evaluation_total": [*_totals(found, names)],
        "parameters": [*_parameters(found)],
        "objections": [*_objections(found, names)],
        "risk_classes": [
            {"drg": drg, "risk_class": of}
            for drg, of in (sorted(found.risk.classes.items()) if found.risk else ())
        ],
    }
    if found.job.clearing is not None:
        frames["evaluation_money"] = [*_money(found, names)]
    return {name: _written(name, rows) for name, rows in frames.items()}


def names_of(found: Evaluation) -> Mapping[str, str]:
    """The name of each hospital, or its id."""
    rows = found.hospitals.select("hospital_id", pl.coalesce("name", "hospital_id").alias("name"))
    return dict(rows.iter_rows())


def _written(name: str, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    table = evaluation_tables()[name]
    return written(pl.DataFrame(rows, schema=schema_of(table)), columns_of_table(table))


def _scaled(score: int | None) -> int | None:
    return None if score is None else score * _TO_SCORE


def _indicators(found: Evaluation, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for hospital in found.card.hospitals:
        for one, lost in zip(found.card.scored[hospital], found.lost[hospital], strict=True):
            yield {
                "hospital_id": hospital,
                "name": names[hospital],
                "indicator": one.rules.id,
                "method": one.rules.method,
                "weight": half_up_weight(one),
                "n": one.n,
                "numerator": one.numerator,
                "denominator": one.denominator,
                "value": one.value,
                "last_value": one.last_value,
                "p10": one.p10,
                "median": one.median,
                "p90": one.p90,
                "peers": len(one.peers),
                "widened": one.widened,
                "score": _scaled(one.score),
                "reason": one.reason,
                "claimed": one.claimed,
                "lost_points": _scaled(lost.points),
                "lost_yuan_fen": lost.fen,
            }


def half_up_weight(one: Scored) -> int:
    """The weight in 1/10,000."""
    return int(one.rules.weight * 10_000)


def _totals(found: Evaluation, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for hospital in found.card.hospitals:
        total, rank = found.card.totals[hospital], found.ranks[hospital]
        level, kind = found.card.kinds[hospital]
        unscored = [one for one in found.card.scored[hospital] if one.score is None]
        yield {
            "hospital_id": hospital,
            "name": names[hospital],
            "level": level,
            "hospital_kind": kind,
            "standing": NOT_RATED if total is None else RATED,
            "total_score": _scaled(total),
            "unscored_weight": sum(half_up_weight(one) for one in unscored),
            "rank": rank.rank,
            "ranked": rank.peers,
            "rank_low": rank.low,
            "rank_high": rank.high,
        }


def _money(found: Evaluation, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for one in found.paid:
        yield {
            "hospital_id": one.line.hospital,
            "name": names.get(one.line.hospital, one.line.hospital),
            "pool": one.line.pool,
            "total_score": _scaled(found.card.totals.get(one.line.hospital)),
            "factor": half_up(one.factor * _FACTOR),
            "fund_before_fen": one.line.fund_fen,
            "part_of_diff_fen": one.line.part_fen,
            "withheld_fen": one.withheld_fen,
            "given_fen": one.given_fen,
            "bond_fen": one.bond_fen,
            "bond_back_fen": one.bond_back_fen,
            "payable_fen": one.payable_fen,
        }


def _objections(found: Evaluation, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if found.objections is None:
        return
    places = {one.rules.id: place for place, one in enumerate(found.card.sums)}
    for row in found.objections.sort("hospital_id", "indicator").iter_rows(named=True):
        hospital, place = row["hospital_id"], places.get(row["indicator"])
        known = hospital in found.card.scored and place is not None
        yield {
            "hospital_id": hospital,
            "name": names[hospital],
            "indicator": row["indicator"],
            "claimed_value": None if row["claimed_value"] is None else row["claimed_value"] * 100,
            "decision": row["decision"],
            "value": found.card.scored[hospital][place].value
            if known and place is not None
            else None,
        }


def _parameters(found: Evaluation) -> Iterator[dict[str, Any]]:
    for one in found.job.file.indicators:
        told = one.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        values = {key: told[key] for key in told if key not in ("id", "source", "verified")}
        yield {
            "parameter": one.id,
            "parameter_value": "; ".join(f"{key} {_plain(value)}" for key, value in values.items()),
            "source": one.source or None,
            "verified": one.verified,
        }


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"≥{row['least']}: {row['score']}" for row in value)
    return str(value)


def shown_tables(found: Evaluation, language: Language) -> list[ReportTable]:
    """The tables of the workbook and the page, in their order."""
    tables = machine_tables(found)
    shown = [
        ReportTable(
            "t_totals",
            tables["evaluation_total"]
            .drop("hospital_id")
            .sort("level", "hospital_kind", "rank", "name", nulls_last=True),
            prefixes=TOTAL_PREFIXES,
            note="rank_note",
        )
    ]
    if "evaluation_money" in tables:
        shown.append(
            ReportTable(
                "t_money",
                tables["evaluation_money"].drop("hospital_id"),
                worded=POOLS,
                sums=frozenset(_ADDED),
                note="money_note",
            )
        )
    shown.append(
        ReportTable(
            "t_indicators",
            flags_said(tables["evaluation"].drop("hospital_id"), language),
            prefixes=PREFIXES,
            note="index_note",
        )
    )
    if found.objections is not None:
        shown.append(
            ReportTable(
                "t_objections",
                tables["objections"].drop("hospital_id"),
                prefixes={"indicator": "indicator", "decision": "decision"},
            )
        )
    shown.append(
        ReportTable(
            "t_parameters",
            flags_said(tables["parameters"], language),
            prefixes={"parameter": "indicator"},
            note="unverified_note",
        )
    )
    return shown


POOLS = frozenset({"pool"})
TOTAL_PREFIXES = {"standing": "standing", "level": "level", "hospital_kind": "hospital_kind"}
PREFIXES = {"indicator": "indicator", "method": "method", "unscored": "unscored"}
_ADDED = ("fund_before", "withheld_by_score", "given", "bond", "bond_back", "payable_by_score")


def flags_said(frame: pl.DataFrame, language: Language) -> pl.DataFrame:
    """Flags in words."""
    yes, no = (WORDS.word(key, language) for key in ("yes", "no"))
    flags = [name for name, dtype in frame.schema.items() if dtype == pl.Boolean]
    return frame.with_columns(
        pl.when(pl.col(name)).then(pl.lit(yes)).otherwise(pl.lit(no)).alias(name) for name in flags
    )
