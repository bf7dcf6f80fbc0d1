"""Names of groups that mean something: those that stand for "none" and the ambiguous ones."""

import re
from typing import Literal

UNGROUPED_DRG = "0000"
UNGROUPED_MDC = "0000"
UNGROUPED_ADRG = "00"
AMBIGUOUS_SUFFIX = "QY"
# Fallbacks (docs/rule-language.md): a stay that ends in a group of such a name is ungrouped, with
# that code.
_FALLBACK_NAME = re.compile(r"^[A-Z]?0{2,4}$")

Status = Literal["grouped", "ambiguous", "ungrouped", "invalid"]


def status_of(adrg: str, drg: str) -> Status:
    """The status of a stay that was placed in this group."""
    if adrg.endswith(AMBIGUOUS_SUFFIX):
        return "ambiguous"
    if _FALLBACK_NAME.match(adrg) or _FALLBACK_NAME.match(drg):
        return "ungrouped"
    return "grouped"
