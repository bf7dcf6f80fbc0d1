"""The real readers and checks over small tables, and what must hold of whatever they are given."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import polars as pl
import pyarrow as pa

from drgpay.api.settlement import calibrate
from drgpay.approval.answers import read_answers
from drgpay.base.errors import DrgpayError
from drgpay.base.language import alike
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.grouper.scheme import load_scheme
from drgpay.points.weight_table import read_weight_table
from drgpay.policy.load import load_policy
from drgpay.quality.grouped_table import text_table
from drgpay.quality.weights import read_weights
from drgpay.records.assessment import read_scores
from drgpay.records.checks import check_stays
from drgpay.records.columns import STAY_COLUMNS, Kind
from drgpay.records.dataset import open_dataset
from drgpay.records.filings import read_filings
from drgpay.records.hospitals import read_hospitals
from drgpay.records.known_codes import KnownCodes
from drgpay.records.meaning.texts import BLANKS
from drgpay.records.official_groups import read_official_groups
from drgpay.records.visits.checks import VisitCounts, VisitRules
from drgpay.records.visits.enrolment import read_enrolment
from drgpay.records.visits.reading import visit_buckets
from drgpay.records.visits.tables import VisitInput, open_visits
from drgpay.transition.explanations import KINDS, read_explanations
from tests.fuzz.nasty import (
    Row,
    Spoiled,
    as_text,
    plain_array,
    spoiled,
    write_csv,
    write_excel,
    write_parquet,
)

POLICY = load_policy("illustrative").policy
HOSPITALS = pl.DataFrame(
    {"hospital_id": ["H1", "H2"], "name": ["One", "Two"], "level": ["3A", "1"]}
)
ENROLMENT = pl.DataFrame({"contractor_id": ["H2"], "account": ["employee"], "heads": [900]})
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
RULES = VisitRules(POLICY, HOSPITALS, OCTOBER, ENROLMENT)
KNOWN = {"I10.x00", "E11.900"}
MONEY = ("total_cost", "fund_cost", "patient_cost", "other_cost")


def stays(count: int = 6) -> list[Row]:
    """Valid stays with a value in every column that there is."""
    codes = ["J18.900", "I21.900", "O80.000", "K80.100", "P07.300", "S72.000"]
    return [
        {
            "case_id": f"C{number}",
            "hospital_id": f"H{number % 2 + 1}",
            "person_id": f"P{number}",
            "account": ["employee", "resident"][number % 2],
            "out_of_area": number == 3,
            "admission_date": date(2026, 9, 20 + number % 6),
            "discharge_date": date(2026, 9, 24 + number % 6),
            "settlement_date": date(2026, 10, 1 + number % 6),
            "sex": 2,
            "age": 0 if number == 4 else 30 + number,
            "age_days": 10 if number == 4 else None,
            "weight_g": 2500 if number == 4 else None,
            "department": "A03",
            "length_of_stay": 4,
            "discharge_type": 1,
            "principal_diagnosis": codes[number % len(codes)],
            "other_diagnoses": ["E11.900", "I10.x00"][: number % 3],
            "procedures": ["51.2300", "38.9301"][: number % 3],
            **dict(
                zip(MONEY, map(Decimal, ("1000.10", "600.10", "300.00", "100.00")), strict=True)
            ),
            "payment_unit": "drg",
            "bed_day_class": None if number else "psychiatry",
            "complete": True,
            "drug_cost": Decimal("10.00"),
            "material_cost": Decimal("1.50"),
            "exam_cost": Decimal("0.00"),
        }
        for number in range(count)
    ]


def visits(count: int = 5) -> list[Row]:
    """Valid visits."""
    return [
        {
            "visit_id": f"V{number}",
            "hospital_id": f"H{number % 2 + 1}",
            "person_id": f"P{number}",
            "account": "employee",
            "out_of_area": False,
            "visit_date": date(2026, 10, 2 + number),
            "sex": 1 + number % 2,
            "age": 60 + number,
            "department": "A03",
            "visit_type": ["ordinary", "chronic", "special"][number % 3],
            "principal_diagnosis": "I10.x00",
            "other_diagnoses": ["E11.900"][: number % 2],
            "contractor_id": "H2",
            **dict(zip(MONEY, map(Decimal, ("30.00", "20.00", "10.00", "0.00")), strict=True)),
        }
        for number in range(count)
    ]


def lines(count: int = 5) -> list[Row]:
    """The lines of the visits, two of each."""
    return [
        {
            "visit_id": f"V{number // 2}",
            "item_code": f"2504030010{number % 2}",
            "item_kind": ["lab", "drug"][number % 2],
            "quantity": 2.0,
            "amount": Decimal("15.00"),
        }
        for number in range(2 * count)
    ]


@cache
def compiled() -> CompiledScheme:
    """The scheme of the stays."""
    return compile_scheme(load_scheme("chs-drg-2.0"))


@contextmanager
def codes_known_once() -> Iterator[None]:
    """The tables of codes are made once for all files: they take longer than a small file."""
    given = KnownCodes.of
    made = cache(
        lambda: given("insurance-2.0", compiled().diagnoses.codes, compiled().procedures.codes)
    )
    with patch.object(KnownCodes, "of", staticmethod(lambda *_: made())):
        yield


@cache
def sexes() -> pl.DataFrame:
    """Diagnoses of one sex."""
    return sex_of_diagnosis(compiled())


@dataclass
class Counts:
    """What came of the files, to be printed at the end."""

    files: int = 0
    read: int = 0
    refused: int = 0
    rows: int = 0
    quarantined: int = 0
    columns: Counter[str] = field(default_factory=Counter)

    def spoiled(self, table: str, columns: Iterable[str]) -> None:
        """Note the columns of a table that have nasty cells."""
        self.columns.update(f"{table}.{column}" for column in columns)

    def __str__(self) -> str:
        least = min(self.columns.values(), default=0)
        return (
            f"{self.files} files: {self.read} read ({self.rows} rows, {self.quarantined} "
            f"quarantined), {self.refused} refused in a sentence; {len(self.columns)} columns, each "
            f"spoiled {least} times or more"
        )


def one_sentence(error: DrgpayError) -> None:
    """What is said of a mistake is one line with a problem and a remedy, and no traceback."""
    said = str(error)
    assert error.problem and error.remedy, said
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said and "pyarrow" not in said, said
    assert len(said) < 1_000, said[:2_000]


def stays_file(number: int, folder: Path, counts: Counts) -> None:
    """A file of spoiled stays, read and checked."""
    random = Random(number)
    base = stays()
    table = spoiled(base, random)
    counts.spoiled("stays", table.columns)
    place, mapping, tame, what = _written(table, folder, number, random, STAY_COLUMNS)
    try:
        read = checked_stays(place, mapping)
    except DrgpayError as error:
        one_sentence(error)
        counts.refused += 1
        assert not tame or _may_refuse(error), f"{what}: {error}"
        return
    rows, valid, refused = read
    assert valid.height + refused.height == rows, what
    counts.read += 1
    counts.rows += rows
    counts.quarantined += refused.height
    if tame:
        assert rows == table.rows, what
        others = nasty_ids(table, "case_id")
        ids = [row["case_id"] for n, row in enumerate(base) if n not in table.touched]
        ids = [one for one in ids if one not in others]
        same_rows(valid, _good_stays(), "case_id", ids, what)


def nasty_ids(table: Spoiled, key: str) -> set[str]:
    """What the touched rows have as their id, which may be the id of another row."""
    array = table.arrays[key]
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    try:
        cells = array.cast(pa.large_binary()).to_pylist()
    except pa.ArrowException:
        cells = [None] * table.rows  # no text at all: then every row is touched
    ids = {(cells[n] or b"").decode(errors="replace") for n in table.touched}
    ids |= {table.texts[n][key] or "" for n in table.touched}
    return {one.strip(BLANKS) for one in ids}


def checked_stays(place: Path, mapping: Path | None) -> tuple[int, pl.DataFrame, pl.DataFrame]:
    """How many stays a file has, the valid ones and the quarantine."""
    dataset = open_dataset(place, mapping)
    grouped = read_grouped_stays(dataset, compiled(), threads=1)
    assert grouped.height == dataset.rows
    assert dataset.conversions.lines("zh") is not None
    checked = check_stays(grouped, POLICY, HOSPITALS, OCTOBER, sexes(), str(place), "en")
    return dataset.rows, checked.valid, checked.quarantine


_GOOD: dict[str, pl.DataFrame] = {}


def _good_stays() -> pl.DataFrame:
    if "stays" not in _GOOD:
        frame = pl.DataFrame(stays())
        with TemporaryDirectory() as folder:
            place = Path(folder) / "stays.parquet"
            frame.write_parquet(place)
            _GOOD["stays"] = checked_stays(place, None)[1]
        assert _GOOD["stays"].height == len(stays())
    return _GOOD["stays"]


def same_rows(
    found: pl.DataFrame, good: pl.DataFrame, key: str, ids: Sequence[str], what: str
) -> None:
    """The rows with some ids are what they are without nasty rows beside them."""
    here = found.filter(pl.col(key).is_in(list(ids))).sort(pl.all())
    there = good.filter(pl.col(key).is_in(list(ids))).sort(pl.all())
    assert here.select(there.columns).equals(there), f"{what}\n{here}\n{there}"


def _may_refuse(error: DrgpayError) -> bool:
    """What may refuse a table of which only cells are spoiled: the whole of a column says so."""
    said = str(error)
    # Coded strings of a file whose dictionaries are no UTF-8: pyarrow gives none of its rows.
    reasons = ("shifted_dates", "damaged_ids", "Invalid UTF8 payload")
    return any(reason in said for reason in reasons)


def _written(
    table: Spoiled, folder: Path, number: int, random: Random, kinds: dict[str, Kind]
) -> tuple[Path, Path | None, bool, str]:
    """A spoiled table as a file, with its mapping if it needs one, and whether only cells are bad."""
    mapping = None
    if random.random() < 0.25:
        table, mapping = renamed(table, folder, kinds)
    way = random.random()
    if way < 0.3:
        place = folder / f"{number}.csv"
        csv = write_csv(table, place, random)
        return place, mapping, csv.proper, f"seed {number}: {csv.what} {table.what}"
    if way < 0.42:
        place = folder / f"{number}.xlsx"
        write_excel(table, place, random)
        return place, mapping, False, f"seed {number}: xlsx {table.what}"
    place = folder / f"{number}.parquet"
    table = write_parquet(table, place, random)
    return place, mapping, table.tame, f"seed {number}: {table.what}"


def renamed(table: Spoiled, folder: Path, kinds: dict[str, Kind]) -> tuple[Spoiled, Path]:
    """A table with the column names of another system, and the mapping that knows them."""
    mapping = folder / "mapping.toml"
    if not mapping.exists():
        rules = ['missing = ["-"]', "[columns]"]
        rules += [
            f'{name} = "THEIR_{name}"' for name, kind in kinds.items() if kind is not Kind.TEXTS
        ]
        lists = {"other_diagnoses": "diagnoses", "procedures": "procedures"}
        rules += [f'[{lists[name]}]\nlist = "THEIR_{name}"' for name in lists if name in kinds]
        mapping.write_text("\n".join(rules), encoding="utf-8")
    theirs = replace(
        table,
        arrays={f"THEIR_{name}": array for name, array in table.arrays.items()},
        texts=[{f"THEIR_{name}": text for name, text in row.items()} for row in table.texts],
    )
    return theirs, mapping


def visits_file(number: int, folder: Path, counts: Counts) -> None:
    """Files of visits and lines, one of them or both spoiled, read and checked."""
    random = Random(number)
    good_visits, good_lines = visits(), lines()
    which = random.choice(["visits", "items", "both"])
    both = []
    touched: set[str] = set()
    tame, what = True, ""
    for name, rows in (("visits", good_visits), ("items", good_lines)):
        most = 3 if which in (name, "both") else 0
        table = spoiled(rows, random, most) if most else unspoiled(rows)
        counts.spoiled(name, table.columns)
        touched |= {
            str((rows[n] if n < len(rows) else {"visit_id": ""})["visit_id"]) for n in table.touched
        }
        touched |= nasty_ids(table, "visit_id")
        place = folder / f"{name}-{number}.parquet"
        way = random.random()
        if way < 0.25:
            place = place.with_suffix(".csv")
            csv = write_csv(table, place, random)
            tame, what = tame and csv.proper, f"{what} {csv.what}"
            touched |= {str(row["visit_id"]) for row in table.texts if "�" in str(row)}
        elif way < 0.35:
            place = place.with_suffix(".xlsx")
            write_excel(table, place, random)
            tame, what = False, f"{what} xlsx"
        else:
            table = write_parquet(table, place, random)
            tame = tame and table.tame
        what += f" {name}: {table.what}"
        both.append(place)
    what = f"seed {number}:{what}"
    try:
        read = _checked_visits(both[0], both[1], folder)
    except DrgpayError as error:
        one_sentence(error)
        counts.refused += 1
        assert not tame or _may_refuse(error), f"{what}: {error}"
        return
    valid, items, of = read
    assert of.visits_valid + of.visits_quarantined == of.visits_read, what
    assert of.lines_valid + of.lines_quarantined == of.lines_read, what
    assert valid.height == of.visits_valid, what
    counts.read += 1
    counts.rows += of.visits_read + of.lines_read
    counts.quarantined += of.visits_quarantined + of.lines_quarantined
    if tame:
        ids = [row["visit_id"] for row in good_visits if row["visit_id"] not in touched]
        same_rows(valid, _good_visits(folder)[0], "visit_id", ids, what)
        same_rows(items, _good_visits(folder)[1], "visit_id", ids, what)


def unspoiled(rows: Sequence[Row]) -> Spoiled:
    """A table as it should be."""
    arrays = {name: plain_array([row[name] for row in rows]) for name in rows[0]}
    texts = [{name: as_text(value) for name, value in row.items()} for row in rows]
    return Spoiled(arrays, texts, frozenset(), True, "", len(rows))


def _checked_visits(
    visits_path: Path, items_path: Path, folder: Path
) -> tuple[pl.DataFrame, pl.DataFrame, VisitCounts]:
    records = open_visits(VisitInput(visits_path, items_path))
    buckets = list(visit_buckets(records, RULES, KNOWN, folder, threads=1, bucket_ids=3))
    total = sum((bucket.counts for bucket in buckets), VisitCounts())
    assert total.visits_read == records.visits.rows
    assert total.lines_read == records.items.rows
    if not buckets:
        return pl.DataFrame(), pl.DataFrame(), total
    return (
        pl.concat([bucket.visits.cast({pl.Categorical: pl.String}) for bucket in buckets]),
        pl.concat([bucket.items.cast({pl.Categorical: pl.String}) for bucket in buckets]),
        total,
    )


def _good_visits(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    if "visits" not in _GOOD:
        for name, rows in (("visits", visits()), ("items", lines())):
            pl.DataFrame(rows).write_parquet(folder / f"good-{name}.parquet")
        found = _checked_visits(
            folder / "good-visits.parquet", folder / "good-items.parquet", folder
        )
        _GOOD["visits"], _GOOD["items"] = found[:2]
        assert _GOOD["visits"].height == len(visits())
        assert _GOOD["items"].height == len(lines())
    return _GOOD["visits"], _GOOD["items"]


def history_file(number: int, folder: Path, counts: Counts) -> None:
    """A catalogue made of stays some of which are spoiled."""
    random = Random(number)
    table = spoiled(stays(40), random)
    counts.spoiled("history", table.columns)
    place, mapping, _, what = _written(table, folder, number, random, STAY_COLUMNS)
    try:
        made = calibrate(
            place,
            compiled(),
            POLICY,
            HOSPITALS,
            mapping=str(mapping) if mapping else None,
            threads=1,
        )
    except DrgpayError as error:
        one_sentence(error)
        counts.refused += 1
        return
    info = made.info
    assert info.stays_trimmed < info.stays_eligible <= info.stays_read, what
    counts.read += 1
    counts.rows += info.stays_read


EXPLAINED = {kind: {f"BR2{n}" for n in range(4)} for kind in KINDS}
NAME_IT = alike("name a table of groups")
LEAVE_OUT = ("answers", "weights", "weights of statistics", "official groups")
"""Small tables in which rows without an answer or a group are passed over, or cases gathered."""


def _different(groups: pl.DataFrame) -> int:
    assert groups["case_id"].is_unique().all()
    return groups.height


def _weight_table(path: Path) -> list[object]:
    table = read_weight_table(path, None, None)
    return [*table.rows, *table.left_out]


SMALL: dict[str, tuple[list[Row], Callable[[Path], int]]] = {
    "hospitals": (
        [
            {
                "hospital_id": f"H{n}",
                "name": f"Hospital {n}",
                "level": "3A",
                "county": "West",
                "alliance": None if n else "A",
                "kind": "general",
                "assessment": Decimal("92.50"),
            }
            for n in range(4)
        ],
        lambda path: read_hospitals(path).height,
    ),
    "enrolment": (
        [
            {"contractor_id": f"H{n}", "account": "employee", "age_band": "0-6", "heads": 900}
            for n in range(4)
        ],
        lambda path: read_enrolment(path, ("employee", "resident")).height,
    ),
    "reviews": (
        [
            {
                "case_id": f"C{n}",
                "filed_at": date(2026, 10, 20),
                "approved": True,
                "unreasonable_cost": Decimal("10.00"),
                "fixed_points": Decimal("1.50"),
                "reason": "because",
            }
            for n in range(4)
        ],
        lambda path: read_filings(reviews=path).reviews.height,
    ),
    "deductions": (
        [
            {
                "case_id": f"C{n}" if n else None,
                "kind": "upcoding" if n else "payment",
                "serious": True,
                "hospital_id": None if n else "H1",
                "account": None if n else "employee",
                "amount_yuan": None if n else Decimal("5.00"),
                "reason": "because",
            }
            for n in range(4)
        ],
        lambda path: sum(
            frame.height
            for filings in [read_filings(deductions=path)]
            for frame in (filings.deductions, filings.payments)
        ),
    ),
    "technologies": (
        [{"case_id": f"C{n}", "technology": f"T{n}"} for n in range(4)],
        lambda path: read_filings(technologies=path).technologies.height,
    ),
    "scores": (
        [{"hospital_id": f"H{n}", "score": Decimal("92.50")} for n in range(4)],
        lambda path: read_scores(path).height,
    ),
    "official groups": (
        [
            {"case_id": f"C{n}", "group": f"BR2{n}", "drg": None if n else "BR20", "scheme": "2.0"}
            for n in range(4)
        ],
        lambda path: _different(read_official_groups(path)),
    ),
    "compared groups": (
        [{"case_id": f"C{n}", "drg": f"BR2{n}", "adrg": "BR2", "mdc": "MDCB"} for n in range(4)],
        lambda path: text_table(path, ("case_id", "drg"), NAME_IT, ("adrg", "mdc")).height,
    ),
    "weights": (
        [
            {"DRG编码": f"BR2{n}", "DRG名称": "name", "权重": Decimal("1.25"), "备注": "because"}
            for n in range(4)
        ],
        lambda path: len(_weight_table(path)),
    ),
    "weights of statistics": (
        [{"drg": f"BR2{n}", "weight": Decimal("1.25")} for n in range(4)],
        lambda path: read_weights(path).height,
    ),
    "answers": (
        [{"hospital_id": f"H{n}", "answer": "确认", "note": "because"} for n in range(4)],
        lambda path: len(read_answers(path, {f"H{n}" for n in range(4)})),
    ),
    "explanations": (
        [{"kind": "group", "id": f"BR2{n}", "reason": "because", "by": "me"} for n in range(4)],
        lambda path: read_explanations(path, EXPLAINED).height,
    ),
}
"""Small tables: good rows, and how many rows a file of them is read to."""


def small_file(number: int, folder: Path, counts: Counts) -> None:
    """A spoiled small table: refused in a sentence, or each of its rows is read."""
    random = Random(number)
    called = random.choice(sorted(SMALL))
    rows, reader = SMALL[called]
    table = spoiled(rows, random)
    counts.spoiled(called, table.columns)
    way = random.random()
    if way < 0.4:
        place = folder / f"{called}-{number}.csv"
        csv = write_csv(table, place, random)
        proper, what = csv.proper, f"seed {number}: {called} {csv.what} {table.what}"
    elif way < 0.6:
        place = folder / f"{called}-{number}.xlsx"
        write_excel(table, place, random)
        proper, what = False, f"seed {number}: {called} xlsx {table.what}"
    else:
        place = folder / f"{called}-{number}.parquet"
        table = write_parquet(table, place, random)
        proper, what = True, f"seed {number}: {called} {table.what}"
    try:
        height = reader(place)
    except DrgpayError as error:
        one_sentence(error)
        counts.refused += 1
        return
    except BaseException as error:
        raise AssertionError(f"{what}: {error!r}"[:1_500]) from error
    counts.read += 1
    counts.rows += height
    proper = proper and called not in LEAVE_OUT
    assert not proper or height == table.rows, f"{what}: {height} of {table.rows} rows"
