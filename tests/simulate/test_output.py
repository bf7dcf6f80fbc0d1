"""The folder and the printed report of a simulation."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import typer
from openpyxl import load_workbook
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.base.visible import visible
from drgpay.cli import simulate as simulate_command
from drgpay.cli.commands import Command
from drgpay.show.tables import ReportTable
from drgpay.simulate.outcome import simulate
from drgpay.simulate.page import page
from drgpay.simulate.tables import shown_tables
from tests.hostile_texts import TEXTS
from tests.report.chromium import BROWSER, opened
from tests.report.test_html_texts import assert_harmless, assert_strict
from tests.results.packages import broken_rules
from tests.simulate.region import Region


def _cli(*arguments: str) -> str:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command(cls=Command)(simulate_command.simulate)
    result = CliRunner().invoke(app, ["--lang", "zh", *arguments], catch_exceptions=False)
    return result.output


def test_command_leaves_a_folder_that_says_how_to_make_it(region: Region, tmp_path: Path) -> None:
    one = region.write('name = "低倍率 0.5"\n[policy]\npoints.low_ratio = 0.5', "one.toml")
    two = region.write('name = "低倍率 0.45"\n[policy]\npoints.low_ratio = 0.45', "two.toml")
    out = tmp_path / "out"
    told = _cli(
        str(one), str(two), "--base", str(region.run), "--job", str(region.job), "--out", str(out)
    )
    assert "冲突：points.low_ratio" in told and "以后者为准" in told
    assert "变化分解" in told and "逐步影响" in told
    names = {path.name for path in out.iterdir()}
    assert {"hospitals.parquet", "effects.parquet", "comparison.xlsx", "report.html"} <= names
    assert broken_rules(out) == []
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["kind"] == "simulation" and manifest["base"]["run"]["run"] == region.run.name
    assert manifest["commands"][1].startswith("drgpay simulate ")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert manifest["commands"][1] in page
    assert page.count("<svg") == 5  # of two scenarios
    assert not re.search(r'(src|href)="(?!#)', page), "nothing is loaded from elsewhere"
    book = load_workbook(out / "comparison.xlsx")
    assert "医疗机构变化（按变化额排序）"[:31] in book.sheetnames
    assert "冲突：points.low_ratio，“低倍率 0.5”设为 0.5，“低倍率 0.45”设为 0.45" in page
    cells = {cell.value for row in book["方案冲突（以后者为准）"].iter_rows() for cell in row}
    assert {"points.low_ratio", "低倍率 0.5", "0.5", "低倍率 0.45", "0.45"} <= cells
    assert manifest["conflicts"] == ["points.low_ratio"]
    with pytest.raises(DrgpayError, match="exists already"):
        _cli(str(one), "--base", str(region.run), "--job", str(region.job), "--out", str(out))


@pytest.mark.slow
def test_same_simulation_lies_in_the_same_folder(region: Region) -> None:
    one = region.write('name = "x"\n[policy]\npoints.low_ratio = 0.5', "one.toml")
    arguments = (str(one), "--base", str(region.run), "--job", str(region.job), "--lang", "en")
    folders = [_cli(*arguments).splitlines()[-1] for _ in range(2)]
    assert folders[0] == folders[1]
    assert "/scenarios/2026-10-" in folders[0]


def test_small_cells_are_merged(region: Region, tmp_path: Path) -> None:
    one = region.write('name = "x"\n[policy]\npoints.low_ratio = 0.5', "one.toml")
    found = simulate([one], region.run, region.job, cache=tmp_path / "cache")
    for table in shown_tables(found, "zh"):
        if "cases_before" not in table.frame.columns:
            continue
        for side in ("before", "after"):
            small = table.frame.filter(pl.col(f"cases_{side}").is_between(1, 4))
            assert small.height == 0, table.key
        total = found.comparison.hospitals["change_fen"].sum()
        assert int(table.frame["change"].sum() * 100) == total, table.key


@pytest.mark.slow
def test_sweep_and_target_are_told(region: Region, tmp_path: Path) -> None:
    now = pl.read_parquet(region.run / "values.parquet").filter(pool="employee")["point_value"][0]
    text = (
        'name = "x"\n[[sweep]]\npath = "points.low_ratio"\nvalues = [0.3, 0.5]\n'
        '[target]\npath = "points.low_ratio"\nfrom = 0.4\nto = 0.6\nplaces = 2\n'
        f'measure = "point_value"\npool = "employee"\nat_least = {now + 1}'
    )
    one = region.write(text, "one.toml")
    out = tmp_path / "out"
    told = _cli(
        str(one),
        "--base",
        str(region.run),
        "--job",
        str(region.job),
        "--lang",
        "en",
        "--out",
        str(out),
    )
    assert "reaches the goal" in told and "Sweep" in told
    assert pl.read_parquet(out / "sweep.parquet")["points.low_ratio"].to_list() == ["0.3", "0.5"]
    assert pl.read_parquet(out / "target.parquet")["reached"].any()


def _renamed(table: ReportTable) -> ReportTable:
    """The table with its hospitals called by the texts, several a hospital."""
    if "name" not in table.frame.columns:
        return table
    rows = table.frame.height
    names = ["｜".join(TEXTS[place::rows]) or "x" for place in range(rows)]
    return replace(table, frame=table.frame.with_columns(name=pl.Series(names, dtype=pl.String)))


def test_the_texts_of_a_simulation_stay_texts_in_its_page(region: Region, tmp_path: Path) -> None:
    one = region.write('name = "x"\n[policy]\npoints.low_ratio = 0.5', "one.toml")
    found = simulate([one], region.run, region.job, cache=tmp_path / "cache")
    [scenario] = found.scenarios
    scenarios = tuple(
        replace(scenario, file=scenario.file.model_copy(update={"name": text})) for text in TEXTS
    )
    tables = [_renamed(table) for table in shown_tables(found, "zh")]
    text = page(replace(found, scenarios=scenarios), tables, "zh")
    assert_harmless(text, scripts=0)
    assert_strict(text, with_script=False)
    for each in TEXTS:
        assert html.unescape(text).count(visible(each, lines=True)) >= 2, "a scenario, a hospital"
    if BROWSER:
        (tmp_path / "page.html").write_text(text, encoding="utf-8")
        assert opened(tmp_path / "page.html")[1] == []
