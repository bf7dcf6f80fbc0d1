"""Official groups as they are given to the API: a file, or a frame in memory."""

from drgpay.api.frames import Table, as_file
from drgpay.records.official_groups import OfficialGroups, groups_input

GroupsLike = Table
"""Official groups: a CSV, Excel or Parquet file, or a frame with its columns."""


def official_groups(groups: GroupsLike | None, rule: str | None) -> OfficialGroups | None:
    """The groups of an official grouper, None where none are given.

    Raises DrgpayError for a rule that is none or has no groups, and as `read_official_groups`.
    """
    if groups is None:
        groups_input(None, rule)
        return None
    with as_file(groups, "groups") as path:
        given = groups_input(path, rule)
        assert given is not None  # there is a path
        return given.open()
