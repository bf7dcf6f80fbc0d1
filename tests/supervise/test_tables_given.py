"""Tables that a region gives beside its records, from their files to the clues."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.supervise.file import load_supervise
from drgpay.supervise.supervision import supervise


def with_table(file: Path, name: str, table: pl.DataFrame) -> Path:
    """The file of a supervision that names one more table, or another of that name."""
    table.write_csv(file.with_name(f"given_{name}.csv"))
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(f"{name} =")]
    path = file.with_name(f"given_{name}.toml")
    path.write_text("\n".join([*kept, f'{name} = "given_{name}.csv"', ""]), encoding="utf-8")
    return path


def test_a_stay_after_a_death_is_found_and_no_table_names_the_person(file: Path) -> None:
    stays = pl.read_parquet(file.parent / "stays" / "2026-10.parquet")
    last = stays.drop_nulls("person_id").sort("discharge_date", "case_id").row(-1, named=True)
    died = last["admission_date"] - timedelta(days=1)
    table = pl.DataFrame({"person_id": [last["person_id"]], "death_date": [died]})
    found = supervise(load_supervise(with_table(file, "deaths", table)))
    clues = found.clues.filter(pl.col("part") == "death")
    mine = stays.filter(pl.col("person_id") == last["person_id"])["case_id"]
    assert clues.height > 0
    assert set(clues["case_ids"].explode()) <= set(mine)
    assert last["case_id"] in clues["case_ids"].explode()
    state = dict(found.rule_report.select("rule", "why").iter_rows())["overlap"]
    assert "deaths" not in state


def test_tables_that_contradict_themselves_are_refused(file: Path) -> None:
    beds = pl.read_csv(file.with_name("beds.csv"))
    with pytest.raises(DrgpayError, match=r"given_beds\.csv"):
        supervise(load_supervise(with_table(file, "beds", pl.concat([beds, beds.head(1)]))))
    died = pl.DataFrame({"person_id": ["P", "P"], "death_date": ["2026-01-01", "2026-01-02"]})
    with pytest.raises(DrgpayError, match=r"given_deaths\.csv"):
        supervise(load_supervise(with_table(file, "deaths", died)))
