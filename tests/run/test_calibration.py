"""`drgpay calibrate` and `drgpay catalogue import` as a user types them."""

import io
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import typer
from openpyxl import load_workbook

from drgpay.base.errors import DrgpayError
from drgpay.cli import calibrate, catalogue
from drgpay.cli.commands import add_command
from drgpay.grouper.scheme import load_scheme
from drgpay.points.catalogue import load_catalogue
from tests.tables.files_as_declared import not_as_declared

FILES = ("catalogue.json", "groups.csv", "coefficients.csv", "bed_days.csv")
Run = Callable[..., str]


@pytest.fixture
def drgpay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one of the two commands; returns what it printed, raises what it refused."""
    app = typer.Typer(pretty_exceptions_enable=False)
    add_command(app, calibrate.calibrate, ())
    add_command(app, calibrate.calibrate_visits, ())
    catalogue.register(app)

    def run(*arguments: object) -> str:
        monkeypatch.setattr(
            sys,
            "argv",
            ["drgpay", *map(str, arguments), *([] if "--lang" in arguments else ["--lang", "zh"])],
        )
        with pytest.raises(SystemExit) as ended:
            app()
        assert not ended.value.code
        return capsys.readouterr().out

    return run


def calibrated(drgpay: Run, sample: Path, out: Path, *options: str, policy: str = "") -> str:
    return drgpay(
        *("calibrate", sample / "history", "--scheme", "chs-drg-2.0", "--out", out),
        *("--policy", policy or sample / "policy.toml"),
        *("--hospitals", sample / "hospitals.csv", *options),
    )


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def test_the_committed_catalogue_and_its_report(
    drgpay: Run, sample_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "catalogue"
    said = calibrated(drgpay, sample_data, out)
    for name in FILES:
        assert (out / name).read_bytes() == (sample_data / "catalogue" / name).read_bytes(), name
    for words in ("方案解释度", "非稳定组", "病例取舍", "R²", "床日", str(out)):
        assert words in said
    report = out / "report"
    assert not not_as_declared(report, "catalogue")
    steps = dict(pl.read_parquet(report / "steps.parquet").select("step", "stays").iter_rows())
    made = load_catalogue(out, load_scheme("chs-drg-2.0"))
    assert steps["read"] == made.info.stays_read
    assert steps["eligible"] == made.info.stays_eligible
    assert steps["trimmed_low"] + steps["trimmed_high"] == made.info.stays_trimmed
    book = load_workbook(report / "calibration.xlsx")
    assert book.sheetnames[:3] == ["病例取舍", "入组情况", "方案解释度"]
    groups = pl.read_parquet(report / "groups.parquet")
    assert groups["kept"].sum() == steps["kept"]
    assert book["病组"].max_row > groups.height


@pytest.mark.slow
def test_every_feature_in_english_twice_the_same_bytes(
    drgpay: Run, sample_data: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / name / "catalogue" for name in ("one", "two")]
    for out in folders:
        said = calibrated(drgpay, sample_data, out, "--lang", "en", policy="illustrative")
        assert "Coefficients from a neighbour" in said
        assert "非稳定组" not in said
    assert list(files_below(folders[0])) == list(files_below(folders[1]))
    neighbours = pl.read_parquet(folders[0] / "report" / "coefficients_from_neighbours.parquet")
    assert neighbours.height > 100
    assert set(neighbours["level_factor"].cast(pl.String)) == {"0.9000", "1.1000"}


def calibrated_visits(drgpay: Run, sample: Path, out: Path, *options: str) -> str:
    return drgpay(
        *("calibrate-visits", sample / "visit_history", "--items", sample / "visit_item_history"),
        *("--scheme", "open-apg-1", "--policy", sample / "policy.toml"),
        *("--hospitals", sample / "hospitals.csv", "--out", out, *options),
    )


def test_the_committed_catalogue_of_visits_and_its_report(
    drgpay: Run, sample_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "visit_catalogue"
    said = calibrated_visits(drgpay, sample_data, out)
    for name in FILES:
        made = (out / name).read_bytes()
        assert made == (sample_data / "visit_catalogue" / name).read_bytes(), name
    assert not not_as_declared(out / "report", "catalogue")
    for words in ("就诊与条目取舍", "方案解释度", "需关注的门诊组", "等级系数", str(out)):
        assert words in said
    for words in ("病例取舍", "测算病例", "床日", "机构系数"):
        assert words not in said
    report = out / "report"
    steps = {row["step"]: row for row in pl.read_parquet(report / "steps.parquet").to_dicts()}
    info = load_catalogue(out, load_scheme("open-apg-1")).info
    assert steps["read"]["visits"] == info.stays_read == 12_000
    assert steps["eligible"]["visits"] == info.stays_eligible
    assert steps["eligible"]["total_cost"] == Decimal(info.all_total_fen).scaleb(-2)
    gone = sum(row["visits"] for step, row in steps.items() if step.startswith("left"))
    assert gone + info.stays_eligible == info.stays_read
    trimmed = steps["trimmed_low"]["entries"] + steps["trimmed_high"]["entries"]
    assert trimmed == info.stays_trimmed
    assert trimmed + steps["kept"]["entries"] == steps["eligible"]["entries"]
    groups = pl.read_parquet(report / "groups.parquet")
    assert groups["name"].null_count() == 0
    assert groups["kept"].sum() == steps["kept"]["entries"]
    book = load_workbook(report / "calibration.xlsx")
    assert book.sheetnames[0] == "就诊与条目取舍"
    assert not {"床日", "病组"} & set(book.sheetnames)


def test_the_report_of_visits_in_english(drgpay: Run, sample_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "visit_catalogue"
    said = calibrated_visits(drgpay, sample_data, out, "--lang", "en")
    assert "From visits read to entries kept" in said
    first_words = {line.split("│")[1].strip() for line in said.splitlines() if "│" in line}
    assert not any("\u4e00" <= character <= "\u9fff" for word in first_words for character in word)


def test_an_existing_folder_is_kept(drgpay: Run, sample_data: Path, tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    with pytest.raises(DrgpayError, match="exists already"):
        calibrated(drgpay, sample_data, tmp_path / "catalogue")
    assert not list((tmp_path / "catalogue").iterdir())


def test_import_of_weights(drgpay: Run, tmp_path: Path) -> None:
    table = tmp_path / "weights.csv"
    table.write_bytes("DRG编码,RW,三级\nBB11,2,26000\nBB21,1.5,\n".encode("gb18030"))
    out = tmp_path / "catalogue"
    said = drgpay(
        *("catalogue", "import", table, "--scheme", "chs-drg-2.0", "--all-mean", "10000"),
        *("--column", "price_3A=三级", "--out", out),
    )
    assert "方案中无权重的病组" in said
    made = load_catalogue(out, load_scheme("chs-drg-2.0"))
    assert made.groups.select("drg", "base_points").rows() == [("BB11", 2000000), ("BB21", 1500000)]
    assert made.coefficients.select("drg", "level", "coefficient").rows() == [("BB11", "3A", 13000)]
    without = pl.read_parquet(out / "report" / "groups_without_weight.parquet")
    assert without.height == 632
    assert not not_as_declared(out / "report", "catalogue")
    assert (out / "report" / "calibration.xlsx").is_file()
    again = drgpay(
        *("catalogue", "import", table, "--scheme", "chs-drg-2.0", "--all-mean", "10000"),
        *("--column", "price_3A=三级", "--out", tmp_path / "again"),
        *("--format", "csv", "--only", "groups_without_weight"),
    )
    assert pl.read_csv(io.StringIO(again), infer_schema=False).equals(without)


CITY = (
    "某市权重表,,,,,,\n"
    "DRG编码,DRG名称,RW,病组类型,基础费率（职工）,等级系数（三甲）,支付标准\n"
    "BB11,甲,2.00001,普通组,9986.9352,1.00005,19974\n"
    "BB21,乙,1,不稳定组,9986.9352,1.00005,9986.94\n"
    "BB25,丙,,未覆盖组,9986.9352,1.00005,0\n"
    "合计,,,,,,\n"
)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_import_says_what_was_read_and_what_was_not(
    drgpay: Run, tmp_path: Path, language: str
) -> None:
    table = tmp_path / "city.csv"
    table.write_text(CITY)
    out = tmp_path / "catalogue"
    command = ["catalogue", "import", table, "--scheme", "chs-drg-2.0", "--out", out]
    command += ["--all-mean", "9986.9352", "--lang", language]
    with pytest.raises(DrgpayError, match=r"is not read: 支付标准 \(in line 3: 19974\)"):
        drgpay(*command)
    assert not out.exists()
    said = drgpay(*command, "--drop", "支付标准")
    for words in {
        "zh": (
            "按要求舍弃",
            "不稳定或未覆盖",
            "费率属于结算",
            "合计",
            "表头以上",
            "1.00005 → 1.0001",
        ),
        "en": ("dropped by name", "unstable or not covered", "Rates belong", "Total", "above the"),
    }[language]:
        assert words in said
    assert "coefficient_三甲" in said
    made = load_catalogue(out, load_scheme("chs-drg-2.0"))
    assert made.groups.select("drg", "base_points", "stability").rows() == [
        ("BB11", 2000010, "stable"),
        ("BB21", 1000000, "stand_in"),
    ]
    assert (made.info.all_total_fen, made.info.all_cases) == (99869352, 100)
    marked = pl.read_parquet(out / "report" / "marked_groups.parquet")
    assert ("不稳定组", "BB21") in marked.rows()
    skipped = pl.read_parquet(out / "report" / "skipped_rows.parquet")
    assert skipped.select("line", "reason").rows() == [
        (1, "title"),
        (5, "no_weight"),
        (6, "total"),
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--all-mean", "ten"], "--all-mean ten is not an amount"),
        (["--all-mean", "0"], "--all-mean 0 is not an amount"),
        (["--all-mean", "0.004"], "--all-mean 0.004 is not an amount"),
        (["--all-mean", "1.000000001"], "--all-mean 1.000000001 is not an amount"),
        (["--all-mean", "1", "--mark", "stable"], "--mark stable is not MARK=MEANING"),
        (["--all-mean", "1", "--mark", "a=b"], "there is no meaning b"),
        (["--all-mean", "1", "--drop", "RW"], "has no column RW"),
        (["--all-mean", "1", "--column", "weight"], "--column weight is not NAME=HEADING"),
        (
            ["--all-mean", "1", "--column", "drg=a", "--column", "drg=b"],
            "--column drg is given twice",
        ),
    ],
)
def test_mistaken_options(drgpay: Run, options: list[str], said: str, tmp_path: Path) -> None:
    table = tmp_path / "weights.csv"
    table.write_text("drg,weight\nBB11,1\n")
    out = tmp_path / "catalogue"
    with pytest.raises(DrgpayError) as told:
        drgpay("catalogue", "import", table, "--scheme", "chs-drg-2.0", "--out", out, *options)
    assert said in str(told.value)
    assert not out.exists()
