"""Drawn stays as an Arrow table with the columns of docs/files.md."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.records.columns import STAY_COLUMNS, Kind
from drgpay.sample.admissions import ACCOUNTS, BED_DAY_CLASSES, PAYMENT_UNITS, Admissions
from drgpay.sample.coding import Coding
from drgpay.sample.columns import (
    code_lists_column,
    dates_column,
    digits_column,
    money_column,
    numbers_column,
    schema_of,
    words_column,
)
from drgpay.sample.costs import Costs
from drgpay.sample.plan import Month
from drgpay.sample.region_tables import RegionTables

STAY_SCHEMA = schema_of(STAY_COLUMNS)
_NUMBERS = [name for name, kind in STAY_COLUMNS.items() if kind is Kind.NUMBER]


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
    hospital_ids = pa.array([each.hospital_id for each in region.hospitals])
    hospital = words_column(hospital_ids, stays.hospital)
    serials = np.arange(first_serial, first_serial + len(stays.core), dtype=np.uint64)
    month_serials = serials + np.uint64(month.compact * 10_000_000)
    columns = {
        "case_id": pc.binary_join_element_wise(hospital, digits_column(month_serials, 13), ""),
        "hospital_id": hospital,
        "person_id": pc.binary_join_element_wise("P", digits_column(stays.person, 14), ""),
        "account": words_column(pa.array(ACCOUNTS), stays.account),
        "out_of_area": pa.array(stays.out_of_area),
        "admission_date": dates_column(month, stays.admission),
        "discharge_date": dates_column(month, stays.discharge),
        "settlement_date": dates_column(month, stays.settlement),
        "department": words_column(words.departments, region.cores.department[stays.core]),
        "principal_diagnosis": words_column(words.diagnoses, coding.principal),
        "other_diagnoses": code_lists_column(words.diagnoses, coding.other_diagnoses),
        "procedures": code_lists_column(words.procedures, coding.procedures),
        "payment_unit": words_column(pa.array(PAYMENT_UNITS), stays.unit),
        "bed_day_class": words_column(pa.array(BED_DAY_CLASSES), stays.bed_day_class),
        "complete": pa.array(stays.complete),
        **{name: numbers_column(name, getattr(stays, name)) for name in _NUMBERS},
        **{f"{name}_cost": money_column(fen) for name, fen in vars(costs).items()},
    }
    return pa.table(columns, schema=STAY_SCHEMA)
