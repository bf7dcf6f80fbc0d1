"""The material of an evaluation: months opened one after the other, of each stay only what indicators ask for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.evaluation.file import EvaluationJob, RunInput
from drgpay.evaluation.material import STAYS, Material, blocks_of, coded
from drgpay.evaluation.risk_classes import Mortality, RiskClasses, risk_classes
from drgpay.evaluation.shipped import INDICATORS
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.rules import Reading
from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated
from drgpay.records.stays import fen_of
from drgpay.results.part import STAYS as PART
from drgpay.results.run_folder import PaidPart, open_month
from drgpay.run.input_files import InputFiles
from drgpay.run.kept_rules import policy_kept, scheme_kept
from drgpay.run.previous import refuse_other_stays
from drgpay.tables.inputs import input_tables

_ERRORS = Sentences("errors/evaluation")

_OF_CASES = (
    *("case_id", "hospital_id", "payment_unit", "status", "adrg", "drg", "case_class"),
    *("base_points", "points", "length_of_stay", "admission_date", "discharge_date"),
    *("total_fen", "patient_fen"),
)
_COSTS = {"drug_cost": "drug_fen", "material_cost": "material_fen", "exam_cost": "exam_fen"}
_OF_RECORDS = ("case_id", "person_id", "discharge_type", *_COSTS)
_KINDS = {
    "text": Kind.TEXT,
    "date": Kind.DATE,
    "flag": Kind.FLAG,
    "amount": Kind.YUAN,
    "number": Kind.COUNT,
    "points": Kind.SCORE,
}
_KEYS: dict[str, tuple[str, list[str]]] = {
    "indicator_values": ("indicator_value", ["hospital_id", "indicator", "year"]),
    "stays_ext": ("case", ["case_id"]),
    "upload_log": ("case", ["case_id"]),
    "group_mortality": ("group", ["drg"]),
    "primary_groups": ("group", ["drg"]),
    "objections": ("objection", ["hospital_id", "indicator"]),
}
_DECISIONS = ("accepted", "rejected", "open")


def read_material(job: EvaluationJob, read: InputFiles) -> tuple[Material, RiskClasses | None]:
    """The stays of the year and of the year before, and the tables of the file.

    Raises DrgpayError for a run that was changed, stays that it was not settled from, a run of another
    year, two runs of one month, and tables that do not fit.
    """
    hospitals = read_hospitals(job.hospitals)
    read.note([job.hospitals, *job.tables.values()])
    tables = {name: _table(job, name, path) for name, path in sorted(job.tables.items())}
    _refuse_unknown(job, tables, set(hospitals["hospital_id"]))
    parts: dict[bool, list[pl.DataFrame]] = {True: [], False: []}
    seen: set[str] = set()
    deducts = False
    for given in job.runs:
        run = open_month(given.run).of(PART)
        _refuse_period(job, given, run, seen)
        policy = policy_kept(run)
        parts[given.current].append(_stays_of(run, given, read))
        deducts = deducts or (given.current and bool(policy.points.deductions))
    risk = _risk(job, tables)
    stays, last = coded(_joined(parts[True]), _joined(parts[False]))
    material = Material(
        year=job.year,
        stays=stays,
        last=last,
        tables=tables,
        hospitals=hospitals,
        risk=risk.classes if risk else None,
        clues=_confirmed_clues(job, tables),
        deducts=deducts,
        least_stays=job.file.group_stays,
        late_days=job.file.upload_days,
    )
    return material, risk


def year_before(material: Material) -> Material:
    """The material of the year before alone, for its values; its own year before is not known."""
    return replace(
        material, year=material.year - 1, stays=material.last, last=_joined([]), clues=None
    )


def columns_given(name: str) -> dict[str, Column]:
    """The columns of a table as it is declared in tables/inputs.toml."""
    columns = input_tables()[name].columns.items()
    return {key: Column(_KINDS[one.type], required=one.required) for key, one in columns}


def _joined(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    whole = pl.concat([pl.DataFrame(schema=STAYS), *parts])
    twice = whole.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        raise DrgpayError(*_ERRORS("case_twice", case=twice["case_id"].min()))
    return whole.sort("case_id")


def _refuse_period(job: EvaluationJob, given: RunInput, run: PaidPart, seen: set[str]) -> None:
    year = job.year if given.current else job.year - 1
    said = {"path": job.path, "period": run.period}
    if not run.period.startswith(f"{year}-"):
        raise DrgpayError(*_ERRORS("run_of_other_year", year=year, **said))
    if run.period in seen:
        raise DrgpayError(*_ERRORS("period_twice", **said))
    seen.add(run.period)


def _stays_of(run: PaidPart, given: RunInput, read: InputFiles) -> pl.DataFrame:
    """STAYS of a run."""
    compiled = scheme_kept(run)
    policy = policy_kept(run)
    dataset = given.stays.open(compiled.scheme.info.code_system, Reading.of(policy.records))
    refuse_other_stays(run, dataset, read)
    records = pl.concat(
        _record_columns(batch) for piece in dataset.pieces() for batch in piece.batches(_OF_RECORDS)
    ).unique("case_id", keep="first", maintain_order=True)
    kinds = [row.kind for row in policy.points.deductions]
    taken = (
        run.scaled("adjustments", ["case_id", "kind", "applies_to", "points", "deduction_kind"])
        .filter(pl.col("kind").is_in(kinds) | pl.col("deduction_kind").is_in(kinds))
        .group_by("case_id")
        .agg(
            deducted=-pl.col("points").sum(),
            of_case=-pl.col("points").filter(pl.col("applies_to") == "case").sum(),
        )
    )
    readmission = policy.points.readmission
    exempt = {row.drg for row in compiled.scheme.exempt_groups}
    exempt |= set(readmission.exempt_groups) if readmission else set()
    cases = run.scaled("cases", _OF_CASES)
    frame = (
        cases.join(records, on="case_id", how="left", maintain_order="left")
        .join(taken, on="case_id", how="left", maintain_order="left")
        .with_columns(
            blocks_of(cases["case_id"]),
            cell=pl.lit(None),
            group=pl.lit(None),
            deducted=pl.col("deducted").fill_null(0),
            deductible=pl.col("points") + pl.col("of_case").fill_null(0),
            exempt=pl.col("drg").is_in(sorted(exempt)).fill_null(value=False),
        )
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in STAYS.items())


def _record_columns(batch: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.DataFrame(pa.table(batch))
    lacking = [name for name in _OF_RECORDS if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None).alias(name) for name in lacking)
    person = pl.col("person_id").cast(pl.String)
    return frame.select(
        pl.col("case_id").cast(pl.String),
        # The same person has the same number in every month; two persons share one by a chance of 1 in 10^19.
        pl.when(person.is_not_null()).then(person.hash(seed=0)).alias("person"),
        pl.col("discharge_type").cast(pl.Float64),
        *(fen_of(frame[name]).alias(fen) for name, fen in _COSTS.items()),
    )


def _table(job: EvaluationJob, name: str, path: Path) -> pl.DataFrame:
    frame = read_table(path, columns_given(name))
    if name in _KEYS:
        what, keys = _KEYS[name]
        refuse_repeated(path, frame, keys, what)
    if name == "objections":
        wrong = frame.filter(~pl.col("decision").is_in(_DECISIONS))
        if wrong.height:
            row = wrong.row(0, named=True)
            said = {"path": path, "row": row["row"], "decision": row["decision"]}
            raise DrgpayError(*_ERRORS("unknown_decision", **said))
    if "indicator" in frame.columns:
        wrong = frame.filter(~pl.col("indicator").is_in(list(INDICATORS)))
        if wrong.height:
            row = wrong.row(0, named=True)
            said = {"path": path, "row": row["row"], "indicator": row["indicator"]}
            raise DrgpayError(*_ERRORS("indicator_of_table", **said))
    return frame


def _refuse_unknown(
    job: EvaluationJob, tables: Mapping[str, pl.DataFrame], known: set[str]
) -> None:
    for name, frame in tables.items():
        if "hospital_id" in frame.columns:
            wrong = frame.filter(~pl.col("hospital_id").is_in(list(known)))
            if wrong.height:
                row = wrong.row(0, named=True)
                said = {"path": job.tables[name], "row": row["row"], "id": row["hospital_id"]}
                raise DrgpayError(*_ERRORS("unknown_hospital", **said))


def _risk(job: EvaluationJob, tables: Mapping[str, pl.DataFrame]) -> RiskClasses | None:
    table = tables.get("group_mortality")
    if table is None:
        return None
    rows: Sequence[tuple[str, int, int]] = table.select("drg", "cases", "deaths").rows()
    wrong = next((drg for drg, cases, deaths in rows if deaths > cases), None)
    if wrong is not None:
        raise DrgpayError(*_ERRORS("more_deaths", path=job.tables["group_mortality"], drg=wrong))
    return risk_classes([Mortality(*row) for row in rows], job.file.mortality_cases)


def _confirmed_clues(job: EvaluationJob, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """hospital_id, case_ids of the clues of the supervision whose decision is that they are confirmed."""
    if job.supervision is None:
        return None
    path = job.supervision / "clues.parquet"
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_supervision", folder=job.supervision))
    clues = pl.read_parquet(path, columns=["clue_id", "hospital_id", "case_ids"])
    decided = tables["decisions"].filter(
        (pl.col("step") == "decision") & (pl.col("result") == "confirmed")
    )
    return clues.filter(pl.col("clue_id").is_in(decided["clue_id"].implode())).select(
        "hospital_id", "case_ids"
    )
