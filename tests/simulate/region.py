"""A base for scenarios: the sample month, settled once."""

from dataclasses import dataclass
from pathlib import Path

from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.simulate.base import open_base
from drgpay.simulate.cache import StageCache
from drgpay.simulate.plan import Plan, plan_of
from drgpay.simulate.scenario import Scenario, load_scenario
from drgpay.simulate.stages import Stages
from tests.run.no_books import without_books


@dataclass(frozen=True)
class Region:
    """A copy of the sample region and its run of October."""

    folder: Path
    job: Path
    run: Path
    stages: Stages

    def write(self, text: str, name: str = "scenario.toml") -> Path:
        """A scenario file in the region."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def scenario(self, text: str, name: str = "scenario.toml") -> Scenario:
        """A scenario of a text."""
        return load_scenario(self.write(text, name))

    def plan(self, text: str) -> Plan:
        """The plan of a scenario of a text; name is added."""
        scenario = self.scenario(f'name = "x"\n{text}')
        return plan_of(self.stages.base, [scenario], self.stages.cache)


def settled_region(sample_data: Path, folder: Path) -> Region:
    """Copy the region with three months of history, settle October, open it as a base."""
    import shutil

    wanted = ("2026-07.parquet", "2026-08.parquet", "2026-09.parquet")
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("history"))
    (folder / "history").mkdir()
    for name in wanted:
        shutil.copyfile(sample_data / "history" / name, folder / "history" / name)
    job = folder / "2026-10.toml"
    text = job.read_text(encoding="utf-8").replace('"../runs"', '"runs"')
    job.write_text(text, encoding="utf-8")
    with without_books():
        run = run_month(load_job(job)).folder
    base = open_base([], run, job)
    return Region(folder, job, run, Stages(base, StageCache(folder / "cache")))
