"""Drawn stays as an Arrow table with the columns of docs/files.md."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.sample.admissions import ACCOUNTS, BED_DAY_CLASSES, PAYMENT_UNITS, Admissions
from drgpay.sample.coding import Coding
from drgpay.sample.columns import (
    CODES,
    MONEY,
    code_lists_column,
    dates_column,
    digits_column,
    money_column,
    numbers_column,
    words_column,
)
from drgpay.sample.costs import Costs
from drgpay.sample.plan import Month
from drgpay.sample.region_tables import RegionTables

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
        ("other_diagnoses", CODES),
        ("procedures", CODES),
        ("total_cost", MONEY),
        ("fund_cost", MONEY),
        ("patient_cost", MONEY),
        ("other_cost", MONEY),
        ("payment_unit", pa.string()),
        ("bed_day_class", pa.string()),
        ("complete", pa.bool_()),
        ("drug_cost", MONEY),
        ("material_cost", MONEY),
        ("exam_cost", MONEY),
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
        "sex": numbers_column(stays.sex, pa.int8()),
        "age": numbers_column(stays.age, pa.int16()),
        "age_days": numbers_column(stays.age_days, pa.int16()),
        "weight_g": numbers_column(stays.weight_g, pa.int32()),
        "department": words_column(words.departments, region.cores.department[stays.core]),
        "length_of_stay": numbers_column(stays.length_of_stay, pa.int16()),
        "discharge_type": numbers_column(stays.discharge_type, pa.int8()),
        "principal_diagnosis": words_column(words.diagnoses, coding.principal),
        "other_diagnoses": code_lists_column(words.diagnoses, coding.other_diagnoses),
        "procedures": code_lists_column(words.procedures, coding.procedures),
        "total_cost": money_column(costs.total),
        "fund_cost": money_column(costs.fund),
        "patient_cost": money_column(costs.patient),
        "other_cost": money_column(costs.other),
        "payment_unit": words_column(pa.array(PAYMENT_UNITS), stays.unit),
        "bed_day_class": words_column(pa.array(BED_DAY_CLASSES), stays.bed_day_class),
        "complete": pa.array(stays.complete),
        "drug_cost": money_column(costs.drug),
        "material_cost": money_column(costs.material),
        "exam_cost": money_column(costs.exam),
    }
    return pa.table(columns, schema=STAY_SCHEMA)
