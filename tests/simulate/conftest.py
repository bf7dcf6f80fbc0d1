"""The settled sample month that tests of scenarios share."""

from pathlib import Path

import pytest

from tests.simulate.region import Region, settled_region


@pytest.fixture(scope="package")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Region:
    """The sample region with its run of October and opened stages."""
    return settled_region(sample_data, tmp_path_factory.mktemp("simulate") / "region")
