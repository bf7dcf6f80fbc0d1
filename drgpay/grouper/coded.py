"""What grouping may know of a batch of stays, as integers of a compiled scheme."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drgpay.records.codes import CodeLists, Ints


@dataclass(frozen=True)
class CodedStays:
    """What grouping may know of a batch of stays, column by column.

    `procedures` holds the principal procedure first. `numbers` are float64 with NaN for missing,
    keyed by record column. `valid` is false where the principal diagnosis, sex or age is missing.
    """

    principal_diagnosis: Ints
    other_diagnoses: CodeLists
    procedures: CodeLists
    department: Ints
    numbers: dict[str, NDArray[np.float64]]
    valid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.principal_diagnosis)

    def with_single_procedure(self, stays: NDArray[np.int64], n: int) -> "CodedStays":
        """Some stays as if their n-th procedure (from 0) were their only one."""
        single = self.procedures.nth(n, missing=-1)[stays]
        return CodedStays(
            principal_diagnosis=self.principal_diagnosis[stays],
            other_diagnoses=self.other_diagnoses.take(stays),
            procedures=CodeLists(np.arange(len(stays) + 1, dtype=np.int64), single),
            department=self.department[stays],
            numbers={column: values[stays] for column, values in self.numbers.items()},
            valid=self.valid[stays],
        )
