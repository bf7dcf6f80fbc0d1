"""A plan of months as files: a tiny scheme, its catalogue, records, filings, policies and jobs."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from drgpay.policy.model import Policy
from drgpay.records.dataset import RecordsInput
from drgpay.run.calibration import make_catalogue
from drgpay.run.clearing import run_clearing
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.run.year_job import load_year_job
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books

from .files import write_csv, write_filings
from .random_months import BIG, EXEMPT, HOSPITALS, MEANS, REGROUPED, Plan, Planned, history
from .recomputation.records import Stay

CODES = {"AA11": "A49.002", "BB11": "A49.003", "NN11": "A49.004", "CC11": "A49.100"}
CODES |= {"GG11": "A49.101"}
"""A diagnosis for each group."""
SCORES = dict(zip(HOSPITALS, ("95", "85.5", "70"), strict=True))
_SCHEME = """\
id = "{name}"
name = "tiny"
kind = "drg"
authority = "nobody"
version = "1"
code_system = "insurance-2.0"
source = "a test"

[options]
retry_other_procedures = false
"""
_MONEY = ("total_cost", "fund_cost", "patient_cost", "other_cost")


def write_shared(folder: Path, policy: Policy) -> None:
    """What every plan is run with: schemes, hospitals, and the catalogues of past stays."""
    for name, group_of in (("tiny", {drg: drg for drg in CODES}), ("tiny-2", REGROUPED)):
        _write_scheme(folder / name, group_of)
    rows = [
        {"hospital_id": hospital, "name": hospital, "level": level, "county": "one"}
        | {"alliance": "", "kind": "general", "assessment": ""}
        for hospital, level in HOSPITALS.items()
    ]
    write_csv(folder / "hospitals.csv", rows, [*rows[0]])
    scores = [{"hospital_id": hospital, "score": score} for hospital, score in SCORES.items()]
    write_csv(folder / "scores.csv", scores, ["hospital_id", "score"])
    (folder / "policy.toml").write_text(policy_text(policy, 2024), encoding="utf-8")
    for changed in ("", "catalogue", "scheme"):
        past = folder / f"history{changed}.parquet"
        write_stays(past, history(changed))
        make_catalogue(
            RecordsInput(past),
            str(folder / ("tiny-2" if changed == "scheme" else "tiny")),
            str(folder / "policy.toml"),
            folder / "hospitals.csv",
            folder / f"catalogue{changed}",
        )


def _write_scheme(scheme: Path, group_of: Mapping[str, str]) -> None:
    """Groups by diagnosis alone."""
    scheme.mkdir(parents=True)
    (scheme / "scheme.toml").write_text(_SCHEME.format(name=scheme.name), encoding="utf-8")
    groups = [*MEANS, *BIG]
    _table(scheme / "mdc.csv", "sort,mdc,name,rule", [(1, "MDCA", "all", "")])
    _table(
        scheme / "adrg.csv",
        "sort,mdc,adrg,name,rule",
        [(n, "MDCA", drg[:3], drg[:3], f"ZYZD in D_{drg}") for n, drg in enumerate(groups, 1)],
    )
    _table(
        scheme / "drg.csv",
        "sort,adrg,drg,name,rule",
        [(1, drg[:3], drg, drg, "1") for drg in groups],
    )
    codes = [(f"D_{group_of[first]}", code) for first, code in CODES.items()]
    empty = [(f"D_{drg}", "Z99.900") for drg in groups if drg not in group_of.values()]
    _table(scheme / "sets.csv", "set,code", [*codes, *empty])
    _table(scheme / "cc.csv", "code,level,exclusion_table", [])
    _table(scheme / "exclusions.csv", "exclusion_table,code", [])
    exempt = [(drg, "chemotherapy", "a test", "false") for drg in EXEMPT[scheme.name]]
    _table(scheme / "exempt_groups.csv", "drg,kind,source,verified", exempt)


def _table(path: Path, head: str, rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head.split(","))
        writer.writerows(rows)


def write_stays(path: Path, stays: list[Stay]) -> None:
    """Records whose diagnosis gives each stay its group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {name: value for name, value in asdict(stay).items() if name not in _GROUPED}
        | {"sex": 1, "principal_diagnosis": CODES[stay.drg]}
        | {"other_diagnoses": [], "procedures": [], "department": "01"}
        for stay in stays
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), path)


_GROUPED = ("level", "status", "drg")
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("case_id", "hospital_id", "person_id", "account")),
        ("out_of_area", pa.bool_()),
        *((f"{name}_date", pa.date32()) for name in ("admission", "discharge", "settlement")),
        *((name, pa.int64()) for name in ("sex", "age", "age_days", "length_of_stay")),
        ("discharge_type", pa.int64()),
        *((name, pa.string()) for name in ("principal_diagnosis", "department")),
        *((name, pa.list_(pa.string())) for name in ("other_diagnoses", "procedures")),
        *((name, pa.decimal128(18, 2)) for name in _MONEY),
        *((name, pa.string()) for name in ("payment_unit", "bed_day_class")),
        ("complete", pa.bool_()),
    ]
)


def policy_text(policy: Policy, year: int) -> str:
    """A policy as the file of a year; what is not given is left out."""
    raw = policy.model_dump(exclude={"outpatient"})
    raw["policy"]["year"] = year
    lines = []
    for section, keys in raw.items():
        if keys is not None:
            lines += ["", f"[{section}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in keys.items() if value is not None]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inside = [f"{_toml(str(k))} = {_toml(v)}" for k, v in value.items() if v is not None]
        return f"{{ {', '.join(inside)} }}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)


class PlanOnDisk:
    """The files of a plan in a folder of its own, beside what all plans share; its runs by name."""

    def __init__(self, plan: Plan, shared: Path, folder: Path) -> None:
        self.plan, self.shared, self.folder = plan, shared, folder
        self.runs: dict[str, Path] = {}
        folder.mkdir(parents=True)
        for year, policy in plan.policies.items():
            path = folder / f"policy-{year}.toml"
            path.write_text(policy_text(policy, year), encoding="utf-8")

    def run(self, planned: Planned) -> Path:
        """Write the files of a run and run it; raises DrgpayError where drgpay refuses it."""
        write_filings(self.folder / "filings" / planned.name, planned.filed)
        path = self.folder / f"{planned.name}.toml"
        if planned.clears:
            text = self._year_file(planned)
            path.write_text(text, encoding="utf-8")
            with without_books():
                run = run_clearing(load_year_job(path), accept=EVERYTHING).folder
        else:
            write_stays(self._stays(planned), planned.recorded)
            path.write_text(self._job(planned), encoding="utf-8")
            with without_books():
                run = run_month(load_job(path), accept=EVERYTHING, threads=1).folder
        self.runs[planned.name] = run
        return run

    def _stays(self, planned: Planned) -> Path:
        """The file of a month, or the folder of a year."""
        name = planned.name if planned.clears else f"{planned.name}.parquet"
        return self.folder / "stays" / name

    def _common(self, planned: Planned) -> str:
        by = self.plan.by(planned)
        changed = self.plan.changed if by.scale else ""
        return (
            f'scheme = "{self.shared / by.scheme}"\n'
            f'catalogue = "{self.shared / f"catalogue{changed}"}"\n'
            f'policy = "policy-{planned.months[0][0]}.toml"\n'
            'output = "runs"\n'
        )

    def _inputs(self, planned: Planned) -> str:
        filings = "".join(
            f'{name} = "filings/{planned.name}/{name}.csv"\n'
            for name in ("reviews", "deductions", "technologies")
        )
        return (
            f'\n[inputs]\nstays = "{self._stays(planned)}"\n'
            f'hospitals = "{self.shared / "hospitals.csv"}"\n{filings}'
        )

    def _previous(self, planned: Planned, table: str) -> str:
        text, by = "", self.plan.by(planned)
        for run in (self.plan.by_name[name] for name in planned.previous):
            text += f'\n{table}\nrun = "runs/{self.runs[run.name].name}"\n'
            text += f'stays = "{self._stays(run)}"\n'
            other = self.plan.by(run)
            if other.scheme != by.scheme:
                text += f'scheme = "{self.shared / other.scheme}"\n'
            if other.scale != by.scale and self.plan.k:
                text += f"k = {_toml(self.plan.k)}\n"
        return text

    def _job(self, planned: Planned) -> str:
        year, month = planned.months[0]
        corrects = ""
        if planned.corrects:
            corrects = f'corrects = "runs/{self.runs[planned.corrects].name}"\n'
        return (
            f'period = "{year}-{month:02d}"\n{corrects}{self._common(planned)}'
            f"{self._inputs(planned)}{self._previous(planned, '[[inputs.previous]]')}"
        )

    def _year_file(self, planned: Planned) -> str:
        """The months with their corrections; their records lie in one folder."""
        months = ""
        for year, month in planned.months:
            chain = [run for run in self.plan.runs if run.months == ((year, month),)]
            chain = [run for run in chain if run.name in self.runs]
            write_stays(self._stays(planned) / f"{year}-{month:02d}.parquet", chain[-1].recorded)
            paths = [f"runs/{self.runs[run.name].name}" for run in chain]
            months += f'\n[[months]]\nperiod = "{year}-{month:02d}"\nrun = "{paths[0]}"\n'
            months += f"corrections = {_toml(paths[1:])}\n"
        scores = f'assessment = "{self.shared / "scores.csv"}"\n'
        return (
            f"year = {planned.months[0][0]}\n{self._common(planned)}"
            f"readmissions_across_months = true\n{months}"
            f"{self._inputs(planned)}{scores}{self._previous(planned, '[previous]')}"
        )
