"""Texts of people stay texts in everything that a run leaves: tables, books, pages, the console."""

import json
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import NamedTuple

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.api.runs import write_report
from drgpay.base.errors import DrgpayError
from drgpay.base.file_names import is_too_long
from drgpay.cli.main import main
from drgpay.records.meaning.texts import BLANKS
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.stops import STOP_CODES
from tests.accepting import EVERYTHING
from tests.fuzz.nasty import MEGABYTE, TEXTS_THAT_STAY_TEXTS, array_of
from tests.fuzz.readers import checked_stays, stays
from tests.fuzz.whole_runs import JOB

_STRIPPED = [text.strip(BLANKS) for text in TEXTS_THAT_STAY_TEXTS]
# An id too long for a file's name is refused when it is read: tests/records/test_hospitals.py.
TEXTS = [text for text in _STRIPPED if not is_too_long(text)]
NAME = '<script>document.title="X"</script>[bold]x[/bold]{{7*7}}=1+1'
FILES = {
    "stays": "=1+1 [bold]x %s{0}.parquet",
    "visits": "<b> '; DROP.parquet",
    "items": "i.parquet",
}


class NastyRun(NamedTuple):
    """A run of a region in which every text that people write is one of TEXTS."""

    region: Path
    job: Path
    folder: Path
    report: Path


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs: a hospital, some stays and visits for each of the texts."""
    folder = tmp_path_factory.mktemp("texts") / "region [bold] {0}"
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("*history*", "filings"))
    _write_hospitals(folder)
    _write_stays(folder)
    _write_visits(folder)
    _write_filings(folder)
    policy = folder / "policy.toml"
    rules = policy.read_text(encoding="utf-8").replace('= "stop"', '= "reject"')
    head, _, rest = rules.partition("\nname = ")
    policy.write_text(
        f"{head}\nname = {json.dumps(NAME)}\n{rest.partition(chr(10))[2]}", encoding="utf-8"
    )
    filings = 'reviews = "reviews.csv"\ndeductions = "deductions.csv"\n'
    text = JOB.format(**FILES).replace(
        'hospitals = "hospitals.csv"\n', f'hospitals = "hospitals.parquet"\n{filings}'
    )
    (folder / "month.toml").write_text(text, encoding="utf-8")
    return folder


def _write_hospitals(folder: Path) -> None:
    pl.DataFrame(
        {
            "hospital_id": TEXTS,
            "name": TEXTS[1:] + TEXTS[:1],
            "level": ["3A"] * len(TEXTS),
            "county": TEXTS,
            "alliance": TEXTS,
            "kind": TEXTS,
            "assessment": ["90"] * len(TEXTS),
        }
    ).write_parquet(folder / "hospitals.parquet")
    pl.DataFrame(
        {"contractor_id": TEXTS, "account": ["employee"] * len(TEXTS), "heads": [100] * len(TEXTS)}
    ).write_csv(folder / "enrolment.csv", quote_style="always")


def _write_stays(folder: Path) -> None:
    """Good stays of each hospital, and stays with each text as what it cannot be."""
    month = pl.read_parquet(folder / "stays" / "2026-10.parquet", glob=False)
    good = month[[0] * len(TEXTS)].with_columns(  # one sound stay, of another person each
        case_id=pl.Series(TEXTS),
        hospital_id=pl.Series(TEXTS),
        person_id=pl.Series(TEXTS),
        department=pl.Series(TEXTS),
        payment_unit=pl.lit("drg"),
        bed_day_class=pl.Series(TEXTS),
    )
    wrong = []
    for number, (column, text) in enumerate(_wrong_cells()):
        row = month[100 + number : 101 + number].with_columns(hospital_id=pl.lit(TEXTS[0]))
        value = pl.lit([text]) if row.schema[column] == pl.List(pl.String) else pl.lit(text)
        row = row.with_columns(case_id=pl.lit(f"wrong {number}"))
        wrong.append(row.with_columns(value.alias(column)))
    frame = pl.concat([good, *(one.cast(good.schema) for one in wrong)])
    frame.write_parquet(folder / FILES["stays"])


def _wrong_cells() -> list[tuple[str, str]]:
    columns = ("account", "payment_unit", "principal_diagnosis", "other_diagnoses", "procedures")
    cells = [(column, text) for column in columns for text in TEXTS]
    return [*cells, ("person_id", MEGABYTE), ("case_id", MEGABYTE)]


def _write_visits(folder: Path) -> None:
    good = pl.read_parquet(folder / "visits" / "2026-10.parquet", glob=False).sort("visit_id")[
        : len(TEXTS)
    ]
    items = pl.read_parquet(folder / "visit_items" / "2026-10.parquet", glob=False)
    items = items.join(good.select("visit_id"), on="visit_id", how="semi")
    renamed = dict(zip(good["visit_id"], TEXTS, strict=True))
    random = Random(1)
    items.with_columns(
        pl.col("visit_id").replace_strict(renamed),
        item_code=pl.Series([random.choice(TEXTS) for _ in range(items.height)]),
    ).write_parquet(folder / FILES["items"])
    good.with_columns(
        visit_id=pl.Series(TEXTS),
        hospital_id=pl.Series(TEXTS),
        person_id=pl.Series(TEXTS),
        department=pl.Series(TEXTS),
        contractor_id=pl.Series(TEXTS),
        account=pl.lit("employee"),
    ).write_parquet(folder / FILES["visits"])


def _write_filings(folder: Path) -> None:
    pl.DataFrame(
        {
            "case_id": TEXTS,
            "filed_at": ["2026-10-31"] * len(TEXTS),
            "approved": ["true"] * len(TEXTS),
            "unreasonable_cost": ["1.00"] * len(TEXTS),
            "reason": TEXTS,
        }
    ).write_csv(folder / "reviews.csv", quote_style="always")
    pl.DataFrame(
        {
            "kind": ["payment"] * len(TEXTS),
            "hospital_id": TEXTS,
            "account": ["employee"] * len(TEXTS),
            "amount_yuan": ["0.01"] * len(TEXTS),
            "reason": TEXTS,
        }
    ).write_csv(folder / "deductions.csv", quote_style="always")


@pytest.fixture(scope="module")
def run(region: Path) -> NastyRun:
    job = region / "month.toml"
    finished = run_month(load_any_job(job), "en", threads=1, accept=EVERYTHING)
    report = write_report(finished.folder, region / "report.html", language="en")
    return NastyRun(region, job, finished.folder, report)


def test_tables_have_the_texts_as_they_are(run: NastyRun) -> None:
    cases = pl.read_parquet(run.folder / "cases.parquet", glob=False)
    for column in ("case_id", "hospital_id", "bed_day_class"):
        assert set(TEXTS) <= set(cases[column]), column
    visits = pl.read_parquet(run.folder / "visits.parquet", glob=False)
    for column in ("visit_id", "hospital_id", "department", "contractor_id"):
        assert set(TEXTS) == set(visits[column]), column
    for name, column in (
        ("statements", "hospital_id"), ("reviews", "case_id"), ("reviews", "reason"), ("enrolment", "contractor_id"),
        ("entries", "visit_id"),
    ):  # fmt: skip
        frame = pl.read_parquet(run.folder / f"{name}.parquet", glob=False)
        if column in frame.columns:
            assert set(TEXTS) <= set(frame[column].drop_nulls()), (name, column)


def test_what_cannot_be_is_in_quarantine_with_what_it_says(run: NastyRun) -> None:
    quarantine = pl.read_parquet(run.folder / "quarantine.parquet", glob=False)
    counts = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert counts["read"] == counts["valid"] + counts["quarantined"]
    assert quarantine.height == counts["quarantined"]
    for text in TEXTS:
        for column in ("account", "payment_unit"):
            said = quarantine.filter(column=column)["message"]
            assert any(text[:40] in message for message in said) or not text.isprintable(), text
    assert not [message for message in quarantine["message"] if len(message) > 2_000]


def test_nothing_lies_outside_the_folder_of_the_run(run: NastyRun) -> None:
    before = {
        "2026-10.toml", "catalogue", "enrolment.csv", "hospitals.csv", "hospitals.parquet",
        "month.toml", "policy.toml", "reviews.csv", "deductions.csv", "report.html", "runs", "stays",
        "visit_catalogue", "visit_items", "visits", "job.schema.json", "policy.schema.json",
        *FILES.values(),
    }  # fmt: skip
    assert {path.name for path in run.region.iterdir()} <= before
    for path in run.folder.rglob("*"):
        assert path.resolve().is_relative_to(run.folder.resolve())
        assert not set(path.name) & set('\n\r\t\0\x1b/<>|:*?"\\'), path.name


def test_books_hold_no_formula_of_a_text(run: NastyRun) -> None:
    books = [*run.folder.rglob("*.xlsx")]
    assert len(books) > len(TEXTS)
    for path in [*books[:12], run.folder / "summary.xlsx"]:
        book = openpyxl.load_workbook(path)
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    said = str(cell.value)
                    assert cell.hyperlink is None or "example.invalid" not in said, (path, said)
                    if cell.data_type == "f":
                        assert not any(text in said for text in TEXTS if text.startswith("=")), said
                        assert "cmd|" not in said and "HYPERLINK" not in said, said
        book.close()


class _Tags(HTMLParser):
    """The tags, attributes and scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


def test_pages_hold_no_markup_of_a_text(run: NastyRun) -> None:
    page = run.report.read_text(encoding="utf-8")
    tags = _Tags(page)
    assert not [attrs for tag, attrs in tags.found if "onerror" in attrs or tag == "img"]
    for tag, attrs in tags.found:
        for name in ("href", "src", "action"):
            assert "example.invalid" not in (attrs.get(name) or ""), (tag, attrs)
    assert not [script for script in tags.scripts if "document.title" in script]
    assert "</svg><script>1" not in page
    assert "49" not in {line.strip() for line in page.splitlines()}  # {{7*7}}
    assert "\x1b" not in page and "\0" not in page
    assert "&lt;script&gt;" in page


@pytest.fixture
def console(
    run: NastyRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[list[str]]:
    """What commands print about the run."""
    said = []
    accepted = [word for code in STOP_CODES for word in ("--accept", code)]
    for arguments in (
        ["run", run.job, "--output", run.region / "runs", *accepted, "--by", "a test"],
        ["case", run.folder, TEXTS[0], "--job", run.job],
        ["case", run.folder, "[bold]x[/bold]", "--job", run.job],
        ["case", run.folder, "\x1b[31mnobody[/]", "--job", run.job],
        ["run", run.region / "\x1b[31m[bold]no[/bold].toml"],
    ):
        monkeypatch.setattr(sys, "argv", ["drgpay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, 2, None), arguments
        captured = capsys.readouterr()
        said.append(captured.out + captured.err)
    yield said
    shutil.rmtree(run.region / "runs" / "none", ignore_errors=True)


def test_the_console_shows_texts_and_obeys_none(console: list[str]) -> None:
    for said in console:
        assert "Traceback" not in said, said
        assert "\x1b" not in said, said
        assert "\0" not in said, said
    assert any("[bold]x[/bold]" in said.replace("\n", "") for said in console)


@pytest.mark.parametrize("cell", [b"\xff\xfe", b"\xed\xa0\x80", MEGABYTE.encode()])
@pytest.mark.parametrize(
    "column", ["case_id", "hospital_id", "person_id", "bed_day_class", "account"]
)
def test_bytes_that_are_no_text_and_megabytes_are_quarantined(
    region: Path, tmp_path: Path, column: str, cell: bytes
) -> None:
    rows = stays()
    arrays = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    texts = [cell, *(str(row[column]).encode() for row in rows[1:])]
    arrays[column] = array_of(texts, pa.string())
    place = tmp_path / "stays.parquet"
    pq.write_table(pa.table(arrays), place)
    read, valid, quarantine = checked_stays(place, None)
    assert (read, valid.height, quarantine.height) == (6, 5, 1)
    assert quarantine["column"].to_list() == [column]
    assert len(quarantine["message"][0]) < 200


def test_a_mistake_is_one_line_whatever_the_file_is_called(tmp_path: Path) -> None:
    for text in TEXTS:
        name = text.replace("/", "").replace("\0", "")[:100]
        if not name or name in (".", ".."):
            continue
        with pytest.raises(DrgpayError) as refused:
            load_any_job(tmp_path / f"{name}.toml")
        assert refused.value.remedy
