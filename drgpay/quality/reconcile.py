"""Our groups beside those of another grouper for the same cases: agreement and differences."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import (
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    Scheme,
    status_of,
)
from drgpay.quality.grouped_table import text_table
from drgpay.quality.shares import SHARE, ratio, share

_ERRORS = Sentences("errors/quality")

LEVELS = ("mdc", "adrg", "drg")
_OURS = ("case_id", "status", "mdc", "adrg", "drg")

_OURS_ARE, _THEIRS_ARE = pl.col("status"), pl.col("official_status")
_TESTS = {
    "ours_invalid": _OURS_ARE == "invalid",
    "official_none": _THEIRS_ARE == "none",
    "official_unknown": _THEIRS_ARE == "unknown",
    "ours_ungrouped": (_OURS_ARE == "ungrouped") & (_THEIRS_ARE != "ungrouped"),
    "official_ungrouped": (_OURS_ARE != "ungrouped") & (_THEIRS_ARE == "ungrouped"),
    "ours_ambiguous": (_OURS_ARE == "ambiguous") & (_THEIRS_ARE != "ambiguous"),
    "official_ambiguous": (_OURS_ARE != "ambiguous") & (_THEIRS_ARE == "ambiguous"),
    "mdc_differs": pl.col("mdc") != pl.col("official_mdc"),
    "adrg_differs": pl.col("adrg") != pl.col("official_adrg"),
    "drg_differs": pl.lit(True),
}
DIFFERENCES = tuple(_TESTS)
"""Classes of difference; a case belongs to the first that applies."""


@dataclass(frozen=True, repr=False)
class Reconciliation(Shown):
    """Our groups and the official's, case by case.

    compared: cases that both have.
    agreement: grouping_level (mdc, adrg, drg), compared, agreeing, agreement_rate.
    presence: side (both, only_ours, only_official), cases.
    only_ours, only_official: case_id and drg of cases that one side lacks.
    differing: case_id, difference (one of DIFFERENCES), status, mdc, adrg, drg and official_status,
    official_mdc, official_adrg, official_drg; sorted by case_id.
    """

    compared: int
    agreement: pl.DataFrame
    presence: pl.DataFrame
    only_ours: pl.DataFrame
    only_official: pl.DataFrame
    differing: pl.DataFrame

    @property
    def drg_agreement(self) -> Decimal:
        """The share of compared cases with the same DRG."""
        row = self.agreement.filter(pl.col("grouping_level") == "drg")
        value: Decimal = row["agreement_rate"][0]
        return value


def reconcile(grouped: Path, official: Path, scheme: Scheme | None = None) -> Reconciliation:
    """Join two tables of groups by case_id and compare them.

    Official ADRGs and MDCs that are not given are those of the scheme for the DRG, or else those
    that our table has for the same DRG. Raises DrgpayError for a missing column, a repeated or
    missing case_id, and when no case is in both tables.
    """
    ours = _once(text_table(grouped, _OURS, _ERRORS.words("name_groups")), grouped)
    theirs = _official(official, _tree(scheme) if scheme else _pairs(ours))
    both = ours.join(theirs, on="case_id", how="inner")
    if not both.height:
        raise DrgpayError(*_ERRORS("no_common_case", grouped=grouped, official=official))
    only_ours = _without(ours, theirs, both.height).select("case_id", "drg")
    only_official = _without(theirs, ours, both.height).select("case_id", drg="official_drg")
    same = {level: pl.col(level).eq_missing(pl.col(f"official_{level}")) for level in LEVELS}
    # Without a known MDC or ADRG the DRGs decide.
    agreeing = both.select((same[level] | same["drg"]).sum().alias(level) for level in LEVELS).row(
        0
    )
    rows = [
        (level, both.height, cases, ratio(cases, both.height))
        for level, cases in zip(LEVELS, agreeing, strict=True)
    ]
    return Reconciliation(
        compared=both.height,
        agreement=pl.DataFrame(
            rows,
            schema={
                "grouping_level": pl.String,
                "compared": pl.Int64,
                "agreeing": pl.Int64,
                "agreement_rate": SHARE,
            },
            orient="row",
        ),
        presence=pl.DataFrame(
            {
                "side": ["both", "only_ours", "only_official"],
                "cases": [both.height, only_ours.height, only_official.height],
            },
            schema={"side": pl.String, "cases": pl.Int64},
        ),
        only_ours=only_ours,
        only_official=only_official,
        differing=both.filter(~same["drg"])
        .sort("case_id")
        .select(
            "case_id",
            difference_of().alias("difference"),
            *[pl.col(f"{side}{name}") for side in ("", "official_") for name in _OURS[1:]],
        ),
    )


def difference_of() -> pl.Expr:
    """The first of DIFFERENCES that applies to a case with two groups.

    Reads status, mdc, adrg and the same of the official group, as official_status.
    """
    return pl.coalesce(*[pl.when(test).then(pl.lit(name)) for name, test in _TESTS.items()])


def _without(table: pl.DataFrame, other: pl.DataFrame, both: int) -> pl.DataFrame:
    """The rows of a table whose case the other lacks; `both` cases are in the two."""
    if table.height == both:
        return table.clear()
    return table.join(other.select("case_id"), on="case_id", how="anti").sort("case_id")


def difference_counts(differing: pl.DataFrame, compared: int) -> pl.DataFrame:
    """How many cases differ in which way: difference, cause, rule_fields, cases, cases_share (of
    all compared).
    """
    order = pl.col("difference").replace_strict(
        {name: place for place, name in enumerate(DIFFERENCES)}, return_dtype=pl.Int64
    )
    return (
        differing.group_by("difference", "cause", "rule_fields")
        .agg(cases=pl.len().cast(pl.Int64))
        .sort(order, "cases", "cause", "rule_fields", descending=[False, True, False, False])
        .with_columns(cases_share=share("cases", pl.lit(compared)))
    )


def pair_counts(differing: pl.DataFrame) -> pl.DataFrame:
    """The pairs of groups that differ: our_drg, official_drg, difference, cause, cases."""
    return (
        differing.group_by(
            our_drg="drg", official_drg="official_drg", difference="difference", cause="cause"
        )
        .agg(cases=pl.len().cast(pl.Int64))
        .sort("cases", "our_drg", "official_drg", "cause", descending=[True, False, False, False])
    )


def _official(path: Path, groups: pl.DataFrame) -> pl.DataFrame:
    """case_id, official_drg, official_adrg, official_mdc, official_status."""
    remedy = _ERRORS.words("name_official_groups")
    given = _once(text_table(path, ("case_id", "drg"), remedy, ("adrg", "mdc")), path)
    key = [name for name in LEVELS if name in given.columns]
    given = given.with_columns(pl.col(key).str.to_uppercase())
    placed = _placed(given.select(key).unique(), groups)
    return given.join(placed, on=key, how="left", nulls_equal=True).select(
        "case_id", *[pl.col(f"official_{name}") for name in _OURS[1:]]
    )


def _placed(distinct: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Each distinct official result with official_drg, _adrg, _mdc (as far as known) and _status."""
    known = groups.rename({"adrg": "known_adrg", "mdc": "known_mdc"})
    # What ends in 0000 has no group, whether or not a table lists it.
    nowhere = {"adrg": UNGROUPED_ADRG, "mdc": UNGROUPED_MDC}
    placed = distinct.join(known, on="drg", how="left").with_columns(
        official_drg="drg",
        **{
            f"official_{level}": pl.coalesce(
                *[pl.col(name) for name in distinct.columns if name == level],
                pl.col(f"known_{level}"),
                pl.when(pl.col("drg") == UNGROUPED_DRG).then(pl.lit(nowhere[level])),
            )
            for level in ("adrg", "mdc")
        },
    )
    places = placed.select("official_drg", "official_adrg", "official_mdc").iter_rows()
    statuses = [_status(drg, adrg, mdc) for drg, adrg, mdc in places]
    return placed.with_columns(pl.Series("official_status", statuses, pl.String))


def _status(drg: str | None, adrg: str | None, mdc: str | None) -> str:
    if drg is None:
        return "none"
    if adrg is None or mdc is None:
        # Neither the scheme nor our own groups have it.
        return "unknown"
    return status_of(adrg, drg)


def _once(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    ids = table["case_id"]
    if ids.null_count():
        raise DrgpayError(*_ERRORS("no_id", path=path, rows=ids.null_count()))
    if ids.n_unique() != len(ids):
        repeated = ids.filter(ids.is_duplicated()).unique().sort()
        more = len(repeated) - 1
        if more:
            raise DrgpayError(*_ERRORS("stays_twice", path=path, case=repeated[0], more=more))
        raise DrgpayError(*_ERRORS("stay_twice", path=path, case=repeated[0]))
    return table


def _tree(scheme: Scheme) -> pl.DataFrame:
    rows = [(drg.code, adrg.code, mdc.code) for mdc, adrg, drg in scheme.paths()]
    schema = dict.fromkeys(("drg", "adrg", "mdc"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _pairs(ours: pl.DataFrame) -> pl.DataFrame:
    pairs = ours.select("drg", "adrg", "mdc").drop_nulls()
    # Sorted first, so that the choice does not depend on the order of the rows.
    return (
        pairs.unique().sort("drg", "adrg", "mdc").unique("drg", keep="first", maintain_order=True)
    )
