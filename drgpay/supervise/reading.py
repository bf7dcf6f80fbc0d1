"""The material of a supervision: runs opened, their stays joined with groups and points, persons numbered."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import unscaled
from drgpay.base.words import Sentences
from drgpay.grouper.compiled import CompiledScheme
from drgpay.points.readmission import KIND as READMISSION
from drgpay.records.arrow_files import read_arrow, write_arrow
from drgpay.records.dataset import Dataset
from drgpay.records.hospitals import read_hospitals
from drgpay.records.meaning.rules import Reading
from drgpay.records.stays import fen_of
from drgpay.results.part import STAYS
from drgpay.results.run_folder import PaidPart, RunFolder, open_run
from drgpay.run.input_files import InputFiles
from drgpay.run.kept_rules import policy_kept, rules_kept
from drgpay.run.previous import refuse_other_stays
from drgpay.supervise.file import RunInput, SuperviseJob
from drgpay.supervise.material import NUMBERED, STAY_SCHEMA, Material, Rated, numbers_file
from drgpay.supervise.reading_visits import read_visits
from drgpay.supervise.tables_given import read_tables_given

_ERRORS = Sentences("errors/supervise")

_OF_CASES = (
    *(
        "case_id",
        "hospital_id",
        "level",
        "account",
        "out_of_area",
        "admission_date",
        "discharge_date",
    ),
    *(
        "settlement_date",
        "length_of_stay",
        "payment_unit",
        "bed_day_class",
        "complete",
        "status",
        "mdc",
        "adrg",
        "drg",
    ),
    *(
        "severity",
        "case_class",
        "stability",
        "base_points",
        "coefficient",
        "points_before",
        "points",
    ),
    *("total_fen", "fund_fen", "patient_fen", "other_fen"),
)
_TEXTS = ("case_id", "person_id", "department", "principal_diagnosis")
_NUMBERS = ("sex", "age", "age_days", "weight_g", "discharge_type")
_LISTS = ("other_diagnoses", "procedures")
_OF_RECORDS = (*_TEXTS, *_NUMBERS, *_LISTS, "exam_cost")
_OF_EXT = ("admission_route", "doctor_id", "self_pay_fen", "icu_days")

Progress = Callable[[str, int, int], None]


def read_material(job: SuperviseJob, work: Path, read: InputFiles) -> Material:
    """Open the runs of a supervision and lay their stays into files below `work`.

    Raises DrgpayError for a run that was changed, stays that are not those that it was settled from, two
    runs of one month, and a case that two runs have.
    """
    hospitals = read_hospitals(job.hospitals)
    opened = sorted((_opened(one, read) for one in job.runs), key=lambda one: one[1].period)
    _refuse_twice(job, [run for _, run, *_ in opened])
    kinds = hospitals.select("hospital_id", kind=pl.col("kind").fill_null("general"))
    tables = read_tables_given(job, read)
    files, rated, counts = [], [], [0, 0]
    for number, (given, run, dataset, compiled) in enumerate(opened):
        frame, rows = _stays_of(run, dataset, given.current, number)
        rules = rules_kept(run, hospitals, given.scheme)
        rated.append(
            Rated(
                run.run_id, run.period, given.current, compiled, rules.catalogue, policy_kept(run)
            )
        )
        files.append(work / f"{number}.arrow")
        write_arrow(_laid_out(_beside(frame, kinds)), files[-1])
        counts[0] += rows
        counts[1] += rows - frame.height
    _refuse_repeated(files, rated)
    persons = _numbers(pl.concat(read_arrow(one, ["person_id"])["person_id"] for one in files))
    _numbered(files, tables.get("stays_ext"), persons)
    if "deaths" in tables:
        tables["deaths"] = _deaths_numbered(tables["deaths"], persons)
    visits = read_visits(
        [(given, run, Reading.of(policy_kept(run).records)) for given, run, *_ in opened],
        persons,
        work,
        read,
    )
    newest = max((run for given, run, *_ in opened if given.current), key=lambda one: one.period)
    ends = read_arrow(files[-1], ["discharge_date"])["discharge_date"].max()
    assert isinstance(ends, date)
    return Material(
        files=tuple(files),
        runs=tuple(rated),
        values=_values(newest),
        tables={name: table for name, table in tables.items() if name != "stays_ext"},
        hospitals=hospitals,
        known_from=_first_day(opened[0][1]),
        last_day=ends,
        read=counts[0],
        refused=counts[1],
        visit_files=visits.visits,
        line_files=visits.lines,
        visits_read=visits.read,
        visits_refused=visits.refused,
    )


def _opened(
    given: RunInput, read: InputFiles
) -> tuple[RunInput, PaidPart, Dataset, CompiledScheme]:
    run = open_run(given.run).of(STAYS)
    if given.stays is None:
        raise DrgpayError(*_ERRORS("run_without_stays", run=given.run))
    compiled = rules_kept(run, pl.DataFrame(), given.scheme).compiled
    reading = Reading.of(policy_kept(run).records)
    dataset = given.stays.open(compiled.scheme.info.code_system, reading)
    refuse_other_stays(run, dataset, read)
    return given, run, dataset, compiled


def _refuse_twice(job: SuperviseJob, runs: Sequence[RunFolder]) -> None:
    for one, following in pairwise(runs):
        if one.period == following.period:
            raise DrgpayError(*_ERRORS("period_twice", path=job.path, period=one.period))


def _first_day(run: RunFolder) -> date:
    year, _, month = run.period.partition("-")
    return date(int(year), int(month or 1), 1)


def _stays_of(
    run: PaidPart, dataset: Dataset, current: bool, number: int
) -> tuple[pl.DataFrame, int]:
    """The valid stays of a run, sorted by case_id, with person_id; and how many rows the records have."""
    parts = [
        _record_columns(batch) for piece in dataset.pieces() for batch in piece.batches(_OF_RECORDS)
    ]
    records = pl.concat(parts).unique("case_id", keep="first", maintain_order=True)
    returned = (
        run.scaled("adjustments", ["case_id", "kind", "applies_to", "points", "step"])
        .filter((pl.col("kind") == READMISSION) & (pl.col("applies_to") == "case"))
        .group_by("case_id")
        .agg(returned=pl.col("points").sum(), step=pl.col("step").min())
    )
    cases = run.scaled("cases", _OF_CASES)
    month = (
        pl.lit(run.period)
        if len(run.period) > len("2026")
        else (pl.col("settlement_date").dt.strftime("%Y-%m"))
    )
    frame = (
        cases.join(records, on="case_id", how="left", maintain_order="left")
        .join(returned, on="case_id", how="left", maintain_order="left")
        .with_columns(
            month=month,
            current=pl.lit(current),
            run=pl.lit(number, pl.Int32),
            points_before_return=pl.col("points") - pl.col("returned").fill_null(0),
        )
        .drop("returned", "step", "points_before")
        .sort("case_id")
    )
    return frame, dataset.rows


def _record_columns(batch: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.DataFrame(pa.table(batch))
    lacking = [name for name in _OF_RECORDS if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None).alias(name) for name in lacking)
    texts = [pl.col(name).cast(pl.String) for name in _TEXTS]
    numbers = [pl.col(name).cast(pl.Float64) for name in _NUMBERS]
    lists = [pl.col(name).cast(pl.List(pl.String)).fill_null([]) for name in _LISTS]
    return frame.select(*texts, *numbers, *lists, fen_of(frame["exam_cost"]).alias("exam_fen"))


def _refuse_repeated(files: Sequence[Path], runs: Sequence[Rated]) -> None:
    ids = pl.concat(
        read_arrow(file, ["case_id"]).with_columns(run=pl.lit(run.run_id))
        for file, run in zip(files, runs, strict=True)
    )
    twice = ids.filter(pl.col("case_id").is_duplicated()).sort("case_id", "run")
    if twice.height:
        first = twice.row(0, named=True)
        raise DrgpayError(*_ERRORS("case_twice", case=first["case_id"], run=first["run"]))


def _deaths_numbered(deaths: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """person, death_date: of those who have a stay."""
    return (
        deaths.join(persons.rename({"id": "person_id", "number": "person"}), on="person_id")
        .select("person", "death_date")
        .unique()
        .sort("person")
    )


def _numbered(files: Sequence[Path], ext: pl.DataFrame | None, persons: pl.DataFrame) -> None:
    """Lay NUMBERED of STAY_SCHEMA beside the files of stays: persons and doctors as numbers, and what else
    stays_ext says. The wide files are not written again.
    """
    numbers = persons.rename({"id": "person_id", "number": "person"})
    doctors = _numbers(ext["doctor_id"] if ext is not None else pl.Series([], dtype=pl.String))
    for one in files:
        frame = _beside(read_arrow(one, ["person_id", "case_id"]), numbers)
        if ext is None:
            frame = frame.with_columns(
                pl.lit(None, STAY_SCHEMA[name]).alias(name) for name in NUMBERED if name != "person"
            )
        else:
            more = ext.rename({"self_pay_cost": "self_pay_fen"}).select("case_id", *_OF_EXT)
            frame = _beside(frame.drop("person_id"), more)
            frame = _beside(
                frame.select("doctor_id", pl.all().exclude("doctor_id")),
                doctors.rename({"id": "doctor_id", "number": "doctor"}),
            )
        write_arrow(
            frame.select(pl.col(name).cast(STAY_SCHEMA[name]) for name in NUMBERED),
            numbers_file(one),
        )


def _laid_out(frame: pl.DataFrame) -> pl.DataFrame:
    """Stays with the types of STAY_SCHEMA, but for what is numbered, and person_id."""
    return frame.select(
        "person_id",
        *(pl.col(name).cast(dtype) for name, dtype in STAY_SCHEMA.items() if name not in NUMBERED),
    )


def _beside(frame: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """The frame with the further columns of another one, which its first column finds; null where it does not.

    Only the key goes through the join: the rest, with its lists, stays where it lies.
    """
    key = more.columns[0]
    found = frame.select(key).join(more, on=key, how="left", maintain_order="left").drop(key)
    return frame.hstack(found)


def _numbers(ids: pl.Series) -> pl.DataFrame:
    """id, number: each id of a series in the order of the ids, counted from 1."""
    distinct = ids.drop_nulls().unique().sort().rename("id")
    return (
        pl.DataFrame({"id": distinct})
        .with_row_index("number", offset=1)
        .select(pl.col("id").cast(pl.String), pl.col("number").cast(pl.Int32))
    )


def _values(run: PaidPart) -> pl.DataFrame:
    """hospital_id, account, value: of the local lines of a run, and with null for other hospitals."""
    places = run.about.value_places
    lines = (
        run.scaled("statements", ["hospital_id", "account", "out_of_area", "point_value"])
        .filter(~pl.col("out_of_area"))
        .drop_nulls()
        .unique(["hospital_id", "account"], keep="first", maintain_order=True)
        .with_columns(value=pl.col("point_value") / float(unscaled(1, 0).scaleb(places)))
        .select("hospital_id", "account", "value")
        .sort("hospital_id", "account")
    )
    others = lines.group_by("account").agg(pl.col("value").median()).sort("account")
    return pl.concat(
        [
            lines,
            others.select(hospital_id=pl.lit(None, pl.String), account="account", value="value"),
        ]
    )
