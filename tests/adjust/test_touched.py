"""Only stays of touched MDCs can change their group."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from drgpay.adjust.overlay import Overlay
from drgpay.adjust.touched import touched_between, touched_mdcs
from drgpay.grouper.reference import Stay, group_stay
from drgpay.grouper.rules.nodes import Always
from drgpay.grouper.scheme import Adrg, Drg, Mdc, Scheme
from tests import any_scheme
from tests.spread import drawn

Read = Callable[..., Overlay]


@st.composite
def changed(draw: st.DrawFn) -> tuple[Scheme, Scheme]:
    """A scheme and the same with some rules, lists of DRGs or sets changed."""
    before = draw(any_scheme.schemes())
    if draw(st.booleans()):  # no DRG of these lets a stay go on
        before = replace(before, mdcs=tuple(_closed(mdc) for mdc in before.mdcs))

    def drgs(adrg: Adrg) -> tuple[Drg, ...]:
        if not draw(st.booleans()):
            return adrg.drgs
        new = Drg(0, f"{adrg.code}X", "new", "?", draw(any_scheme.rules))
        return (new, *adrg.drgs)

    def adrgs(mdc: Mdc) -> tuple[Adrg, ...]:
        found = (replace(adrg, drgs=drgs(adrg)) for adrg in mdc.adrgs)
        rule = any_scheme.rules
        return tuple(
            replace(adrg, rule=draw(rule)) if draw(st.integers(0, 5)) == 0 else adrg
            for adrg in found
        )

    mdcs = tuple(replace(mdc, adrgs=adrgs(mdc)) for mdc in before.mdcs)
    sets = dict(before.sets)
    if draw(st.integers(0, 3)) == 0:
        sets["S1"] = draw(st.frozensets(st.sampled_from([*any_scheme.DIAGNOSES])))
    return before, replace(before, mdcs=mdcs, sets=sets)


def _closed(mdc: Mdc) -> Mdc:
    def closed(adrg: Adrg) -> Adrg:
        last = Drg(9, f"{adrg.code}9", "last", "", Always(True))
        return replace(adrg, drgs=(*adrg.drgs, last))

    return replace(mdc, adrgs=tuple(closed(adrg) for adrg in mdc.adrgs))


@drawn(150)
@given(schemes=changed(), stays=st.lists(any_scheme.stays, min_size=1, max_size=8))
def test_stays_of_other_mdcs_keep_their_group(
    schemes: tuple[Scheme, Scheme], stays: list[Stay]
) -> None:
    before, after = schemes
    touched = touched_between(before, after)
    for stay in stays:
        old = group_stay(before, stay)
        if old.mdc not in touched:
            assert group_stay(after, stay) == old


def test_a_split_touches_its_mdc_alone(small: Path, overlay: Read) -> None:
    text = '[[split]]\ndrg = "{}"\n[[split.part]]\ncode = "{}"\nname = "x"\nrule = "NL < 9"\n'
    assert touched_mdcs(overlay(text.format("BR15", "BR12")), small) == {"MDCB"}
    assert touched_mdcs(overlay(text.format("CR19", "CR12")), small) == {"MDCC"}
    assert touched_mdcs(overlay(""), small) == frozenset()
    assert touched_mdcs(overlay('[[rename]]\ngroup = "BR15"\nname = "x"\n'), small) == frozenset()


def test_a_moved_code_touches_what_comes_after(small: Path, overlay: Read) -> None:
    moved = '[[move_codes]]\nfrom = "DI_C"\nto = "DI_B"\ncodes = ["H25.1"]\n'
    assert touched_mdcs(overlay(moved), small) == {"MDCB", "MDCC", "0000"}
    added = '[[add_codes]]\nset = "OP_C"\ncodes = ["11.09"]\n'
    assert touched_mdcs(overlay(added), small) == {"MDCC", "0000"}
