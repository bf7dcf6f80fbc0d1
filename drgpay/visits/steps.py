"""The steps from the entries of visits to what each is paid for (docs/outpatient.md, steps 3 to 6).

Entries lie in arrays of the same length, visit by visit, in a visit by falling base points.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, scaled
from drgpay.policy.outpatient import Outpatient
from drgpay.visits.columns import (
    ANCILLARY,
    AT_COST,
    DRUG,
    INCIDENTAL,
    MEDICAL,
    PROCEDURE,
    REASONS,
)
from drgpay.visits.group_table import GroupTable

_CODE = {reason: np.uint8(number) for number, reason in enumerate(REASONS)}


@dataclass(frozen=True)
class OrderedEntries:
    """The number of the visit, the row of the group table and the number of lines of each entry."""

    visit: np.ndarray
    group: np.ndarray
    quantity: np.ndarray


def factors_and_reasons(
    entries: OrderedEntries,
    groups: GroupTable,
    by_points: np.ndarray,
    prescriptions: np.ndarray,
    priced: np.ndarray,
    rules: Outpatient,
) -> tuple[np.ndarray, np.ndarray]:
    """The factor of each entry in 1/10,000, and its reason as a place in REASONS.

    by_points: of each visit, whether its type is paid by points. prescriptions: of each visit,
    whether it is paid as a prescription filled at a pharmacy. priced: of each group, whether it can
    be paid by points; without a catalogue nothing is paid at cost.
    """
    steps = rules.steps
    visit, group = entries.visit, entries.group
    procedure = groups.is_class(PROCEDURE)[group]
    ancillary = groups.is_class(ANCILLARY)[group]
    reason = np.full(len(group), _CODE["payable"])
    factor = np.full(len(group), POINT_SCALE, dtype=np.int64)

    has_procedure = _visits_with(entries, procedure, len(by_points))
    has_priced = priced[group]
    reason[~has_priced] = _CODE["not_in_catalogue"]
    if groups.of_catalogue:
        drug = groups.is_class(DRUG)[group]
        reason[~has_priced & (procedure | (drug & prescriptions[visit]))] = _CODE[AT_COST]
    if steps.consolidate:
        reason[_consolidated(entries, procedure & has_priced, groups)] = _CODE["consolidated"]
    if steps.discount_procedures:
        later = _later_procedures(visit, procedure & (reason == _CODE["payable"]))
        reason[later] = _CODE["discounted"]
        factor[later] = scaled(rules.procedure_discount, POINT_PLACES)
    if steps.package:
        medical = groups.is_class(MEDICAL)[group]
        bearing = has_procedure | _visits_with(
            entries, medical & groups.grouped[group], len(by_points)
        )
        listed = (groups.listed & groups.is_class(ANCILLARY, DRUG))[group]
        reason[groups.is_class(INCIDENTAL)[group]] = _CODE["packaged_incidental"]
        reason[medical & has_procedure[visit]] = _CODE["packaged_medical"]
        reason[listed & bearing[visit]] = _CODE["packaged_list"]
    factor[ancillary] = entries.quantity[ancillary] * POINT_SCALE
    if steps.discount_repeats:
        repeated = ancillary & (entries.quantity > 1) & (reason == _CODE["payable"])
        further = (entries.quantity[repeated] - 1) * scaled(rules.repeat_discount, POINT_PLACES)
        reason[repeated] = _CODE["repeat_discounted"]
        factor[repeated] = POINT_SCALE + further
    reason[~by_points[visit]] = _CODE["item_by_item"]
    factor[reason >= _CODE["consolidated"]] = 0  # UNPAID_REASONS stand behind PAID_REASONS
    return factor, reason


def _visits_with(entries: OrderedEntries, which: np.ndarray, visits: int) -> np.ndarray:
    """Of each visit, whether it has such an entry."""
    found = np.zeros(visits, dtype=np.bool_)
    found[entries.visit[which]] = True
    return found


def _consolidated(entries: OrderedEntries, procedure: np.ndarray, groups: GroupTable) -> np.ndarray:
    """The places of procedures of a family of which the visit has one with more base points."""
    places = np.flatnonzero(procedure)
    families = int(groups.family_number.max(initial=0)) + 1
    family = entries.visit[places] * families + groups.family_number[entries.group[places]]
    first = pl.Series(family).is_first_distinct().to_numpy()
    return places[~first]


def _later_procedures(visit: np.ndarray, remaining: np.ndarray) -> np.ndarray:
    """The places of the remaining procedures behind the first one of their visit."""
    places = np.flatnonzero(remaining)
    of_visit = visit[places]
    return places[1:][of_visit[1:] == of_visit[:-1]]
