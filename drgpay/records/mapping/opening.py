"""Open files that need a mapping or an encoding."""

from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.columns import Kind
from drgpay.records.csv_source import open_csv
from drgpay.records.excel.source import open_excel
from drgpay.records.mapping.load import NO_MAPPING, LoadedMapping, load_mapping
from drgpay.records.mapping.mapped import MappedSource
from drgpay.records.mapping.model import Mapping, SideRule
from drgpay.records.mapping.side_tables import joined
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
    if encoding and not is_csv(file):
        raise DrgpayError(*_ERRORS("encoding_of_no_csv", path=file))
    if not loaded and not (is_csv(file) or is_excel(file)):
        return open_parquet(file, partition)
    sheets = rules.sheets
    sheet = sheets.list if sheets and sheets.list else rules.sheet
    source = _opened(file, partition, rules, encoding, sheet)
    if sheets:
        # A file without sheets has in its own columns what a workbook has in sheets beside the list.
        beside = [
            (rule, _opened(_place(file, rule), {}, rules, encoding, rule.sheet))
            for rule in sheets.beside
            if rule.file or is_excel(file)
        ]
        source = joined(source, sheets, beside)
    return MappedSource(source, rules, report, number, kinds)


def side_files(file: Path, mapping: str | Path | None) -> list[Path]:
    """The files that a mapping reads together with a file."""
    rules = load_mapping(mapping).mapping.sheets if mapping else None
    return [_place(file, rule) for rule in rules.beside if rule.file] if rules else []


def _place(file: Path, rule: SideRule) -> Path:
    return file.parent / rule.file if rule.file else file


def _opened(
    file: Path, partition: dict[str, str], rules: Mapping, encoding: str | None, sheet: str | None
) -> SourceFile:
    if not file.is_file():
        raise DrgpayError(*_ERRORS("no_file", path=file))
    if is_csv(file):
        delimiter = rules.csv.delimiter or ("\t" if file.suffix.lower() == ".tsv" else ",")
        return open_csv(file, partition, encoding or rules.csv.encoding, delimiter)
    return open_excel(file, partition, sheet) if is_excel(file) else open_parquet(file, partition)
