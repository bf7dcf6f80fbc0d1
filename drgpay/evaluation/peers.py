"""Peers: hospitals of the same level and kind with a value and stays enough; fewer than 5: all such."""

from collections.abc import Mapping, Sequence

_LEAST_PEERS = 5


def peers_of(
    hospital: str, valued: Sequence[str], kinds: Mapping[str, tuple[str, str]], rule: str
) -> tuple[list[str], bool]:
    """The peers of a hospital, itself included, and whether they are all for want of its own kind."""
    if rule == "all":
        return list(valued), False
    own = [one for one in valued if kinds[one] == kinds[hospital]]
    return (own, False) if len(own) >= _LEAST_PEERS else (list(valued), True)
