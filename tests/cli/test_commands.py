"""The commands as a user types them: what they leave behind, and how mistakes read."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from drgpay.cli.memory import keep_freed_memory
from tests.cli.in_process import Run
from tests.run.no_books import without_books

STAY_TABLES = (
    *("cases", "adjustments", "statements", "values", "ledger", "quarantine", "warnings"),
    *("reviews", "deductions", "technologies"),
)
VISIT_TABLES = (
    *("visits", "entries", "visit_statements", "visit_values", "visit_ledger"),
    *("capitation", "capitation_apart", "capitation_tie_out"),
    *("visit_quarantine", "visit_warnings", "line_quarantine", "line_warnings"),
)
ORACLE = Path(__file__).resolve().parents[1] / "data" / "oracle-chs-drg-2.0.parquet"


@pytest.fixture
def region(tmp_path: Path, sample_data: Path) -> Path:
    """A copy of the sample region to spoil; its runs lie in tmp_path/runs."""
    return Path(shutil.copytree(sample_data, tmp_path / "region"))


@pytest.fixture
def no_books() -> Iterator[None]:
    """For what reads no workbook."""
    with without_books():
        yield


def refused(result: tuple[int, str, str], *words: str) -> None:
    """Exit 2, one sentence, no traceback."""
    status, out, err = result
    sentence = [line for line in err.splitlines() if line.startswith("drgpay: ")]
    assert status == 2, (out, err)
    assert len(sentence) == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in sentence[0]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def runs_in(tmp_path: Path) -> list[Path]:
    """The folders of the runs, without what stands beside them."""
    return sorted((tmp_path / "runs").glob("[!.]*/")) if (tmp_path / "runs").is_dir() else []


def remove_filings(region: Path) -> None:
    job = region / "2026-10.toml"
    lines = job.read_text(encoding="utf-8").splitlines()
    job.write_text("\n".join(line for line in lines if "filings/" not in line), encoding="utf-8")


def change_stays(region: Path, edit: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    path = region / "stays" / "2026-10.parquet"
    edit(pl.read_parquet(path)).write_parquet(path)


def test_run_leaves_a_folder(drgpay: Run, region: Path, tmp_path: Path) -> None:
    status, out, _ = drgpay("run", region / "2026-10.toml", "--lang", "zh")
    assert status == 0
    assert "点值" in out
    (folder,) = runs_in(tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert names >= {"manifest.json", "summary.xlsx", "statements", "catalogue"}
    assert names >= {f"{name}.parquet" for name in STAY_TABLES}
    assert names >= {f"{name}.parquet" for name in VISIT_TABLES}
    hospitals = pl.read_parquet(folder / "statements.parquet")["hospital_id"].unique()
    providers = pl.read_parquet(folder / "visit_statements.parquet")["hospital_id"].unique()
    written = {path.stem for path in (folder / "statements").iterdir()}
    assert written == set(hospitals) | set(providers)
    assert str(folder.name) in out
    before = (folder / "cases.parquet").read_bytes()
    status, out, _ = drgpay("run", region / "2026-10.toml", "--lang", "zh")
    assert status == 0
    assert "结果与此前一致" in out
    assert (folder / "cases.parquet").read_bytes() == before


@pytest.mark.usefixtures("no_books")
def test_a_run_id_is_given_once(drgpay: Run, region: Path, tmp_path: Path) -> None:
    assert drgpay("run", region / "2026-10.toml", "--run-id", "paid")[0] == 0
    cases = tmp_path / "runs" / "paid" / "cases.parquet"
    before = cases.read_bytes()
    change(region / "policy.toml", "low_ratio = 0.4", "low_ratio = 0.5")
    refused(drgpay("run", region / "2026-10.toml", "--run-id", "paid"), "holds other results")
    assert cases.read_bytes() == before
    assert [path.name for path in runs_in(tmp_path)] == ["paid"]


@pytest.mark.usefixtures("no_books")
def test_english_by_switch(drgpay: Run, region: Path) -> None:
    status, out, _ = drgpay("run", region / "2026-10.toml", "--lang", "en")
    assert status == 0
    assert "Point values" in out
    assert "点值" not in out


def test_group(drgpay: Run, tmp_path: Path) -> None:
    out = tmp_path / "groups.parquet"
    status, said, _ = drgpay("group", ORACLE, "--scheme", "chs-drg-2.0", "--out", out)
    assert (status, said.split(" with ")[0]) == (0, "600 stays grouped")
    columns = ["case_id", "status", "mdc", "adrg", "drg", "severity"]
    assert pl.read_parquet(out).columns == columns


def test_calibrate_gives_the_committed_catalogue(
    drgpay: Run, sample_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "catalogue"
    status, _, _ = drgpay(
        *("calibrate", sample_data / "history", "--scheme", "chs-drg-2.0"),
        *("--policy", sample_data / "policy.toml"),
        *("--hospitals", sample_data / "hospitals.csv", "--out", out),
    )
    assert status == 0
    for name in ("catalogue.json", "groups.csv", "coefficients.csv"):
        assert (out / name).read_bytes() == (sample_data / "catalogue" / name).read_bytes()


def test_scheme_list_and_show(drgpay: Run) -> None:
    status, out, _ = drgpay("scheme", "list")
    assert (status, "chs-drg-2.0" in out, "2026-12-31" in out) == (0, True, True)
    status, out, _ = drgpay("scheme", "show", "chs-drg-2.0")
    assert (status, "634" in out, "409" in out, "国家医疗保障局" in out) == (0, True, True, True)


@pytest.mark.usefixtures("no_books")
def test_sample_makes_a_region_that_runs(drgpay: Run, tmp_path: Path) -> None:
    folder = tmp_path / "region"
    status, out, _ = drgpay(
        *("sample", "--out", folder, "--stays", 300, "--history-months", 2, "--months", 2)
    )
    assert (status, "600 stays to settle" in out) == (0, True)
    assert drgpay("run", folder / "2026-09.toml")[0] == 0
    refused(drgpay("sample", "--out", folder), "is not empty")


def test_help_needs_no_heavy_library() -> None:
    code = (
        "import sys; sys.argv = ['drgpay', '--help']\n"
        "from drgpay.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'polars', 'pyarrow', 'numpy', 'pydantic', 'lark'} & sys.modules.keys()\n"
        "print('HEAVY', sorted(heavy))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.endswith("HEAVY []\n")


def test_plain_parquet_is_grouped_without_polars_and_rich(tmp_path: Path) -> None:
    stays, out = tmp_path / "stays.parquet", tmp_path / "groups.parquet"
    no_number, no_codes = pl.lit(None, pl.Float64), pl.lit([], pl.List(pl.String))
    pl.DataFrame({"case_id": ["1"], "principal_diagnosis": ["A00.000"], "sex": [1]}).with_columns(
        age=pl.lit(30.0), age_days=no_number, weight_g=no_number
    ).with_columns(other_diagnoses=no_codes, procedures=no_codes).write_parquet(stays)
    argv = ["drgpay", "group", str(stays), "--scheme", "chs-drg-2.0", "--out", str(out)]
    code = (
        f"import sys; sys.argv = {argv}\n"
        "from drgpay.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('HEAVY', sorted({'polars', 'rich', 'pandas'} & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.endswith("HEAVY []\n"), said.stdout
    assert out.exists()


@pytest.mark.parametrize("command", ["run", "group_visits"])
def test_the_allocator_is_set_before_polars_comes(command: str) -> None:
    arguments = {
        "run": ["run", "october.toml"],
        "group_visits": ["group-visits", "v", "--items", "i", "--scheme", "s", "--out", "o"],
    }
    code = (
        f"import sys; sys.argv = {['drgpay', *arguments[command]]}\n"
        f"import drgpay.cli.{command} as module\n"
        "module.keep_freed_memory = lambda: sys.exit('polars' in sys.modules and 'too late')\n"
        "from drgpay.cli.main import main\n"
        "main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_whoever_sets_the_allocator_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("_RJEM_MALLOC_CONF", raising=False)
    keep_freed_memory()
    assert "dirty_decay_ms" in os.environ["_RJEM_MALLOC_CONF"]
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "narenas:1")
    keep_freed_memory()
    assert os.environ["_RJEM_MALLOC_CONF"] == "narenas:1"


# Bad input of the month-end run: each is one sentence that names the file, the column or key.


def test_wrong_paths(drgpay: Run, region: Path, tmp_path: Path) -> None:
    refused(drgpay("run", region / "2026-13.toml"), "no job file", "2026-13.toml")
    for old, words in [
        ('"stays/2026-10.parquet"', "no file or folder"),
        ('"hospitals.csv"', "no file"),
        ('"catalogue"', "is no catalogue"),
        ('"policy.toml"', "no policy"),
        ('"chs-drg-2.0"', "no scheme"),
    ]:
        job = region / "job.toml"
        shutil.copy(region / "2026-10.toml", job)
        change(job, old, '"nowhere"')
        refused(drgpay("run", job), words, "nowhere")
    assert not (tmp_path / "runs").exists()


def test_wrong_job_keys(drgpay: Run, region: Path) -> None:
    job = region / "2026-10.toml"
    change(job, "period =", "month =")
    refused(drgpay("run", job), "the key month is unknown", "the key period is missing")
    change(job, 'month = "2026-10"', 'period = "2026-13"')
    refused(drgpay("run", job), "the key period is wrong", "2026-13")


def test_truncated_parquet(drgpay: Run, region: Path, tmp_path: Path) -> None:
    path = region / "stays" / "2026-10.parquet"
    path.write_bytes(path.read_bytes()[:5000])
    refused(drgpay("run", region / "2026-10.toml"), "2026-10.parquet is not a readable Parquet")
    assert not (tmp_path / "runs").exists()


def test_missing_column_and_wrong_type(drgpay: Run, region: Path) -> None:
    change_stays(region, lambda frame: frame.drop("fund_cost"))
    refused(drgpay("run", region / "2026-10.toml"), "2026-10.parquet lacks the column fund_cost")
    change_stays(region, lambda frame: frame.with_columns(fund_cost=pl.lit(True)))
    refused(drgpay("run", region / "2026-10.toml"), "the column fund_cost is", "decimal(18,2)")
    change_stays(region, lambda frame: frame.with_columns(fund_cost=pl.lit("12.OO")))
    refused(
        drgpay("run", region / "2026-10.toml"), "finding is bad_type (2000 rows), as in the case"
    )


def test_unknown_scheme(drgpay: Run, tmp_path: Path) -> None:
    refused(
        drgpay("group", ORACLE, "--scheme", "chs-drg-4.0", "--out", tmp_path / "x.parquet"),
        "no scheme 'chs-drg-4.0'",
        "chs-drg-2.0",
    )
    assert list(tmp_path.iterdir()) == []


def test_catalogue_of_another_scheme(drgpay: Run, region: Path) -> None:
    change(region / "2026-10.toml", '"chs-drg-2.0"', '"chs-drg-1.1"')
    refused(
        drgpay("run", region / "2026-10.toml"),
        "catalogue was made for the scheme chs-drg-2.0, not for chs-drg-1.1",
    )


def test_budget_of_zero(drgpay: Run, region: Path) -> None:
    policy = region / "policy.toml"
    text = policy.read_text(encoding="utf-8")
    start = text.index("employee = ", text.index("[budget]"))
    policy.write_text(text[:start] + "employee = 0" + text[text.index(",", start) :], "utf-8")
    refused(drgpay("run", region / "2026-10.toml"), "budget.annual_yuan.employee is wrong")


def test_month_without_valid_stays(drgpay: Run, region: Path, tmp_path: Path) -> None:
    change(region / "2026-10.toml", 'period = "2026-10"', 'period = "2026-11"')
    refused(
        drgpay("run", region / "2026-10.toml"),
        "none of 2000 stays is valid for 2026-11",
        "outside_period",
    )
    change(region / "2026-10.toml", 'period = "2026-11"', 'period = "2026-10"')
    unread = pl.lit("soon").alias("discharge_date")
    change_stays(region, lambda frame: frame.with_columns(unread))
    # How the columns were read is told although nothing is left of them.
    result = drgpay("run", region / "2026-10.toml")
    refused(result, "none of 2000 stays is valid for 2026-10")
    result = drgpay("run", region / "2026-10.toml", "--lang", "zh")
    assert "discharge_date：2000 条不是日期（2026-10.parquet 第 1 行：soon）" in result[2]
    change_stays(region, lambda frame: frame.clear())
    refused(drgpay("run", region / "2026-10.toml"), "holds no stay")
    assert not runs_in(tmp_path)


@pytest.mark.usefixtures("no_books")
def test_a_month_without_points_leaves_the_budget_to_the_reserve(
    drgpay: Run, region: Path, tmp_path: Path
) -> None:
    change_stays(region, lambda frame: frame.with_columns(payment_unit=pl.lit("fee")))
    assert drgpay("run", region / "2026-10.toml")[0] == 0
    values = pl.read_parquet(runs_in(tmp_path)[0] / "values.parquet")
    assert values["point_value"].null_count() == values.height
    assert values["remainder"].to_list() == values["budget"].to_list()


def test_stays_that_earn_no_points_are_refused(drgpay: Run, region: Path) -> None:
    """No group fits, and the policy gives such stays nothing: a point would have no value."""
    change(region / "policy.toml", 'ungrouped_rule = "at_cost"', 'ungrouped_rule = "fixed_points"')
    change_stays(
        region,
        lambda frame: frame.with_columns(
            principal_diagnosis=pl.lit("NOCODE"),
            other_diagnoses=pl.lit([], pl.List(pl.String)),
            procedures=pl.lit([], pl.List(pl.String)),
            age=pl.lit(50),
            payment_unit=pl.lit("drg"),
        ),
    )
    remove_filings(region)
    refused(drgpay("run", region / "2026-10.toml"), "employee", "no points")


@pytest.mark.usefixtures("no_books")
def test_duplicate_case_ids(drgpay: Run, region: Path, tmp_path: Path) -> None:
    change_stays(region, lambda frame: pl.concat([frame, frame.head(3)]))
    refused(
        drgpay("run", region / "2026-10.toml"),
        "2026-10.parquet",
        "and 2 more: case_id occurs more than once",
        "records.severity.duplicate_id",
    )
    change(region / "policy.toml", 'duplicate_id = "stop"', 'duplicate_id = "reject"')
    assert drgpay("run", region / "2026-10.toml")[0] == 0
    (folder,) = runs_in(tmp_path)
    warnings = pl.read_parquet(folder / "warnings.parquet")
    assert "filed_case_quarantined" in set(warnings["code"])
    quarantine = pl.read_parquet(folder / "quarantine.parquet")
    assert quarantine.filter(pl.col("code") == "duplicate_id").height == 6
    cases = pl.read_parquet(folder / "cases.parquet")
    assert cases.height + quarantine.height == 2003


def test_a_folder_that_cannot_be_written(drgpay: Run, region: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file stands in the way")
    refused(drgpay("run", region / "2026-10.toml"), "is a file, where a folder for results is")


def test_an_existing_catalogue_is_kept(drgpay: Run, region: Path) -> None:
    before = (region / "catalogue" / "groups.csv").read_bytes()
    refused(
        drgpay(
            *("calibrate", region / "history", "--scheme", "chs-drg-2.0"),
            *("--policy", region / "policy.toml"),
            *("--hospitals", region / "hospitals.csv", "--out", region / "catalogue"),
        ),
        "catalogue exists already",
    )
    assert (region / "catalogue" / "groups.csv").read_bytes() == before


# Records in other forms.


@pytest.mark.slow
@pytest.mark.usefixtures("no_books")
def test_run_reads_mapped_csv(drgpay: Run, region: Path, tmp_path: Path) -> None:
    """The month as CSV in GB18030 with names of its own settles like the Parquet file."""
    stays = pl.read_parquet(region / "stays" / "2026-10.parquet")
    text = stays.with_columns(
        pl.col("other_diagnoses", "procedures").list.join("|"),
        account=pl.col("account").replace({"employee": "310", "resident": "390"}),
    ).rename({"account": "insutype", "case_id": "结算编号"})
    csv = region / "stays.csv"
    csv.write_bytes(text.write_csv().encode("gb18030"))
    (region / "own.toml").write_text(
        '[columns.account]\nfrom = "insutype"\nvalues = { 310 = "employee", 390 = "resident" }\n'
        '[columns.case_id]\nfrom = "结算编号"\n',
        encoding="utf-8",
    )
    plain = drgpay("run", region / "2026-10.toml", "--run-id", "plain")
    change(region / "2026-10.toml", "stays/2026-10.parquet", "stays.csv")
    change(region / "2026-10.toml", "[inputs]", '[inputs]\nmapping = "own.toml"')
    mapped = drgpay("run", region / "2026-10.toml", "--run-id", "mapped")
    assert (plain[0], mapped[0]) == (0, 0), mapped[2]
    for name in ("cases", "statements", "values", "quarantine", "warnings"):
        files = [tmp_path / "runs" / run / f"{name}.parquet" for run in ("plain", "mapped")]
        one, other = (pl.read_parquet(file) for file in files)
        if name in ("cases", "statements", "values"):
            assert files[0].read_bytes() == files[1].read_bytes(), name
        else:
            assert {*one["source_file"]} == {"2026-10.parquet"}
            assert {*other["source_file"]} == {"stays.csv"}
            assert one["source_row"].equals(other["source_row"] - 1)  # below headings
            assert "结算编号" in other["source_column"] or "case_id" not in one["column"]
    change(region / "2026-10.toml", "[inputs]", '[inputs]\nencoding = "utf-8"')
    refused(drgpay("run", region / "2026-10.toml"), "stays.csv is not", "encoding")


def test_explain(drgpay: Run) -> None:
    status, out, _ = drgpay(
        *("explain-stay", "--scheme", "chs-drg-1.1", "--sex", 2, "--age", 88),
        *("--diagnosis", "K22.301", "--diagnosis", "K11.901", "--procedure", "96.0800x005"),
    )
    assert (status, "MDCG" in out, "GZ13" in out) == (0, True, True)
    refused(
        drgpay("explain", ORACLE, "--case", "nobody", "--scheme", "chs-drg-2.0"),
        "oracle-chs-drg-2.0.parquet has no case_id 'nobody'",
    )


@pytest.mark.slow
def test_scheme_export_import_diff(drgpay: Run, tmp_path: Path) -> None:
    book, folder = tmp_path / "book.xlsx", tmp_path / "copy"
    assert drgpay("scheme", "export", "chs-drg-1.1", "--out", book)[0] == 0
    command = ("scheme", "import", book, "--id", "chs-drg-1.1", "--out", folder)
    day = ("--set", "version=of a test", "--set", "effective_from=2027-01-01")
    status, out, _ = drgpay(*command, *day, "--format", "json")
    assert (status, json.loads(out)[0].keys()) == (0, {"sheet", "row", "kind", "text"})
    about = (folder / "scheme.toml").read_text(encoding="utf-8")
    assert 'version = "of a test"\neffective_from = 2027-01-01\n' in about
    changes = tmp_path / "changes.csv"
    status, out, _ = drgpay("scheme", "diff", "chs-drg-1.1", folder, "--out", changes)
    assert (status, pl.read_csv(changes).height) == (0, 0), out
    status, _, _ = drgpay("scheme", "diff", "chs-drg-1.1", "chs-drg-2.0", "--out", changes)
    assert (status, pl.read_csv(changes, infer_schema=False).height > 1000) == (0, True)
    refused(drgpay("scheme", "import", ORACLE, "--id", "x", "--out", tmp_path / "x"), "oracle-chs")


def test_check_stats_reconcile(drgpay: Run, region: Path, tmp_path: Path) -> None:
    stays = region / "stays" / "2026-10.parquet"
    groups = tmp_path / "groups.parquet"
    scheme = ("--scheme", "chs-drg-2.0")
    month = (*scheme, "--policy", region / "policy.toml", "--hospitals", region / "hospitals.csv")
    status, out, _ = drgpay("check", stays, *month, "--period", "2026-10", "--lang", "en")
    assert (status, "missing_required" in out) == (0, True), out
    refused(drgpay("check", stays, *month, "--period", "October"), "'October' is no month")

    assert drgpay("group", stays, *scheme, "--out", groups, "--with-input", "--reasons")[0] == 0
    out_folder = tmp_path / "stats"
    assert drgpay("stats", groups, "--out", out_folder)[0] == 0
    assert any(path.suffix == ".xlsx" for path in out_folder.iterdir())

    official = tmp_path / "official.parquet"
    ours = pl.read_parquet(groups, columns=["case_id", "drg"])
    ours.write_parquet(official)
    assert drgpay("reconcile", groups, official, *scheme)[0] == 0
    ours.with_columns(
        drg=pl.when(pl.int_range(pl.len()) % 10 == 0).then(pl.lit("0000")).otherwise("drg")
    ).write_parquet(official)
    assert drgpay("reconcile", groups, official, *scheme, "--stays", stays)[0] == 1
    pl.concat([ours, ours.head(1)]).write_parquet(official)
    refused(drgpay("reconcile", groups, official), "official.parquet")


@pytest.mark.slow
def test_names_of_hospitals_are_texts(drgpay: Run, region: Path, tmp_path: Path) -> None:
    """Markup, emoji codes and formulas in names: the run ends well and shows them as they are."""
    path = region / "hospitals.csv"
    hospitals = pl.read_csv(path, infer_schema=False)
    names = ["第一医院[/东区]", "[bold]x[/bold]", "=1+1", "[red", ":smile:", "<b>"]
    names += hospitals["name"].to_list()[len(names) :]
    hospitals.with_columns(name=pl.Series(names)).write_csv(path)
    status, out, err = drgpay("run", region / "2026-10.toml")
    assert status == 0, err
    assert {*names[:5]} <= {cell.strip() for line in out.splitlines() for cell in line.split("│")}
    [folder] = runs_in(tmp_path)
    assert drgpay("report", folder)[0] == 0
    assert drgpay("verify", folder)[0] == 0
    assert drgpay("runs", "show", folder.name, "--output", folder.parent)[0] == 0
    assert drgpay("stats", folder / "cases.parquet", "--hospitals", path)[0] == 0
