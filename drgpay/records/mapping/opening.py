"""Open files that need a mapping or an encoding."""

from collections.abc import Sequence
from pathlib import Path

from drgpay.errors import DrgpayError
from drgpay.records.columns import Kind
from drgpay.records.csv_source import open_csv
from drgpay.records.mapping.load import NO_MAPPING, LoadedMapping, load_mapping
from drgpay.records.mapping.mapped import MappedSource
from drgpay.records.mapping.report import ConversionReport
from drgpay.records.parquet_source import open_parquet
from drgpay.records.source import SourceFile, is_csv


def open_mapped(
    paths: Sequence[Path],
    partitions: Sequence[dict[str, str]],
    mapping: str | Path | None,
    encoding: str | None,
    kinds: dict[str, Kind],
) -> tuple[list[SourceFile], LoadedMapping | None, ConversionReport]:
    """The files with the columns of docs/files.md, and the report that fills as they are read.

    CSV has text alone, so it is always converted; Parquet only under a mapping. Errors as in
    `open_dataset`.
    """
    loaded = load_mapping(mapping) if mapping is not None else None
    rules = loaded.mapping if loaded else NO_MAPPING
    report = ConversionReport()
    files: list[SourceFile] = []
    for number, (file, partition) in enumerate(zip(paths, partitions, strict=True)):
        if is_csv(file):
            delimiter = rules.csv.delimiter or ("\t" if file.suffix.lower() == ".tsv" else ",")
            text = open_csv(file, partition, encoding or rules.csv.encoding, delimiter)
            files.append(MappedSource(text, rules, report, number, kinds))
        elif encoding:
            raise DrgpayError(
                f"{file} is no CSV file, so it has no encoding", "leave the encoding out"
            )
        else:
            parquet = open_parquet(file, partition)
            files.append(MappedSource(parquet, rules, report, number, kinds) if loaded else parquet)
    return files, loaded, report
