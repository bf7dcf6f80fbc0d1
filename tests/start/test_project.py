"""From a centre's own files to a settled month: what was edited stays, what lacks is refused by its place."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.dataset import RecordsInput
from drgpay.records.hospitals import read_hospitals
from drgpay.run.calibration import make_catalogue
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.start.folder import State
from drgpay.start.found import Nobody, Sureness
from drgpay.start.policy_file import CORE
from drgpay.start.project import Started, Wishes, start_project
from tests.run.no_books import without_books
from tests.start.clerk import Clerk
from tests.start.exports import hospital_list, payable, settlement_export, write_csv, write_excel

MONTH = "2026-10"
PAST = ("2026-08", "2026-09")
BUDGET = "annual_yuan = { employee = 86100000.00, resident = 93600000.00 }"


@pytest.fixture(scope="module")
def centre(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A centre's own files, in Excel: stays of a month and of past months, its list of hospitals."""
    folder = tmp_path_factory.mktemp("centre")
    stays = settlement_export(payable(sample_data / "stays" / f"{MONTH}.parquet"))
    write_excel({"明细": stays}, folder / "住院结算.xlsx", "2026 年 10 月住院结算明细")
    past = [payable(sample_data / "history" / f"{month}.parquet") for month in PAST]
    history = settlement_export(pl.concat(past, how="vertical_relaxed"))
    write_excel({"明细": history, "说明": pl.DataFrame({"说明": ["无"]})}, folder / "往年.xlsx")
    hospitals = hospital_list(sample_data / "hospitals.csv")
    write_excel({"Sheet1": hospitals}, folder / "定点机构.xlsx")
    return folder


def started(centre: Path, folder: Path, **wishes: object) -> Started:
    given = {
        "stays": centre / "住院结算.xlsx",
        "history": centre / "往年.xlsx",
        "hospitals": centre / "定点机构.xlsx",
        "region": "云泽市",
        **wishes,
    }
    return start_project(Wishes(folder, **given), Nobody(), "zh")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def project(centre: Path, tmp_path_factory: pytest.TempPathFactory) -> Started:
    return started(centre, tmp_path_factory.mktemp("project") / "2026")


def fill_budget(folder: Path) -> None:
    policy = folder / "policy.toml"
    lines = policy.read_text(encoding="utf-8").splitlines()
    edited = [BUDGET if line.startswith("annual_yuan") else line for line in lines]
    policy.write_text("\n".join(edited) + "\n", encoding="utf-8")


def money(job: Path) -> pl.DataFrame:
    with without_books():
        finished = run_month(load_job(job), "zh")
    table = pl.read_parquet(finished.folder / "statements.parquet")
    return table.sort("hospital_id", "account", "out_of_area")


@pytest.mark.slow
def test_a_month_is_paid_after_one_edited_line(
    project: Started, sample_data: Path, tmp_path: Path
) -> None:
    """Its money is that of the plain table, calibrated and run without a mapping."""
    folder = project.folder.path
    assert {gap.file for gap in project.gaps} == {"policy.toml"}
    assert len({gap.line for gap in project.gaps}) == 1
    with pytest.raises(DrgpayError, match=r"policy\.toml.*line \d+.*budget\.annual_yuan"):
        run_month(load_job(folder / f"{MONTH}.toml"), "zh")
    before = (folder / "policy.toml").read_bytes()
    fill_budget(folder)
    got = money(folder / f"{MONTH}.toml")

    payable(sample_data / "stays" / f"{MONTH}.parquet").write_parquet(tmp_path / "stays.parquet")
    (tmp_path / "history").mkdir()
    for month in PAST:
        past = payable(sample_data / "history" / f"{month}.parquet")
        past.write_parquet(tmp_path / "history" / f"{month}.parquet")
    hospitals = sample_data / "hospitals.csv"
    make_catalogue(
        RecordsInput(tmp_path / "history"), "chs-drg-2.0", CORE, hospitals, tmp_path / "catalogue"
    )
    job = tmp_path / "job.toml"
    job.write_text(
        f'period = "{MONTH}"\nscheme = "chs-drg-2.0"\ncatalogue = "catalogue"\n'
        f'policy = "{folder / "policy.toml"}"\noutput = "runs"\n'
        f'[inputs]\nstays = "stays.parquet"\nhospitals = "{hospitals}"\n',
        encoding="utf-8",
    )
    assert got.height > 10
    assert got.equals(money(job))
    (folder / "policy.toml").write_bytes(before)


def test_everything_is_recognised_and_checked(project: Started) -> None:
    stays = project.recognised["stays"]
    assert {one.sureness for one in stays.found.values()} == {Sureness.CERTAIN}
    assert project.months == {MONTH: stays.given.rows}
    assert project.checked is not None
    assert project.checked.refused == 0
    assert project.checked.stays == stays.given.rows
    total = stays.given.column("医疗费总额(元)").cast(pl.Decimal(18, 2)).sum()
    assert project.checked.total_yuan == total
    readme = (project.folder.path / "README.md").read_text(encoding="utf-8")
    assert "drgpay run 2026-10.toml" in readme
    assert "职工全年基金预算" in readme


def test_hospitals_are_those_of_the_list(project: Started, sample_data: Path) -> None:
    made = read_hospitals(project.folder.path / "hospitals.csv")
    assert made.equals(read_hospitals(sample_data / "hospitals.csv"))


def test_a_second_start_leaves_what_was_edited(centre: Path, tmp_path: Path) -> None:
    first = started(centre, tmp_path / "2026", history=None)
    assert set(first.folder.states.values()) == {State.NEW}
    fill_budget(tmp_path / "2026")
    edited = (tmp_path / "2026" / "policy.toml").read_bytes()
    second = started(centre, tmp_path / "2026", history=None, region="另一统筹区")
    assert second.folder.states["policy.toml"] is State.EDITED
    assert second.folder.states["mapping.toml"] is State.SAME
    assert (tmp_path / "2026" / "policy.toml").read_bytes() == edited
    assert "policy.toml" not in {gap.file for gap in second.gaps}


def test_a_file_that_was_not_edited_is_renewed(centre: Path, tmp_path: Path) -> None:
    started(centre, tmp_path / "2026", history=None)
    again = started(centre, tmp_path / "2026", history=None, year=2027)
    assert again.folder.states["policy.toml"] is State.RENEWED
    assert "year = 2027" in (tmp_path / "2026" / "policy.toml").read_text(encoding="utf-8")


def test_a_file_of_somebody_else_is_left(centre: Path, tmp_path: Path) -> None:
    (tmp_path / "hospitals.csv").write_text("my,own\n", encoding="utf-8")
    made = started(centre, tmp_path, history=None)
    assert made.folder.states["hospitals.csv"] is State.EDITED
    assert (tmp_path / "hospitals.csv").read_text(encoding="utf-8") == "my,own\n"


def test_without_a_catalogue_the_job_says_so(centre: Path, tmp_path: Path) -> None:
    started(centre, tmp_path / "2026", history=None)
    with pytest.raises(DrgpayError, match=r"2026-10\.toml.*line \d+.*catalogue"):
        load_job(tmp_path / "2026" / f"{MONTH}.toml")


def test_hospitals_of_the_stays_have_gaps(centre: Path, tmp_path: Path) -> None:
    made = started(centre, tmp_path / "2026", history=None, hospitals=None)
    gaps = [gap for gap in made.gaps if gap.file == "hospitals.csv"]
    assert len(gaps) == made.recognised["stays"].given.column("定点医药机构编号").n_unique()
    with pytest.raises(DrgpayError, match=r"hospitals\.csv, row 2: column level"):
        read_hospitals(tmp_path / "2026" / "hospitals.csv")


def test_months_are_parted(centre: Path, sample_data: Path, tmp_path: Path) -> None:
    both = pl.concat(
        [
            payable(sample_data / "history" / "2026-09.parquet"),
            payable(sample_data / "stays" / f"{MONTH}.parquet"),
        ],
        how="vertical_relaxed",
    )
    export = write_csv(settlement_export(both), tmp_path / "两月.csv")
    made = started(centre, tmp_path / "2026", history=None, stays=export)
    assert list(made.months) == ["2026-09", MONTH]
    parts = [tmp_path / "2026" / "stays" / f"{month}.parquet" for month in made.months]
    assert [pl.read_parquet(part).height for part in parts] == list(made.months.values())
    assert {part.stat().st_mode & 0o777 for part in parts} == {0o600}
    assert (tmp_path / "2026" / "calendar.csv").read_text(encoding="utf-8").count(".toml") == 2


def test_weights_make_the_catalogue(centre: Path, tmp_path: Path) -> None:
    weights = tmp_path / "权重.csv"
    weights.write_text(
        "DRG编码,DRG名称,RW,支付标准\nAC19,肺炎,0.5,5000\nAD19,食管,2,20000\n", encoding="utf-8"
    )
    made = started(centre, tmp_path / "2026", history=None, weights=weights, scheme="chs-drg-2.0")
    assert (tmp_path / "2026" / "catalogue" / "groups.csv").is_file()
    assert not [gap for gap in made.gaps if gap.file == f"{MONTH}.toml"]


def test_what_somebody_answers_is_no_gap(centre: Path, tmp_path: Path) -> None:
    clerk = Clerk()
    wishes = Wishes(tmp_path / "2026", centre / "住院结算.xlsx", hospitals=centre / "定点机构.xlsx")
    made = start_project(wishes, clerk, "zh")
    assert len(clerk.asked) == 3  # region, and a budget for each account
    assert "policy.toml" not in {gap.file for gap in made.gaps}
    assert "employee = 86100000.00" in (tmp_path / "2026" / "policy.toml").read_text("utf-8")


def test_visits_need_their_lines(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="belong together"):
        start_project(Wishes(tmp_path, visits=tmp_path / "v.csv"), Nobody(), "zh")


def test_nothing_but_a_folder_gives_a_folder_of_gaps(tmp_path: Path) -> None:
    made = start_project(Wishes(tmp_path / "2026", all_mean=Decimal(1)), Nobody(), "zh")
    assert {gap.file for gap in made.gaps} == {"policy.toml", "month.toml"}
