"""The records under one path: Parquet, CSV or Excel, a file, a folder or a partitioned dataset."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.remarks import remark_when_read
from drgpay.base.words import Sentences
from drgpay.records.columns import STAY_COLUMNS, Kind
from drgpay.records.folder import files_of
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.meaning.source import PlainSource
from drgpay.records.parquet_source import open_parquet
from drgpay.records.reading_report import Finding, ReadingReport
from drgpay.records.source import Piece, SourceFile, is_csv, is_excel, partition_of

if TYPE_CHECKING:
    import pyarrow as pa

    from drgpay.base.language import Language
    from drgpay.records.crosswalk import TranslationReport
    from drgpay.records.mapping.load import LoadedMapping
    from drgpay.records.official_groups import GroupsInput
    from drgpay.records.origin import Origin

__all__ = [
    "Dataset",
    "Piece",
    "PlacedPiece",
    "RecordsInput",
    "SourceFile",
    "dataset_of",
    "open_dataset",
    "translate_clinical_codes",
]

_ERRORS = Sentences("errors/records")


class PlacedPiece(NamedTuple):
    """A piece of a dataset; file_number: its place in `files`; first_row: in the file, from 0."""

    piece: Piece
    file_number: int
    first_row: int


@dataclass(frozen=True)
class Dataset:
    """The files under one path, in the order of their names.

    Their columns have the meaning of records/meaning, whichever way they came in.
    `conversions` and `translations` (None unless asked for) fill while pieces are read, each value
    counted once; they are complete when every piece was read. `kinds` are the columns of the table
    that the files hold. grouped_by: what each row has to say that carries its groups
    (grouper/given_groups.py); None where stays are grouped here.
    """

    path: Path
    files: tuple[SourceFile, ...]
    mapping: "LoadedMapping | None" = None
    conversions: ReadingReport = field(default_factory=ReadingReport, compare=False)
    translations: "TranslationReport | None" = field(default=None, compare=False)
    kinds: dict[str, Kind] = field(default_factory=lambda: STAY_COLUMNS, compare=False)
    grouped_by: str | None = None

    @cached_property
    def rows(self) -> int:
        """How many rows all files hold."""
        return sum(file.rows for file in self.files)

    @cached_property
    def column_names(self) -> list[str]:
        """The columns of any file, in the order of their first appearance."""
        return list(dict.fromkeys(name for file in self.files for name in file.column_names))

    @cached_property
    def origin(self) -> "Origin":
        """Where its rows stand in the files, and what columns are called there."""
        # Imported here: grouping stays asks nothing of it, and starts quicker without polars.
        from drgpay.records.origin import Origin, OriginFile

        return Origin(
            [
                OriginFile(self._named(file), file.rows, file.places, other_names(file, self.kinds))
                for file in self.files
            ]
        )

    def _named(self, file: SourceFile) -> str:
        """A file with the folders in which it lies below the input, where those tell it from others."""
        folder = file.path.relative_to(self.path).parent if file.path != self.path else Path()
        return file.name if folder == Path() else f"{folder.as_posix()}/{file.name}"

    def reading_lines(self, language: "Language") -> list[str]:
        """What was converted, translated or not read so far, in sentences."""
        reports = (self.conversions, self.translations)
        return [line for one in reports if one is not None for line in one.lines(language)]

    def require(self, columns: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Refuse files that lack a column or hold it in a type that cannot be read."""
        needed = list(columns)
        for file in self.files:
            missing = [column for column in needed if file.type_of(column) is None]
            if missing:
                raise self._lacking(file, missing)
            for column in [*needed, *optional]:
                type_, kind = file.type_of(column), self.kinds[column]
                if type_ is not None and not kind.admits(type_):
                    raise _mistyped(file, column, type_, kind)

    def placed_pieces(self) -> list[PlacedPiece]:
        """The pieces, each with its file and the row that it begins with."""
        placed = []
        for number, file in enumerate(self.files):
            row = 0
            for piece in file.pieces():
                placed.append(PlacedPiece(piece, number, row))
                row += piece.rows
        return placed

    def report_findings(self, piece: PlacedPiece, row: int, findings: list[Finding]) -> None:
        """Count what was found in the batch of a piece that begins at `row` of its file."""
        if findings:
            file = self.files[piece.file_number]
            placed = [one._replace(row=file.places.row(one.row)) for one in findings]
            self.conversions.add(piece.file_number, file.name, row, placed)

    def pieces(self) -> list[Piece]:
        """What threads read: the row groups or blocks of all files, in order."""
        return [piece for file in self.files for piece in file.pieces()]

    def _lacking(self, file: SourceFile, missing: list[str]) -> DrgpayError:
        columns = listed(file.described(column) for column in missing)
        if self.mapping:
            said = _ERRORS(
                "no_mapped_column", path=file.path, columns=columns, mapping=self.mapping.path
            )
            return DrgpayError(*said)
        return DrgpayError(*_ERRORS("no_column", path=file.path, columns=columns))


def _mistyped(file: SourceFile, column: str, found: "pa.DataType", kind: Kind) -> DrgpayError:
    name = kind.name.lower()
    type_, written = _ERRORS.words(f"type.{name}"), _ERRORS.words(f"written.{name}")
    said = {"path": file.path, "column": column, "found": found, "type": type_, "written": written}
    return DrgpayError(*_ERRORS("type_of_column", **said))


@dataclass(frozen=True)
class RecordsInput:
    """Where records lie and how they are written: what a command or a job says of its input.

    mapping: a preset or a TOML file; encoding: of CSV; clinical_codes: translate the codes;
    ignore: patterns of file names that a folder may hold beside records; groups: the groups that an
    official grouper gave the stays, which every stage after grouping then takes by their rule.
    """

    path: Path
    mapping: str | None = None
    encoding: str | None = None
    clinical_codes: bool = False
    ignore: tuple[str, ...] = ()
    groups: "GroupsInput | None" = None

    def open(self, code_system: str, reading: Reading = PLAIN_READING) -> Dataset:
        """The dataset, its codes those of `code_system`; errors as in `open_dataset`."""
        dataset = open_dataset(
            self.path, self.mapping, self.encoding, ignore=self.ignore, reading=reading
        )
        return translate_clinical_codes(dataset, code_system) if self.clinical_codes else dataset


def open_dataset(
    path: Path,
    mapping: str | Path | None = None,
    encoding: str | None = None,
    kinds: dict[str, Kind] = STAY_COLUMNS,
    ignore: tuple[str, ...] = (),
    reading: Reading = PLAIN_READING,
) -> Dataset:
    """Find the files of an input.

    A folder is read whole (records/folder.py). `mapping` is the name of a preset or a TOML file
    (docs/mappings.md); without one the columns are those of docs/files.md. `encoding` is that of CSV
    files; by default it is found for each file. `kinds` are the columns of the table
    (records/columns.py). Raises DrgpayError if there are no files, one is damaged, not in that
    encoding or nothing that can be read, or the mapping is wrong.
    """
    found = files_of(path, ignore)
    report = ReadingReport(passed_over=found.passed_over)
    remark_when_read(report)
    loaded: LoadedMapping | None = None
    if mapping is not None:
        from drgpay.records.mapping.load import load_mapping

        loaded = load_mapping(mapping)
    files: list[SourceFile] = []
    for number, file in enumerate(found.files):
        partition = partition_of(file, path) if path.is_dir() else {}
        if loaded is None and encoding is None and not (is_csv(file) or is_excel(file)):
            source: SourceFile = open_parquet(file, partition)
        else:
            # Imported here: plain Parquet, the usual input, starts quicker without.
            from drgpay.records.mapping.opening import open_mapped

            source = open_mapped(file, partition, loaded, encoding, kinds, report, number)
        report.left_out += source.left_out
        report.name_columns(number, other_names(source, kinds))
        files.append(PlainSource(source, kinds, reading, report, number))
    return Dataset(path, tuple(files), loaded, report, kinds=kinds)


def other_names(file: SourceFile, kinds: Iterable[str]) -> dict[str, str]:
    """What a file calls the columns for which it has another name."""
    return {name: its for name in kinds if (its := file.called(name)) != name}


def dataset_of(
    source: SourceFile, kinds: dict[str, Kind], reading: Reading = PLAIN_READING
) -> Dataset:
    """A dataset of something that stands in the place of a file."""
    report = ReadingReport()
    plain = PlainSource(source, kinds, reading, report, 0)
    return Dataset(source.path, (plain,), None, report, kinds=kinds)


def translate_clinical_codes(dataset: Dataset, code_system: str = "insurance-2.0") -> Dataset:
    """The same records with clinical-edition codes replaced by those of the insurance edition.

    `principal_diagnosis`, `other_diagnoses` and `procedures` are translated; `translations` counts.
    Only for records that are known to be coded in the clinical edition: the editions share some
    code strings with different meanings. Raises DrgpayError if there is no such crosswalk.
    """
    from drgpay.records.crosswalk import Crosswalk, TranslatedSource, TranslationReport

    crosswalk = Crosswalk.load(code_system)
    report = TranslationReport()
    remark_when_read(report)
    files = tuple(
        TranslatedSource(file, crosswalk, report, number)
        for number, file in enumerate(dataset.files)
    )
    return replace(dataset, files=files, translations=report)
