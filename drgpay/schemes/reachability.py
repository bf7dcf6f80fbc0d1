"""For every group of a scheme a stay that lands in it, or why none was found."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.reference import Stay, holds
from drgpay.grouper.rules.nodes import And, Count, Member, Rule
from drgpay.grouper.scheme import Adrg, Drg, Mdc, Scheme
from drgpay.schemes.alternatives import LIMIT, Alternative, alternatives, always_holds
from drgpay.schemes.candidates import Plan, batch_of, codes_needed, plan
from drgpay.schemes.code_choice import CodeChoice
from drgpay.schemes.contradiction import contradicts_itself
from drgpay.schemes.implication import implies
from drgpay.schemes.patients import Patients

_ERRORS = Sentences("errors/schemes")

# Choices of each part of a stay, and stays an alternative; later rounds for groups without a stay.
_ROUNDS = ((2, 4), (10, 60), (48, 1500))
_ALTERNATIVES = 128
_BATCH = 50_000

Reason = Literal["after_always", "covered", "empty_set", "contradiction", "not_found"]
Names = tuple[str, str, str]
Level = Mdc | Adrg | Drg


@dataclass(frozen=True)
class Group:
    """A DRG with the groups above it."""

    mdc: Mdc
    adrg: Adrg
    drg: Drg

    @property
    def rule(self) -> Rule:
        """What a stay must meet to be able to land here."""
        return And((self.mdc.rule, self.adrg.rule, self.drg.rule))

    @property
    def names(self) -> Names:
        """The codes of the three levels."""
        return self.mdc.code, self.adrg.code, self.drg.code


@dataclass(frozen=True)
class Witness:
    """A stay that lands in a group, and the alternative of the group's rules that it meets."""

    group: Group
    alternative: Alternative
    stay: Stay


@dataclass(frozen=True)
class Unreached:
    """A group in which no stay lands.

    `blockers` are the groups that take the stays away, the sets without a code, or nothing.
    `tried` counts the stays that were made for the group in vain; 0 where it is certain without, or
    where none could be made.
    """

    group: Group
    reason: Reason
    blockers: tuple[str, ...]
    tried: int

    @property
    def certain(self) -> bool:
        """Whether it is proven that no stay at all lands here; a search alone proves nothing."""
        return self.reason != "not_found"


@dataclass(frozen=True)
class Reach:
    """What a search found out, groups in the order of the scheme."""

    witnesses: tuple[Witness, ...]  # for some groups several, each by another alternative
    unreached: tuple[Unreached, ...]


def groups_of(scheme: Scheme) -> list[Group]:
    """Every DRG in the order in which it is tried."""
    return [Group(*way) for way in scheme.paths()]


def search_reach(scheme: Scheme) -> Reach:
    """Look for a stay for every group. Takes seconds for a national scheme; no chance is involved.

    Raises DrgpayError for a scheme of kind apg.
    """
    if scheme.info.kind != "drg":
        raise DrgpayError(*_ERRORS("stays_for_apg", scheme=scheme.info.id))
    compiled = compile_scheme(scheme)
    choice, people = CodeChoice(compiled), Patients(compiled.thresholds)
    blocked = _blocked(scheme)
    found: dict[Names, list[Witness]] = {}
    unreached: dict[Names, Unreached] = {}
    plans: dict[Names, list[tuple[Alternative, Plan]]] = {}
    groups = groups_of(scheme)
    for group in groups:
        whole = alternatives(group.rule)
        impossible = _impossible(choice, group, whole)
        if impossible:
            unreached[group.names] = impossible
        elif group.names in blocked:
            reason, blocker = blocked[group.names]
            unreached[group.names] = Unreached(group, reason, (blocker,), 0)
        else:
            unreached[group.names] = Unreached(group, "not_found", (), 0)
            plans[group.names] = _plans(choice, people, whole)
    by_names = {group.names: group for group in groups}
    for width, limit in _ROUNDS:
        open_plans = [
            (by_names[names], alternative, way)
            for names, ways in plans.items()
            if names not in found
            for alternative, way in ways
        ]
        for witness in _try(
            compiled, open_plans, width, limit, (width, limit) == _ROUNDS[-1], unreached
        ):
            found.setdefault(witness.group.names, []).append(witness)
    for names in found:
        unreached.pop(names, None)
    return Reach(
        witnesses=tuple(witness for group in groups for witness in found.get(group.names, ())),
        unreached=tuple(unreached[group.names] for group in groups if group.names in unreached),
    )


def land(compiled: CompiledScheme, stays: Sequence[Stay]) -> list[Names]:
    """The MDC, ADRG and DRG of each stay; those of an invalid stay are empty strings."""
    if not stays:
        return []
    result = group_batch(compiled, batch_of(stays))
    columns = [result.column(level).to_pylist() for level in ("mdc", "adrg", "drg")]
    return [(mdc or "", adrg or "", drg or "") for mdc, adrg, drg in zip(*columns, strict=True)]


def _impossible(choice: CodeChoice, group: Group, whole: Sequence[Alternative]) -> Unreached | None:
    """Why no stay can meet the rules of a group, where each of its alternatives proves it."""
    if len(whole) >= LIMIT or not all(contradicts_itself(choice, one) for one in whole):
        return None
    empty = [_empty_sets(choice.scheme, alternative) for alternative in whole]
    if empty and all(empty):
        names = sorted({name for found in empty for name in found})
        return Unreached(group, "empty_set", tuple(names), 0)
    return Unreached(group, "contradiction", (), 0)


def _plans(
    choice: CodeChoice, people: Patients, whole: Sequence[Alternative]
) -> list[tuple[Alternative, Plan]]:
    """The alternatives for which stays can be made. Where there is none nothing is proven."""
    made = [
        (alternative, plan(choice, people, alternative))
        for alternative in whole[:_ALTERNATIVES]
        if not contradicts_itself(choice, alternative)
    ]
    return [(alternative, way) for alternative, way in made if way.possible]


def _empty_sets(scheme: Scheme, alternative: Alternative) -> list[str]:
    """The sets without any code that an alternative wants a code of."""
    found: list[str] = []
    for item in alternative:
        match item.atom:
            case Member(_, sets) if item.holds:
                if not any(scheme.sets.get(name, name) for name in sets):
                    found += sets
            case Count(name) as count:
                if codes_needed(count, item.holds) and not scheme.sets[name]:
                    found.append(name)
    return found


def _try(
    compiled: CompiledScheme,
    plans: Sequence[tuple[Group, Alternative, Plan]],
    width: int,
    limit: int,
    thorough: bool,
    unreached: dict[Names, Unreached],
) -> list[Witness]:
    """Group the stays of some plans: the first success of each; failures go to `unreached`."""
    found: list[Witness] = []
    lost: dict[Names, Counter[str]] = {}
    waiting: list[tuple[int, Stay]] = []

    def flush() -> None:
        done: set[int] = set()
        landings = land(compiled, [stay for _, stay in waiting])
        for (number, stay), names in zip(waiting, landings, strict=True):
            group, alternative, _ = plans[number]
            if names != group.names:
                lost.setdefault(group.names, Counter())[names[2]] += 1
            elif number not in done:
                done.add(number)
                found.append(Witness(group, _met(compiled.scheme, group, alternative, stay), stay))
        waiting.clear()

    for number, (_, _, way) in enumerate(plans):
        waiting += [(number, stay) for stay in way.stays(width, limit)]
        if thorough:
            waiting += [(number, stay) for stay in way.stays_along_each_part(limit)]
        if len(waiting) >= _BATCH:
            flush()
    flush()
    for group, _, _ in plans:
        taken = lost.get(group.names, Counter())
        common = sorted(taken, key=lambda name: (-taken[name], name))[:3]
        unreached[group.names] = Unreached(group, "not_found", tuple(common), taken.total())
    return found


def _met(scheme: Scheme, group: Group, planned: Alternative, stay: Stay) -> Alternative:
    """The alternative by which a stay fits its group: the planned one, unless that hides a
    contradiction and the stay fits by another.
    """
    for alternative in (planned, *alternatives(group.rule)):
        if all(holds(scheme, item.atom, stay) == item.holds for item in alternative):
            return alternative
    return ()


def _blocked(scheme: Scheme) -> dict[Names, tuple[Reason, str]]:
    """The groups of which an earlier group of the same level takes every stay: why, and which one."""

    def taken(rules: Sequence[Rule], keepers: Sequence[Level]) -> tuple[Reason, str] | None:
        ways = alternatives(And(tuple(rules))) if keepers else []
        for earlier in keepers:
            if implies(scheme, ways, earlier.rule):
                return "after_always" if always_holds(earlier.rule) else "covered", earlier.code
        return None

    blocked: dict[Names, tuple[Reason, str]] = {}
    mdc_keepers: list[Mdc] = []
    for mdc in scheme.mdcs:
        mdc_taken = taken([mdc.rule], mdc_keepers)
        adrg_keepers: list[Adrg] = []
        for adrg in mdc.adrgs:
            adrg_taken = mdc_taken or taken([mdc.rule, adrg.rule], adrg_keepers)
            for number, drg in enumerate(adrg.drgs):
                way = [mdc.rule, adrg.rule, drg.rule]
                drg_taken = adrg_taken or taken(way, adrg.drgs[:number])
                if drg_taken:
                    blocked[mdc.code, adrg.code, drg.code] = drg_taken
            if _keeps_all(adrg):
                adrg_keepers.append(adrg)
        if _keeps_all(mdc):
            mdc_keepers.append(mdc)
    return blocked


def _keeps_all(group: Mdc | Adrg) -> bool:
    """Whether no stay that fits the group itself is passed on because nothing below it fits."""
    match group:
        case Mdc(adrgs=below):
            return any(always_holds(adrg.rule) and _keeps_all(adrg) for adrg in below)
        case Adrg(drgs=drgs):
            return any(always_holds(drg.rule) for drg in drgs)
