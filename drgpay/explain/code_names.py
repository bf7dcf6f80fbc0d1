"""The names of codes, as the code tables of the scheme's code system give them."""

from dataclasses import dataclass, field

from drgpay.explain.trace import NamedCode
from drgpay.grouper.rules.fields import DIAGNOSIS_FIELDS, PROCEDURE_FIELDS, CodeField
from drgpay.records.known_codes import code_table


@dataclass(frozen=True)
class CodeNames:
    """Names by code; a code that is not there has no name."""

    diagnoses: dict[str, str]
    procedures: dict[str, str]
    items: dict[str, str] = field(default_factory=dict)  # by what item codes begin with

    @staticmethod
    def of(system: str, item_system: str = "") -> "CodeNames":
        """The names of a code system and of a system of service items; none where the program has
        no table of it.
        """
        return CodeNames(
            _names(system, "diagnoses"),
            _names(system, "procedures"),
            _names(item_system, "items", "prefix") if item_system else {},
        )

    def diagnosis(self, code: str) -> NamedCode:
        """A diagnosis with its name."""
        return NamedCode(code, self.diagnoses.get(code))

    def procedure(self, code: str) -> NamedCode:
        """A procedure with its name."""
        return NamedCode(code, self.procedures.get(code))

    def item(self, code: str) -> NamedCode:
        """A service item with its name: that of a procedure, or of its family of items."""
        beginnings = (code[:end] for end in range(len(code), 0, -1))
        families = (self.items[begin] for begin in beginnings if begin in self.items)
        return NamedCode(code, self.procedures.get(code) or next(families, None))

    def name(self, place: CodeField, code: str) -> str | None:
        """The name of a code that stands in a field."""
        if place in DIAGNOSIS_FIELDS:
            return self.diagnoses.get(code)
        if place == CodeField.ITEM:
            return self.item(code).name
        return self.procedures.get(code) if place in PROCEDURE_FIELDS else None


def _names(system: str, kind: str, key: str = "code") -> dict[str, str]:
    table = code_table(system, kind)
    return {} if table is None else dict(table.select(key, "name").iter_rows())
