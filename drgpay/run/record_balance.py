"""Whether the records that a run keeps of its cases are those of its cases: each once, said alike."""

from drgpay.results.case_records import CASE_RECORDS
from drgpay.results.run_tables import RunTables
from drgpay.run.comparison import Compared, unlike


def records_of_cases(tables: RunTables) -> Compared:
    """Each case or visit has one row of records, in the same order, and what both files say is the
    same: id, provider, dates, and of visits the department. Refused rows have none.
    """
    records = {column.name for column in tables.columns[CASE_RECORDS]}
    shared = [column.name for column in tables.columns["cases"] if column.name in records]
    due = tables.frame("cases", shared)
    place = tables.file(CASE_RECORDS)
    return due.height, unlike(place, due, [tables.part.id_column], shared)
