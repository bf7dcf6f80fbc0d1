"""The base of scenarios: a job with its rules and records, compared with a finished run of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from drgpay.errors import DrgpayError
from drgpay.records.dataset import Dataset, RecordsInput
from drgpay.records.filings import Filings, check_payments, read_filings
from drgpay.run.job import Job, load_job
from drgpay.run.manifest import basis_of_run, file_hash
from drgpay.run.rules import PaymentRules, load_payment_rules
from drgpay.run.stored import StoredMonth, open_month
from drgpay.simulate.scenario import Scenario


@dataclass(frozen=True)
class Base:
    """The month that scenarios change. `basis` is what its results depend on, by content."""

    job: Job
    run: StoredMonth | None
    rules: PaymentRules
    filings: Filings
    dataset: Dataset
    basis: Mapping[str, Any]

    @cached_property
    def records_key(self) -> Mapping[str, Any]:
        """What the stays depend on before they are grouped."""
        inputs = self.basis["inputs"]
        return {name: inputs[name] for name in ("stays", "mapping", "encoding", "clinical_codes")}


def open_base(
    scenarios: Sequence[Scenario], run: Path | None = None, job: Path | None = None
) -> Base:
    """The base that the command names, or else the first scenario file that names one.

    Raises DrgpayError if none is named, if two files name different ones, for the mistakes of the
    job's inputs, and for a run whose files are not those that the job reads now.
    """
    job = job or _named([(scenario.path, scenario.job) for scenario in scenarios])
    if job is None:
        raise DrgpayError(
            f"{scenarios[0].path} names no base" if scenarios else "no base is named",
            "add [base] with job (and run), or give --base RUN --job JOB",
        )
    run = run or _named([(scenario.path, scenario.run) for scenario in scenarios])
    loaded = load_job(job)
    stored = open_month(run) if run else None
    rules = load_payment_rules(
        loaded.scheme,
        loaded.policy,
        loaded.catalogue,
        loaded.hospitals,
        loaded.period.year,
        "the job's period",
    )
    filings = read_filings(
        loaded.filings.reviews, loaded.filings.deductions, loaded.filings.technologies
    )
    check_payments(filings, rules.hospitals["hospital_id"], rules.policy.records.accounts)
    dataset = loaded.stays.open(rules.scheme.info.code_system)
    language = str(stored.manifest["language"]) if stored else "zh"
    basis = basis_of_run(loaded, dataset, rules.scheme, rules.loaded, language)
    if stored:
        _refuse_changed(stored, basis, job)
    return Base(loaded, stored, rules, filings, dataset, basis)


def records_key(dataset: Dataset, opened_with: RecordsInput) -> dict[str, Any]:
    """What the stays of past years depend on before they are grouped."""
    return {
        "stays": [[file.path.name, file_hash(file.path)] for file in dataset.files],
        "mapping": file_hash(dataset.mapping.path) if dataset.mapping else None,
        "encoding": opened_with.encoding,
        "clinical_codes": opened_with.clinical_codes,
    }


def _named(named: Sequence[tuple[Path, Path | None]]) -> Path | None:
    given = [(by, path) for by, path in named if path is not None]
    others = [by for by, path in given[1:] if path.resolve() != given[0][1].resolve()]
    if others:
        raise DrgpayError(
            f"{given[0][0]} and {others[0]} name different bases",
            "scenarios that stack have one base: name it in one of them, or by --base and --job",
        )
    return given[0][1] if given else None


_SAID = {
    "period": "the period",
    "scheme": "the grouping scheme",
    "catalogue": "the catalogue",
    "policy": "the policy",
}


def _refuse_changed(run: StoredMonth, basis: Mapping[str, Any], job: Path) -> None:
    """The base is computed again, so it must be from the same bytes."""
    manifest = run.manifest
    changed = [
        words for key, words in _SAID.items() if _content(manifest[key]) != _content(basis[key])
    ]
    before, now = manifest["inputs"], basis["inputs"]
    changed += [
        _file_words(name, before.get(name), now.get(name))
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    if changed:
        raise DrgpayError(
            f"the base run {run.run_id} was not made from what {job} reads now: "
            f"{', '.join(changed)} changed since",
            "restore the files, or run the job again and name that run",
        )


def _content(about: Any) -> Any:
    return about["sha256"] if isinstance(about, dict) else about


def _file_words(name: str, before: Any, now: Any) -> str:
    if name == "stays" and isinstance(before, list) and isinstance(now, list):
        old = {one["file"]: one["sha256"] for one in before}
        new = {one["file"]: one["sha256"] for one in now}
        files = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return f"inputs.stays ({', '.join(files[:3])})"
    file = next((one["file"] for one in (now, before) if isinstance(one, dict)), None)
    return f"inputs.{name} ({file})" if file else f"inputs.{name}"
