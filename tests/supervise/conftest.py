"""The scheme and the shipped rules that tests of supervision share."""

from pathlib import Path
from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.sample.fraud.planting import plant, write_labels
from drgpay.sample.fraud.rates import fraud_rates
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from drgpay.supervise.file import load_supervise
from drgpay.supervise.output import write_supervision
from drgpay.supervise.rulebook import Rulebook, load_rulebook, rulebook_path
from drgpay.supervise.supervision import supervise

PLAN = SamplePlan(stays_per_month=3000, months=1, history_months=2, seed=3)
_FILE = """
name = "2026-10"
hospitals = "hospitals.csv"
[[months]]
run = "{run}"
stays = "stays/2026-10.parquet"
[tables]
stays_ext = "stays_ext.csv"
beds = "beds.csv"
stay_items = "stay_items.csv"
lists = "lists.csv"
"""


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a supervision of a settled month with planted fraud."""
    region = tmp_path_factory.mktemp("supervised") / "region"
    region.mkdir()
    write_region(PLAN, region)
    labels = plant(PLAN, fraud_rates("usual"), region)
    job = write_job_files(PLAN, region)[0]
    write_labels(region, labels, [job])
    run = run_month(load_any_job(job)).folder
    path = region / "supervise.toml"
    path.write_text(_FILE.format(run=run.relative_to(region).as_posix()), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def folder(file: Path) -> Path:
    return write_supervision(supervise(load_supervise(file)))


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
