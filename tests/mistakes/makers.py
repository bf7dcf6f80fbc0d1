"""Mistakes that are more than another text in a file: each takes the region and spoils it."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
from xlsxwriter import Workbook

Maker = Callable[[Path], None]
DELIMITER = "|"


def _stays(region: Path) -> pl.DataFrame:
    return pl.read_parquet(region / "small.parquet")


def _as_text(stays: pl.DataFrame, delimiter: str = DELIMITER) -> pl.DataFrame:
    """Every cell as text, as an export has it."""
    return stays.with_columns(pl.col(pl.List).list.join(delimiter)).with_columns(
        pl.all().cast(pl.String)
    )


def _named(region: Path, name: str) -> Path:
    """A new file of stays, named in the job."""
    job = region / "job.toml"
    text = job.read_text(encoding="utf-8")
    job.write_text(text.replace('"small.parquet"', f'"{name}"'), encoding="utf-8")
    return region / name


def _csv(region: Path, stays: pl.DataFrame) -> Path:
    path = _named(region, "stays.csv")
    stays.write_csv(path)
    return path


def _workbook(region: Path, rows: list[list[object]]) -> None:
    with Workbook(str(_named(region, "stays.xlsx"))) as book:
        sheet = book.add_worksheet("清单")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)


def _rows(stays: pl.DataFrame) -> list[list[object]]:
    text = _as_text(stays)
    return [text.columns, *map(list, text.iter_rows())]


def no_procedures(region: Path) -> None:
    _stays(region).drop("procedures").write_parquet(region / "small.parquet")


def joined_as_a_text_is(region: Path) -> None:
    _csv(region, _as_text(_stays(region), "、"))


def joined_by_a_sign(region: Path) -> None:
    _csv(region, _as_text(_stays(region), "#"))


def dotted_dates(region: Path) -> None:
    stays = _stays(region)
    _csv(region, _as_text(stays.with_columns(pl.col(pl.Date).dt.strftime("%Y.%-m.%-d"))))


def unreadable_dates(region: Path) -> None:
    stays = _stays(region)
    _csv(region, _as_text(stays.with_columns(pl.col(pl.Date).dt.strftime("%-d/%-m/%y"))))


def titles(region: Path) -> None:
    head, *rows = _rows(_stays(region))
    _workbook(region, [["2026年10月结算清单"], ["单位：元"], head, *rows])


def total_row(region: Path) -> None:
    head, *rows = _rows(_stays(region))
    total = ["合计" if place == 0 else None for place in range(len(head))]
    total[head.index("total_cost")] = str(_stays(region)["total_cost"].sum())
    _workbook(region, [head, *rows, list(total)])


def damaged_ids(region: Path) -> None:
    _csv(region, _as_text(_stays(region)).with_columns(pl.lit("3.39E+19").alias("case_id")))


def carriage_returns(region: Path) -> None:
    path = _csv(region, _as_text(_stays(region)))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r"))


def ragged(region: Path) -> None:
    path = _csv(region, _as_text(_stays(region)))
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[6] += ",1,2"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def doubled_heading(region: Path) -> None:
    path = _csv(region, _as_text(_stays(region)))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("patient_cost", "fund_cost", 1), encoding="utf-8")


def old_excel(region: Path) -> None:
    _named(region, "stays.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def marked_files(region: Path) -> None:
    for name in ("job.toml", "policy.toml"):
        path = region / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def job_in_gb18030(region: Path) -> None:
    _encoded(region / "job.toml", "gb18030")


def job_in_utf_16(region: Path) -> None:
    _encoded(region / "job.toml", "utf-16")


def _encoded(path: Path, encoding: str) -> None:
    text = "# 十月\n" + path.read_text(encoding="utf-8")
    path.write_bytes(text.encode(encoding))


def no_budget(region: Path) -> None:
    path = region / "policy.toml"
    before, _, rest = path.read_text(encoding="utf-8").partition("[budget]")
    path.write_text(before + rest[rest.index("[clearing]") :], encoding="utf-8")


def unknown_case_in_deductions(region: Path) -> None:
    filing = region / "deductions.csv"
    filing.write_text("case_id,kind,serious\nH33900012026109999999,fraud,false\n", encoding="utf-8")
    job = region / "job.toml"
    text = job.read_text(encoding="utf-8")
    job.write_text(text + 'deductions = "deductions.csv"\n', encoding="utf-8")


def edited_workbook(region: Path) -> None:
    book = min((region / "runs").rglob("*.xlsx"))
    book.write_bytes(book.read_bytes() + b" ")
