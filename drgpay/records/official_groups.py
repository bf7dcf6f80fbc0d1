"""Official groups: what the grouper of the national platform gave each case (docs/files.md)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences, Wording
from drgpay.records.findings import Check
from drgpay.records.small_tables import Column, Kind, read_table

_ERRORS = Sentences("errors/records")
_words = Wording("records").words

GroupsRule = Literal["official", "own", "official_else_own"]
GROUPS_RULES: tuple[GroupsRule, ...] = get_args(GroupsRule)
USUAL_RULE: GroupsRule = "official"
"""A group that nobody official gave pays only where somebody asks for it."""

GIVEN_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "official_group": pl.String(),
    "official_scheme": pl.String(),
    "contradicted": pl.Boolean(),
    "repeated_alike": pl.Boolean(),
}


FAULT = "group_fault"
"""The column of a stay that says what is wrong with its official group; null where nothing is."""

REPEATED, MISSING, OTHER_SCHEME, UNKNOWN = FAULTS_OF_GROUPS = (
    "official_repeated",
    "official_missing",
    "official_scheme",
    "official_unknown",
)
"""The values of FAULT and codes of the checks: named twice with different groups, no group, a group
of another scheme, a group that the scheme lacks. The first that holds."""


@dataclass(frozen=True)
class GroupsInput:
    """Where official groups lie, and what pays a stay: a rule of GROUPS_RULES."""

    path: Path
    rule: GroupsRule = USUAL_RULE

    def open(self) -> "OfficialGroups":
        """The groups of the file; errors as in `read_official_groups`."""
        return OfficialGroups(self.path, self.rule, read_official_groups(self.path))


@dataclass(frozen=True)
class OfficialGroups:
    """Official groups as they were given: GIVEN_SCHEMA, one row a case, sorted by case_id."""

    path: Path
    rule: GroupsRule
    given: pl.DataFrame


def groups_rule(text: str) -> GroupsRule:
    """A rule by its name; raises DrgpayError for another."""
    found = next((rule for rule in GROUPS_RULES if rule == text), None)
    if found is None:
        raise DrgpayError(*_ERRORS("no_groups_rule", rule=text, rules=listed(GROUPS_RULES)))
    return found


def groups_input(path: Path | None, rule: str | None) -> GroupsInput | None:
    """Official groups as a command or a call names them.

    Raises DrgpayError for a rule without groups, and for one that is none.
    """
    if path is None:
        if rule is not None:
            raise DrgpayError(*_ERRORS("rule_without_file", rule=rule))
        return None
    return GroupsInput(path, USUAL_RULE if rule is None else groups_rule(rule))


def read_official_groups(path: Path) -> pl.DataFrame:
    """The groups of a CSV, Excel or Parquet file, GIVEN_SCHEMA.

    official_group is null where the cell is empty. contradicted: the case stands there more than
    once, with different groups or schemes, and has none of them; repeated_alike: more than once with the same. Raises
    DrgpayError as `read_table`: a missing file or column, a row without case_id, a damaged id.
    """
    frame = read_table(path, _COLUMNS)
    if not any(frame.select(pl.col("group", "drg").is_not_null().any()).row(0)):
        raise DrgpayError(*_ERRORS("no_official_group", path=path))
    group = pl.coalesce("group", "drg").str.strip_chars().str.to_uppercase().replace("", None)
    return (
        frame.select(
            "case_id",
            official_group=group,
            official_scheme=pl.col("scheme").str.strip_chars().replace("", None),
        )
        .group_by("case_id")
        .agg(
            pl.col("official_group", "official_scheme").first(),
            rows=pl.len(),
            different=pl.struct("official_group", "official_scheme").n_unique(),
        )
        .select(
            "case_id",
            pl.when(pl.col("different") == 1).then("official_group"),
            pl.when(pl.col("different") == 1).then("official_scheme"),
            contradicted=pl.col("different") > 1,
            repeated_alike=(pl.col("rows") > 1) & (pl.col("different") == 1),
        )
        .sort("case_id")
    )


_COLUMNS = {
    "case_id": Column(Kind.TEXT, required=True),
    "group": Column(Kind.TEXT),
    "drg": Column(Kind.TEXT),
    "scheme": Column(Kind.TEXT),
}


def official_checks(scheme: str) -> list[Check]:
    """What FAULT says of stays, as checks of rows with official_group and official_scheme.

    scheme: that the official groups should be of, for messages.
    """
    group, of_scheme = pl.col("official_group"), pl.col("official_scheme")
    messages = {
        REPEATED: (_words("finding.official_repeated"), ()),
        MISSING: (_words("finding.official_missing"), ()),
        OTHER_SCHEME: (
            _words("finding.official_scheme", scheme=scheme),
            (group.fill_null(""), of_scheme.fill_null("")),
        ),
        UNKNOWN: (_words("finding.official_unknown", scheme=scheme), (group.fill_null(""),)),
    }
    return [
        Check(code, "group", pl.col(FAULT) == code, message, shows)
        for code, (message, shows) in messages.items()
    ]


def official_severities(rule: GroupsRule) -> dict[str, str]:
    """What the checks do: with the rule official a stay is refused, with the others it is warned of."""
    return dict.fromkeys(FAULTS_OF_GROUPS, "reject" if rule == "official" else "warn")
