# ruff: noqa: I001 - a name again is how a stub says that it is public; one import for each module
"""What a type checker sees of the package: the names of __init__.py, which imports them late."""

from drgpay.api.adjustments import (
    apply_overlay as apply_overlay,
    check_overlay as check_overlay,
    load_overlay as load_overlay,
    propose_overlay as propose_overlay,
    save_overlay as save_overlay,
)
from drgpay.api.approval import (
    approve_run as approve_run,
    record_answers as record_answers,
    record_payment as record_payment,
    send_run as send_run,
)
from drgpay.api.grouping import (
    compare_schemes as compare_schemes,
    explain_stay as explain_stay,
    find_stay as find_stay,
    group_stays as group_stays,
    load_scheme as load_scheme,
    migration_of_stays as migration_of_stays,
)
from drgpay.api.keeping import (
    forget_runs as forget_runs,
    keep_runs as keep_runs,
    publish_runs as publish_runs,
)
from drgpay.api.projects import (
    init_project as init_project,
)
from drgpay.api.quality import (
    check_stays as check_stays,
    group_statistics as group_statistics,
    reconcile_groups as reconcile_groups,
)
from drgpay.api.rules import (
    change_policy as change_policy,
    load_enrolment as load_enrolment,
    load_filings as load_filings,
    load_hospitals as load_hospitals,
    load_policy as load_policy,
)
from drgpay.api.runs import (
    clear_year as clear_year,
    explain_case as explain_case,
    fetch_job as fetch_job,
    query_runs as query_runs,
    run_batch as run_batch,
    run_job as run_job,
    verify_run as verify_run,
    write_report as write_report,
    write_statements as write_statements,
)
from drgpay.api.samples import (
    make_sample as make_sample,
)
from drgpay.api.scenarios import (
    ScenarioBase as ScenarioBase,
    amount_tables as amount_tables,
    load_scenario as load_scenario,
    open_base as open_base,
    save_simulation as save_simulation,
    scenario_amounts as scenario_amounts,
    simulate_scenarios as simulate_scenarios,
    simulation_tables as simulation_tables,
)
from drgpay.api.schemes import (
    check_scheme as check_scheme,
    export_scheme as export_scheme,
    import_scheme as import_scheme,
)
from drgpay.api.settlement import (
    SettledMonth as SettledMonth,
    calibrate as calibrate,
    catalogue_tables as catalogue_tables,
    load_catalogue as load_catalogue,
    save_catalogue as save_catalogue,
    settle_month as settle_month,
)
from drgpay.api.text import (
    text_of as text_of,
)
from drgpay.api.shadows import (
    save_shadow as save_shadow,
    shadow_months as shadow_months,
    shadow_tables as shadow_tables,
)
from drgpay.api.supervisions import (
    decide_clues as decide_clues,
    explain_clue as explain_clue,
    save_supervision as save_supervision,
    supervise_runs as supervise_runs,
    supervision_tables as supervision_tables,
)
from drgpay.api.transitions import (
    compare_over_history as compare_over_history,
    save_transition as save_transition,
    transition_tables as transition_tables,
)
from drgpay.api.visits import (
    SettledVisits as SettledVisits,
    VisitEntries as VisitEntries,
    calibrate_visits as calibrate_visits,
    group_visits as group_visits,
    load_visit_scheme as load_visit_scheme,
    settle_visits as settle_visits,
)
from drgpay.adjust.propose import (
    Choices as Choices,
)
from drgpay.base.errors import (
    DrgpayError as DrgpayError,
)
from drgpay.explain.trace import (
    Trace as Trace,
)
from drgpay.grouper.apg import (
    CompiledApg as CompiledApg,
)
from drgpay.grouper.compiled import (
    CompiledScheme as CompiledScheme,
)
from drgpay.api.plain import (
    group_plain as group_plain,
    plain_schema as plain_schema,
)
from drgpay.grouper.reference import (
    Stay as Stay,
)
from drgpay.points.catalogue import (
    Catalogue as Catalogue,
)
from drgpay.policy.model import (
    Policy as Policy,
)
from drgpay.records.filings import (
    Filings as Filings,
)
from drgpay.simulate.at_once import (
    Amounts as Amounts,
)
from drgpay.simulate.outcome import (
    Simulation as Simulation,
)
from drgpay.simulate.scenario import (
    Scenario as Scenario,
)
from drgpay.supervise.supervision import Supervision as Supervision
from drgpay.transition.outcome import (
    Transition as Transition,
)
from drgpay.transition.shadow import Shadow as Shadow

__version__: str
__all__: list[str]
