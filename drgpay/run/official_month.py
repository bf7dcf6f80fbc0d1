"""Official groups in a month: the tables that compare them with the own ones, and what stops.

docs/files.md, "Official groups"; which group pays is decided in grouper/official_groups.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.exact import FEN_PLACES, unscaled
from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.official_groups import ALIKE, FOUND_SCHEMA, NO_STAY
from drgpay.points.formulas import class_formulas
from drgpay.points.pricing import priced_cases
from drgpay.quality.difference_causes import causes, stays_of_cases
from drgpay.quality.reconcile import difference_of
from drgpay.records.dataset import Dataset
from drgpay.records.official_groups import (
    FAULT,
    MISSING,
    OTHER_SCHEME,
    REPEATED,
    UNKNOWN,
    GroupsRule,
    OfficialGroups,
)
from drgpay.results.columns import columns_of, written
from drgpay.run.rules import StayRules
from drgpay.run.stops import Stop, StopCode
from drgpay.settle.findings import WORDS as STOPS

_LEVELS = ("status", "mdc", "adrg", "drg")
UNPRICED = "official_unpriced"
UNUSABLE = "official_unusable"
MOST_CAUSES = 100_000
"""So many differing stays are asked for the rule that decides; of more the first by case_id."""


@dataclass(frozen=True)
class MonthGroups:
    """What a month says of official groups: its tables by name, its stops and its notes."""

    frames: Mapping[str, pl.DataFrame]
    stops: Sequence[Stop]
    notes: tuple[str, ...]


NO_GROUPS = MonthGroups({}, (), ())
"""Of a month without official groups."""


def month_groups(
    official: OfficialGroups,
    valid: pl.DataFrame,
    found: pl.DataFrame,
    cases: pl.DataFrame,
    rules: StayRules,
    dataset: Dataset | None,
    language: Language,
) -> MonthGroups:
    """Compare both groups of every valid stay.

    valid: the checked stays, with OFFICIAL_COLUMNS. found: FOUND_SCHEMA. cases: EarnedPoints.cases of
    the same stays. dataset: the records, which say why a group differs; None: nothing is said.
    """
    compared = _compared(valid, cases, rules, dataset)
    found = pl.concat([found, _unpriced(cases)]).sort("code", "hospital_id")
    frames = {
        "case_groups": written(compared, columns_of("case_groups")),
        "group_agreement": written(_agreement(compared), columns_of("group_agreement")),
        "group_findings": written(found, columns_of("group_findings")),
    }
    stops = group_stops(found, official.rule)
    return MonthGroups(frames, stops, _notes(official, found, rules, language))


def group_stops(found: pl.DataFrame, rule: GroupsRule) -> list[Stop]:
    """Hospitals with stays that no official group could pay, or whose group has no points.

    found: FOUND_SCHEMA and `official_unpriced`. With the rule own nothing depends on official groups.
    """
    if rule == "own":
        return []
    said = _refused if rule == "official" else _paid_by_own
    stops: list[Stop] = []
    for code, hospital, stays, fen, such in found.iter_rows():
        stop = _STOPS.get(code)
        if stop is None:
            continue
        yuan = f"{unscaled(fen, FEN_PLACES)}"
        words = _unpriced_words if code == UNPRICED else said
        stops.append(Stop(stop, hospital or "?", fen, words(code, stays, yuan, such)))
    return stops


_STOPS: Mapping[str, StopCode] = {
    MISSING: "official_missing",
    UNKNOWN: "official_unknown",
    REPEATED: "official_repeated",
    OTHER_SCHEME: "official_scheme",
    UNPRICED: "official_unpriced",
}
_WORDS = Wording("official_groups")


def _refused(code: str, stays: int, yuan: str, such: str) -> Words:
    why = _WORDS.words(f"why.{code}")
    return STOPS.words("official_refused", stays=stays, yuan=yuan, such=such, why=why)


def _paid_by_own(code: str, stays: int, yuan: str, such: str) -> Words:
    why = _WORDS.words(f"why.{code}")
    return STOPS.words("official_paid_by_own", stays=stays, yuan=yuan, such=such, why=why)


def _unpriced_words(_code: str, stays: int, yuan: str, such: str) -> Words:
    return STOPS.words("official_unpriced", stays=stays, yuan=yuan, such=such)


def _notes(
    official: OfficialGroups, found: pl.DataFrame, rules: StayRules, language: Language
) -> tuple[str, ...]:
    """By what the month pays, whether the catalogue was made so, and what of the file is not needed."""
    notes = [_WORDS.said(f"rule.{official.rule}", language, file=official.path.name)]
    made = rules.catalogue.info
    if made.kind == "calibrated" and official.rule != "own" and not made.stays_official:
        notes.append(_WORDS.said("catalogue_of_own", language, catalogue=made.id))
    for key, code in (("no_stay", NO_STAY), ("alike", ALIKE)):
        rows = found.filter(pl.col("code") == code)
        if rows.height:
            count, such = rows["stays"].sum(), rows["such"].min()
            notes.append(_WORDS.said(key, language, stays=count, such=such))
    return tuple(notes)


def _unpriced(cases: pl.DataFrame) -> pl.DataFrame:
    """Stays with an official group for which the catalogue has no points: FOUND_SCHEMA."""
    concerned = cases.filter(
        (pl.col("group_source") == "official")
        & (pl.col("status") == "grouped")
        & (pl.col("case_class") == "ungrouped")
    )
    return (
        concerned.group_by(pl.col("hospital_id").cast(pl.String))
        .agg(
            stays=pl.len().cast(pl.Int64),
            total_fen=pl.col("total_fen").sum(),
            such=pl.col("case_id").sort().head(3).str.join(", "),
        )
        .with_columns(code=pl.lit(UNPRICED))
        .select(pl.col(name).cast(dtype) for name, dtype in FOUND_SCHEMA.items())
    )


def _compared(
    valid: pl.DataFrame, cases: pl.DataFrame, rules: StayRules, dataset: Dataset | None
) -> pl.DataFrame:
    """The columns of case_groups in memory, sorted by case_id."""
    paid = cases.select("case_id", "points_before", "total_fen")
    both = valid.select(
        "case_id",
        "hospital_id",
        "group_source",
        "official_group",
        own_group="own_drg",
        usable=pl.col(FAULT).is_null(),
        **{level: f"own_{level}" for level in _LEVELS},
        **{f"official_{level}": f"official_{level}" for level in _LEVELS},
    ).join(paid, on="case_id", how="left", maintain_order="left")
    differs = pl.col("usable") & pl.col("official_drg").ne_missing(pl.col("drg"))
    both = both.with_columns(
        group_difference=pl.when(~pl.col("usable"))
        .then(pl.lit(UNUSABLE))
        .when(differs)
        .then(difference_of()),
        differs=differs,
    ).sort("case_id")
    differing = both.filter("differs")
    other = _other_points(valid, differing, rules)
    by_official = pl.col("group_source") == "official"
    other_points = pl.when("differs").then("other_points").otherwise("points_before")
    return (
        both.join(other, on="case_id", how="left", maintain_order="left")
        .join(
            _causes(differing, rules.compiled, dataset),
            on="case_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            official_points=pl.when(by_official)
            .then("points_before")
            .when("usable")
            .then(other_points),
            own_points=pl.when(by_official).then(other_points).otherwise("points_before"),
        )
    )


def _other_points(valid: pl.DataFrame, differing: pl.DataFrame, rules: StayRules) -> pl.DataFrame:
    """case_id and other_points: what differing stays would earn in the group that does not pay."""
    by_official = pl.col("group_source") == "official"
    stays = valid.join(differing.select("case_id"), on="case_id", how="semi").with_columns(
        pl.when(by_official).then(f"own_{level}").otherwise(f"official_{level}").alias(level)
        for level in _LEVELS
    )
    points = rules.policy.points
    formulas = class_formulas(rules.catalogue, points)
    priced = priced_cases(stays, rules.catalogue, points, formulas)
    return priced.select("case_id", other_points="points_before")


def _causes(
    differing: pl.DataFrame, compiled: CompiledScheme, dataset: Dataset | None
) -> pl.DataFrame:
    """case_id, cause, rule_group and facts of differing stays, as far as they are asked."""
    columns = ("case_id", "cause", "rule_group", "facts")
    asked = differing.select("case_id", "drg", "official_drg", "official_status").head(MOST_CAUSES)
    if dataset is None or asked.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    records = stays_of_cases(dataset, compiled, asked["case_id"])
    return causes(asked, records, compiled.scheme).select(columns)


def _agreement(compared: pl.DataFrame) -> pl.DataFrame:
    """The columns of group_agreement in memory: by pair of groups."""
    pair = ["official_group", "own_group", "group_difference"]
    return (
        compared.group_by(pair)
        .agg(
            pl.len().cast(pl.Int64).alias("stays"),
            pl.col("total_fen", "own_points").sum(),
            # Without a usable official group there are none, which is not nothing.
            official_points=pl.when(pl.col("official_points").count() > 0).then(
                pl.col("official_points").sum()
            ),
        )
        .sort(pl.col("group_difference").is_null(), *pair)
    )
