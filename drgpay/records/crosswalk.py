"""From the clinical edition of diagnosis and procedure codes to the insurance edition."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.words import Sentences, Wording
from drgpay.records.known_codes import code_table
from drgpay.records.source import WrappedPiece, WrappedSource

_ERRORS = Sentences("errors/records")

Outcome = Literal["translated", "same", "no_counterpart"]
OUTCOMES: tuple[Outcome, ...] = ("translated", "same", "no_counterpart")
TRANSLATION_COLUMNS = (
    "column",
    "outcome",
    "codes",
    "distinct_codes",
    "commonest",
    "commonest_codes",
)

_KIND_OF_COLUMN = {
    "principal_diagnosis": "diagnoses",
    "other_diagnoses": "diagnoses",
    "procedures": "procedures",
}


@dataclass(frozen=True)
class CodeCrosswalk:
    """One kind of codes: clinical[i] becomes insurance[i]; `known` are those of the edition."""

    clinical: pa.Array
    insurance: pa.Array
    known: pa.Array

    def translate(self, codes: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Distinct codes in the insurance edition, and the place of each outcome in OUTCOMES.

        A code without a counterpart is left as it is.
        """
        place = pc.index_in(codes, self.clinical)
        found = pc.is_valid(place)
        translated = pc.if_else(found, pc.take(self.insurance, place), codes)
        known = pc.is_in(codes, self.known)
        return translated, pc.if_else(found, 0, pc.if_else(known, 1, 2))


@dataclass(frozen=True)
class Crosswalk:
    """The crosswalk of diagnoses and that of procedures."""

    of_kind: dict[str, CodeCrosswalk]

    @staticmethod
    def load(code_system: str) -> "Crosswalk":
        """The tables that are shipped for a code system; raises DrgpayError if there are none."""
        of_kind = {}
        for kind in ("diagnoses", "procedures"):
            table = code_table(code_system, f"{kind}_clinical_to_insurance")
            known = code_table(code_system, kind)
            if table is None or known is None:
                raise DrgpayError(*_ERRORS("no_crosswalk", code_system=code_system))
            of_kind[kind] = CodeCrosswalk(
                *(
                    series.to_arrow().cast(pa.large_string())
                    for series in (table["clinical_code"], table["insurance_code"], known["code"])
                )
            )
        return Crosswalk(of_kind)

    def translate(self, column: str, values: pa.Array) -> tuple[pa.Array, pl.DataFrame]:
        """A column of codes, or of lists of them, translated; each distinct code is looked up once.

        Returns the column (dictionary-coded strings, or large lists of them) and code, outcome,
        codes: how often each code occurs. Null and the empty text are no codes.
        """
        listed = pa.types.is_nested(values.type)
        flat = values.flatten() if listed else values
        if not pa.types.is_dictionary(flat.type):
            flat = flat.dictionary_encode()
        words = pc.cast(flat.dictionary, pa.large_string())
        translated, outcomes = self.of_kind[_KIND_OF_COLUMN[column]].translate(words)
        coded = pa.DictionaryArray.from_arrays(flat.indices, translated)
        counts = np.bincount(pc.drop_null(flat.indices).to_numpy(), minlength=len(words))
        frame = pl.DataFrame(
            {
                "code": pl.Series(words, dtype=pl.String),
                "outcome": pl.Series([*OUTCOMES], dtype=pl.String).gather(
                    pl.Series(outcomes.cast(pa.int64()), dtype=pl.Int64)
                ),
                "codes": pl.Series(counts, dtype=pl.Int64),
            }
        ).filter((pl.col("codes") > 0) & (pl.col("code") != ""))
        if not listed:
            return coded, frame
        lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
        offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
        mask = values.is_null() if values.null_count else None
        lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), coded, mask=mask)
        return lists, frame


@dataclass
class TranslationReport:
    """How often each code was met. A batch that is read again does not count again."""

    _counts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _seen: set[tuple[int, int, str]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def add(self, file_number: int, batch_row: int, column: str, found: pl.DataFrame) -> None:
        """Count the codes of one column of the batch that starts at `batch_row` of a file."""
        with self._lock:
            if (file_number, batch_row, column) in self._seen:
                return
            self._seen.add((file_number, batch_row, column))
            for code, outcome, codes in found.iter_rows():
                key = (column, outcome, code)
                self._counts[key] = self._counts.get(key, 0) + codes

    def lines(self, language: Language) -> list[str]:
        """A sentence for each column, to print."""
        said = Wording("records").said
        lines = []
        for column, rows in self.frame().group_by("column", maintain_order=True):
            codes = dict(zip(OUTCOMES, rows["codes"], strict=True))
            line = said("report.translated", language, column=column[0], **codes)
            if rows["codes"][-1]:
                most = {"code": rows["commonest"][-1], "times": rows["commonest_codes"][-1]}
                line += said("report.most_often", language, **most)
            lines.append(line)
        return lines

    def codes(self) -> pl.DataFrame:
        """column, outcome, code, codes: how often each code was met, commonest first."""
        rows = [(*key, codes) for key, codes in self._counts.items()]
        schema = {"column": pl.String, "outcome": pl.String, "code": pl.String, "codes": pl.Int64}
        order = ["column", "outcome", "codes", "code"]
        return pl.DataFrame(rows, schema, orient="row").sort(
            order, descending=[False, False, True, False]
        )

    def frame(self) -> pl.DataFrame:
        """TRANSLATION_COLUMNS: a row for each column and outcome, zeros included.

        `codes` counts codes of stays, `commonest` is the code that occurs most (null if none does).
        """
        every = pl.DataFrame(
            [(column, outcome) for column in _KIND_OF_COLUMN for outcome in OUTCOMES],
            {"column": pl.String, "outcome": pl.String},
            orient="row",
        )
        counted = (
            self.codes()
            .group_by("column", "outcome", maintain_order=True)
            .agg(
                pl.col("codes").sum(),
                distinct_codes=pl.len().cast(pl.Int64),
                commonest=pl.col("code").first(),
                commonest_codes=pl.col("codes").first(),
            )
        )
        joined = every.join(counted, on=["column", "outcome"], how="left", maintain_order="left")
        return joined.with_columns(
            pl.col("codes", "distinct_codes", "commonest_codes").fill_null(0)
        ).select(TRANSLATION_COLUMNS)


@dataclass(frozen=True)
class TranslatedSource(WrappedSource):
    """A file whose codes are translated while they are read."""

    crosswalk: Crosswalk
    report: TranslationReport
    number: int

    def type_of(self, column: str) -> pa.DataType | None:
        """Text for the columns that are translated, else the type in the file."""
        type_ = self.base.type_of(column)
        if type_ is None or column not in _KIND_OF_COLUMN or pa.types.is_null(type_):
            return type_
        if not pa.types.is_nested(type_):
            return pa.large_string() if column == "principal_diagnosis" else type_
        return pa.large_list(pa.large_string())

    def pieces(self) -> list["TranslatedPiece"]:
        """The pieces of the file, translated."""
        return [TranslatedPiece(*numbered, self) for numbered in self.numbered_pieces()]


@dataclass(frozen=True)
class TranslatedPiece(WrappedPiece):
    """A piece of a file with translated codes."""

    file: TranslatedSource

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Read some columns, `coded` ones with dictionary-coded strings."""
        coded = set(coded)
        row = self.first_row
        for batch in self.base.batches(columns, coded):
            for column in _KIND_OF_COLUMN:
                place = batch.schema.get_field_index(column)
                if place < 0 or pa.types.is_null(batch.column(place).type):
                    continue
                values, found = self.file.crosswalk.translate(column, batch.column(place))
                self.file.report.add(self.file.number, row, column, found)
                if column not in coded:
                    values = values.cast(self.file.type_of(column))
                batch = batch.set_column(place, column, values)
            row += batch.num_rows
            yield batch
