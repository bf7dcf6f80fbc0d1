"""The history that tests of transitions share, and what the change from 1.1 to 2.0 does to it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from drgpay.transition.outcome import Transition, transition
from drgpay.transition.output import write_transition
from tests.transition.history import small_history, transition_file


@pytest.fixture(scope="package")
def folder(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history with policy and hospitals."""
    return small_history(sample_data, tmp_path_factory.mktemp("transition") / "history")


@dataclass(frozen=True)
class Made:
    """A transition and its folder."""

    found: Transition
    folder: Path


@pytest.fixture(scope="package")
def made(folder: Path) -> Made:
    """From 1.1 to 2.0, with shares of a phase-in."""
    shares = '[phase_in]\nshare_by_month = { "2027-01" = 0.25, "2027-07" = 1 }\n'
    found = transition(transition_file(folder, "made.toml", more=shares), language="en")
    return Made(found, write_transition(found, folder / "made", "en"))
