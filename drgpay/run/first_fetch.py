"""What a job or year file reads from databases, read before the run where nobody did."""

from collections.abc import Callable, Mapping
from pathlib import Path

from drgpay.databases.settings import DatabaseFile
from drgpay.run.fetched import Snapshots, Wanted
from drgpay.run.job import JobFile, read_job_file, snapshots_of_job
from drgpay.run.year_job import YearFile, is_year_file, snapshots_of_year


def databases_of(path: Path) -> tuple[Snapshots, Mapping[str, DatabaseFile]]:
    """What a job or year file reads from databases, and the databases that it names itself.

    Raises DrgpayError with the path of every wrong key.
    """
    if is_year_file(path):
        year = read_job_file(path, YearFile)
        return snapshots_of_year(path, year), year.databases
    job = read_job_file(path, JobFile)
    return snapshots_of_job(path, job), job.databases


def fetch_if_missing(
    path: Path, told: Callable[[Wanted, int], None] = lambda wanted, rows: None
) -> bool:
    """Fetch what a job or year file names in databases, unless its snapshots are there; whether it was.

    Snapshots that were forgotten, or are of another query, are not fetched again by themselves: who
    reads the job says so. Raises DrgpayError as `databases_of` and drgpay.run.fetching.fetch_job.
    """
    snapshots, _ = databases_of(path)
    if not snapshots.wanted or not snapshots.missing() or snapshots.forgotten():
        return False
    # Imported here: a job of files needs neither the drivers nor what sorts.
    from drgpay.run.fetching import fetch_job

    fetch_job(path, told)
    return True
