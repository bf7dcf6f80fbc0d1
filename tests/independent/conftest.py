"""The sample region, built once."""

import pytest

from .region import Region, build_region


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return build_region(tmp_path_factory.mktemp("independent") / "region")
