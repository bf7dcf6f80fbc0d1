"""Proposals for a scheme: splits worth making, groups worth merging, groups to look at."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from drgpay.adjust.discovery import Tested, q_values, tested
from drgpay.adjust.features import (
    KINDS,
    Feature,
    GroupFeatures,
    Kind,
    group_features,
    surgical_set,
)
from drgpay.adjust.measures import (
    Held,
    PartMeasures,
    WholeScheme,
    between,
    measured,
    order_held,
    whole_scheme,
    within,
)
from drgpay.adjust.merges import Merging, mergings
from drgpay.adjust.stays import GroupedStays, Numbers, Rows
from drgpay.adjust.tables import nearest
from drgpay.adjust.trees import Condition, GrownTree, Growth, grow
from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import Adrg, Scheme
from drgpay.records.in_order import in_order

_ERRORS = Sentences("errors/adjust")


@dataclass(frozen=True)
class Choices:
    """What is looked for.

    min_cases: in each part of a split, and in each group of a merge; max_depth: of a tree; min_gain:
    the least share of the variance of log cost in a group; merge_below: means that differ by less
    are merged, 0 for none; drgs and adrgs: the only groups to look at, if any are named. q: of the
    groups that are taken for having a question that explains their cost, at most this share may be
    expected to be there by chance.
    """

    min_cases: int = 100
    max_depth: int = 2
    min_gain: float = 0.05
    merge_below: float = 0.05
    seed: int = 0
    kinds: tuple[Kind, ...] = KINDS
    drgs: tuple[str, ...] = ()
    adrgs: tuple[str, ...] = ()
    q: float = 0.05


@dataclass(frozen=True)
class SplitPart:
    """A part of a split: its conditions (none: what the others leave) and its measures."""

    conditions: tuple[Condition, ...]
    measures: PartMeasures


@dataclass(frozen=True)
class SplitProposal:
    """A split of a DRG. `parts` by mean cost, the highest first; `rest` is the last, with most cases.

    gain_group, gain_scheme: the share of the variance of cost (yuan) in the group, in all stays,
    that the parts explain, in these stays; gain_scheme is what R² rises by. gain_group_cv and
    gain_scheme_cv: of log cost, cross-validated. tested: its questions, the strongest of them. q: the
    least level at which the group is taken, over all groups that were tested.
    """

    drg: str
    adrg: str
    whole: PartMeasures
    parts: tuple[SplitPart, ...]
    gain_group: float
    gain_scheme: float
    gain_group_cv: float
    gain_scheme_cv: float
    hospitals: Held
    years: Held
    tested: Tested
    q: float

    @property
    def features(self) -> list[Feature]:
        """What the parts ask, each once, the first question first."""
        return list(dict.fromkeys(one.feature for part in self.parts for one in part.conditions))


@dataclass(frozen=True)
class MergeProposal:
    """A merge of neighbouring DRGs; `gain_scheme` is what R² changes by, at most 0."""

    merging: Merging
    parts: tuple[PartMeasures, ...]
    whole: PartMeasures
    gain_scheme: float


@dataclass(frozen=True)
class Notable:
    """A group that has few cases or a high variation."""

    drg: str
    adrg: str
    measures: PartMeasures


@dataclass(frozen=True)
class Proposals:
    """All that was found, in the order of the scheme; `r2` of cost before and after it.

    tested_groups, tests: groups whose questions were tested, and these questions; beyond_chance: the
    groups taken at choices.q, of which those that are worth a split have one.
    """

    choices: Choices
    splits: tuple[SplitProposal, ...]
    merges: tuple[MergeProposal, ...]
    high_cv: tuple[Notable, ...]
    few_cases: tuple[Notable, ...]
    groups: int
    stays: int
    r2: float
    r2_after: float
    tested_groups: int
    tests: int
    beyond_chance: int


def propose(
    stays: GroupedStays,
    scheme: Scheme,
    choices: Choices | None = None,
    threads: int | None = None,
) -> Proposals:
    """Look for splits and merges.

    The same stays give the same proposals, whatever the order they came in and however many
    threads. Raises DrgpayError for a DRG or ADRG that the scheme does not have.
    """
    choices = choices or Choices()
    adrgs = [adrg for mdc in scheme.mdcs for adrg in mdc.adrgs]
    adrg_of = {drg.code: adrg.code for adrg in adrgs for drg in adrg.drgs}
    asked = _asked(adrgs, adrg_of, choices)
    rows = {code: own for code, own in stays.rows_of_groups().items() if len(own)}
    log_cost, yuan = np.log(stays.fen / 100), stays.fen / 100
    whole = whole_scheme(stays, log_cost, list(rows.values()))
    counted = surgical_set(scheme)
    looked = [drg for drg in adrg_of if drg in asked and drg in rows]
    todo = [drg for drg in looked if len(rows[drg]) >= 2 * choices.min_cases]
    growth = Growth(choices.min_cases, choices.max_depth, choices.min_gain, choices.seed)

    def features_of(drg: str) -> GroupFeatures:
        return group_features(stays, rows[drg], choices.kinds, choices.min_cases, counted)

    def tested_alone(drg: str) -> list[tuple[str, Tested]]:
        found = tested(features_of(drg), log_cost[rows[drg]], choices.min_cases)
        return [] if found is None else [(drg, found)]

    def looked_at(drg: str) -> list[SplitProposal]:
        own, adrg = rows[drg], adrg_of[drg]
        tree = grow(features_of(drg), log_cost[own], drg, growth)
        if tree is None:
            return []
        return [_split(adrg, drg, own, tree, stays, log_cost, whole, of_group[drg], q_of[drg])]

    if todo:
        _load_scikit_learn()
    of_group = dict(in_order(tested_alone, todo, threads))
    q_of = dict(zip(of_group, q_values([one.p for one in of_group.values()]), strict=True))
    taken = [drg for drg in todo if q_of.get(drg, 1.0) <= choices.q]
    splits = tuple(in_order(looked_at, taken, threads))
    merges = tuple(_merges(adrgs, asked, splits, rows, stays, yuan, choices, whole))
    gains = sum(one.gain_scheme for one in splits) + sum(one.gain_scheme for one in merges)
    notable = [Notable(drg, adrg_of[drg], measured(stays, rows[drg])) for drg in looked]
    return Proposals(
        choices=choices,
        splits=splits,
        merges=merges,
        high_cv=tuple(one for one in notable if (one.measures.cv or 0) > 1),
        few_cases=tuple(one for one in notable if one.measures.cases < choices.min_cases),
        groups=len(looked),
        stays=len(stays),
        r2=whole.r2,
        r2_after=whole.r2 + gains,
        tested_groups=len(of_group),
        tests=sum(one.questions for one in of_group.values()),
        beyond_chance=len(taken),
    )


def _load_scikit_learn() -> None:
    """Once, before threads meet in it; it takes seconds and other commands do without."""
    try:
        import sklearn.tree  # noqa: F401
    except ImportError:
        raise DrgpayError(*_ERRORS("no_scikit_learn")) from None


def _asked(adrgs: Sequence[Adrg], drgs: Mapping[str, str], choices: Choices) -> Collection[str]:
    named = {adrg.code for adrg in adrgs}
    for kind, codes, known in (("DRG", choices.drgs, drgs), ("ADRG", choices.adrgs, named)):
        for code in codes:
            if code not in known:
                meant = nearest(code, list(known))
                raise DrgpayError(*_ERRORS("no_such_group", kind=kind, code=code, nearest=meant))
    if not choices.drgs and not choices.adrgs:
        return drgs.keys()
    return {code for code in drgs if code in choices.drgs or drgs[code] in choices.adrgs}


def _split(
    adrg: str,
    drg: str,
    own: Rows,
    tree: GrownTree,
    stays: GroupedStays,
    log_cost: Numbers,
    whole: WholeScheme,
    of_group: Tested,
    q: float,
) -> SplitProposal:
    yuan = stays.fen / 100
    places = {id(leaf): own[leaf.rows] for leaf in tree.leaves}
    rest = max(tree.leaves, key=lambda leaf: len(leaf.rows))
    told = [leaf for leaf in tree.leaves if leaf is not rest]
    told.sort(key=lambda leaf: -float(yuan[places[id(leaf)]].mean()))
    ordered = [*told, rest]
    parts = [places[id(leaf)] for leaf in ordered]
    gained = between(yuan, parts, float(yuan[own].mean()))
    own_squares, log_squares = within(yuan[own]), within(log_cost[own])
    return SplitProposal(
        drg=drg,
        adrg=adrg,
        whole=measured(stays, own),
        parts=tuple(
            SplitPart(leaf.conditions if leaf is not rest else (), measured(stays, rows))
            for leaf, rows in zip(ordered, parts, strict=True)
        ),
        gain_group=gained / own_squares,
        gain_scheme=gained / whole.cost_squares,
        gain_group_cv=tree.gain_cv,
        gain_scheme_cv=tree.gain_cv * log_squares / whole.log_squares,
        hospitals=order_held(log_cost, parts, stays.hospital),
        years=order_held(log_cost, parts, stays.year),
        tested=of_group,
        q=q,
    )


def _merges(
    adrgs: Iterable[Adrg],
    asked: Collection[str],
    splits: Sequence[SplitProposal],
    rows: Mapping[str, Rows],
    stays: GroupedStays,
    yuan: Numbers,
    choices: Choices,
    whole: WholeScheme,
) -> Iterable[MergeProposal]:
    split = {one.drg for one in splits}
    free = {code: own for code, own in rows.items() if code in asked and code not in split}
    for adrg in adrgs:
        if adrg.ambiguous or choices.merge_below <= 0:
            continue
        for found in mergings(adrg, free, yuan, choices.merge_below, choices.min_cases):
            parts = [rows[code] for code in found.drgs]
            yield MergeProposal(
                merging=found,
                parts=tuple(measured(stays, part) for part in parts),
                whole=measured(stays, np.sort(np.concatenate(parts))),
                gain_scheme=-found.lost / whole.cost_squares,
            )
