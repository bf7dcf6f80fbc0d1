"""What a stack of scenarios comes to: scheme, policy, catalogue, hospitals, volumes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import polars as pl

from drgpay.adjust.apply import apply_overlay
from drgpay.adjust.overlay import Overlay, read_overlay
from drgpay.adjust.touched import touched_between
from drgpay.base.errors import DrgpayError
from drgpay.base.exact import FEN_PLACES, round_half_up
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.dataset import RecordsInput
from drgpay.run import rules as run_rules
from drgpay.simulate.base import Base
from drgpay.simulate.cache import StageCache
from drgpay.simulate.paths import with_values
from drgpay.simulate.scenario import HospitalFacts, Scenario, Volume

_ERRORS = Sentences("errors/simulate")


@dataclass(frozen=True)
class Plan:
    """The rules of a state. The catalogue is `catalogue`, or calibrated with `history`.

    touched: MDCs whose stays have to be grouped again, None for every stay; `regroups` tells
    whether any has.
    """

    compiled: CompiledScheme
    policy: Policy
    hospitals: pl.DataFrame
    catalogue: Catalogue | None
    history: RecordsInput | None
    volumes: tuple[tuple[str, Volume], ...]
    base_scheme: str
    touched: frozenset[str] | None

    @property
    def regroups(self) -> bool:
        """Whether stays can have another group than in the base."""
        return self.compiled.scheme.content_hash != self.base_scheme

    @property
    def levels(self) -> dict[str, str]:
        """The level of each hospital."""
        return dict(self.hospitals.select("hospital_id", "level").iter_rows())


def base_plan(base: Base) -> Plan:
    """The base as it is."""
    rules = base.rules
    return Plan(
        rules.compiled,
        rules.policy,
        rules.hospitals,
        rules.catalogue,
        None,
        (),
        rules.scheme.content_hash,
        frozenset(),
    )


def plan_of(base: Base, scenarios: Sequence[Scenario], cache: StageCache) -> Plan:
    """The rules after scenarios in their order.

    Raises DrgpayError for unknown paths, values that the policy refuses, overlays that do not
    apply, a scheme without a catalogue of its own, unknown hospitals, and changes of
    [calibration] that no recalibration follows.
    """
    plan = base_plan(base)
    policy = base.rules.loaded.as_written
    scheme, overlays = base.job.scheme, list[Overlay]()
    given: Path | RecordsInput | None = None  # the last catalogue or history that a file names
    for scenario in scenarios:
        where = str(scenario.path)
        if scenario.points:
            points = load_policy(scenario.points).policy.points
            policy = policy.model_copy(update={"points": points})
        policy = with_values(policy, scenario.policy, where)
        policy = _with_budget(policy, scenario, base, where)
        plan = replace(
            plan,
            hospitals=_with_facts(plan.hospitals, scenario.file.hospitals, where),
            volumes=(*plan.volumes, *((where, volume) for volume in scenario.file.volume)),
        )
        given = scenario.history or scenario.catalogue or given
        if scenario.scheme:
            scheme, overlays = scenario.scheme, []
            # A phase-in lies between the two schemes of the job.
            whole = policy.points.model_copy(update={"phase_in": None})
            policy = policy.model_copy(update={"points": whole})
        overlays += [read_overlay(path) for path in scenario.overlays]
    compiled, touched = _scheme(base, scheme, overlays, cache)
    plan = replace(plan, compiled=compiled, touched=touched)
    if isinstance(given, RecordsInput):
        plan = replace(plan, catalogue=None, history=given)
    elif given is not None:
        plan = replace(plan, catalogue=load_catalogue(given, compiled.scheme))
    elif plan.regroups:
        raise DrgpayError(
            *_ERRORS(
                "catalogue_of_other_scheme",
                where=scenarios[-1].path,
                base=base.rules.scheme.info.id,
                scheme=compiled.scheme.info.id,
            )
        )
    if not plan.history and policy.calibration != base.rules.loaded.as_written.calibration:
        where = str(scenarios[-1].path)
        raise DrgpayError(*_ERRORS("calibration_without_history", where=where))
    return replace(plan, policy=_fitted(base, plan, policy))


def _fitted(base: Base, plan: Plan, policy: Policy) -> Policy:
    loaded = replace(base.rules.loaded, policy=policy, written=None)
    return run_rules.fitted(loaded, plan.compiled.scheme).policy


def check_policy(base: Base, plan: Plan, policy: Policy, where: str) -> None:
    """Refuse a policy that cannot do what it says in a plan (DrgpayError).

    That is, groups that it names and the scheme does not have, and a change of [calibration] that
    no recalibration follows.
    """
    if not plan.history and policy.calibration != plan.policy.calibration:
        raise DrgpayError(*_ERRORS("calibration_without_history", where=where))
    _fitted(base, plan, policy)


def _with_budget(policy: Policy, scenario: Scenario, base: Base, where: str) -> Policy:
    change = scenario.file.budget
    if change is None:
        return policy
    values: dict[str, Any] = {}
    for account, yuan in change.annual_yuan.items():
        values[f"budget.annual_yuan.{account}"] = yuan
    if change.month_yuan and base.year:
        raise DrgpayError(*_ERRORS("month_budget_of_year", where=where, year=base.period))
    for account, yuan in change.month_yuan.items():
        values[f"budget.month_yuan.{base.period}.{account}"] = yuan
    policy = with_values(policy, values, where)
    if change.times is None:
        return policy
    if policy.budget is None:
        raise DrgpayError(*_ERRORS("no_budget", where=where))
    times = Decimal(change.times)
    more = {
        f"budget.annual_yuan.{account}": round_half_up(yuan * times, FEN_PLACES)
        for account, yuan in policy.budget.annual_yuan.items()
    }
    for period in map(str, base.settling.periods()):
        for account, yuan in policy.budget.month_yuan.get(period, {}).items():
            more[f"budget.month_yuan.{period}.{account}"] = round_half_up(yuan * times, FEN_PLACES)
    return with_values(policy, more, where)


def _with_facts(
    hospitals: pl.DataFrame, facts: dict[str, HospitalFacts], where: str
) -> pl.DataFrame:
    known = hospitals["hospital_id"].to_list()
    for hospital, changed in facts.items():
        if hospital not in known:
            raise DrgpayError(*_ERRORS("no_such_hospital", where=where, hospital=hospital))
        here = pl.col("hospital_id") == hospital
        hospitals = hospitals.with_columns(
            pl.when(here).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in changed.model_dump(exclude_none=True).items()
        )
    return hospitals


def _scheme(
    base: Base, scheme: str, overlays: list[Overlay], cache: StageCache
) -> tuple[CompiledScheme, frozenset[str] | None]:
    """The scheme of a plan, and the MDCs whose stays it can move (None: every one)."""
    if scheme == base.job.scheme and not overlays:
        return base.rules.compiled, frozenset()
    compiled = load_compiled(scheme) if scheme != base.job.scheme else base.rules.compiled
    _refuse_other_codes(base, compiled)
    if not overlays:
        return compiled, None
    key = {
        "scheme": compiled.scheme.content_hash,
        "overlays": [overlay.content_hash for overlay in overlays],
    }
    changed = cache.kept_folder("scheme", key, lambda place: load_compiled(str(place)))
    if changed is None:
        with working_folder() as temporary:
            place = temporary / "scheme"
            apply_overlay(scheme, overlays, place)  # it checks them: what is kept was sound
            cache.keep_folder("scheme", key, lambda kept: copytree(place, kept, dirs_exist_ok=True))
            changed = load_compiled(str(place))
    if scheme != base.job.scheme or set(changed.columns) - set(base.rules.compiled.columns):
        return changed, None
    return changed, touched_between(base.rules.scheme, changed.scheme)


def _refuse_other_codes(base: Base, compiled: CompiledScheme) -> None:
    ours, others = base.rules.scheme.info, compiled.scheme.info
    if ours.code_system != others.code_system and base.clinical_codes:
        facts = {"scheme": others.id, "codes": others.code_system, "base_codes": ours.code_system}
        raise DrgpayError(*_ERRORS("other_codes", **facts))
