"""Runs, clearings and what can be asked of them: the commands, called from Python."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from drgpay.api.arguments import checked
from drgpay.base.language import Language, chosen
from drgpay.publish.publishing import publish_finished
from drgpay.registry.queries import select
from drgpay.registry.registration import register
from drgpay.report.case import ExplainedCase
from drgpay.report.case import explain_case as _explain_case
from drgpay.report.html.write import write_report as _write_report
from drgpay.run.batch import Outcome, run_jobs
from drgpay.run.case import read_case
from drgpay.run.clearing import run_clearing
from drgpay.run.fetching import Fetched
from drgpay.run.fetching import fetch_job as _fetch_job
from drgpay.run.first_fetch import fetch_if_missing
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.pipeline import Finished
from drgpay.run.publication import destination_of
from drgpay.run.statements import WrittenStatements
from drgpay.run.statements import write_statements as _write_statements
from drgpay.run.verify import Verified
from drgpay.run.verify import verify_run as _verify_run
from drgpay.run.year_job import load_any_year_job


@checked
def fetch_job(job: str | Path) -> Fetched:
    """Read what a job or year file names in databases into snapshots, as `drgpay fetch` does.

    Returns `folder`, and `inputs` with rows and hashes of each by name. Raises DrgpayError for a file
    that names no database, one that cannot be reached, and a table or query that does not give what
    the input needs. Source: docs/databases.md.
    """
    return _fetch_job(Path(job))


@checked
def run_job(
    job: str | Path,
    *,
    output: str | Path | None = None,
    run_id: str | None = None,
    language: Language | None = None,
    threads: int | None = None,
) -> Finished:
    """Run a job file as `drgpay run` does: it leaves a folder and enters it in the database.

    output: the folder of the runs instead of the job's. Returns `folder`, and `stays` and `visits`
    with their tables by name (`stays["cases"]`, adjustments, statements, values, ledger, quarantine,
    warnings ...; yuan, decimals), None for what the job does not settle. With [publish] in the job the run
    is published too. Raises DrgpayError for every mistake in the inputs, if another run has the id, and
    where publishing fails; the folder is then there.
    Source: docs/files.md, "The job file" and "The folder of a run".
    """
    fetch_if_missing(Path(job))
    loaded, to = load_any_job(Path(job)), destination_of(Path(job))
    if output is not None:
        loaded = replace(loaded, output=Path(output))
    finished = run_month(loaded, language or chosen(), run_id=run_id, threads=threads)
    register(finished.folder)
    if to:
        publish_finished(finished.folder, to)
    return finished


@checked
def clear_year(
    year: str | Path,
    *,
    output: str | Path | None = None,
    run_id: str | None = None,
    accept_policy_change: bool = False,
    language: Language | None = None,
) -> Finished:
    """Clear a year as `drgpay clear` does, from its year file, and leave a folder.

    Returns `folder`, `stays` and `visits` as run_job does, with pools instead of values. Raises
    DrgpayError for a missing or changed month and, unless accept_policy_change, for a policy that
    changed after a month was paid. Source: docs/settlement.md, "Annual clearing".
    """
    place = Path(output) if output is not None else None
    fetch_if_missing(Path(year))
    job, to = load_any_year_job(Path(year)), destination_of(Path(year))
    finished = run_clearing(job, language or chosen(), run_id, accept_policy_change, place)
    register(finished.folder)
    if to:
        publish_finished(finished.folder, to)
    return finished


@checked
def verify_run(
    run: str | Path, job: str | Path | None = None, *, recompute: bool = False
) -> Verified:
    """Recompute hashes, balances, tables and workbooks of a run; with its job file also what went in.

    recompute: run the job again and compare every file. Returns `status` (`right`, `wrong`,
    `unknown`, `forgotten`), `checks` and `evidence` (sha256). Raises DrgpayError if the folder holds no run, and
    for a recomputation without a job. Source: manifest.json, docs/files.md.
    """
    return _verify_run(Path(run), Path(job) if job else None, recompute=recompute)


@checked
def explain_case(
    run: str | Path,
    case_id: str,
    job: str | Path | None = None,
    *,
    language: Language | None = None,
) -> ExplainedCase:
    """One case of a run from codes to money, every number computed anew.

    Returns `parts` with lines (label, value, formula) in points and yuan; `differing` is empty where
    the run holds what follows from its inputs; `text_of` words it. With the job also how the stay
    was grouped. Raises DrgpayError for an unknown case, with ids near it.
    Source: the files of the run, docs/points.md, docs/settlement.md.
    """
    return _explain_case(
        read_case(Path(run), case_id, Path(job) if job else None), language or chosen()
    )


@checked
def write_report(
    run: str | Path, out: str | Path | None = None, *, language: Language | None = None
) -> Path:
    """Write the HTML report of a run or a clearing, by default beside its folder, and return the file.

    Raises DrgpayError for what is not a run and where another file lies. Source: docs/reports.md.
    """
    return _write_report(Path(run), (), Path(out) if out else None, language or chosen()).path


@checked
def write_statements(
    run: str | Path,
    hospitals: Sequence[str] = (),
    *,
    out: str | Path | None = None,
    earlier: Sequence[str | Path] = (),
    processes: int = 1,
    language: Language | None = None,
) -> WrittenStatements:
    """Write the workbook of each hospital of a run with all of its cases, as `drgpay statements` does.

    hospitals: only those; out: a new folder, by default `<run>-statements` beside the run; earlier:
    runs to compare with instead of the latest ones beside it. processes: with more than one the
    calling program is imported by each, so it has to be guarded by `if __name__ == "__main__"`.
    Returns `folder`, `hospitals` and the runs of `earlier` months. Raises DrgpayError for a changed
    run, an unknown hospital and a place that is taken. Source: docs/files.md, "The workbooks".
    """
    return _write_statements(
        Path(run),
        language or chosen(),
        hospitals,
        None if out is None else Path(out),
        [Path(one) for one in earlier],
        max(1, processes),
    )


@checked
def run_batch(
    jobs: Sequence[str | Path] = (),
    *,
    at_once: int = 1,
    log: str | Path | None = None,
    retry: bool = False,
    output: str | Path | None = None,
    language: Language | None = None,
) -> list[Outcome]:
    """Run many jobs and year files, each in a process of its own, as `drgpay batch` does.

    at_once: how many beside each other; log: a file to which an event a line is added; retry: only
    what by the log did not end well. Returns of each job `state` (ok, unchanged, stopped, failed),
    `run`, `folder`, `code`, `status`, `seconds` and what is `said`; no job stops another. Raises
    DrgpayError without a job and for a log that cannot be used. Source: docs/commands.md, "drgpay batch".
    """
    place = None if output is None else Path(output)
    given = [Path(job) for job in jobs]
    log_file = None if log is None else Path(log)
    return run_jobs(given, language or chosen(), max(1, at_once), log_file, retry, place)


@checked
def query_runs(query: str, output: str | Path = "runs") -> pl.DataFrame:
    """The answer to one SELECT over the database of the runs in a folder; yuan, decimals.

    Raises DrgpayError for other statements and for every mistake in the query.
    Source: docs/database.md lists views and columns.
    """
    return select(Path(output), query)
