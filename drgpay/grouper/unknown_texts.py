"""The texts of a batch that a scheme does not name: which of them seem joined, dataset_pieces.py finds."""

from dataclasses import dataclass, field

import pyarrow as pa

from drgpay.records.codes import Ints, Unnumbered
from drgpay.records.columns import DIAGNOSIS_COLUMNS, PROCEDURE_COLUMNS


@dataclass(frozen=True)
class UnknownTexts:
    """The texts of one batch that a scheme does not name, by the columns of codes."""

    columns: dict[str, tuple[pa.DictionaryArray, Ints]] = field(default_factory=dict)

    def of(self, column: str) -> Unnumbered | None:
        """What collects those of a column; None where it holds neither diagnoses nor procedures."""
        if column not in DIAGNOSIS_COLUMNS and column not in PROCEDURE_COLUMNS:
            return None

        def collect(values: pa.DictionaryArray, places: Ints) -> None:
            self.columns[column] = (values, places)

        return collect
