"""The groups that a policy names, key by key, and the same policy with other ones."""

from collections.abc import Callable
from typing import Any, TypeVar

from drgpay.policy.fields import NamesGroups, Section

PRIMARY_CARE = "primary_care"
"""Stands, in a list of groups, for the groups of primary care that the scheme lists."""

_Section = TypeVar("_Section", bound=Section)


def with_groups(
    section: _Section, change: Callable[[str, tuple[str, ...]], tuple[str, ...]], path: str
) -> _Section:
    """A section whose lists of groups are as `change` makes them, of their path and groups.

    Values are not checked again. The section itself where nothing changes.
    """
    changed: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value, here = getattr(section, name), f"{path}.{name}"
        if any(isinstance(mark, NamesGroups) for mark in field.metadata):
            made: Any = change(here, value)
        elif isinstance(value, Section):
            made = with_groups(value, change, here)
        elif isinstance(value, tuple):
            made = tuple(
                with_groups(row, change, f"{here}.{place}") if isinstance(row, Section) else row
                for place, row in enumerate(value)
            )
        else:
            continue
        if made != value:
            changed[name] = made
    return section.model_copy(update=changed) if changed else section
