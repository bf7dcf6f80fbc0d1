"""Rules of visits for tests: every step on, half for what is discounted."""

from decimal import Decimal
from typing import Any

from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.policy.outpatient import Outpatient

CORE = load_policy("zhejiang-2019-core").policy
STEPS = ("consolidate", "discount_procedures", "package", "discount_repeats")

CALIBRATION: dict[str, Any] = {
    "max_los_days": 1,
    "min_cost_yuan": "5",
    "trim": {"method": "none"},
    "stable_min_cases": 1,
    "stable_max_cv": "99",
    "mean_over": "all",
    "unstable_base_points": "mean",
    "coefficients": {
        "per": "level",
        "hospital_weight": "0",
        "level_weight": "1",
        "min_cases": 1,
        "minimum": "0.5",
        "maximum": "2",
        "missing_part": "one",
        "groups_without": (),
    },
}


def rules(*off: str, **change: Any) -> Outpatient:
    """[outpatient] with some steps switched off and other keys changed."""
    given: dict[str, Any] = {
        "steps": {step: step not in off for step in STEPS},
        "procedure_discount": Decimal("0.5"),
        "repeat_discount": Decimal("0.5"),
        "visit_types": (
            {"visit_type": "ordinary", "payment": "points"},
            {"visit_type": "chronic", "payment": "points"},
            {"visit_type": "special", "payment": "item_by_item"},
        ),
        "calibration": CALIBRATION,
        "settlement": CORE.settlement.model_dump(),
    }
    return Outpatient.model_validate(given | change)


def policy(outpatient: Outpatient) -> Policy:
    """The core policy with [outpatient]."""
    return CORE.model_copy(update={"outpatient": outpatient})
