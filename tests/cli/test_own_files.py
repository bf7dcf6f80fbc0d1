"""From three Excel files of a centre to an approved month, as its people type it."""

from pathlib import Path

import polars as pl
import pytest

from tests.cli.in_process import Run
from tests.start.exports import hospital_list, payable, settlement_export, write_excel

STAYS = 200
HOSPITALS = ["H3390001", "H3390002", "H3390003"]
MONTH = "2026-10"
MEAN_YUAN = 9986.93


@pytest.fixture
def centre(sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    """The files of the working folder; the stays as they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRGPAY_LANG", "zh")
    stays = payable(sample_data / "stays" / f"{MONTH}.parquet")
    stays = stays.filter(pl.col("hospital_id").is_in(HOSPITALS)).head(STAYS)
    title = "某市 2026 年 10 月住院结算明细"
    write_excel({"明细": settlement_export(stays)}, tmp_path / "住院结算.xlsx", title)
    listed = hospital_list(sample_data / "hospitals.csv")
    write_excel({"Sheet1": listed}, tmp_path / "定点机构.xlsx")
    groups = pl.read_csv(sample_data / "catalogue" / "groups.csv")
    weights = groups.filter(pl.col("base_points") > 0).select(
        pl.col("drg").alias("DRG编码"),
        pl.col("drg").alias("DRG名称"),
        (pl.col("base_points") / 100).round(4).alias("权重"),
        pl.lit(MEAN_YUAN).alias("费率"),
    )
    write_excel({"权重": weights}, tmp_path / "权重.xlsx", "某市 2026 年病组权重")
    return stays


def budget_of(stays: pl.DataFrame) -> str:
    """The one line that has to be edited: what the stays cost the fund, twelve times."""
    costs = dict(stays.group_by("account").agg(pl.col("fund_cost").sum()).iter_rows())
    amounts = ", ".join(f"{name} = {costs[name] * 13:.2f}" for name in ("employee", "resident"))
    return f"annual_yuan = {{ {amounts} }}"


def test_three_excel_files_become_an_approved_month(centre: pl.DataFrame, drgpay: Run) -> None:
    given = ("--stays", "住院结算.xlsx", "--hospitals", "定点机构.xlsx", "--weights", "权重.xlsx")
    status, said, err = drgpay("init", "2026", *given, "--region", "云泽市", "--no-input")
    assert status == 0, err
    assert f"{STAYS} 份病例" in said
    status, _, refused = drgpay("run", f"2026/{MONTH}.toml")
    assert status == 2
    assert "policy.toml" in refused

    policy = Path("2026/policy.toml")
    lines = policy.read_text(encoding="utf-8").splitlines()
    (edited,) = (n for n, line in enumerate(lines) if "待填" in line and not line.startswith("#"))
    lines[edited] = budget_of(centre)
    policy.write_text("\n".join(lines) + "\n", encoding="utf-8")

    status, said, err = drgpay("run", f"2026/{MONTH}.toml", "--run-id", MONTH)
    assert status == 0, err
    run = Path("2026/runs") / MONTH
    total = pl.read_parquet(run / "statements.parquet")["total_cost"].sum()
    assert total == centre["total_cost"].sum()
    status, _, err = drgpay("statements", run, "--out", "结算单")
    assert status == 0, err
    assert sorted(path.name[:8] for path in Path("结算单").glob("*.xlsx")) == HOSPITALS
    status, said, err = drgpay("approve", run, "--by", "李强", "--note", "11 月 12 日会议纪要")
    assert status == 0, err
    status, said, err = drgpay("runs", "list", "--runs", "2026/runs")
    assert "已审批" in said, err
