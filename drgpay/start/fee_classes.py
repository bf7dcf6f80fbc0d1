"""Classes of fees, and which kinds of cost of a stay they are."""

from drgpay.start.headings import CONFIRM, known_values, value_forms

_COSTS = {
    "drug": "drug_cost",
    "material": "material_cost",
    **dict.fromkeys(("lab", "imaging", "other_test"), "exam_cost"),
}
"""Kinds of items whose cost is a column of stays."""
COST_KINDS = tuple(dict.fromkeys(_COSTS.values()))
"""The columns of stays that are kinds of cost."""


def kind_of_fee(name: str) -> str | None:
    """The kind of cost that a class of fees is; "" for one that is none of ours, None for no class."""
    lists = known_values("item_kind")
    for said in value_forms(name):
        if said in lists:
            kinds = {kind for one in lists[said] for kind in one.ours.split("|")}
            costs = {_COSTS.get(kind.rstrip(CONFIRM), "") for kind in kinds}
            return costs.pop() if len(costs) == 1 else ""
    return None
