"""drgpay: pay hospitals by the DRG point method, exactly and explained.

The functions of the Python API are attributes of this package (docs/python.md); each is imported
with the libraries behind it when it is first asked for, so that `import drgpay` costs nothing. A
type checker sees them in __init__.pyi: importing them here, even for it alone, would make a cycle of
everything, since all stages import the version.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "drgpay.api.adjustments": (
        *("apply_overlay", "check_overlay", "load_overlay", "propose_overlay", "save_overlay"),
    ),
    "drgpay.api.approval": ("approve_run", "record_answers", "record_payment", "send_run"),
    "drgpay.api.grouping": (
        *("compare_schemes", "explain_stay", "find_stay", "group_stays", "load_scheme"),
        "migration_of_stays",
    ),
    "drgpay.api.keeping": ("forget_runs", "keep_runs", "publish_runs"),
    "drgpay.api.plain": ("group_plain", "plain_schema"),
    "drgpay.api.projects": ("init_project",),
    "drgpay.api.quality": ("check_stays", "group_statistics", "reconcile_groups"),
    "drgpay.api.rules": (
        *("change_policy", "load_enrolment", "load_filings", "load_hospitals", "load_policy"),
    ),
    "drgpay.api.runs": (
        *("clear_year", "explain_case", "fetch_job", "query_runs", "run_batch", "run_job"),
        *("verify_run", "write_report", "write_statements"),
    ),
    "drgpay.api.samples": ("make_sample",),
    "drgpay.api.scenarios": (
        *("amount_tables", "load_scenario", "open_base", "save_simulation", "scenario_amounts"),
        *("simulate_scenarios", "simulation_tables", "ScenarioBase"),
    ),
    "drgpay.api.schemes": ("check_scheme", "export_scheme", "import_scheme"),
    "drgpay.api.settlement": (
        *("calibrate", "catalogue_tables", "load_catalogue", "save_catalogue", "settle_month"),
        "SettledMonth",
    ),
    "drgpay.api.text": ("text_of",),
    "drgpay.api.shadows": ("save_shadow", "shadow_months", "shadow_tables"),
    "drgpay.api.supervisions": (
        *("decide_clues", "explain_clue", "save_supervision", "supervise_runs"),
        "supervision_tables",
    ),
    "drgpay.api.transitions": ("compare_over_history", "save_transition", "transition_tables"),
    "drgpay.api.visits": (
        *("calibrate_visits", "group_visits", "load_visit_scheme", "settle_visits"),
        *("SettledVisits", "VisitEntries"),
    ),
    "drgpay.adjust.propose": ("Choices",),
    "drgpay.base.errors": ("DrgpayError",),
    "drgpay.explain.trace": ("Trace",),
    "drgpay.grouper.apg": ("CompiledApg",),
    "drgpay.grouper.compiled": ("CompiledScheme",),
    "drgpay.grouper.reference": ("Stay",),
    "drgpay.points.catalogue": ("Catalogue",),
    "drgpay.policy.model": ("Policy",),
    "drgpay.records.filings": ("Filings",),
    "drgpay.simulate.at_once": ("Amounts",),
    "drgpay.simulate.outcome": ("Simulation",),
    "drgpay.simulate.scenario": ("Scenario",),
    "drgpay.supervise.supervision": ("Supervision",),
    "drgpay.transition.outcome": ("Transition",),
    "drgpay.transition.shadow": ("Shadow",),
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = ["__version__", *sorted(_MODULE_OF)]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'drgpay' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
