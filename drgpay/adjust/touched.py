"""Which stays an overlay can move: those of the MDCs it touches, all others keep their group."""

from collections.abc import Sequence
from pathlib import Path

from drgpay.adjust.apply import adjusted_scheme
from drgpay.adjust.overlay import Overlay
from drgpay.grouper.rules.nodes import Always, Rule
from drgpay.grouper.scheme import UNGROUPED_MDC, Adrg, Drg, Mdc, Scheme, asked_sets, load_scheme


def touched_mdcs(overlay: Overlay | Sequence[Overlay], scheme: str | Path) -> frozenset[str]:
    """The MDCs whose stays an overlay over a scheme (id or folder) can move; see touched_between."""
    return touched_between(load_scheme(str(scheme)), adjusted_scheme(scheme, overlay))


def touched_between(before: Scheme, after: Scheme) -> frozenset[str]:
    """The MDCs (0000: no group) such that stays grouped elsewhere keep their group.

    A stay with the MDC `mdc` under `before` has the same mdc, adrg, drg and severity under `after`
    unless `mdc` is in the result.

    Stays pass the MDCs in order. What changes only how the DRGs of an ADRG divide its stays moves
    stays within that MDC. Any other change of an MDC can also draw stays out of the MDCs after it,
    and those without a group; with the option retry_other_procedures out of any.
    """
    every = frozenset({UNGROUPED_MDC, *(mdc.code for mdc in (*before.mdcs, *after.mdcs))})
    same_order = [mdc.code for mdc in before.mdcs] == [mdc.code for mdc in after.mdcs]
    same_else = (
        before.info.options == after.info.options
        and before.complications == after.complications
        and before.excluding_tables == after.excluding_tables
    )
    if not same_order or not same_else:
        return every
    changed = frozenset(
        name
        for name in {*before.sets, *after.sets}
        if before.sets.get(name) != after.sets.get(name)
    )
    touched: set[str] = set()
    for place, (old, new) in enumerate(zip(before.mdcs, after.mdcs, strict=True)):
        if _same_mdc(old, new, changed):
            continue
        touched.add(old.code)
        if not _takes_same(old, new, changed):
            if before.info.options.retry_other_procedures:
                return every
            touched |= {mdc.code for mdc in before.mdcs[place:]} | {UNGROUPED_MDC}
    return frozenset(touched)


def _same_rule(old: Rule, new: Rule, changed: frozenset[str]) -> bool:
    return old == new and changed.isdisjoint(asked_sets(old))


def _same_groups(
    old: Sequence[Adrg | Drg], new: Sequence[Adrg | Drg], changed: frozenset[str]
) -> bool:
    """Whether the same groups are tried by the same rules, whatever is inside them."""
    return [group.code for group in old] == [group.code for group in new] and all(
        _same_rule(a.rule, b.rule, changed) for a, b in zip(old, new, strict=True)
    )


def _same_mdc(old: Mdc, new: Mdc, changed: frozenset[str]) -> bool:
    return _same_adrgs(old, new, changed) and all(
        _same_groups(a.drgs, b.drgs, changed) for a, b in zip(old.adrgs, new.adrgs, strict=True)
    )


def _same_adrgs(old: Mdc, new: Mdc, changed: frozenset[str]) -> bool:
    return _same_rule(old.rule, new.rule, changed) and _same_groups(old.adrgs, new.adrgs, changed)


def _takes_same(old: Mdc, new: Mdc, changed: frozenset[str]) -> bool:
    """Whether the same stays certainly end in the MDC: each changed ADRG passes none on."""
    return _same_adrgs(old, new, changed) and all(
        _same_groups(a.drgs, b.drgs, changed) or (_passes_none(a) and _passes_none(b))
        for a, b in zip(old.adrgs, new.adrgs, strict=True)
    )


def _passes_none(adrg: Adrg) -> bool:
    return any(drg.rule == Always(True) for drg in adrg.drgs)
