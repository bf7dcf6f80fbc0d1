"""The names of codes, as the code tables of the scheme's code system give them."""

from dataclasses import dataclass

from drgpay.explain.trace import NamedCode
from drgpay.grouper.rules.fields import DIAGNOSIS_FIELDS, PROCEDURE_FIELDS, CodeField
from drgpay.records.known_codes import code_table


@dataclass(frozen=True)
class CodeNames:
    """Names by code; a code that is not there has no name."""

    diagnoses: dict[str, str]
    procedures: dict[str, str]

    @staticmethod
    def of(system: str) -> "CodeNames":
        """The names of a code system; none where the program has no table of it."""
        return CodeNames(_names(system, "diagnoses"), _names(system, "procedures"))

    def diagnosis(self, code: str) -> NamedCode:
        """A diagnosis with its name."""
        return NamedCode(code, self.diagnoses.get(code))

    def procedure(self, code: str) -> NamedCode:
        """A procedure with its name."""
        return NamedCode(code, self.procedures.get(code))

    def name(self, field: CodeField, code: str) -> str | None:
        """The name of a code that stands in a field."""
        if field in DIAGNOSIS_FIELDS:
            return self.diagnoses.get(code)
        return self.procedures.get(code) if field in PROCEDURE_FIELDS else None


def _names(system: str, kind: str) -> dict[str, str]:
    table = code_table(system, kind)
    return {} if table is None else dict(table.select("code", "name").iter_rows())
