"""Official groups as they are given to the API: a file, or a frame in memory."""

from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.official_groups import (
    USUAL_RULE,
    OfficialGroups,
    groups_input,
    groups_of_cases,
    groups_rule,
)

_ERRORS = Sentences("errors/api")

GroupsLike = str | Path | pl.DataFrame
"""A CSV or Parquet file of official groups, or a frame with its columns."""


def official_groups(groups: GroupsLike | None, rule: str | None) -> OfficialGroups | None:
    """The groups of an official grouper, None where none are given.

    Raises DrgpayError for a rule that is none or has no groups, a frame without case_id, and as
    `read_official_groups`.
    """
    if not isinstance(groups, pl.DataFrame):
        given = groups_input(None if groups is None else Path(groups), rule)
        return given.open() if given else None
    if "case_id" not in groups.columns or groups["case_id"].null_count():
        raise DrgpayError(*_ERRORS("groups_without_cases"))
    named = Path("groups")
    said = USUAL_RULE if rule is None else groups_rule(rule)
    return OfficialGroups(named, said, groups_of_cases(groups, named))
