"""Policies with other values at some paths."""

from typing import Any

from drgpay.policy.model import Policy


def changed(policy: Policy, changes: dict[str, Any]) -> Policy:
    """A policy with other values at some dotted paths."""
    raw = policy.model_dump()
    for path, value in changes.items():
        *sections, key = path.split(".")
        place = raw
        for section in sections:
            place = place[section]
        place[key] = value
    return Policy.model_validate(raw)
