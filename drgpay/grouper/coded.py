"""What grouping may know of a batch of records, as integers of a compiled scheme."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drgpay.grouper.rules.fields import CodeField
from drgpay.records.codes import CodeLists, Ints


@dataclass(frozen=True)
class CodedRecords:
    """What grouping may know of a batch of stays, visits or service lines, column by column.

    Only what a scheme reads is there. `single` has the fields with one code, but for the principal
    procedure: `lists` keeps it as the first of the column procedures. `numbers` are float64 with
    NaN for missing. The keys of both are record columns.
    """

    rows: int
    single: dict[CodeField, Ints]
    lists: dict[str, CodeLists]
    numbers: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return self.rows

    @property
    def principal_diagnosis(self) -> Ints:
        """The principal diagnoses."""
        return self.single[CodeField.PRINCIPAL_DIAGNOSIS]

    @property
    def other_diagnoses(self) -> CodeLists:
        """The other diagnoses."""
        return self.lists["other_diagnoses"]

    @property
    def procedures(self) -> CodeLists:
        """All procedures, the principal one first."""
        return self.lists["procedures"]

    def codes(self, field: CodeField, missing: int) -> Ints:
        """The code of a field with one code, `missing` where there is none."""
        if field == CodeField.PRINCIPAL_PROCEDURE:
            return self.procedures.nth(0, missing)
        return self.single[field]

    def with_single_procedure(self, rows: NDArray[np.int64], n: int) -> "CodedRecords":
        """Some stays as if their n-th procedure (from 0) were their only one."""
        alone = CodeLists(
            np.arange(len(rows) + 1, dtype=np.int64), self.procedures.nth(n, missing=0)[rows]
        )
        return CodedRecords(
            rows=len(rows),
            single={field: codes[rows] for field, codes in self.single.items()},
            lists={
                column: alone if column == "procedures" else lists.take(rows)
                for column, lists in self.lists.items()
            },
            numbers={column: values[rows] for column, values in self.numbers.items()},
        )
