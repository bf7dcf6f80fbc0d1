"""Where finished runs are published, as a job or year file says, and who asks on the command line."""

from dataclasses import replace
from pathlib import Path

from drgpay.databases.settings import database_named, shared_file
from drgpay.publish.layout import schema_named
from drgpay.publish.settings import Destination, destination
from drgpay.run.job import JobFile, read_job_file
from drgpay.run.year_job import YearFile, is_year_file


def destination_of(path: Path) -> Destination | None:
    """Where a job or year file has its run published; None where it does not.

    Raises DrgpayError for wrong keys, for a database that nobody knows and for unknown words of `with`.
    """
    file = _file(path)
    return destination(path, file.publish, file.databases)


def destination_asked(
    database: str | None, schema: str | None, chosen: tuple[str, ...], job: Path | None = None
) -> Destination | None:
    """Where somebody wants runs to be published; what is not said is as the job has it, if there is one.

    database: its name in the job or in the file of all jobs. Returns None where neither names one; raises
    DrgpayError as `destination_of`.
    """
    said = destination_of(job) if job else None
    if database is not None:
        own = _file(job).databases if job else {}
        place = database_named(database, job or shared_file(), own)
        said = replace(said, database=place) if said else Destination(place)
    if said is None:
        return None
    where = said.schema if schema is None else schema_named(schema)
    return replace(said, schema=where, chosen=chosen or said.chosen)


def _file(path: Path) -> JobFile | YearFile:
    return read_job_file(path, YearFile) if is_year_file(path) else read_job_file(path, JobFile)
