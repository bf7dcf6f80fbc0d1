"""The sample region with its runs, and the sample year, made once."""

import pytest

from .region import POLICIES, MonthRun, Region, build_region, run_with
from .sample_year import SampleYear, sample_year


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return build_region(tmp_path_factory.mktemp("independent") / "region")


@pytest.fixture(scope="session")
def month_runs(region: Region, tmp_path_factory: pytest.TempPathFactory) -> dict[str, MonthRun]:
    """The month settled by each policy."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: run_with(region, folder / name, name) for name in POLICIES}


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> SampleYear:
    return sample_year(tmp_path_factory.mktemp("independent") / "year")
