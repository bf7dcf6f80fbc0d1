"""The base of scenarios: a month or a cleared year with its rules and records, as it was paid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Language, Words, alike, listed
from drgpay.base.period import Period
from drgpay.base.toml_reader import read_toml
from drgpay.base.words import Sentences
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA, EARLIER_STAYS, no_adjustments
from drgpay.records.dataset import Dataset, RecordsInput
from drgpay.records.filings import Filings, check_payments, read_filings
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.official_groups import OfficialGroups, groups_rule
from drgpay.results.manifest import content_of, read_manifest
from drgpay.results.part import STAYS, VISITS
from drgpay.results.run_folder import (
    PaidPart,
    open_clearing,
    open_month,
    open_run,
    returns_elsewhere,
)
from drgpay.run.basis import basis_of_run
from drgpay.run.job import Job, load_job
from drgpay.run.paid_year import budgets_of_year, statements_of_year
from drgpay.run.rules import StayRules, load_stay_rules
from drgpay.run.stay_year import OpenedYear, open_year
from drgpay.run.year_job import YearJob, load_year_job
from drgpay.simulate.scenario import Scenario
from drgpay.simulate.settling import MonthEnd, Settling, YearEnd

_ERRORS = Sentences("errors/simulate")

_RECORDS = ("stays", "mapping", "encoding", "clinical_codes")


@dataclass(frozen=True)
class BaseRecords:
    """The records that a month was settled from.

    key: what its stays depend on before they are grouped. paid: of a year the run that paid them last.
    files: the sha256 of its files, where
    they are some of the files of `given`; None where they are all of them.
    """

    period: Period
    given: RecordsInput
    key: Mapping[str, Any]
    code_system: str
    files: frozenset[str] | None = None
    reading: Reading = PLAIN_READING
    paid: PaidPart | None = None

    @cached_property
    def official(self) -> OfficialGroups | None:
        """The official groups that pay its stays: those of the job, or of a year as months paid by them."""
        if self.paid is not None:
            return _groups_paid(self.paid)
        return self.given.groups.open() if self.given.groups else None

    @cached_property
    def dataset(self) -> Dataset:
        """The records in the codes of the base."""
        return self.open(self.code_system, self.reading)

    def open(self, code_system: str, reading: Reading) -> Dataset:
        """The records in other codes, their dates read in another way."""
        dataset = self.given.open(code_system, reading)
        if self.files is None:
            return dataset
        known = self.files
        return replace(
            dataset, files=tuple(file for file in dataset.files if _hash_of(file.path) in known)
        )


@dataclass(frozen=True)
class Base:
    """What scenarios change: a month or, with `year`, a year of settled months.

    job: what its job or year file says. period: `2026-10` or `2026`. basis: what the results depend
    on, by content.
    """

    job: Job | YearJob
    period: str
    run: PaidPart | None
    rules: StayRules
    filings: Filings
    basis: Mapping[str, Any]
    settling: Settling
    month: BaseRecords | None
    year: OpenedYear | None = None

    @cached_property
    def earlier(self) -> pl.DataFrame:
        """The rows of the run on stays that earlier runs paid (ADJUSTMENT_SCHEMA).

        They are points of hospitals, of rules and records that no scenario changes.
        """
        if self.run is None:
            return no_adjustments()
        rows = self.run.scaled("adjustments").filter(pl.col("kind").is_in(EARLIER_STAYS))
        return rows.select(pl.col(name).cast(of) for name, of in ADJUSTMENT_SCHEMA.items())

    @cached_property
    def returns_before(self) -> pl.DataFrame:
        """Of the base's stays the returns that lie in runs named as paid before: they stay as they are.

        case_id, readmission_case_id, return_in.
        """
        rows = no_adjustments() if self.run is None else self.run.scaled("adjustments")
        return returns_elsewhere(rows)

    @cached_property
    def records(self) -> tuple[BaseRecords, ...]:
        """The records of each month, January first.

        Raises DrgpayError where those of a year are not where the year file says.
        """
        if self.month is not None:
            return (self.month,)
        assert self.year is not None
        return _records_of_year(self.year)

    @property
    def has_visits(self) -> bool:
        """Whether visits were settled, or are to be, beside the stays."""
        return bool(self.job.outpatient or (self.run and VISITS in self.run.parts))

    @property
    def clinical_codes(self) -> bool:
        """Whether the codes of the records are translated."""
        return self.month is not None and self.month.given.clinical_codes


def open_base(
    scenarios: Sequence[Scenario], run: Path | None = None, job: Path | None = None
) -> Base:
    """The base that the command names, or else the first scenario file that names one.

    run: a month's run or a year's clearing; job: the job or year file that it was made from.
    Raises DrgpayError if none is named, if two files name different ones, for the mistakes of the
    job's inputs, and for a run whose files are not those that the job reads now.
    """
    job = job or _named([(scenario.path, scenario.job) for scenario in scenarios])
    run = run or _named([(scenario.path, scenario.run) for scenario in scenarios])
    if job is None:
        raise _no_job(scenarios, run)
    return _year_base(run, job) if _is_year_file(job) else _month_base(run, job)


def _no_job(scenarios: Sequence[Scenario], run: Path | None) -> DrgpayError:
    if run:
        kind = _ERRORS.words("year_file" if read_manifest(run).is_clearing else "job")
        return DrgpayError(*_ERRORS("run_without_job", kind=kind, run=run))
    if scenarios:
        return DrgpayError(*_ERRORS("no_base_in_file", path=scenarios[0].path))
    return DrgpayError(*_ERRORS("no_base"))


def _is_year_file(path: Path) -> bool:
    """What is wrong with the file is told where it is read."""
    try:
        return "year" in read_toml(path, _ERRORS.words("job_file"))
    except DrgpayError:
        return False


def _month_base(run: Path | None, path: Path) -> Base:
    job = load_job(path)
    stored = open_month(run).of(STAYS) if run else None
    due = _ERRORS.words("period_of_job")
    rules = load_stay_rules(job, job.policy, job.hospitals, job.period.year, due)
    reading = Reading.of(rules.policy.records)
    filings = read_filings(*job.filings, reading=reading)
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    filings = _without_earlier(filings, job, stored)
    code_system = rules.scheme.info.code_system
    basis = basis_of_run(
        job, job.stays.open(code_system, reading), rules.scheme, rules.loaded, _language(stored)
    )
    if stored:
        _refuse_changed(stored, basis, path)
    return Base(
        job,
        str(job.period),
        stored,
        rules,
        filings,
        basis,
        MonthEnd(job.period),
        BaseRecords(
            job.period, job.stays, _of_records(basis["inputs"]), code_system, reading=reading
        ),
    )


def _without_earlier(filings: Filings, job: Job | YearJob, stored: PaidPart | None) -> Filings:
    """Without the deductions of stays that runs before have paid: their rows stay as the base has them.

    Raises DrgpayError where no run of the base says what these rows are.
    """
    if not job.previous:
        return filings
    if stored is None:
        raise DrgpayError(*_ERRORS("earlier_without_run", job=job.path))
    paid = pl.concat(
        open_run(one.run).of(STAYS).scaled("cases", ["case_id"]) for one in job.previous
    )
    mine = filings.deductions.join(paid, on="case_id", how="anti")
    return replace(filings, deductions=mine)


def _year_base(run: Path | None, path: Path) -> Base:
    job = load_year_job(path)
    stored = open_clearing(run).of(STAYS) if run else None
    accepted = bool(stored and stored.manifest.at("switches", "accept_policy_change"))
    year = open_year(job, _language(stored), accepted)
    if stored:
        _refuse_changed(stored, year.basis, path)
    rules = year.rules
    settling = YearEnd(
        job.year,
        statements_of_year(year.months).drop("period"),
        budgets_of_year(year.months, rules.policy),
        year.scores,
        rules.policy,
    )
    return Base(
        job,
        str(job.year),
        stored,
        rules,
        _without_earlier(year.filings, job, stored),
        year.basis,
        settling,
        None,
        year=year,
    )


def _language(stored: PaidPart | None) -> Language:
    return "en" if stored and stored.manifest.language == "en" else "zh"


def _of_records(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inputs[name] for name in _RECORDS}


def _records_of_year(year: OpenedYear) -> tuple[BaseRecords, ...]:
    """The records of each month among those of the year file, known by their content."""
    given = year.job.persons
    if given is None or year.persons is None:
        raise DrgpayError(*_ERRORS("no_records_of_year", file=year.job.path))
    there = {about["sha256"] for about in year.basis["inputs"]["stays"]}
    code_system = year.rules.scheme.info.code_system
    found = []
    for month in year.months:
        last = month.last
        inputs = last.manifest.inputs
        missing = [one["file"] for one in inputs["stays"] if one["sha256"] not in there]
        if missing:
            raise DrgpayError(
                *_ERRORS(
                    "records_missing",
                    file=missing[0],
                    run=last.folder,
                    stays=given.path,
                    year_file=year.job.path,
                )
            )
        ours = year.basis["inputs"]
        if _content(inputs["mapping"]) != _content(ours["mapping"]):
            raise DrgpayError(*_ERRORS("other_mapping", run=last.folder, year_file=year.job.path))
        found.append(
            BaseRecords(
                Period.parse(last.period),
                replace(
                    given,
                    encoding=inputs["encoding"],
                    clinical_codes=bool(inputs["clinical_codes"]),
                ),
                _of_records(inputs),
                code_system,
                frozenset(one["sha256"] for one in inputs["stays"]),
                Reading.of(year.rules.policy.records),
                last,
            )
        )
    return tuple(found)


def _groups_paid(paid: PaidPart) -> OfficialGroups | None:
    """The official groups that a run of a month paid by; None where it had none."""
    about = paid.manifest.inputs.get("groups")
    if about is None:
        return None
    official = paid.frame("case_groups", ["case_id", "official_group", "group_source"])
    given = official.filter(pl.col("group_source") == "official").select(
        "case_id",
        "official_group",
        official_scheme=pl.lit(None, pl.String),
        contradicted=pl.lit(False),
        repeated_alike=pl.lit(False),
    )
    return OfficialGroups(paid.folder, groups_rule(about["rule"]), given)


def records_key(dataset: Dataset, opened_with: RecordsInput) -> dict[str, Any]:
    """What the stays of past years depend on before they are grouped."""
    return {
        # With its folders: they may name values (key=value) that no file holds.
        "stays": [
            [
                file.path.relative_to(dataset.path).as_posix()
                if dataset.path.is_dir()
                else file.path.name,
                _hash_of(file.path),
            ]
            for file in dataset.files
        ],
        "mapping": file_hash(dataset.mapping.path) if dataset.mapping else None,
        "encoding": opened_with.encoding,
        "clinical_codes": opened_with.clinical_codes,
        **(
            {"groups": [_hash_of(opened_with.groups.path), opened_with.groups.rule]}
            if opened_with.groups
            else {}
        ),
    }


def _hash_of(path: Path) -> str:
    """The sha256 of a file, read once as long as it is not written."""
    about = path.stat()
    return _hashed(path, about.st_size, about.st_mtime_ns)


@cache
def _hashed(path: Path, _size: int, _written: int) -> str:
    return file_hash(path)


def levels_of_month(base: Base, period: Period) -> pl.DataFrame:
    """hospital_id, level as a month of the year was settled with them."""
    assert base.year is not None
    last = next(month.last for month in base.year.months if month.last.period == str(period))
    return last.scaled("cases", ["hospital_id", "level"]).unique().sort("hospital_id")


def _named(named: Iterable[tuple[Path, Path | None]]) -> Path | None:
    given = [(by, path) for by, path in named if path is not None]
    others = [by for by, path in given[1:] if path.resolve() != given[0][1].resolve()]
    if others:
        raise DrgpayError(*_ERRORS("different_bases", first=given[0][0], other=others[0]))
    return given[0][1] if given else None


_COMPARED = ("period", "scheme", "exempt_groups", "catalogue", "former", "policy", "switches")


def _refuse_changed(run: PaidPart, basis: Mapping[str, Any], file: Path) -> None:
    """The base is computed again, so it must be from the same bytes."""
    manifest = run.manifest
    changed = [
        _ERRORS.words(f"changed_{key}")
        for key in _COMPARED
        if key in basis and _content(manifest.content.get(key)) != _content(basis[key])
    ]
    before, now = manifest.inputs, basis["inputs"]
    changed += [
        _file_words(name, before.get(name), now.get(name))
        for name in sorted({*before, *now})
        if _differs(name, before.get(name), now.get(name))
    ]
    if changed:
        again = _ERRORS.words("clear_again" if manifest.is_clearing else "run_again")
        facts = {"run": run.run_id, "file": file, "changed": listed(changed), "again": again}
        raise DrgpayError(*_ERRORS("base_changed", **facts))


def _differs(name: str, before: Any, now: Any) -> bool:
    if name == "months" and isinstance(before, list) and isinstance(now, list):
        return bool(_changed_months(before, now))
    return bool(content_of(before) != content_of(now))


def _changed_months(before: list[Any], now: list[Any]) -> list[str]:
    """The periods with a run of stays that the clearing did not know.

    It may know more: months whose visits have runs of their own.
    """
    known = {one["period"]: one["runs"] for one in before}
    return [
        one["period"]
        for one in now
        if any(run not in known.get(one["period"], []) for run in one["runs"])
    ]


def _content(about: Any) -> Any:
    return about.get("sha256", about) if isinstance(about, dict) else about


def _file_words(name: str, before: Any, now: Any) -> Words:
    if name == "stays" and isinstance(before, list) and isinstance(now, list):
        old = {one["file"]: one["sha256"] for one in before}
        new = {one["file"]: one["sha256"] for one in now}
        files = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return _ERRORS.words("changed_files", name=name, files=listed(files[:3]))
    if name == "months" and isinstance(before, list) and isinstance(now, list):
        months = _changed_months(before, now)[:3]
        return _ERRORS.words("changed_months", months=listed(months))
    file = next((one["file"] for one in (now, before) if isinstance(one, dict)), None)
    return (
        _ERRORS.words("changed_files", name=name, files=file) if file else alike(f"inputs.{name}")
    )
