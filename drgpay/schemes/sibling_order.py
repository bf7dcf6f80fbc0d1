"""The order in which DRGs of one ADRG are tried, where a scheme's own order leaves some unreachable."""

from dataclasses import replace

from drgpay.grouper.rules.fields import CodeField
from drgpay.grouper.rules.nodes import field_names
from drgpay.grouper.scheme import Adrg, Drg, Scheme


def department_rules_first(scheme: Scheme) -> Scheme:
    """The scheme with, in every ADRG, the DRGs whose rules ask the department (KS) tried first.

    Groups for intensive care that a table lists after the group without a rule are reached then.
    The order is otherwise kept; `sort` stays what the table says.
    """
    return replace(
        scheme,
        mdcs=tuple(
            replace(mdc, adrgs=tuple(_reordered(adrg) for adrg in mdc.adrgs)) for mdc in scheme.mdcs
        ),
    )


def _reordered(adrg: Adrg) -> Adrg:
    return replace(adrg, drgs=tuple(sorted(adrg.drgs, key=_asks_no_department)))


def _asks_no_department(drg: Drg) -> bool:
    return CodeField.DEPARTMENT not in field_names(drg.rule)
