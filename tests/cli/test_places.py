"""What is said of a file names it, its rows and its columns as its writer sees them."""

from datetime import date
from pathlib import Path

import polars as pl

from drgpay.report.quality_tables import speaker
from tests.cli.in_process import Run
from tests.quality.test_commands import rows_of
from tests.records.excel.test_workbooks import workbook


def test_findings_name_what_the_user_sees(drgpay: Run, sample_data: Path, tmp_path: Path) -> None:
    frame = pl.read_parquet(sample_data / "stays" / "2026-10.parquet").head(60)
    flat = frame.with_columns(pl.col(pl.List).list.join("|"), pl.col(pl.Decimal).cast(pl.Float64))
    rows = [[str(cell) if isinstance(cell, date) else cell for cell in row] for row in flat.rows()]
    headings = ["年龄" if name == "age" else name for name in flat.columns]
    rows[40][flat.columns.index("age")] = "许多"
    rows.insert(20, ["合计", *[None] * (len(headings) - 1)])
    stays = workbook(tmp_path / "清单.xlsx", [["某市住院清单"], [], headings, *rows], "十月")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[columns]\nage = "年龄"\n', "utf-8")
    hospitals = tmp_path / "hospitals.csv"
    listed = (sample_data / "hospitals.csv").read_text("utf-8-sig").splitlines()
    commas = "," * listed[0].count(",")
    hospitals.write_text("\n".join([f"机构名单{commas}", *listed, f"合计{commas}"]), "utf-8")
    out, policy = tmp_path / "quality", sample_data / "policy.toml"
    status, _, said = drgpay(
        *("check", stays, "--scheme", "chs-drg-2.0", "--policy", policy, "--hospitals", hospitals),
        *("--mapping", mapping, "--out", out, "--lang", "en"),
    )
    assert status == 0
    rows_left = f"hospitals.csv: row {len(listed) + 2} is a total or a note and was left out"
    assert rows_left in said
    assert "hospitals.csv: row 2 was taken as headings" in said
    assert "[清单.xlsx]十月: row 24 is a total or a note and was left out" in said
    found = pl.read_parquet(out / "rows.parquet").filter(pl.col("code") == "bad_type")
    place = {"source_file": "[清单.xlsx]十月", "source_row": 45, "source_column": "年龄"}
    assert found.select(*place).to_dicts() == [place]
    assert found["message"][0].startswith("年龄 is ")
    say = speaker("en")
    columns, refusals = rows_of(out / "quality.xlsx", say("refused_stays"))
    assert columns[4:7] == [say(name) for name in place]
    assert [*place.values()] in [row[4:7] for row in refusals]
