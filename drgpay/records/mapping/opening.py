"""Open files that need a mapping or an encoding."""

from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.columns import Kind
from drgpay.records.csv_source import open_csv
from drgpay.records.excel.source import open_excel
from drgpay.records.mapping.load import NO_MAPPING, LoadedMapping
from drgpay.records.mapping.mapped import MappedSource
from drgpay.records.parquet_source import open_parquet
from drgpay.records.reading_report import ReadingReport
from drgpay.records.source import SourceFile, is_csv, is_excel

_ERRORS = Sentences("errors/records")


def open_mapped(
    file: Path,
    partition: dict[str, str],
    loaded: LoadedMapping | None,
    encoding: str | None,
    kinds: dict[str, Kind],
    report: ReadingReport,
    number: int,
) -> SourceFile:
    """A file with the columns that a mapping makes; the report counts as it is read.

    CSV and Excel have lists in cells and names of any capitals, so they are always read so; Parquet
    only under a mapping. Errors as in `open_dataset`.
    """
    rules = loaded.mapping if loaded else NO_MAPPING
    if is_csv(file):
        delimiter = rules.csv.delimiter or ("\t" if file.suffix.lower() == ".tsv" else ",")
        text = open_csv(file, partition, encoding or rules.csv.encoding, delimiter)
        return MappedSource(text, rules, report, number, kinds)
    if encoding:
        raise DrgpayError(*_ERRORS("encoding_of_no_csv", path=file))
    if is_excel(file):
        return MappedSource(open_excel(file, partition, rules.sheet), rules, report, number, kinds)
    parquet = open_parquet(file, partition)
    return MappedSource(parquet, rules, report, number, kinds) if loaded else parquet
