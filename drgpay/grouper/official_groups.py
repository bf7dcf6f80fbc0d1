"""Stays paid by the groups of an official grouper, with the own ones beside them.

docs/files.md, "Official groups": the rule of the job says which group pays, and what a stay without
a usable official group comes to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.scheme import SchemeInfo
from drgpay.records.checks import CheckedStays
from drgpay.records.official_groups import (
    FAULT,
    MISSING,
    OTHER_SCHEME,
    REPEATED,
    UNKNOWN,
    OfficialGroups,
)

_LEVELS = ("status", "mdc", "adrg", "drg")
OWN_COLUMNS = tuple(f"own_{level}" for level in _LEVELS)
OFFICIAL_COLUMNS = (
    *OWN_COLUMNS,
    *(f"official_{level}" for level in _LEVELS),
    *("official_group", "official_scheme", FAULT, "group_source"),
)
"""What `with_official_groups` adds to stays. official_group: as it was given; official_drg and its
levels: as the scheme has it, null where it is not usable. group_source: `official` or `own`."""

FOUND_SCHEMA: dict[str, pl.DataType] = {
    "code": pl.String(),
    "hospital_id": pl.String(),
    "stays": pl.Int64(),
    "total_fen": pl.Int64(),
    "such": pl.String(),
}
"""What was found of official groups, by code and hospital: stays, what they cost, the first cases.

code: FAULTS_OF_GROUPS; `official_alike` (named more than once, with the same group: it holds) and
`official_no_stay` (cases that the records lack: no hospital, no cost)."""

_SUCH = 3  # ids that a finding names
NO_STAY, ALIKE = "official_no_stay", "official_alike"


def with_official_groups(
    stays: pl.DataFrame, official: OfficialGroups, compiled: CompiledScheme
) -> pl.DataFrame:
    """Stays with OFFICIAL_COLUMNS; status, mdc, adrg and drg are those that pay.

    stays: case_id, status, mdc, adrg, drg as the scheme groups them. severity stays as the records
    show it.
    """
    groups = _groups_of(compiled)
    given = stays.select("case_id").join(
        official.given.drop("repeated_alike"), on="case_id", how="left", maintain_order="left"
    )
    found = given.join(
        groups, left_on="official_group", right_on="spelled", how="left", maintain_order="left"
    )
    known_scheme = pl.col("official_scheme").str.to_lowercase().is_in(_names_of(compiled))
    fault = (
        pl.when(pl.col("contradicted"))
        .then(pl.lit(REPEATED))
        .when(pl.col("official_group").is_null())
        .then(pl.lit(MISSING))
        .when(~known_scheme)
        .then(pl.lit(OTHER_SCHEME))
        .when(pl.col("paid_drg").is_null())
        .then(pl.lit(UNKNOWN))
    )
    found = found.with_columns(fault.alias(FAULT))
    paid_by = pl.col(FAULT).is_null() & pl.lit(official.rule != "own")
    return (
        stays.rename(dict(zip(_LEVELS, OWN_COLUMNS, strict=True)))
        .hstack(found.drop("case_id", "contradicted"))
        .with_columns(
            *(
                pl.when(paid_by).then(f"paid_{level}").otherwise(f"own_{level}").alias(level)
                for level in _LEVELS
            ),
            *(
                pl.when(pl.col(FAULT).is_null()).then(f"paid_{level}").alias(f"official_{level}")
                for level in _LEVELS
            ),
            official_group=pl.coalesce("paid_drg", "official_group"),
            group_source=pl.when(paid_by).then(pl.lit("official")).otherwise(pl.lit("own")),
        )
        .select(*stays.columns, *OFFICIAL_COLUMNS)
    )


@dataclass(frozen=True)
class GroupedBefore:
    """Stays as they were grouped before a scheme was changed, and the scheme as it was."""

    stays: pl.DataFrame
    compiled: CompiledScheme


def regrouped_officially(
    stays: pl.DataFrame, official: OfficialGroups, compiled: CompiledScheme, before: GroupedBefore
) -> pl.DataFrame:
    """The same under a changed scheme, as a scenario has it.

    before: the stays in the same order. The official grouper knows nothing of the change: where it
    moves a stay's own group, or does away with the official one, the own group pays.
    """
    found = with_official_groups(before.stays, official, before.compiled)
    known = _groups_of(compiled)["paid_drg"].implode()
    moved = stays["drg"].ne_missing(before.stays["drg"])
    by_own = moved | (pl.col("group_source") == "own") | ~pl.col("drg").is_in(known)
    own = {f"own_{level}": stays[level] for level in _LEVELS}
    return found.with_columns(**own, severity=stays["severity"]).with_columns(
        *(pl.when(by_own).then(f"own_{level}").otherwise(level).alias(level) for level in _LEVELS),
        group_source=pl.when(by_own).then(pl.lit("own")).otherwise("group_source"),
    )


def official_findings(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """FOUND_SCHEMA of all stays from what `official_rows` gives of their parts, sorted.

    The parts have no case_id in common, and rise.
    """
    return (
        pl.concat(parts)
        .group_by("code", "hospital_id", maintain_order=True)
        .agg(
            pl.col("stays", "total_fen").sum(),
            such=pl.col("such").explode(empty_as_null=False).head(_SUCH).str.join(", "),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in FOUND_SCHEMA.items())
        .sort("code", "hospital_id")
    )


def official_rows(
    stays: pl.DataFrame, checked: CheckedStays, official: OfficialGroups
) -> pl.DataFrame:
    """FOUND_SCHEMA of stays that other checks have not refused, `such` as lists of case_ids.

    stays: all of a range of case_ids, as `with_official_groups` gives them. checked: what was made of
    them. official: the groups given to these case_ids.
    """
    faulty = stays.filter(pl.col(FAULT).is_not_null()).select(
        pl.col(FAULT).alias("code"), "case_id", "hospital_id", "total_fen"
    )
    # Refused for its group alone, or valid: of no other stay is money left to look after.
    codes = faulty["code"].unique().to_list()
    about = [checked.quarantine.filter(pl.col("code").is_in(codes)), checked.valid]
    alive = pl.concat([frame.select(pl.col("case_id").cast(pl.String)) for frame in about])
    faulty = faulty.join(alive.unique(), on="case_id", how="semi")
    alike = stays.join(official.given.filter("repeated_alike"), on="case_id", how="semi").select(
        pl.lit(ALIKE).alias("code"), "case_id", "hospital_id", "total_fen"
    )
    strange = official.given.join(stays, on="case_id", how="anti").select(
        pl.lit(NO_STAY).alias("code"),
        "case_id",
        hospital_id=pl.lit(None, pl.String),
        total_fen=pl.lit(0, pl.Int64),
    )
    return (
        pl.concat([faulty, alike, strange], how="vertical_relaxed")
        .group_by("code", "hospital_id")
        .agg(
            stays=pl.len().cast(pl.Int64),
            total_fen=pl.col("total_fen").fill_null(0).sum(),
            such=pl.col("case_id").sort().head(_SUCH),
        )
        .select("code", pl.col("hospital_id").cast(pl.String), "stays", "total_fen", "such")
    )


def scheme_said(info: SchemeInfo) -> str:
    """A scheme as a message names it."""
    return f"{info.name}（{info.id}）"


def _names_of(compiled: CompiledScheme) -> list[str]:
    """What a file may call the scheme: its id, its version, its names."""
    info = compiled.scheme.info
    names = (info.id, info.version, info.name, info.name_en)
    return sorted({name.strip().lower() for name in names if name})


def _groups_of(compiled: CompiledScheme) -> pl.DataFrame:
    """spelled (in capitals), paid_status, paid_mdc, paid_adrg, paid_drg of each group, also of none."""
    groups = {
        leaf.drg.upper(): (leaf.status, leaf.mdc, leaf.adrg, leaf.drg)
        for leaf in reversed(compiled.leaves)
    }
    return pl.DataFrame(
        [(spelled, *levels) for spelled, levels in groups.items()],
        schema={"spelled": pl.String(), **{f"paid_{level}": pl.String() for level in _LEVELS}},
        orient="row",
    )
