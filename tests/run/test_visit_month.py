"""Runs with visits: alone and with stays, resumed, verified, and refused with a sentence."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from drgpay.base.errors import DrgpayError
from drgpay.records.origin import ORIGIN_SCHEMA
from drgpay.records.visits.tables import VisitInput
from drgpay.results.manifest import output_hashes, read_manifest
from drgpay.run import visit_month
from drgpay.run.job import Job, VisitsJob, load_any_job, load_job
from drgpay.run.month_end import run_month
from drgpay.run.verify import verify_run
from drgpay.run.visit_calibration import make_visit_catalogue
from drgpay.run.visit_entries import VisitGrouping, write_entries
from tests.results.packages import broken_rules
from tests.spread import spread

OUTPATIENT = """
[outpatient]
visits = "visits"
items = "visit_items"
scheme = "open-apg-1"
catalogue = "visit_catalogue"
enrolment = "enrolment.csv"
"""
ALONE = (
    """
period = "2026-10"
policy = "policy.toml"
output = "runs"
[inputs]
hospitals = "hospitals.csv"
"""
    + OUTPATIENT
)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("visits") / "region"
    shutil.copytree(sample_data, folder)
    (folder / "visits.toml").write_text(ALONE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def job(region: Path) -> VisitsJob:
    loaded = load_any_job(region / "visits.toml")
    assert isinstance(loaded, VisitsJob)
    return loaded


@pytest.fixture(scope="module")
def run(job: VisitsJob) -> Path:
    return run_month(job).folder


def reordered(region: Path, folder: Path) -> VisitInput:
    """The same records in another order, cut into other files and row groups."""
    for name, rows in (("visits", 700), ("visit_items", 3000)):
        (folder / name).mkdir(parents=True)
        table = pl.read_parquet(region / name / "2026-10.parquet")
        mixed = table.sample(fraction=1, shuffle=True, seed=3)
        half = mixed.height // 2
        for number, part in enumerate((mixed[:half], mixed[half:])):
            part.write_parquet(folder / name / f"{number}.parquet", row_group_size=rows)
    return VisitInput(folder / "visits", folder / "visit_items")


def test_the_run_is_a_data_package(run: Path) -> None:
    assert broken_rules(run) == []


@pytest.mark.slow
def test_bytes_do_not_depend_on_order_files_or_threads(
    region: Path, job: VisitsJob, run: Path, tmp_path: Path
) -> None:
    mixed = replace(job.outpatient, records=reordered(region, tmp_path / "mixed"))
    named = run_month(replace(job, output=tmp_path / "one"), run_id="x", threads=1).folder
    again = replace(job, outpatient=mixed, output=tmp_path / "two")
    other = run_month(again, run_id="x", threads=2).folder
    hashes, others = output_hashes(named), output_hashes(other)
    findings = [
        name for name in hashes if name.endswith(("quarantine.parquet", "warnings.parquet"))
    ]
    assert len(findings) == 4
    for name in findings:  # they say where rows stand
        one, two = (
            pl.read_parquet(folder / name).drop(*ORIGIN_SCHEMA) for folder in (named, other)
        )
        assert_frame_equal(one, two)
        del hashes[name], others[name]
    assert hashes == others
    parquet = [name for name in hashes if name.endswith(".parquet")]
    assert {name: output_hashes(run)[name] for name in parquet} == {
        name: hashes[name] for name in parquet
    }


def test_every_balance_of_visits_is_checked(region: Path, run: Path) -> None:
    verified = verify_run(run, region / "visits.toml")
    assert [check for check in verified.checks if check.status != "right"] == []
    assert {check.key for check in verified.checks} >= {
        *("visit_counts", "entry_points", "visit_lines", "visit_prices", "visit_values"),
        *("visit_pools", "visit_prepayments", "visit_ledger", "capitation", "tie_out"),
    }
    assert all(check.compared for check in verified.checks)


Change = Callable[[pl.DataFrame], pl.DataFrame]


def more(column: str) -> Change:
    """One more in the first row that has something."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        place = frame.select((pl.col(column).fill_null(0) != 0).arg_max()).item()
        here = pl.int_range(pl.len()) == place
        value = pl.col(column) + pl.lit(1).cast(frame.schema[column])
        return frame.with_columns(
            pl.when(here).then(value).otherwise(column).cast(frame.schema[column]).alias(column)
        )

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "column", "check"),
    spread(
        [
            ("entries", "factor", "entry_points"),
            ("visits", "points", "entry_points"),
            ("visits", "fund_amount", "visit_lines"),
            ("visit_statements", "standard_amount", "visit_prices"),
            ("visit_values", "point_value", "visit_values"),
            ("visit_values", "remainder", "visit_pools"),
            ("visit_statements", "prepayment", "visit_prepayments"),
            ("visit_ledger", "amount", "visit_ledger"),
            ("capitation", "charged", "capitation"),
            ("capitation_apart", "fund_amount", "capitation"),
            ("capitation_tie_out", "uncontracted", "tie_out"),
        ],
        3,
    ),
)
def test_a_forged_figure_is_found(
    run: Path, tmp_path: Path, file: str, column: str, check: str
) -> None:
    forged = Path(shutil.copytree(run, tmp_path / run.name))
    path = forged / f"{file}.parquet"
    more(column)(pl.read_parquet(path)).write_parquet(path)
    found = {each.key: each.status for each in verify_run(forged).checks}
    assert found[check] == "wrong"


@pytest.mark.slow
def test_visits_and_stays_in_one_job_are_those_of_jobs_of_their_own(
    region: Path, run: Path
) -> None:
    loaded = load_job(region / "2026-10.toml")
    both = run_month(replace(loaded, output=region / "runs"), run_id="both").folder
    stays = run_month(
        replace(loaded, output=region / "alone", outpatient=None), run_id="both"
    ).folder
    whole = output_hashes(both)
    for part in (run, stays):
        for name, sha256 in output_hashes(part).items():
            if name.endswith((".parquet", ".csv", ".json")):
                assert whole[name] == sha256, name
    assert verify_run(both).status == "right"
    counts = read_manifest(both).counts
    assert counts["visits_read"] == 3000 and counts["read"] == 2000


@pytest.mark.slow
def test_an_interrupted_run_keeps_its_entries(
    job: VisitsJob, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_given: object) -> None:
        raise KilledError

    again = replace(job, output=tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("drgpay.run.visit_month.pay_visits", killed)
        with pytest.raises(KilledError):
            run_month(again)
    with monkeypatch.context() as patched:
        patched.setattr(visit_month, "group_all_visits", killed)
        finished = run_month(again)
    assert finished.reused == ("visits",)
    assert output_hashes(finished.folder) == output_hashes(run)
    assert [path.name for path in tmp_path.iterdir()] == [run.name]


def test_a_job_of_visits_alone_is_no_job_of_stays(region: Path) -> None:
    with pytest.raises(DrgpayError, match=r"settles visits alone"):
        load_job(region / "visits.toml")
    assert isinstance(load_any_job(region / "2026-10.toml"), Job)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('scheme = "open-apg-1"', 'scheme = "chs-drg-2.0"', "it groups stays"),
        ('period = "2026-10"', 'period = "2026-09"', "none of 3000 visits is valid"),
        ('period = "2026-10"', 'period = "2027-10"', "the policy .* is for 2026"),
        ('catalogue = "visit_catalogue"', 'catalogue = "catalogue"', "was made for the scheme"),
        ("[inputs]", 'corrects = "runs/x"\n[inputs]', "x is not the folder of a run"),
        ("[inputs]", 'scheme = "chs-drg-2.0"\n[inputs]', "names scheme, but no inputs.stays"),
        ('items = "visit_items"', 'items = "nowhere"', "nowhere"),
    ],
)
def test_mistakes_of_a_job_are_named(region: Path, before: str, after: str, sentence: str) -> None:
    wrong = region / "wrong.toml"
    wrong.write_text(ALONE.replace(before, after), encoding="utf-8")
    with pytest.raises(DrgpayError, match=sentence):
        run_month(load_any_job(wrong))
    assert not (region / "runs" / ".partial").exists()


def test_heads_of_zero_are_refused(region: Path, job: VisitsJob, tmp_path: Path) -> None:
    text = (region / "enrolment.csv").read_text(encoding="utf-8-sig").splitlines()
    path = tmp_path / "enrolment.csv"
    first = text[1].rsplit(",", 1)[0]
    path.write_text("\n".join([text[0], f"{first},0", *text[2:]]), encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"row \d+ .*heads of 0"):
        run_month(replace(job, outpatient=replace(job.outpatient, enrolment=path)))


def test_unsound_records_are_quarantined_and_counted(
    region: Path, job: VisitsJob, tmp_path: Path
) -> None:
    visits = pl.read_parquet(region / "visits" / "2026-10.parquet")
    items = pl.read_parquet(region / "visit_items" / "2026-10.parquet")
    sound = items["visit_id"].unique().sort()
    no_lines, stranger = sound[10], sound[20]
    items = pl.concat(
        [
            items.filter(pl.col("visit_id") != no_lines),
            items[:1].with_columns(visit_id=pl.lit("V-nobody")),
            items.filter(pl.col("visit_id") == sound[30])[:1],
        ]
    )
    visits = visits.with_columns(
        contractor_id=pl.when(pl.col("visit_id") == stranger)
        .then(pl.lit("H-nobody"))
        .otherwise("contractor_id")
    )
    visits.write_parquet(tmp_path / "visits.parquet")
    items.write_parquet(tmp_path / "items.parquet")
    records = VisitInput(tmp_path / "visits.parquet", tmp_path / "items.parquet")
    finished = run_month(
        replace(job, outpatient=replace(job.outpatient, records=records), output=tmp_path / "runs")
    )
    assert finished.visits is not None
    folder, counts = finished.folder, finished.visits.facts.counts
    assert counts["read"] == counts["valid"] + counts["quarantined"] == visits.height
    assert counts["lines_read"] == counts["lines_valid"] + counts["lines_quarantined"]
    assert counts["lines_read"] == items.height
    quarantine = pl.read_parquet(folder / "visit_quarantine.parquet")
    assert no_lines in quarantine.filter(code="visit_without_lines")["visit_id"]
    lines = pl.read_parquet(folder / "line_quarantine.parquet")
    assert "V-nobody" in lines.filter(code="line_without_visit")["visit_id"]
    assert sound[30] in pl.read_parquet(folder / "line_warnings.parquet")["visit_id"]
    warned = pl.read_parquet(folder / "visit_warnings.parquet").filter(code="unknown_contractor")
    assert stranger in warned["visit_id"]
    paid = pl.read_parquet(folder / "visits.parquet").filter(visit_id=stranger)
    assert paid["contractor_id"].to_list() == ["H-nobody"]
    assert verify_run(folder).status == "right"


def test_entries_alone_are_those_of_the_run(region: Path, run: Path, tmp_path: Path) -> None:
    grouping = VisitGrouping(
        "open-apg-1",
        str(region / "policy.toml"),
        region / "visit_catalogue",
        region / "hospitals.csv",
    )
    mixed = reordered(region, tmp_path / "mixed")
    out, visits = tmp_path / "entries.parquet", tmp_path / "points.parquet"
    written = write_entries(mixed, grouping, out, visits, tmp_path / "findings")
    assert written.grouped.counted.visits_read == 3000
    assert out.read_bytes() == (run / "entries.parquet").read_bytes()
    points = pl.read_parquet(visits).select("visit_id", "points")
    assert points.equals(pl.read_parquet(run / "visits.parquet", columns=points.columns))
    assert len(list((tmp_path / "findings").iterdir())) == 4


def test_entries_without_policy_catalogue_and_hospitals(region: Path, tmp_path: Path) -> None:
    records = VisitInput(region / "visits", region / "visit_items")
    out = tmp_path / "entries.parquet"
    written = write_entries(records, VisitGrouping("open-apg-1", "illustrative"), out)
    entries = pl.read_parquet(out)
    assert entries.height == written.grouped.entries
    assert entries["coefficient"].null_count() == entries.height
    assert entries["visit_id"].is_sorted()


def test_a_catalogue_is_the_same_whatever_the_order(region: Path, tmp_path: Path) -> None:
    scheme, policy, hospitals = "open-apg-1", str(region / "policy.toml"), region / "hospitals.csv"
    sorted_input = VisitInput(region / "visits", region / "visit_items")
    first = make_visit_catalogue(sorted_input, scheme, policy, hospitals, tmp_path / "a" / "c")
    mixed = reordered(region, tmp_path / "visits-mixed")
    second = make_visit_catalogue(mixed, scheme, policy, hospitals, tmp_path / "b" / "c")
    assert first.catalogue.info.kind == "apg"
    assert first.catalogue.groups.equals(second.catalogue.groups)
    assert first.catalogue.coefficients.equals(second.catalogue.coefficients)
    with pytest.raises(DrgpayError, match="exists already"):
        make_visit_catalogue(sorted_input, scheme, policy, hospitals, tmp_path / "a" / "c")
