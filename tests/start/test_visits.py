"""Visits and their lines under a centre's own headings: recognised, parted by months, and settled."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.visits.tables import VisitInput
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.visit_calibration import make_visit_catalogue
from drgpay.start.folder import State
from drgpay.start.found import Nobody, Sureness
from drgpay.start.policy_file import VISITS
from drgpay.start.project import Started, Wishes, start_project
from tests.run.no_books import without_books
from tests.start.exports import (
    hospital_list,
    line_export,
    payable_visits,
    visit_export,
    write_csv,
    write_excel,
)

MONTH, PAST = "2026-10", "2026-09"
BUDGET = "annual_yuan = { employee = 2800000.00, resident = 2700000.00 }"


def both(sample_data: Path, month: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The visits and lines of a month."""
    kind = ("visits", "visit_items") if month == MONTH else ("visit_history", "visit_item_history")
    return payable_visits(*(sample_data / name / f"{month}.parquet" for name in kind))


@pytest.fixture(scope="module")
def centre(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A centre's own files: visits in Excel, lines in CSV, past ones, its list of hospitals."""
    folder = tmp_path_factory.mktemp("centre")
    visits, items = both(sample_data, MONTH)
    write_excel({"门诊": visit_export(visits)}, folder / "门诊.xlsx", "2026 年 10 月门诊结算")
    write_csv(line_export(items), folder / "明细.csv")
    visits, items = both(sample_data, PAST)
    write_csv(visit_export(visits), folder / "往月门诊.csv")
    write_csv(line_export(items), folder / "往月明细.csv", "utf-8-sig")
    write_excel({"机构": hospital_list(sample_data / "hospitals.csv")}, folder / "机构.xlsx")
    return folder


def started(centre: Path, folder: Path, **wishes: Path) -> Started:
    given = {
        "visits": centre / "门诊.xlsx",
        "items": centre / "明细.csv",
        "visit_history": centre / "往月门诊.csv",
        "item_history": centre / "往月明细.csv",
        "hospitals": centre / "机构.xlsx",
        **wishes,
    }
    return start_project(Wishes(folder, region="云泽市", **given), Nobody(), "zh")  # type: ignore[arg-type]


def fill_budget(folder: Path) -> None:
    policy = folder / "policy.toml"
    lines = policy.read_text(encoding="utf-8").splitlines()
    edited = [BUDGET if line.startswith("annual_yuan") else line for line in lines]
    policy.write_text("\n".join(edited) + "\n", encoding="utf-8")


def money(job: Path) -> pl.DataFrame:
    with without_books():
        finished = run_month(load_any_job(job), "zh")
    table = pl.read_parquet(finished.folder / "visit_statements.parquet")
    return table.sort("hospital_id", "account", "out_of_area")


@pytest.fixture(scope="module")
def project(centre: Path, tmp_path_factory: pytest.TempPathFactory) -> Started:
    return started(centre, tmp_path_factory.mktemp("project") / "2026")


def test_every_column_is_certain(project: Started) -> None:
    for table in ("visits", "visit_items"):
        found = project.recognised[table]
        assert {one.sureness for one in found.found.values()} == {Sureness.CERTAIN}
        assert not found.missing
        assert not found.remarks
    assert [one.heading for one in project.recognised["visits"].others if not one.known] == [
        "收款员"
    ]
    readme = (project.folder.path / "README.md").read_text(encoding="utf-8")
    assert "calibrate" not in readme


def test_a_month_of_visits_is_paid_after_one_edited_line(
    project: Started, sample_data: Path, tmp_path: Path
) -> None:
    """Its money is that of the plain tables, calibrated and run without a mapping."""
    folder = project.folder.path
    assert {(gap.file, gap.line) for gap in project.gaps} == {
        ("policy.toml", next(iter(project.gaps)).line)
    }
    fill_budget(folder)
    got = money(folder / f"{MONTH}.toml")

    plain = {}
    for month in (PAST, MONTH):
        for name, frame in zip(("visits", "items"), both(sample_data, month), strict=True):
            plain[month, name] = tmp_path / f"{name}-{month}.parquet"
            frame.write_parquet(plain[month, name])
    hospitals = sample_data / "hospitals.csv"
    make_visit_catalogue(
        VisitInput(plain[PAST, "visits"], plain[PAST, "items"]),
        "open-apg-1",
        VISITS,
        hospitals,
        tmp_path / "catalogue",
    )
    job = tmp_path / "job.toml"
    job.write_text(
        f'period = "{MONTH}"\npolicy = "{folder / "policy.toml"}"\noutput = "runs"\n'
        f'[inputs]\nhospitals = "{hospitals}"\n[outpatient]\n'
        f'visits = "{plain[MONTH, "visits"]}"\nitems = "{plain[MONTH, "items"]}"\n'
        'scheme = "open-apg-1"\ncatalogue = "catalogue"\n',
        encoding="utf-8",
    )
    assert got.height > 10
    assert got["total_cost"].sum() == both(sample_data, MONTH)[0]["total_cost"].sum()
    assert got.equals(money(job))


@pytest.mark.slow
def test_a_second_start_leaves_what_was_edited(centre: Path, tmp_path: Path) -> None:
    folder = tmp_path / "2026"
    assert set(started(centre, folder).folder.states.values()) == {State.NEW}
    edited = {}
    for name in ("visits_mapping.toml", "items_mapping.toml", f"{MONTH}.toml"):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8") + "# 已核对\n", encoding="utf-8")
        edited[name] = path.read_bytes()
    again = started(centre, folder)
    for name, content in edited.items():
        assert again.folder.states[name] is State.EDITED
        assert (folder / name).read_bytes() == content
    unedited = {state for name, state in again.folder.states.items() if name not in edited}
    assert unedited == {State.SAME}


def test_months_are_parted_with_their_lines(
    centre: Path, sample_data: Path, tmp_path: Path
) -> None:
    parts = [both(sample_data, month) for month in (PAST, MONTH)]
    visits = pl.concat([one for one, _ in parts], how="vertical_relaxed")
    items = pl.concat([one for _, one in parts], how="vertical_relaxed")
    made = started(
        centre,
        tmp_path / "2026",
        visits=write_csv(visit_export(visits), tmp_path / "两月.csv"),
        items=write_csv(line_export(items), tmp_path / "两月明细.csv"),
    )
    assert made.months == {PAST: parts[0][0].height, MONTH: parts[1][0].height}
    for month, (of_month, lines) in zip((PAST, MONTH), parts, strict=True):
        written = tmp_path / "2026" / "visits" / f"{month}.parquet"
        assert pl.read_parquet(written)["结算ID"].to_list() == of_month["visit_id"].to_list()
        written = tmp_path / "2026" / "visit_items" / f"{month}.parquet"
        assert pl.read_parquet(written)["结算ID"].to_list() == lines["visit_id"].to_list()
        assert written.stat().st_mode & 0o777 == 0o600
        assert f'items = "visit_items/{month}.parquet"' in (
            tmp_path / "2026" / f"{month}.toml"
        ).read_text(encoding="utf-8")


def test_without_past_visits_the_catalogue_is_a_gap(centre: Path, tmp_path: Path) -> None:
    wishes = Wishes(tmp_path, visits=centre / "门诊.xlsx", items=centre / "明细.csv")
    made = start_project(wishes, Nobody(), "zh")
    assert any("drgpay calibrate-visits" in gap.what for gap in made.gaps)
    with pytest.raises(DrgpayError, match=r"2026-10\.toml.*line \d+.*catalogue"):
        load_any_job(tmp_path / f"{MONTH}.toml")


def test_stays_among_visits_are_said(centre: Path, sample_data: Path, tmp_path: Path) -> None:
    visits, _ = both(sample_data, MONTH)
    mixed = visit_export(visits).with_columns(
        pl.when(pl.col("序号") <= 7)
        .then(pl.lit("普通住院"))
        .otherwise("医疗类别")
        .alias("医疗类别")
    )
    made = started(centre, tmp_path / "2026", visits=write_csv(mixed, tmp_path / "混.csv"))
    remarks = [str(remark) for remark in made.recognised["visits"].remarks]
    assert any("医疗类别" in remark and "普通住院 (7)" in remark for remark in remarks)


def test_past_visits_need_their_lines(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="belong together"):
        start_project(Wishes(tmp_path, visit_history=tmp_path / "v.csv"), Nobody(), "zh")
