"""All shipped indicators by their ids, and those that hospitals or offices give."""

from collections.abc import Mapping

from drgpay.evaluation.indicator import Indicator
from drgpay.evaluation.indicators import (
    case_mix,
    classes,
    conduct,
    costs,
    indexes,
    mortality,
    readmission,
    uploads,
)

_MODULES = (case_mix, indexes, mortality, readmission, costs, classes, uploads, conduct)

COMPUTED: Mapping[str, Indicator] = {
    indicator.name: indicator for module in _MODULES for indicator in module.INDICATORS
}
"""What is computed from runs and tables."""
GIVEN: Mapping[str, Indicator] = {
    name: Indicator(name, "up", lambda _material: None, in_blocks=False)
    for name in ("organisation", "tasks", "satisfaction", "purchasing", "tcm_share")
}
"""What no table holds: values of indicator_values."""
INDICATORS: Mapping[str, Indicator] = {**COMPUTED, **GIVEN}
DEDUCT_RATE = "deduct_rate"
