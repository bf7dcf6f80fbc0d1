"""Where the finished run of a job or year file is published, as its [publish] says."""

from pathlib import Path

from drgpay.publish.settings import Destination, destination
from drgpay.run.job import JobFile, read_job_file
from drgpay.run.year_job import YearFile


def destination_of_job(path: Path) -> Destination | None:
    """Of a job; None where it is not published.

    Raises DrgpayError for wrong keys, for a database that nobody knows and for unknown words of `with`.
    """
    file = read_job_file(path, JobFile)
    return destination(path, file.publish, file.databases)


def destination_of_year(path: Path) -> Destination | None:
    """Of a year file; as `destination_of_job`."""
    file = read_job_file(path, YearFile)
    return destination(path, file.publish, file.databases)
