"""The rows of the tables of groups, as a check reads them."""

from dataclasses import dataclass

from drgpay.grouper.rules.nodes import Rule

EXAMPLES = 5  # so many codes a finding names


@dataclass(frozen=True)
class GroupRow:
    """A row of mdc.csv, adrg.csv or drg.csv; `rule` is None where it does not parse."""

    table: str
    row: int
    code: str
    parent: str
    name: str
    sort: int
    rule_text: str
    rule: Rule | None
