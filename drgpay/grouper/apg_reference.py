"""The plain evaluator of outpatient grouping: one line, one visit at a time.

It is the definition of what grouping means; `group_lines` and `group_visits` must agree with it.
"""

from dataclasses import dataclass, fields

from drgpay.grouper.kinds import MEDICAL
from drgpay.grouper.reference import present, walk
from drgpay.grouper.rules.fields import COLUMN_OF_FIELD, CodeField, NumberField
from drgpay.grouper.scheme import UNGROUPED_ADRG, UNGROUPED_DRG, UNGROUPED_MDC, Scheme


@dataclass(frozen=True)
class Visit:
    """What grouping may know of one visit; codes of the scheme's code system, years."""

    principal_diagnosis: str | None = None
    other_diagnoses: tuple[str, ...] = ()
    visit_type: str | None = None
    department: str | None = None
    age: float | None = None
    sex: float | None = None

    def codes(self, field: CodeField) -> tuple[str, ...]:
        """The codes of a field; empty when it is missing."""
        match field:
            case CodeField.PRINCIPAL_DIAGNOSIS:
                return present(self.principal_diagnosis)
            case CodeField.OTHER_DIAGNOSES:
                return self.other_diagnoses
            case CodeField.DEPARTMENT:
                return present(self.department)
            case CodeField.VISIT_TYPE:
                return present(self.visit_type)
            case _:
                return ()

    def number(self, field: NumberField) -> float | None:
        """The number of a field, or None when it is missing."""
        measured: float | None = getattr(self, COLUMN_OF_FIELD[field], None)
        return measured


@dataclass(frozen=True)
class Line(Visit):
    """One service line with what rules may ask of its visit."""

    item_code: str | None = None
    item_kind: str | None = None

    @staticmethod
    def of(visit: Visit, item_code: str | None, item_kind: str | None) -> "Line":
        """A line of a visit."""
        facts = {field.name: getattr(visit, field.name) for field in fields(Visit)}
        return Line(**facts, item_code=item_code, item_kind=item_kind)

    def codes(self, field: CodeField) -> tuple[str, ...]:
        """The codes of a field; empty when it is missing."""
        match field:
            case CodeField.ITEM:
                return present(self.item_code)
            case CodeField.ITEM_KIND:
                return present(self.item_kind)
            case _:
                return super().codes(field)


def group_line(scheme: Scheme, line: Line) -> tuple[str, str, str]:
    """Class, family and APG of a line: the first, in rule order, outside the class MED."""
    found = walk(scheme, [mdc for mdc in scheme.mdcs if mdc.code != MEDICAL], line)
    return found or (UNGROUPED_MDC, UNGROUPED_ADRG, UNGROUPED_DRG)


def group_visit(scheme: Scheme, visit: Visit) -> tuple[str, str]:
    """Family and medical APG of a visit: the first, in rule order, in the class MED."""
    found = walk(scheme, [mdc for mdc in scheme.mdcs if mdc.code == MEDICAL], visit)
    return found[1:] if found else (UNGROUPED_ADRG, UNGROUPED_DRG)
