"""The settled sample month that tests of scenarios share."""

from pathlib import Path

import pytest

from tests.simulate.region import Region, settled_region
from tests.simulate.year import Year, cleared_year


@pytest.fixture(scope="package")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Region:
    """The sample region with its run of October and opened stages."""
    return settled_region(sample_data, tmp_path_factory.mktemp("simulate") / "region")


@pytest.fixture(scope="package")
def year(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Year:
    """A small region with its cleared year and opened stages."""
    return cleared_year(settled_year, tmp_path_factory.mktemp("year") / "region")
