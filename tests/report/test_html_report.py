"""The HTML report says what the Parquet files say, needs no network and is the same every time."""

import json
import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.cli import report as report_command
from drgpay.cli.commands import Command
from drgpay.report.html.figures import figures_of, ledger_figures, lines_paid_here
from drgpay.report.html.write import write_report
from drgpay.report.html.year_runs import runs_beside
from drgpay.report.wording import word
from drgpay.results.part import STAYS
from drgpay.results.run_folder import month_at
from drgpay.show.small_cells import SMALLEST_CELL
from tests.report.html_page import Page
from tests.report.html_runs import HOSPITALS, make_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months of a region and one of another."""
    folder = tmp_path_factory.mktemp("runs")
    for seed, period in enumerate(("2026-08", "2026-09", "2026-10"), start=1):
        make_run(folder, period, seed)
    make_run(folder, "2026-07", seed=9, region="别处")
    make_run(folder, "2025-12", seed=8)
    (folder / ".2026-06-1.partial").mkdir()
    (folder / "notes.txt").write_text("not a run")
    return folder


@pytest.fixture(scope="module")
def october(runs: Path) -> Path:
    """The run that is reported."""
    return next(runs.glob("2026-10-*"))


@pytest.fixture(scope="module")
def chinese(october: Path) -> str:
    """Its report as it stands in the file."""
    return write_report(october).path.read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_needs_nothing_from_outside(chinese: str) -> None:
    page = Page(chinese)
    assert page.svgs == 5
    assert all(headings for headings in page.headings)
    assert all(
        len(row) == len(headings)
        for headings, rows in zip(page.headings, page.tables, strict=True)
        for row in rows
        if row
    )
    text = chinese.lower().replace("http-equiv", "")
    assert "http" not in text and "url(" not in text and "@import" not in text
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "use", "image")
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    identities = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identities) == len(set(identities))
    assert len(chinese.encode()) < 500_000


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_runs_give_the_same_bytes(
    october: Path, tmp_path: Path, language: Language
) -> None:
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    for path in (first, second):
        write_report(october, out=path, language=language)
    assert first.read_bytes() == second.read_bytes()


def test_english_has_no_chinese_words_of_its_own(october: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(october, out=path, language="en")
    text = path.read_text(encoding="utf-8")
    for said in ["试点市", "试点政策", *(name for name, _ in HOSPITALS.values())]:
        text = text.replace(said.replace("<", "&lt;").replace(">", "&gt;"), "")
    style = text.index("<style>"), text.index("</style>")
    text = text[: style[0]] + text[style[1] :]
    assert not re.findall(r"[\u4e00-\u9fff]+", text)


def test_hospitals_equal_the_statements(october: Path, chinese: str) -> None:
    statements = pl.read_parquet(october / "statements.parquet")
    totals = statements.group_by("hospital_id", "name").agg(
        pl.col("cases", "points", "standard_amount", "fund_amount", "fund_cost").sum(),
        pl.col("difference").sum(),
    )
    rows = Page(chinese).table("医疗机构", "等级")
    *listed, total = rows
    known = totals.filter(pl.col("cases") >= SMALLEST_CELL)
    exact = {tuple(cell[1] for cell in row[2:8]) for row in listed}
    columns = ["cases", "points", "standard_amount", "fund_amount", "fund_cost", "difference"]
    for row in known.select(columns).iter_rows():
        assert tuple(str(value) for value in row) in exact
    assert [cell[1] for cell in total[2:8]] == [str(totals[key].sum()) for key in columns]
    for cells in rows:
        fund, cost, difference, percent = (Decimal(cells[place][1]) for place in (5, 6, 7, 8))
        assert fund - cost == difference
        assert abs(difference / cost * 100 - percent) < Decimal("0.000001")
        shown = Decimal(cells[7][0].replace(",", "").replace("−", "-"))
        assert abs(shown * 10_000 - difference) <= 50


def test_balance_values_and_ledger_equal_the_files(october: Path, chinese: str) -> None:
    page = Page(chinese)
    values = pl.read_parquet(october / "values.parquet")
    statements = pl.read_parquet(october / "statements.parquet").filter("in_pool")
    balance = page.table("基金池", "基金预算")
    for row, cells in zip(values.iter_rows(named=True), balance, strict=False):
        prepaid = statements.filter(pl.col("pool") == row["pool"])["prepayment"].sum()
        amounts = [row["budget"], row["from_home_funds"], row["fund_amount"], Decimal("0.00")]
        amounts += [row["remainder"], prepaid, row["fund_amount"] - prepaid]
        assert [cell[1] for cell in cells[1:8]] == [str(amount) for amount in amounts]
        assert [cell[0] for cell in cells[1:8]] == [
            f"{amount:,}".replace("-", "−") for amount in amounts
        ]
        assert cells[-1][0] == "平"
    months = page.table("结算期", "基金池")
    assert [row[0][0] for row in months] == [
        period for period in ("2026-08", "2026-09", "2026-10") for _ in range(2)
    ]
    assert [row[2][1] for row in months[-2:]] == [str(value) for value in values["point_value"]]
    ledger = pl.read_parquet(october / "ledger.parquet")
    booked = sum(Decimal(row[5][1]) for row in page.table("基金池", "类别", "借方"))
    assert booked == ledger["amount"].sum()


def test_classes_groups_and_coverage_equal_the_cases(october: Path, chinese: str) -> None:
    page = Page(chinese)
    cases = pl.read_parquet(october / "cases.parquet")
    columns = ["points", "standard_amount", "fund_amount", "fund_cost"]
    classes = page.table("病例类型", "病例数", "病例占比")
    # What hospitals lose beside their cases: with it the classes are the hospitals' totals.
    taken = pl.read_parquet(october / "adjustments.parquet").filter(
        pl.col("applies_to") == "hospital"
    )
    for key, places in {"cases": 1, "points": 3, "standard_amount": 5}.items():
        parts = [Decimal(frame[key].sum()) for frame in (cases, taken) if key in frame.columns]
        whole = cases.height if key == "cases" else sum(parts)
        assert Decimal(classes[-1][places][1]) == whole
        assert sum(Decimal(row[places][1]) for row in classes[:-1]) == whole
    normal = cases.filter(pl.col("case_class") == "normal")
    row = next(row for row in classes if row[0][0] == word("class_normal", "zh"))
    assert [row[place][1] for place in (3, 5, 7, 8)] == [str(normal[key].sum()) for key in columns]

    groups = page.table("病组", "名称")
    by_group = cases.group_by("drg").agg(pl.len().alias("cases"), pl.col(columns).sum())
    exact = {row[0][0]: [cell[1] for cell in row[2:7]] for row in groups[:-1]}
    for code, *amounts in by_group.rows():
        if code in exact:
            assert exact[code] == [str(amount) for amount in amounts]
    assert len(exact) > 10
    rest = [row for row in groups[:-1] if row[0][0] not in set(by_group["drg"])]
    assert len(rest) == 1
    for place, key in enumerate(columns, start=3):
        assert sum(Decimal(row[place][1]) for row in groups[:-1]) == cases[key].sum()

    coverage = page.table("结果", "病例数")
    counts = dict(cases["status"].value_counts().iter_rows())
    assert coverage[0][0][0] == "入组"
    assert int(coverage[0][1][1]) == counts["grouped"]
    assert int(coverage[-1][1][1]) == cases.height + 2
    by_drg = cases.filter(pl.col("payment_unit") == "drg")
    share = Decimal(by_drg.filter(pl.col("status") == "grouped").height) / by_drg.height * 100
    assert f"{share:.2f}%" in chinese


def test_no_row_has_few_cases_and_nobody_is_named(october: Path, chinese: str) -> None:
    page = Page(chinese)
    for first in (["医疗机构", "等级"], ["病组", "名称"], ["病例类型", "病例数"]):
        headings = next(found for found in page.headings if found[: len(first)] == first)
        place = headings.index("病例数")
        assert all(int(row[place][1]) >= SMALLEST_CELL for row in page.table(*first))
    lines = next(found for found in page.headings if found[0] == "结算类别")
    merged = any("（合并）" in row[0][0] for row in page.table("结算类别"))
    assert merged == (len(lines) == 4)
    kinds = page.table("类别", "作用于")
    assert all(int(row[2][1]) >= SMALLEST_CELL for row in kinds)
    gathered = kinds[-1][0][0].removesuffix("（合并）").split("、")
    assert len(gathered) > 1  # of a kind there are cases and hospitals; it is named once
    assert len(set(gathered)) == len(gathered)
    adjustments = pl.read_parquet(october / "adjustments.parquet")
    assert sum(Decimal(row[3][1]) for row in kinds) == adjustments["points"].sum()
    for case in pl.read_parquet(october / "cases.parquet")["case_id"]:
        assert case not in chinese


def test_the_bars_of_the_ratio_count_the_cases(october: Path) -> None:
    run = month_at(october).of(STAYS)
    ratios = figures_of(run, [run]).ratios
    cases = pl.read_parquet(october / "cases.parquet").filter(
        pl.col("case_class").is_in(["normal", "low", "high"])
    )
    expected = [0] * (ratios.last_tenth + 1)
    for total, mean in cases.select("total_cost", "bounds_mean").iter_rows():
        expected[min(int(total * 10 / mean), ratios.last_tenth)] += 1
    drawn = [count if count >= SMALLEST_CELL else None for count in expected]
    assert ratios.bars["cases"].to_list() == drawn
    assert ratios.cases == sum(expected) == cases.height
    assert ratios.unshown == sum(count for count in expected if count < SMALLEST_CELL)
    assert (ratios.low, ratios.high) == (Decimal("0.4"), [Decimal(2), Decimal(3)])


def test_ledger_entries_of_single_cases_are_left_out() -> None:
    lines = [("employee", False, 4), ("resident", False, 5), ("employee", True, 300)]
    statements = pl.DataFrame(
        [(pool, paid, False, cases) for pool, paid, cases in lines],
        schema=["pool", "in_pool", "out_of_area", "cases"],
        orient="row",
    )
    entries = [
        (entry, pool, kind, "hospital", "fund", Decimal("1.50"))
        for entry, (pool, kind) in enumerate(
            [
                ("resident", "item_prepayment"),
                ("employee", "item_prepayment"),
                ("employee", "prepayment"),
                ("resident", "prepayment"),
                ("resident", "prepayment"),
            ]
        )
    ]
    schema = ["entry", "pool", "kind", "debit", "credit", "amount"]
    ledger = pl.LazyFrame(entries, schema=schema, orient="row")
    found = ledger_figures(ledger, statements, ["employee", "resident"])
    assert found.select("pool", "kind", "entries").rows() == [
        ("employee", "prepayment", 1),
        ("resident", "prepayment", 2),
        ("resident", "item_prepayment", 1),
    ]


def test_the_command_names_the_file_and_the_months(october: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command(cls=Command)(report_command.report)
    path = tmp_path / "october.html"
    done = CliRunner().invoke(app, [str(october), "--out", str(path), "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip().endswith("october.html")
    assert done.stderr.count("2026-") == 3
    assert '<html lang="en">' in path.read_text(encoding="utf-8")
    refused = CliRunner().invoke(app, [str(tmp_path)])
    assert isinstance(refused.exception, DrgpayError)


def test_the_formulas_hold(chinese: str) -> None:
    sums = re.findall(r"<code>= ([^<]+)</code>", chinese)
    assert len(sums) == 9
    for said in sums:
        text = said.replace(",", "").replace("−", "-").replace("×", "*").replace("÷", "/")
        left, right = text.rsplit(" = ", 1)
        if "→" in right:
            right = right.split("→")[1]
        left = re.sub(r"([\d.]+)%", r"(\1/100)", left)
        result = eval(re.sub(r"(\d+(?:\.\d+)?)", r"Decimal('\1')", left), {"Decimal": Decimal})
        wanted = Decimal(right.strip().rstrip("%")) / (100 if right.endswith("%") else 1)
        assert abs(result - wanted) < Decimal("0.01"), said


@pytest.mark.parametrize("method", ["fund_only", "cost"])
def test_other_methods_explain_their_own_formula(tmp_path: Path, method: str) -> None:
    run = make_run(tmp_path, method=method)
    text = write_report(run).path.read_text(encoding="utf-8")
    assert ("医疗总费用 ÷ 总点数" in text) == (method == "cost")
    assert ("等于按点数应付总额" in text) == (method == "fund_only")


def test_a_single_month_says_so(tmp_path: Path) -> None:
    written = write_report(make_run(tmp_path))
    assert [month.period for month in written.months] == ["2026-10"]
    text = written.path.read_text(encoding="utf-8")
    assert "目前只有 2026-10 一个月的运行" in text
    assert Page(text).svgs == 4


def test_a_month_without_bounded_or_adjusted_cases(tmp_path: Path) -> None:
    run = make_run(tmp_path, cases=30, classes=["few_cases", "fee"])
    adjustments = run / "adjustments.parquet"
    pl.read_parquet(adjustments).clear().write_parquet(adjustments)
    text = write_report(run).path.read_text(encoding="utf-8")
    assert "本期没有按倍率划分的病例" in text
    assert "本期没有点数调整" in text


def test_the_latest_run_of_each_month_beside_it_is_taken(runs: Path, october: Path) -> None:
    assert [run.period for run in runs_beside(month_at(october))] == [
        "2026-08",
        "2026-09",
        "2026-10",
    ]


def test_a_later_run_of_a_month_replaces_an_earlier_one(tmp_path: Path) -> None:
    october = make_run(tmp_path, "2026-10", 1)
    for seed, written in ((2, 2_000), (3, 3_000), (4, 1_000)):
        run = make_run(tmp_path, "2026-09", seed)
        os.utime(run / "manifest.json", (written, written))
    again = make_run(tmp_path, "2026-10", 5)
    os.utime(again / "manifest.json", (9_000_000_000, 9_000_000_000))
    found = runs_beside(month_at(october))
    assert [run.run_id for run in found] == ["2026-09-0000000003", october.name]


def test_runs_are_named_with_with(runs: Path, october: Path, tmp_path: Path) -> None:
    august = next(runs.glob("2026-08-*"))
    written = write_report(october, [august], tmp_path / "r.html")
    assert [run.period for run in written.months] == ["2026-08", "2026-10"]
    text = written.path.read_text(encoding="utf-8")
    assert f"drgpay report {october.name} \\\n  --with {august.name}\n" in text


def _no_folder(run: Path, runs: Path) -> tuple[Path, list[Path]]:
    return run / "missing", []


def _no_manifest(_run: Path, runs: Path) -> tuple[Path, list[Path]]:
    return runs, []


def _other_year(run: Path, runs: Path) -> tuple[Path, list[Path]]:
    return run, [next(runs.glob("2025-12-*"))]


def _other_region(run: Path, runs: Path) -> tuple[Path, list[Path]]:
    return run, [next(runs.glob("2026-07-*"))]


def _no_run_with(run: Path, runs: Path) -> tuple[Path, list[Path]]:
    return run, [runs]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (_no_folder, "there is no such folder"),
        (_no_manifest, "is not the folder of a run: it has no manifest.json"),
        (_other_year, "is a run of 2025-12"),
        (_other_region, "is a run of 别处"),
        (_no_run_with, "is not the folder of a run"),
    ],
)
def test_what_is_no_run_of_the_year_is_refused(
    runs: Path,
    october: Path,
    tmp_path: Path,
    given: Callable[[Path, Path], tuple[Path, list[Path]]],
    sentence: str,
) -> None:
    run, further = given(october, runs)
    with pytest.raises(DrgpayError, match=sentence):
        write_report(run, further, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_two_runs_of_a_month_are_refused(tmp_path: Path) -> None:
    october = make_run(tmp_path, "2026-10", 1)
    september = [make_run(tmp_path, "2026-09", seed) for seed in (2, 3)]
    with pytest.raises(DrgpayError, match="are both runs of 2026-09; give one run a month"):
        write_report(october, september)
    with pytest.raises(DrgpayError, match="are both runs of 2026-10"):
        write_report(october, [make_run(tmp_path, "2026-10", 4)])
    assert len(write_report(october, [september[0], september[0]]).months) == 2


def test_damaged_and_older_runs_are_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    values = pl.read_parquet(run / "values.parquet")
    values.drop("pool").write_parquet(run / "values.parquet")
    with pytest.raises(DrgpayError, match=r"values.parquet has no column pool"):
        write_report(run)
    (run / "values.parquet").write_bytes(b"PAR1 not at all")
    with pytest.raises(DrgpayError, match=r"values.parquet cannot be read"):
        write_report(run)
    (run / "values.parquet").unlink()
    with pytest.raises(DrgpayError, match=r"values.parquet cannot be read \(No such file"):
        write_report(run)
    (run / "manifest.json").write_text("{")
    with pytest.raises(DrgpayError, match="is damaged"):
        write_report(run)
    (run / "manifest.json").write_text(json.dumps({"run": "x", "period": "2026"}))
    with pytest.raises(DrgpayError, match=r"manifest.json lacks basis_sha256"):
        write_report(run)


def test_a_report_is_written_over_and_nothing_else(october: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(october, out=path, language="en")
    write_report(october, out=path)
    assert '<html lang="zh-CN">' in path.read_text(encoding="utf-8")
    path.write_text("<p>mine</p>")
    with pytest.raises(DrgpayError, match="exists and is no report of drgpay"):
        write_report(october, out=path)
    assert path.read_text() == "<p>mine</p>"
    with pytest.raises(DrgpayError, match="would lie in the folder of a run"):
        write_report(october, out=october / "report.html")
    with pytest.raises(DrgpayError, match=r"is not named .html"):
        write_report(october, out=tmp_path / "report.pdf")
    with pytest.raises(DrgpayError, match="there is no folder"):
        write_report(october, out=tmp_path / "none" / "report.html")
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(("by_item", "kept"), [(4, [20]), (5, [20, 5]), (0, [20, 0])])
def test_few_cases_by_item_are_in_no_hospital_table_of_a_year(
    by_item: int, kept: list[int]
) -> None:
    """Less the pools, whose sums are shown, the tables would tell what they are paid."""
    flags = {"paid_here": [True, True, False], "in_pool": [True, False, False]}
    statements = pl.DataFrame({**flags, "cases": [20, by_item, 30]})
    assert lines_paid_here(statements)["cases"].to_list() == kept
