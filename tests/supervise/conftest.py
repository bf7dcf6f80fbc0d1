"""The scheme and the shipped rules that tests of supervision share."""

from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.supervise.rulebook import Rulebook, load_rulebook, rulebook_path


@pytest.fixture(scope="session")
def compiled() -> CompiledScheme:
    return load_compiled("chs-drg-2.0")


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load_rulebook(rulebook_path(None))


@pytest.fixture(scope="session")
def limits(rulebook: Rulebook) -> Any:
    """The limits of a rule of the shipped file, by its name."""
    return lambda name: rulebook.ruling(name).limits
