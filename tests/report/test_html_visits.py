"""The outpatient part of the HTML report says what the files of the run say."""

import json
import os
import re
import shutil
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.report.html.visit_figures import visit_figures_of
from drgpay.report.html.write import write_report
from drgpay.report.html.year_runs import months_of, runs_beside, runs_of_the_year
from drgpay.results.part import STAYS, VISITS
from drgpay.results.run_folder import month_at
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.show.small_cells import SMALLEST_CELL
from tests.report.html_page import Page
from tests.run.no_books import without_books

ALONE = """
period = "2026-10"
policy = "policy.toml"
output = "alone"
[inputs]
hospitals = "hospitals.csv"
[outpatient]
visits = "visits/2026-10.parquet"
items = "visit_items/2026-10.parquet"
scheme = "open-apg-1"
catalogue = "visit_catalogue"
enrolment = "enrolment.csv"
"""


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("html visits") / "region"
    shutil.copytree(sample_data, folder)
    (folder / "visits.toml").write_text(ALONE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def alone(region: Path) -> Path:
    """A run of visits alone."""
    with without_books():
        return run_month(load_any_job(region / "visits.toml")).folder


@pytest.fixture(scope="module")
def both(region: Path) -> Path:
    """A run of stays and visits."""
    with without_books():
        return run_month(load_any_job(region / "2026-10.toml")).folder


@pytest.fixture(scope="module")
def chinese(alone: Path) -> str:
    return write_report(alone).path.read_text(encoding="utf-8")


def copy_of(run: Path, folder: Path, period: str = "2026-10") -> Path:
    """The run under another id and period, to be changed."""
    copied = folder / f"{period}-{len(list(folder.iterdir())):010x}"
    shutil.copytree(run, copied)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"run": copied.name, "period": period}
    (copied / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return copied


def exact(row: list[tuple[str, str]], *places: int) -> list[str]:
    return [row[place][1] for place in places]


def text_of(values: tuple[object, ...]) -> list[str]:
    return [str(value) for value in values]


def test_the_page_is_well_formed_and_names_nobody(alone: Path, chinese: str) -> None:
    page = Page(chinese)
    assert page.svgs == 5
    assert "http" not in chinese.lower().replace("http-equiv", "")
    identities = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identities) == len(set(identities))
    assert "<h1>门诊 APG 点数法月度结算报告</h1>" in chinese
    visits = pl.read_parquet(alone / "visits.parquet")
    assert not any(visit in chinese for visit in visits["visit_id"])
    first, second = alone.parent / "a.html", alone.parent / "b.html"
    for path in (first, second):
        write_report(alone, out=path)
    assert first.read_bytes() == second.read_bytes() == chinese.encode()


def test_values_providers_and_kinds_equal_the_files(alone: Path, chinese: str) -> None:
    page = Page(chinese)
    values = pl.read_parquet(alone / "visit_values.parquet")
    months = page.table("结算期", "基金池")
    assert [row[2][1] for row in months] == text_of(tuple(values["point_value"]))
    statements = pl.read_parquet(alone / "visit_statements.parquet")
    keys = ["cases", "points", "standard_amount", "fund_amount", "fund_cost", "difference"]
    totals = statements.group_by("hospital_id").agg(pl.col(keys).sum())
    *listed, total = page.table("医药机构", "等级")
    shown = [exact(row, 2, 3, 4, 5, 6, 7) for row in listed]
    assert all(
        text_of(row) in shown
        for row in totals.filter(pl.col("cases") >= SMALLEST_CELL).select(keys).rows()
    )
    assert exact(total, 2, 3, 4, 5, 6, 7) == [str(totals[key].sum()) for key in keys]
    kinds = page.table("就诊类别", "就诊人次")
    visits = pl.read_parquet(alone / "visits.parquet")
    procedures = visits.filter((pl.col("class") == "PROC") & (pl.col("case_class") != "fee"))
    row = next(row for row in kinds if row[0][0] == "手术操作就诊")
    assert exact(row, 1, 3) == [str(procedures.height), str(procedures["points"].sum())]
    groups = page.table("主要 APG", "APG 名称")
    assert sum(Decimal(row[3][1]) for row in groups[:-1]) == visits["points"].sum()


def test_entries_accounts_and_tie_out_equal_the_files(alone: Path, chinese: str) -> None:
    page = Page(chinese)
    sums = pl.read_parquet(alone / "visit_groups.parquet")
    *entries, total = page.table("APG 类别", "处理")
    assert exact(total, 2, 4, 5, 7) == [
        str(sums[key].sum()) for key in ("entries", "quantity", "lines_cost", "points")
    ]
    packaged = sums.filter((pl.col("class") == "ANC") & (pl.col("reason") == "packaged_list"))
    row = next(row for row in entries if row[0][0] == "检查检验" and "清单" in row[1][0])
    assert exact(row, 2, 5) == [str(packaged[key].sum()) for key in ("entries", "lines_cost")]
    accounts = pl.read_parquet(alone / "capitation.parquet")
    *listed, total = page.table("签约机构", "险种")
    keys = ["heads", "capitation", "visits", "charged", "charged_elsewhere", "balance", "settled"]
    places = (2, 3, 4, 5, 6, 7, 9)
    assert [exact(row, *places) for row in listed] == [
        text_of(row) for row in accounts.select(keys).rows()
    ]
    assert exact(total, *places) == [str(accounts[key].sum()) for key in keys]
    tie_out = pl.read_parquet(alone / "capitation_tie_out.parquet")
    keys = ["budget", "from_home_funds", "contracted", "uncontracted", "kept", "remainder"]
    *pools, _ = page.table("基金池", "基金预算", "异地基金并入", "签约人员")
    assert [exact(row, 1, 2, 3, 4, 5, 6) for row in pools] == [
        text_of(row) for row in tie_out.select(keys).rows()
    ]
    assert all(row[-1][0] == "平" for row in pools)


def test_findings_are_counted_by_kind(alone: Path, chinese: str) -> None:
    found = {
        tuple(cell[0] for cell in row[:3]): row[3][1] for row in Page(chinese).table("记录", "问题")
    }
    refused = pl.read_parquet(alone / "visit_quarantine.parquet")["code"].to_list()
    assert found["就诊", "就诊无明细", "未通过校验"] == str(refused.count("visit_without_lines"))
    warned = pl.read_parquet(alone / "line_warnings.parquet")["code"].to_list()
    assert found["收费明细", "明细重复", "提示"] == str(warned.count("duplicate_line"))
    rows = sum(
        pl.read_parquet(alone / f"{file}.parquet").height
        for file in ("visit_quarantine", "visit_warnings", "line_quarantine", "line_warnings")
    )
    assert sum(int(count) for count in found.values()) == rows


@pytest.mark.slow
def test_english_has_no_chinese_words_of_its_own(both: Path, region: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(both, out=path, language="en")
    text = path.read_text(encoding="utf-8")
    style = text.index("<style>"), text.index("</style>")
    text = text[: style[0]] + text[style[1] :]
    cells = re.findall(r"<h[123][^>]*>([^<]*)|<th[^>]*>([^<]*)|<span>([^<]*)", text)
    said = " ".join("".join(cell) for cell in cells)
    names = pl.read_csv(region / "hospitals.csv", infer_schema=False)["name"]
    for name in names:
        said = said.replace(name, "")
    assert not re.findall(r"[\u4e00-\u9fff]+", said)
    assert "Stays: Point values by month" in said and "Visits: Accounts of contractors" in said


def test_a_run_of_both_has_both_parts(both: Path, alone: Path, chinese: str) -> None:
    text = write_report(both).path.read_text(encoding="utf-8")
    page = Page(text)
    identities = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identities) == len(set(identities))
    assert {"values", "ratios", "visit_values", "visit_capitation", "visit_coverage"} <= set(
        identities
    )
    headings = re.findall(r"<h2 [^>]*>(\d+) ([^<]+)</h2>", text)
    assert [int(number) for number, _ in headings] == list(range(1, len(headings) + 1))
    assert "住院 · 费用倍率分布" in [title for _, title in headings]
    of_visits = Page(chinese)
    for heading in (["签约机构", "险种"], ["APG 类别", "处理"], ["主要 APG", "APG 名称"]):
        assert page.table(*heading) == of_visits.table(*heading)
    assert page.table("病例类型", "病例数")
    for command in ("drgpay case", "drgpay explain", "drgpay verify"):
        assert command in text


def test_small_accounts_are_shown_together(alone: Path, tmp_path: Path) -> None:
    run = copy_of(alone, tmp_path)
    accounts = pl.read_parquet(run / "capitation.parquet")
    few = accounts["contractor_id"][0]
    small = pl.when(pl.col("contractor_id") == few).then(3).otherwise("visits")
    accounts.with_columns(visits=small.cast(pl.Int64)).write_parquet(run / "capitation.parquet")
    opened = month_at(run).of(VISITS)
    found = visit_figures_of(opened, [opened]).capitation
    assert found is not None
    assert few not in found.accounts["contractor_id"].drop_nulls()
    assert found.accounts["members"].list.len().drop_nulls().to_list() == [2]
    assert found.accounts["balance"].sum() == accounts["balance"].sum()
    text = write_report(run).path.read_text(encoding="utf-8")
    assert "其余 2 组合并" in text


def test_a_tie_out_of_few_visits_is_not_told_apart(alone: Path, tmp_path: Path) -> None:
    run = copy_of(alone, tmp_path)
    visits = pl.read_parquet(run / "visits.parquet")
    free = pl.col("contractor_id").is_null() & (pl.col("account") == "resident")
    few = visits.filter(free & (pl.col("payment") == "points")).head(3)
    kept = pl.concat([visits.filter(~free), few])
    kept.write_parquet(run / "visits.parquet")
    text = write_report(run).path.read_text(encoding="utf-8")
    employee, resident = Page(text).table("基金池", "基金预算", "异地基金并入", "签约人员")
    assert (resident[3], resident[4]) == (("不列", ""), ("不列", ""))
    assert employee[3][1]
    assert resident[-1][0] == "平"


def test_without_an_enrolment_there_are_no_accounts(alone: Path, tmp_path: Path) -> None:
    run = copy_of(alone, tmp_path)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["outpatient"]["enrolment"] = None
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for name in ("capitation", "capitation_apart", "capitation_tie_out"):
        (run / f"{name}.parquet").unlink()
    text = write_report(run).path.read_text(encoding="utf-8")
    assert "未设包干账户" in text
    assert "包干账户结余" not in text


def test_months_are_compared_part_by_part(both: Path, alone: Path, tmp_path: Path) -> None:
    october = copy_of(both, tmp_path)
    whole = copy_of(both, tmp_path, "2026-09")
    later = copy_of(alone, tmp_path, "2026-09")
    visits = copy_of(alone, tmp_path, "2026-08")
    for seconds, folder in enumerate((whole, later, visits)):
        os.utime(folder / "manifest.json", (seconds, seconds))
    run = month_at(october)
    months = runs_beside(run)
    assert [month.run_id for month in months] == [visits.name, whole.name, october.name]
    assert [month.period for month in months_of(months, STAYS)] == ["2026-09", "2026-10"]
    assert len(months_of(months, VISITS)) == 3
    assert [month.run_id for month in runs_beside(month_at(visits))] == [
        *(visits.name, later.name),
        october.name,
    ]
    assert runs_of_the_year(run, [visits, whole]) == months
    with pytest.raises(DrgpayError, match="are both runs of 2026-09"):
        runs_of_the_year(run, [whole, later])
    text = write_report(october).path.read_text(encoding="utf-8")
    assert f"--with {visits.name}" in text
    assert [row[0][0] for row in Page(text).table("结算期", "基金池")] == ["2026-09"] * 2 + [
        "2026-10"
    ] * 2


def test_runs_of_different_parts_are_not_compared(alone: Path, both: Path, tmp_path: Path) -> None:
    stays = copy_of(both, tmp_path, "2026-09")
    manifest = json.loads((stays / "manifest.json").read_text(encoding="utf-8"))
    del manifest["outpatient"]
    (stays / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"settles stays, .* visits; give runs of the same kind"):
        runs_of_the_year(month_at(alone), [stays])
