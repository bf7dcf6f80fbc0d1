"""The hospitals of the region, read from hospitals.csv of this package."""

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

_COLUMNS = ("hospital_id", "name", "level", "county", "alliance", "kind", "assessment")


@dataclass(frozen=True)
class Hospital:
    """A hospital with its share of the stays and what it is known for."""

    hospital_id: str
    name: str
    level: str
    county: str
    alliance: str
    kind: str
    assessment: str
    volume: float
    focus: tuple[str, ...]  # words that occur in the names of its MDCs
    bed_day_class: str  # of most of its stays, or empty


def load_hospitals(table: str = "hospitals.csv") -> tuple[Hospital, ...]:
    """All hospitals of a table of this package, by id."""
    text = files("drgpay.sample").joinpath(table).read_text(encoding="utf-8")
    return tuple(
        Hospital(
            **{column: row[column] for column in _COLUMNS},
            volume=float(row["volume"]),
            focus=tuple(row["focus"].split("|")) if row.get("focus") else (),
            bed_day_class=row.get("bed_day_class", ""),
        )
        for row in csv.DictReader(text.splitlines())
    )


def write_hospitals(hospitals: tuple[Hospital, ...], path: Path) -> None:
    """Write hospitals.csv with the columns of docs/files.md."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(
            [getattr(hospital, column) for column in _COLUMNS] for hospital in hospitals
        )
