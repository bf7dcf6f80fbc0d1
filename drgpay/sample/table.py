"""Drawn stays as an Arrow table with the columns of docs/files.md."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.sample.admissions import ACCOUNTS, BED_DAY_CLASSES, PAYMENT_UNITS, Admissions
from drgpay.sample.coding import Coding
from drgpay.sample.costs import Costs
from drgpay.sample.draws import CodeLists, Ints
from drgpay.sample.plan import Month
from drgpay.sample.region_tables import RegionTables

_MONEY = pa.decimal128(18, 2)
_CODES = pa.list_(pa.string())
_UNKNOWN_HOSPITAL = "H9999999"
_EPOCH = date(1970, 1, 1)

STAY_SCHEMA = pa.schema(
    [
        ("case_id", pa.string()),
        ("hospital_id", pa.string()),
        ("person_id", pa.string()),
        ("account", pa.string()),
        ("out_of_area", pa.bool_()),
        ("admission_date", pa.date32()),
        ("discharge_date", pa.date32()),
        ("settlement_date", pa.date32()),
        ("sex", pa.int8()),
        ("age", pa.int16()),
        ("age_days", pa.int16()),
        ("weight_g", pa.int32()),
        ("department", pa.string()),
        ("length_of_stay", pa.int16()),
        ("discharge_type", pa.int8()),
        ("principal_diagnosis", pa.string()),
        ("other_diagnoses", _CODES),
        ("procedures", _CODES),
        ("total_cost", _MONEY),
        ("fund_cost", _MONEY),
        ("patient_cost", _MONEY),
        ("other_cost", _MONEY),
        ("payment_unit", pa.string()),
        ("bed_day_class", pa.string()),
        ("complete", pa.bool_()),
        ("drug_cost", _MONEY),
        ("material_cost", _MONEY),
        ("exam_cost", _MONEY),
    ]
)


def stay_table(
    region: RegionTables,
    month: Month,
    first_serial: int,
    stays: Admissions,
    coding: Coding,
    costs: Costs,
) -> pa.Table:
    """The stays of a part of a month; their serial numbers start at `first_serial`."""
    words = region.vocabulary
    hospital_ids = pa.array([each.hospital_id for each in region.hospitals] + [_UNKNOWN_HOSPITAL])
    hospital = _words(hospital_ids, stays.hospital)
    serials = np.arange(first_serial, first_serial + len(stays.core), dtype=np.uint64)
    month_serials = serials + np.uint64(month.compact * 10_000_000)
    columns = {
        "case_id": pc.binary_join_element_wise(hospital, _digits(month_serials, 13), ""),
        "hospital_id": hospital,
        "person_id": pc.binary_join_element_wise("P", _digits(stays.person, 14), ""),
        "account": _words(pa.array(ACCOUNTS), stays.account),
        "out_of_area": pa.array(stays.out_of_area),
        "admission_date": _dates(month, stays.admission),
        "discharge_date": _dates(month, stays.discharge),
        "settlement_date": _dates(month, stays.settlement),
        "sex": _numbers(stays.sex, pa.int8()),
        "age": _numbers(stays.age, pa.int16()),
        "age_days": _numbers(stays.age_days, pa.int16()),
        "weight_g": _numbers(stays.weight_g, pa.int32()),
        "department": _words(words.departments, region.cores.department[stays.core]),
        "length_of_stay": _numbers(stays.length_of_stay, pa.int16()),
        "discharge_type": _numbers(stays.discharge_type, pa.int8()),
        "principal_diagnosis": _words(words.diagnoses, coding.principal),
        "other_diagnoses": _code_lists(words.diagnoses, coding.other_diagnoses),
        "procedures": _code_lists(words.procedures, coding.procedures),
        "total_cost": _money(costs.total),
        "fund_cost": _money(costs.fund),
        "patient_cost": _money(costs.patient),
        "other_cost": _money(costs.other),
        "payment_unit": _words(pa.array(PAYMENT_UNITS), stays.unit),
        "bed_day_class": _words(pa.array(BED_DAY_CLASSES), stays.bed_day_class),
        "complete": pa.array(stays.complete),
        "drug_cost": _money(costs.drug),
        "material_cost": _money(costs.material),
        "exam_cost": _money(costs.exam),
    }
    return pa.table(columns, schema=STAY_SCHEMA)


def _words(words: pa.Array, numbers: Ints) -> pa.Array:
    """The word of each number; -1 is null."""
    missing = numbers < 0
    return pc.take(words, pa.array(numbers, mask=missing if missing.any() else None))


def _numbers(values: Ints, kind: pa.DataType) -> pa.Array:
    """Whole numbers; negative ones are null."""
    missing = values < 0
    narrow = values.astype(kind.to_pandas_dtype())
    return pa.array(narrow, kind, mask=missing if missing.any() else None)


def _dates(month: Month, days: Ints) -> pa.Array:
    first = (month.first_day - _EPOCH).days
    return pa.array((days + first).astype(np.int32)).view(pa.date32())


def _code_lists(words: pa.Array, lists: CodeLists) -> pa.Array:
    offsets = pa.array(lists.offsets.astype(np.int32))
    return pa.ListArray.from_arrays(offsets, _words(words, lists.flat), type=_CODES)


def _money(fen: Ints) -> pa.Array:
    """Exact decimals: fen as 128-bit integers, the high half filled with the sign."""
    halves = np.stack([fen, fen >> 63], axis=1)
    return pa.Array.from_buffers(_MONEY, len(fen), [None, pa.py_buffer(halves)])


def _digits(numbers: NDArray[np.uint64], width: int) -> pa.Array:
    """Whole numbers as strings of a fixed width, with leading zeros."""
    characters = np.empty((len(numbers), width), np.uint8)
    rest = numbers
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, np.uint64(10))
        characters[:, place] = digit + np.uint64(ord("0"))
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(characters)]
    return pa.Array.from_buffers(pa.string(), len(numbers), buffers)
