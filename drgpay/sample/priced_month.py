"""A month's stays priced as its job would price them."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from drgpay.base.words import Sentences
from drgpay.grouper.grouped_stays import check_grouped, read_grouped_stays
from drgpay.points.cases import points_of_stays
from drgpay.records.meaning.rules import Reading
from drgpay.run.job import Job
from drgpay.run.rules import load_stay_rules

_ERRORS = Sentences("errors/sample")


def priced_month(job: Job, stays_path: Path | None = None) -> pl.DataFrame:
    """The cases of EarnedPoints of a job's stays, or of those of another file."""
    rules = load_stay_rules(
        job, job.policy, job.hospitals, job.period.year, _ERRORS.words("the_sample")
    )
    records = replace(job.stays, path=stays_path) if stays_path else job.stays
    stays = read_grouped_stays(
        records.open(rules.scheme.info.code_system, Reading.of(rules.policy.records)),
        rules.compiled,
    )
    checked = check_grouped(
        stays,
        rules.compiled,
        rules.policy,
        rules.hospitals,
        job.period.days,
        str(records.path),
    )
    return points_of_stays(
        checked.valid, rules.catalogue, rules.policy.points, exempt=rules.compiled.exempt
    ).cases
