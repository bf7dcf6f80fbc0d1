"""Cases of months, merged as they are read: their order, what is held, who they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.shelves import Shelves
from drgpay.run import year_cases
from drgpay.run.year_cases import cases_in_order, with_persons

_PIECE = 5


@dataclass
class Run:
    """A run of a month with these cases, which counts how many rows at once are asked for."""

    cases: pl.DataFrame
    folder: Path = Path("2026-01-0123456789")

    def rows(self, _table: str) -> int:
        return self.cases.height

    def scaled_rows(self, _table: str, names: Sequence[str], first: int, rows: int) -> pl.DataFrame:
        assert rows <= _PIECE
        return self.cases.select(names)[first : first + rows]


@dataclass
class Records:
    """Records of persons in two pieces."""

    persons: pl.DataFrame
    path: Path = Path("stays.parquet")

    def require(self, _columns: Sequence[str]) -> None:
        pass

    def pieces(self) -> Iterator[Any]:
        half = self.persons.height // 2
        for part in (self.persons[:half], self.persons[half:]):
            batches = part.to_arrow(compat_level=pl.CompatLevel.oldest()).to_batches()
            yield SimpleNamespace(batches=lambda _wanted, found=batches: found)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year_cases, "ROW_GROUP_ROWS", _PIECE)
    monkeypatch.setattr(year_cases, "_MOST_ROWS", 4)


def months_of(ids: Sequence[Sequence[str]]) -> list[Any]:
    frames = (
        pl.DataFrame({"case_id": sorted(one), "drg": sorted(one)}, schema=_SCHEMA) for one in ids
    )
    return [SimpleNamespace(last=Run(frame)) for frame in frames]


_SCHEMA = {"case_id": pl.String, "drg": pl.String}


def spread_over_months(seed: int) -> list[list[str]]:
    """Ids of twelve months: one month behind the other, or all among one another; some are empty."""
    random = Random(seed)
    months: list[list[str]] = [[] for _ in range(12)]
    for number in range(random.randint(1, 200)):
        month = random.choice([number % 12, number // 17 % 12, random.randint(0, 3)])
        months[month].append(f"{number:04}")
    return months


@pytest.mark.parametrize("seed", range(20))
def test_buckets_are_all_cases_in_order(seed: int) -> None:
    ids = spread_over_months(seed)
    buckets = list(cases_in_order(months_of(ids), ["case_id", "drg"], "stay"))
    found = pl.concat(buckets)
    assert found["case_id"].to_list() == sorted(one for month in ids for one in month)
    assert found["drg"].to_list() == found["case_id"].to_list()
    assert max(bucket.height for bucket in buckets) <= 4


@pytest.mark.parametrize("seed", range(20))
def test_a_case_of_two_months_is_refused(seed: int) -> None:
    ids = spread_over_months(seed)
    twice = sorted(one for month in ids for one in month)[seed % 3 :][0]
    ids[0] = [*ids[0], twice] if twice not in ids[0] else ids[0]
    ids[1] = [*ids[1], twice] if twice not in ids[1] else ids[1]
    with pytest.raises(DrgpayError, match=twice):
        list(cases_in_order(months_of(ids), ["case_id"], "stay"))


def test_a_file_in_another_order_is_refused() -> None:
    months = months_of([["1", "2", "3"]])
    months[0].last.cases = months[0].last.cases.reverse()
    with pytest.raises(DrgpayError, match="2026-01-0123456789"):
        list(cases_in_order(months, ["case_id"], "stay"))


@pytest.mark.parametrize("seed", range(10))
def test_persons_come_to_their_cases(seed: int, tmp_path: Path) -> None:
    ids = spread_over_months(seed)
    every = [one for month in ids for one in month]
    known = Random(seed).sample(every, len(every) * 2 // 3)
    named = pl.DataFrame({"case_id": known, "person_id": [f"P{one}" for one in known]})
    extra = pl.DataFrame({"case_id": ["0000x", "9999"], "person_id": ["nobody", "nobody"]})
    records: Any = Records(pl.concat([named, extra, named[:3]]))
    months = months_of(ids)
    buckets = cases_in_order(months, ["case_id"], "stay")
    found = pl.concat(with_persons(buckets, months, records, Shelves(tmp_path, "persons", 0)))
    wanted = {one: f"P{one}" for one in known}
    assert dict(found.iter_rows()) == {one: wanted.get(one) for one in sorted(every)}


def test_a_case_of_two_persons_is_refused(tmp_path: Path) -> None:
    persons = pl.DataFrame({"case_id": ["1", "1"], "person_id": ["A", "B"]})
    records: Any = Records(persons)
    months = months_of([["1"]])
    buckets = cases_in_order(months, ["case_id"], "stay")
    with pytest.raises(DrgpayError, match="1"):
        list(with_persons(buckets, months, records, Shelves(tmp_path, "persons")))
