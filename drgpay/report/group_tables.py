"""Official groups beside the own ones, for a terminal and for workbooks."""

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.report.settled_tables import shown
from drgpay.report.wording import word
from drgpay.show.sheets import Sheet
from drgpay.show.tables import ReportTable
from drgpay.show.tables_console import console_tables
from drgpay.show.terminal import Showable

_AGREEING, _UNUSABLE = "groups_agree", "official_unusable"
_SUMS = frozenset({"stays", "total_cost", "official_points", "own_points"})


def agreement_sheet(agreement: pl.DataFrame, findings: pl.DataFrame, language: Language) -> Sheet:
    """The sheet of a summary: how far both groups agree, the pairs that differ, what was found.

    agreement, findings: group_agreement and group_findings of a run.
    """
    blocks = [by_difference(agreement, language), differing_pairs(agreement, language)]
    if findings.height:
        blocks.append(_finding_table(findings))
    return Sheet("official_groups", blocks, notes=["official_groups_note"], signed=True)


def by_difference(agreement: pl.DataFrame, language: Language) -> ReportTable:
    """Stays, costs and points before adjustments, by what tells both groups apart."""
    kind = pl.col("group_difference").fill_null(_AGREEING)
    order = pl.col("group_difference").replace_strict({_AGREEING: 0}, default=1)
    sums = (
        agreement.with_columns(group_difference=kind)
        .group_by("group_difference")
        .agg(
            pl.col("stays", "total_cost").sum(),
            # Without a usable official group there are none, which is not nothing.
            pl.when(pl.col("official_points").count() > 0).then(pl.col("official_points").sum()),
            pl.col("own_points").sum(),
        )
        .sort(order, "stays", "group_difference", descending=[False, True, False])
    )
    return ReportTable("official_groups", _said(sums, language), sums=_SUMS)


def differing_pairs(agreement: pl.DataFrame, language: Language) -> ReportTable:
    """The pairs of groups that differ, the dearest first."""
    pairs = agreement.filter(pl.col("group_difference").is_not_null()).sort(
        "total_cost", "official_group", "own_group", descending=[True, False, False]
    )
    return ReportTable("group_pairs", _said(pairs, language), sums=_SUMS)


def hospital_group_sheets(
    case_groups: pl.DataFrame | None, hospital: str, language: Language
) -> list[Sheet]:
    """The stays of a hospital that its own group would have paid otherwise, or pays; none without."""
    if case_groups is None:
        return []
    mine = case_groups.filter(
        (pl.col("hospital_id") == hospital) & pl.col("group_difference").is_not_null()
    ).sort("case_id")
    table = shown("own_groups", _said(mine, language))
    return [Sheet("own_groups", [table], notes=["official_groups_note"])]


def console_of_groups(agreement: pl.DataFrame, language: Language) -> Showable:
    """How far both groups agree, for the terminal."""
    return console_tables([by_difference(agreement, language)], lambda key: word(key, language))


def group_findings_console(findings: pl.DataFrame, language: Language) -> Showable:
    """What was found of official groups, for the terminal."""
    return console_tables([_finding_table(findings)], lambda key: word(key, language))


def difference_said(difference: str | None, language: Language) -> str | None:
    """What tells two groups apart, in words."""
    if difference in (_AGREEING, _UNUSABLE):
        return word(difference, language)
    return None if difference is None else Wording("quality").said(difference, language)


def _said(frame: pl.DataFrame, language: Language) -> pl.DataFrame:
    kinds = frame["group_difference"].drop_nulls().unique().sort().to_list()
    said = {kind: difference_said(kind, language) for kind in kinds}
    column = pl.col("group_difference")
    return frame.with_columns(column.replace_strict(said, default=None, return_dtype=pl.String))


def _finding_table(findings: pl.DataFrame) -> ReportTable:
    return ReportTable(
        "group_findings",
        findings,
        worded=frozenset({"code"}),
        sums=frozenset({"stays", "total_cost"}),
    )
