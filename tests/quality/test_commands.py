"""check, stats and reconcile as a user types them: tables, workbooks, exit status, sentences."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from drgpay.report.quality_tables import speaker
from tests.tables.files_as_declared import not_as_declared

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checked(sample_data: Path) -> list[object]:
    """The arguments of a check of the sample month."""
    return [
        *("check", sample_data / "stays" / "2026-10.parquet", "--scheme", "chs-drg-2.0"),
        *("--policy", sample_data / "policy.toml", "--hospitals", sample_data / "hospitals.csv"),
    ]


@pytest.fixture
def official(grouped_month: Path, tmp_path: Path) -> Path:
    """An official answer in which 20 of 2,000 stays have another group."""
    path = tmp_path / "official.csv"
    groups = pl.read_parquet(grouped_month).select("case_id", "drg").with_row_index()
    other = pl.when(pl.col("index") < 20).then(pl.lit("AA19")).otherwise("drg")
    groups.select("case_id", drg=other).write_csv(path)
    return path


def refused(result: tuple[int, str, str], *words: str) -> None:
    status, _, sentence = result
    assert status == 2, result
    for word in words:
        assert word in sentence


def rows_of(path: Path, sheet: str) -> tuple[list[str], list[list[Any]]]:
    """The headings and the rows below them, the total last, of a sheet."""
    found = openpyxl.load_workbook(path)[sheet]
    top = next(row for row in found.iter_rows() if row[0].fill.fgColor.rgb == "FFDDEBF7")
    headings = [str(cell.value).split("\n")[0] for cell in top]
    rows = [
        [cell.value for cell in row]
        for row in found.iter_rows(min_row=top[0].row + 1)
        if row[0].border.left.style or any(cell.border.left.style for cell in row)
    ]
    return headings, rows


def test_check(command: Run, checked: list[object], tmp_path: Path) -> None:
    out = tmp_path / "quality"
    status, said, _ = command(*checked, "--period", "2026-10", "--out", out)
    assert status == 0
    assert not not_as_declared(out, "quality", "check_")
    assert "机构问题排名" in said
    assert "主要诊断不属任何MDC" in said
    tables = {path.stem: pl.read_parquet(path) for path in out.glob("*.parquet")}
    assert sorted(tables) == [
        "coding",
        "findings",
        "findings_by_hospital",
        "hospitals",
        "rows",
        "untaken_principals",
        "weak_principals",
    ]
    say = speaker("zh")
    names = ["findings", "refused_stays", "worst_hospitals", "coding", "findings_by_hospital"]
    sheets = openpyxl.load_workbook(out / "quality.xlsx").sheetnames
    assert sheets[:5] == [say(name) for name in names]
    due = tables["rows"].filter(pl.col("severity") == "reject").sort("hospital_id", "case_id")
    _, refusals = rows_of(out / "quality.xlsx", say("refused_stays"))
    assert [(row[1], row[3]) for row in refusals] == due.select("case_id", "message").rows()
    headings, rows = rows_of(out / "quality.xlsx", say("worst_hospitals"))
    assert headings == ["机构编码", "名称", "等级", "病例数", "未通过", "有提示", "问题病例占比"]
    found = tables["rows"].group_by("case_id").agg(refused=(pl.col("severity") == "reject").any())
    refused, odd = found["refused"].sum(), found.height
    assert rows[-1] == ["合计", None, None, 2000, refused, odd - refused, odd / 2000]
    assert 0 < refused < odd
    assert [row[0] for row in rows[:-1]] == tables["hospitals"]["hospital_id"].to_list()
    assert sum(row[3] for row in rows[:-1]) == 2000


def test_check_of_another_month_and_in_english(command: Run, checked: list[object]) -> None:
    status, said, _ = command(*checked, "--period", "2026-09", "--lang", "en")
    assert status == 0
    assert "outside_period" in said
    assert "Worst hospitals" in said
    assert "合计" not in said


def test_the_same_input_leaves_the_same_bytes(
    command: Run, grouped_month: Path, official: Path, tmp_path: Path
) -> None:
    for arguments in (["stats", grouped_month], ["reconcile", grouped_month, official]):
        one, other = tmp_path / f"{arguments[0]}-1", tmp_path / f"{arguments[0]}-2"
        assert command(*arguments, "--out", one)[0] == command(*arguments, "--out", other)[0] == 0
        for path in sorted(one.iterdir()):
            assert path.read_bytes() == (other / path.name).read_bytes(), path.name


def test_check_refuses(command: Run, checked: list[object], tmp_path: Path) -> None:
    refused(command(*checked, "--period", "October"), "'October' is no month", "2026-10")
    refused(command(*checked, "--out", tmp_path), "exists already")
    refused(command(*checked, "--nonspecific", tmp_path / "no.toml"), "no file", "no.toml")
    refused(command(checked[0], tmp_path / "no.parquet", *checked[2:]), "no file or folder")


def test_stats(command: Run, grouped_month: Path, sample_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "statistics"
    status, said, _ = command(
        *("stats", grouped_month, "--hospitals", sample_data / "hospitals.csv"),
        *("--scheme", "chs-drg-2.0", "--policy", sample_data / "policy.toml"),
        *("--weights", sample_data / "catalogue", "--top", 3, "--out", out),
    )
    assert status == 0
    assert not not_as_declared(out, "quality", "stats_")
    assert "裁剪后" in said
    groups = pl.read_parquet(out / "groups.parquet")
    by_drg = pl.read_parquet(grouped_month).filter(
        pl.col("payment_unit").cast(pl.String).fill_null("drg") == "drg"
    )
    grouped = by_drg.filter(pl.col("status") == "grouped")
    assert groups["cases"].sum() == grouped.height
    assert groups["total_cost"].sum() == grouped["total_cost"].sum()
    assert groups["name"].null_count() == 0
    headings, rows = rows_of(out / "statistics.xlsx", "机构指标")
    assert headings[6:9] == ["入组率", "无权重病例", "病例组合指数 CMI"]
    hospitals = pl.read_parquet(out / "hospitals.parquet")
    assert [row[8] for row in rows[:-1]] == [float(x) for x in hospitals["case_mix_index"]]
    assert rows[-1][:6] == ["合计", None, None, by_drg.height, grouped.height, groups.height]
    _, top = rows_of(out / "statistics.xlsx", "病例数最多的组")
    assert [row[2] for row in top] == groups["cases"].sort(descending=True).head(3).to_list()


def test_stats_of_the_cases_of_a_run(command: Run, grouped_month: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.parquet"
    frame = pl.read_parquet(grouped_month).with_columns(level=pl.lit("2A"))
    frame.write_parquet(cases)
    status, said, _ = command("stats", cases, "--lang", "en")
    assert status == 0
    assert "Grouping rate" in said
    narrow = tmp_path / "narrow.parquet"
    frame.select("case_id", "status", "mdc", "adrg", "drg").write_parquet(narrow)
    refused(command("stats", narrow), "total_cost, hospital_id, length_of_stay", "--with-input")


def test_reconcile(
    command: Run, grouped_month: Path, official: Path, sample_data: Path, tmp_path: Path
) -> None:
    out, history = tmp_path / "reconcile", tmp_path / "history.json"
    arguments = ["reconcile", grouped_month, official, "--scheme", "chs-drg-2.0"]
    arguments += ["--stays", sample_data / "stays" / "2026-10.parquet", "--history", history]
    status, said, _ = command(*arguments, "--period", "2026-10", "--out", out)
    assert status == 0
    assert not not_as_declared(out, "quality", "reconcile_")
    assert "99.00%" in said
    assert json.loads(history.read_text())["periods"][0]["drg"] == "0.9900"
    cases = pl.read_parquet(out / "cases.parquet")
    assert cases.height == 20
    assert set(cases["cause"]) == {"rule_false"}
    assert set(cases["official_drg"]) == {"AA19"}
    headings, rows = rows_of(out / "reconcile.xlsx", "差异分类")
    assert headings == ["差异", "原因", "涉及字段", "病例数", "占比"]
    assert (rows[-1][0], rows[-1][3], rows[-1][4]) == ("合计", 20, 0.01)
    assert sum(row[3] for row in rows[:-1]) == 20

    # The next month is judged by the threshold that is given, which then stays in the history.
    status, said, err = command(*arguments, "--period", "2026-11", "--threshold", "0.995")
    assert status == 1
    assert "99.00%" in err
    assert "99.50%" in err
    assert Decimal(json.loads(history.read_text())["threshold"]) == Decimal("0.995")
    assert command(*arguments, "--period", "2026-12")[0] == 1
    months = [row["period"] for row in json.loads(history.read_text())["periods"]]
    assert months == ["2026-10", "2026-11", "2026-12"]
    before = history.read_bytes()
    assert command(*arguments, "--period", "2026-12", "--lang", "en")[0] == 1
    assert history.read_bytes() == before


def test_reconcile_without_stays(command: Run, grouped_month: Path, official: Path) -> None:
    status, said, _ = command("reconcile", grouped_month, official, "--lang", "en")
    assert status == 0
    assert "not examined" in said


def test_reconcile_refuses(
    command: Run, grouped_month: Path, official: Path, tmp_path: Path
) -> None:
    base = ["reconcile", grouped_month, official]
    refused(command(*base, "--stays", official), "--stays is given without --scheme")
    refused(command(*base, "--history", tmp_path / "h.json"), "--history is given without --period")
    for share in ("98", "98%", "0.98765", "NaN", "-0.1"):
        refused(command(*base, "--threshold", share), "--threshold is", share)
    lines = official.read_text().splitlines()
    official.write_text("\n".join([*lines, lines[1]]) + "\n")
    refused(command(*base, "--out", tmp_path / "out"), "occurs more than once", "official.csv")
    assert not (tmp_path / "out").exists()
