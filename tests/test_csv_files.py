"""Which CSV files are for people, so that no text of them is a formula, and which are read again."""

import ast
import csv
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl

import drgpay
from drgpay.adjust.tables import SchemeTables, Sets, read_tables, write_tables
from drgpay.grouper.scheme import scheme_folder
from drgpay.registry.export import as_csv
from drgpay.sample.hospitals import load_hospitals, write_hospitals
from drgpay.schemes.workbook.notes import Notes
from tests.hostile_texts import FORMULAS, TEXTS

PACKAGE = Path(drgpay.__file__).parent
FOR_PEOPLE = {
    "approval/answers.py",  # the form that hospitals answer on
    "records/writing.py",  # write_table: scheme check and diff, adjust check and propose
    "registry/export.py",  # runs list, show, compare and sql
    "schemes/workbook/notes.py",  # the report of scheme import
    "supervise/staff_output.py",  # the standing of staff
}
READ_AGAIN = {
    "adjust/tables.py",  # the tables of a scheme
    "evaluation/output.py",  # what a clearing takes
    "grouper/exempt_groups.py",  # a table of a scheme
    "points/catalogue.py",  # a catalogue
    "sample/contractors.py",  # the inputs of a sample region
    "sample/filings.py",
    "sample/fraud/beds.py",
    "sample/fraud/items.py",
    "sample/fraud/planting.py",
    "sample/hospitals.py",
    "schemes/workbook/importing.py",  # the tables of a scheme
    "supervise/deciding.py",  # the deductions that a job takes
    "start/hospital_table.py",  # the table of hospitals of a project
}
WRITERS = {"write_csv", "sink_csv", "writer", "DictWriter", "to_csv"}


def _writers_of_csv(path: Path) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITERS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_each_module_that_writes_csv_is_listed() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if _writers_of_csv(path)
    }
    assert found == FOR_PEOPLE | READ_AGAIN
    guarding = {
        name for name in found if "guarded(" in (PACKAGE / name).read_text(encoding="utf-8")
    }
    assert guarding == FOR_PEOPLE


def test_an_answer_for_people_has_no_formula() -> None:
    lines = list(csv.reader(as_csv(pl.DataFrame({"a": FORMULAS})).splitlines(keepends=True)))
    assert lines == [["a"], *([f"'{text}"] for text in FORMULAS)]


def test_the_report_of_an_import_has_no_formula(tmp_path: Path) -> None:
    notes = Notes()
    notes.add("=1+1", 1, "always_true", group="=2")
    notes.write(tmp_path / "report.csv", "zh")
    assert "'=1+1,1,always_true" in (tmp_path / "report.csv").read_text(encoding="utf-8-sig")


def _spoilt(tables: SchemeTables) -> SchemeTables:
    """Names of groups and members of sets that begin like formulas."""
    groups = {
        level: [{**row, "name": text} for row, text in zip(rows, TEXTS, strict=False)]
        for level, rows in tables.groups.items()
    }
    sets: Sets = dict.fromkeys(list(tables.sets)[:2], FORMULAS)
    return replace(tables, groups=groups, sets=sets, frames={})


def test_the_tables_of_a_scheme_come_back_as_they_were(tmp_path: Path) -> None:
    tables = _spoilt(read_tables(scheme_folder("chs-drg-2.0")))
    write_tables(tables, tmp_path)
    for table in ("cc", "exclusions"):
        shutil.copy(scheme_folder("chs-drg-2.0") / f"{table}.csv", tmp_path)
    again = read_tables(tmp_path)
    assert again.groups == tables.groups
    assert again.sets == tables.sets


def test_the_hospitals_of_a_sample_come_back_as_they_were(tmp_path: Path) -> None:
    texts = [text for text in FORMULAS if text.isprintable()]
    given = tuple(
        replace(hospital, name=text)
        for hospital, text in zip(load_hospitals(), texts, strict=False)
    )
    write_hospitals(given, tmp_path / "hospitals.csv")
    with (tmp_path / "hospitals.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [one.name for one in given]
    assert len(given) > 5
