"""A small year with every kind of result, made by the commands that users type.

Inputs lie in the folder of the region, runs in `runs`, all else that commands answer in `answers`.
The same size gives the same bytes in whatever folder: commands are told paths from within it.
"""

import json
from contextlib import chdir
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from drgpay.base.language import VARIABLE
from drgpay.cli.main import app
from drgpay.sample.job_files import write_job_files
from drgpay.sample.plan import SamplePlan
from drgpay.sample.region import write_region
from drgpay.sample.visit_plan import VisitPlan
from drgpay.sample.visit_region import write_visits
from tests.accepting import IN_JOB

MONTHS = tuple(f"2026-{month:02}" for month in range(1, 13))
APART, SPOILED, LOOKING_BACK, CORRECTED = "2026-01", "2026-02", "2026-03", "2026-05"
"""Stays and visits are runs of their own; some records are refused; the months before are named, for
some patients come back; a correction follows."""
AGAIN, LATE = f"{CORRECTED}-again", "LATE"


@dataclass(frozen=True)
class Size:
    """How many hospitals, stays and visits a month has, and which months have visits.

    named: runs are called as their job files, whatever they depend on; else by their basis.
    """

    hospitals: int
    stays: int
    visits: int
    with_visits: tuple[str, ...]
    named: bool

    @property
    def clears_visits(self) -> bool:
        """Whether the clearing has visits: every month needs them."""
        return self.with_visits == MONTHS


WHOLE = Size(hospitals=4, stays=60, visits=60, with_visits=MONTHS, named=True)
TINY = Size(hospitals=3, stays=40, visits=40, with_visits=("2026-02",), named=False)


def drgpay(*arguments: object) -> str:
    """What a command prints; raises what it refuses, and where it ends with another status than 0."""
    words = [str(one) for one in arguments]
    done = CliRunner().invoke(app, words, env={VARIABLE: "zh"}, catch_exceptions=False)
    if done.exit_code:
        raise AssertionError(f"{arguments}: {done.output}")
    return done.stdout


def make_inputs(region: Path, size: Size) -> None:
    """Records with their history, hospitals, catalogues, policy, filings, jobs and the year file."""
    plan = SamplePlan(
        stays_per_month=size.stays * 8,
        months=12,
        history_months=2,
        last_period=MONTHS[-1],
        seed=11,
        history_stays_per_month=1500,
    )
    visits = VisitPlan(plan, size.visits * 8, 1000)
    write_region(plan, region)
    write_visits(visits, region)
    for period in MONTHS:
        _keep_few(region, period, size)
    _spoil_some(region)
    _bring_some_back(region)
    write_job_files(plan, region, visits=visits)
    _file_late(region)
    _write_correction(region)
    if not size.clears_visits:
        year = region / "2026.toml"
        year.write_text(_of_stays(year.read_text("utf-8")), "utf-8")


def _keep_few(region: Path, period: str, size: Size) -> None:
    """Few hospitals with enough cases each, and fewer workbooks."""
    file = f"{period}.parquet"
    for name, most in (("stays", size.stays), ("visits", size.visits)):
        path = region / name / file
        records = pl.read_parquet(path)
        few = records.filter(pl.col("hospital_id").rank("dense") <= size.hospitals)
        few.gather_every(max(few.height // most, 1)).head(most).write_parquet(path)
    _keep_lines(region / "visits" / file, region / "visit_items" / file, region / "visit_items")


def _keep_lines(visits: Path, items: Path, folder: Path) -> None:
    """The lines of some visits."""
    kept = pl.read_parquet(visits)["visit_id"].to_list()
    lines = pl.read_parquet(items).filter(pl.col("visit_id").is_in(kept))
    lines.write_parquet(folder / items.name)


def _spoil_some(region: Path) -> None:
    """A stay, a visit and a line that are refused."""
    file = f"{SPOILED}.parquet"
    for name, column in (("stays", "sex"), ("visits", "hospital_id"), ("visit_items", "visit_id")):
        path = region / name / file
        records = pl.read_parquet(path)
        spoiled = records[-1:].with_columns(_OTHER[column].cast(records.schema[column]))
        pl.concat([records[:-1], spoiled]).write_parquet(path)


_OTHER = {
    "sex": pl.lit(None).alias("sex"),
    "hospital_id": pl.lit("H9999999").alias("hospital_id"),
    "visit_id": pl.lit("NOBODY").alias("visit_id"),
}


def _bring_some_back(region: Path) -> None:
    """Patients of the month before come back after three days, for as long and as much."""
    path = region / "stays" / f"{LOOKING_BACK}.parquet"
    before = pl.read_parquet(path.with_name(f"{SPOILED}.parquet"))
    short = (pl.col("length_of_stay") < 15) & (pl.col("discharge_date") >= date(2026, 2, 10))
    back = before.filter(short).with_columns(
        case_id="BACK" + pl.col("case_id"),
        admission_date=pl.col("discharge_date").dt.offset_by("3d"),
        discharge_date=pl.col("discharge_date").dt.offset_by("3d")
        + (pl.col("discharge_date") - pl.col("admission_date")),
        settlement_date=pl.lit(date(2026, 3, 20)),
    )
    pl.concat([pl.read_parquet(path), back]).write_parquet(path)


def _file_late(region: Path) -> None:
    """A violation found in a stay that is paid already."""
    paid = pl.read_parquet(region / "stays" / f"{SPOILED}.parquet")["case_id"][0]
    path = region / "filings" / LOOKING_BACK / "deductions.csv"
    listed = pl.read_csv(path, infer_schema=False)
    late = pl.DataFrame({"case_id": [paid], "kind": ["up_coding"], "document": ["2026-9"]})
    pl.concat([listed, late], how="diagonal").write_csv(path, include_bom=True)


def _write_correction(region: Path) -> None:
    """Two records are withdrawn, one is dearer by 250 yuan, one comes late; of visits but the last."""
    filed = pl.concat(
        pl.read_csv(path, infer_schema=False).select("case_id")
        for path in sorted((region / "filings" / CORRECTED).glob("*.csv"))
    )["case_id"]
    file = f"{CORRECTED}.parquet"
    for name in ("stays", "visits", "visit_items"):
        (region / "corrected" / name).mkdir(parents=True)
    stays = pl.read_parquet(region / "stays" / file)
    free = ~pl.col("case_id").is_in(filed.drop_nulls().to_list())
    late = stays.filter(free)[9:10].with_columns(case_id=pl.lit(LATE), person_id=pl.lit(LATE))
    kept = stays.filter(~pl.col("case_id").is_in(stays.filter(free)["case_id"][:2].to_list()))
    dearer = _dearer(kept, pl.col("case_id") == stays.filter(free)["case_id"][5])
    pl.concat([dearer, late]).write_parquet(region / "corrected" / "stays" / file)
    visits = pl.read_parquet(region / "visits" / file)
    corrected = region / "corrected" / "visits" / file
    _dearer(visits[2:], pl.col("visit_id") == visits["visit_id"][5]).write_parquet(corrected)
    _keep_lines(corrected, region / "visit_items" / file, region / "corrected" / "visit_items")


def _dearer(records: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    more = pl.when(which).then(250).otherwise(0)
    return records.with_columns(
        (pl.col(name) + more).cast(records.schema[name]) for name in ("total_cost", "fund_cost")
    )


def settle(region: Path, size: Size) -> dict[str, Path]:
    """The months, the correction and the clearing, by the name of the job file, from the region."""
    runs: dict[str, Path] = {}
    with chdir(region):
        for period in MONTHS:
            whole = Path(f"{period}.toml").read_text("utf-8")
            text = whole if period in size.with_visits else _of_stays(whole)
            if period == APART and size.clears_visits:
                runs[f"{period}-visits"] = _run(f"{period}-visits", _of_visits(whole), size)
                text = _of_stays(whole)
            if period == LOOKING_BACK:
                text += "".join(_previous(one, runs[one]) for one in MONTHS[: MONTHS.index(period)])
            runs[period] = _run(period, text, size)
            if period == CORRECTED:
                again = f'corrects = "{runs[period].as_posix()}"\n' + _with_corrected_records(text)
                runs[AGAIN] = _run(AGAIN, again, size)
        runs["2026"] = _finished("clear", "2026", size)
    return runs


def _of_stays(text: str) -> str:
    return text.partition("\n[outpatient]")[0]


def _of_visits(text: str) -> str:
    """The job without what is of stays."""
    of_stays = ("scheme", "catalogue", "stays", "reviews", "deductions")
    head, table, outpatient = text.partition("\n[outpatient]")
    lines = [line for line in head.splitlines() if line.partition(" = ")[0] not in of_stays]
    return "\n".join(lines) + table + outpatient


def _previous(period: str, run: Path) -> str:
    stays = f'stays = "stays/{period}.parquet"'
    return f'\n[[inputs.previous]]\nrun = "{run.as_posix()}"\n{stays}\n'


def _with_corrected_records(text: str) -> str:
    for name in ("stays", "visits", "items"):
        text = text.replace(f'{name} = "', f'{name} = "corrected/')
    return text


def _run(name: str, job: str, size: Size) -> Path:
    Path(f"{name}.toml").write_text(job + IN_JOB, "utf-8")
    return _finished("run", name, size)


def _finished(command: str, name: str, size: Size) -> Path:
    """The folder that a command leaves: the last that it prints."""
    named = ("--run-id", name) if size.named else ()
    return Path(drgpay(command, f"{name}.toml", *named).splitlines()[-1])


def answer(region: Path, runs: dict[str, Path]) -> None:
    """Scenarios, catalogues, reports, cases and what the database says, in the folder `answers`."""
    with chdir(region):
        answers = Path("answers")
        answers.mkdir()
        Path("low.toml").write_text('name = "low"\n[policy]\npoints.low_ratio = 0.5\n', "utf-8")
        for name in ("2026-02", LOOKING_BACK, "2026"):
            base = ("--base", runs[name], "--job", f"{name}.toml")
            out = answers / f"scenario-{name}"
            drgpay("simulate", "low.toml", *base, "--out", out, "--with-cases", "--lang", "en")
        rules = ("--policy", "policy.toml", "--hospitals", "hospitals.csv")
        stays = ("history", "--scheme", "chs-drg-2.0", *rules)
        drgpay("calibrate", *stays, "--out", answers / "catalogue")
        visits = ("visit_history", "--items", "visit_item_history", "--scheme", "open-apg-1")
        drgpay("calibrate-visits", *visits, *rules, "--out", answers / "visit_catalogue")
        drgpay("report", runs["2026-02"], "--out", answers / "report.html")
        for name in ("2026-02", AGAIN, "2026"):
            run = runs[name]
            shown = json.loads(drgpay("runs", "show", run.name, "--format", "json"))
            for fact in ("seconds", "finished", "local_time", "manifest_sha256"):
                del shown["facts"][0][fact]
            (answers / f"show-{name}.json").write_text(json.dumps(shown), "utf-8")
            case = pl.read_parquet(run / "cases.parquet")["case_id"][-1]
            (answers / f"case-{name}.txt").write_text(drgpay("case", run, case), "utf-8")
