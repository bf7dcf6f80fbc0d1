"""A shallow regression tree over the stays of one group, and what it is worth on stays it did not see."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drgpay.adjust.features import Feature, GroupFeatures, Matrix
from drgpay.adjust.stays import Numbers, Rows

_FOLDS = 5
_SCREENED = 24
"""So many questions of yes or no, those that explain most alone, are given to a tree."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Growth:
    """How trees are grown.

    min_cases: in each part; max_depth: questions in a row; min_gain: the share of the group's
    variance that each cut, and cross-validated the whole tree, must explain.
    """

    min_cases: int
    max_depth: int
    min_gain: float
    seed: int


@dataclass(frozen=True)
class Condition:
    """An answer: yes or no (`low` 1 or `high` 1), or a number from `low` on and below `high`."""

    feature: Feature
    low: int | None
    high: int | None


@dataclass(frozen=True)
class Leaf:
    """A part: its conditions, in the order they are asked, and its stays (places in the group)."""

    conditions: tuple[Condition, ...]
    rows: Rows


@dataclass(frozen=True)
class GrownTree:
    """The parts of a group, and the share of the variance of log cost they explain out of sample."""

    leaves: tuple[Leaf, ...]
    gain_cv: float


def grow(features: GroupFeatures, y: Numbers, group: str, growth: Growth) -> GrownTree | None:
    """The tree of a group (y: log cost, in the order of case_id), or None if none is worth it.

    The cross-validated gain grows the tree anew in each fold, the choice of its questions included.
    """
    if len(y) < 2 * growth.min_cases or not np.ptp(y) > 0:
        return None
    everyone = np.ones(len(y), dtype=np.bool_)
    tree = _fit(features, y, everyone, growth, growth.min_cases)
    if tree is None:
        return None
    gain_cv = _cross_validated(features, y, group, growth)
    if gain_cv < growth.min_gain:
        return None
    return GrownTree(tuple(_leaves(tree, len(y))), gain_cv)


@dataclass(frozen=True)
class _Fitted:
    features: list[Feature]
    matrix: Matrix
    children: tuple[NDArray[np.int64], NDArray[np.int64]]
    asked: NDArray[np.int64]
    threshold: Numbers
    leaf: Rows  # of every stay, whether the tree saw it or not


def _fit(
    features: GroupFeatures, y: Numbers, seen: Mask, growth: Growth, least: int
) -> _Fitted | None:
    from sklearn.tree import DecisionTreeRegressor  # takes seconds to import

    names, matrix = _screened(features, y, seen, least)
    variance = float(np.var(y[seen]))
    if not names or variance <= 0:
        return None
    tree = DecisionTreeRegressor(
        max_depth=growth.max_depth,
        min_samples_leaf=least,
        min_impurity_decrease=growth.min_gain * variance,
        random_state=growth.seed,
    )
    tree.fit(matrix[seen], y[seen])
    inner = tree.tree_
    if inner.node_count < 2:
        return None
    leaf = inner.apply(matrix)
    children = inner.children_left, inner.children_right
    return _Fitted(names, matrix, children, inner.feature, inner.threshold, leaf)


def _screened(
    features: GroupFeatures, y: Numbers, seen: Mask, least: int
) -> tuple[list[Feature], Matrix]:
    """The numeric columns and the best of the others, each content once: names and (rows, names)."""
    pairs, count = features.binary, len(features.binary.features)
    centred = np.where(seen, y - y[seen].mean(), 0.0)
    cases = np.bincount(pairs.column, weights=seen[pairs.row], minlength=count)
    sums = np.bincount(pairs.column, weights=centred[pairs.row], minlength=count)
    others = seen.sum() - cases
    worth = np.where((cases >= least) & (others >= least), 1.0, 0.0)
    explained = worth * sums**2 * (1 / np.maximum(cases, 1) + 1 / np.maximum(others, 1))
    best = np.argsort(-explained, kind="stable")[:_SCREENED]
    names, columns, met = list(features.numeric_features), [features.numeric], set()
    place = np.full(count, -1)
    place[best] = np.arange(len(best))
    binary = np.zeros((len(y), len(best)), dtype=np.float32)
    chosen = place[pairs.column] >= 0
    binary[pairs.row[chosen], place[pairs.column[chosen]]] = 1
    kept = []
    for number, feature in enumerate(best):
        content = np.packbits(binary[:, number] > 0).tobytes()
        if explained[feature] > 0 and content not in met:
            met.add(content)
            kept.append(number)
            names.append(features.binary.features[feature])
    columns.append(binary[:, kept])
    return names, np.concatenate(columns, axis=1)


def _cross_validated(features: GroupFeatures, y: Numbers, group: str, growth: Growth) -> float:
    """The share of the variance that is explained out of sample."""
    rng = np.random.default_rng([growth.seed, zlib.crc32(group.encode())])
    fold = rng.permutation(np.arange(len(y)) % _FOLDS)
    least = max(1, growth.min_cases * (_FOLDS - 1) // _FOLDS)
    without, error = np.empty(len(y)), np.empty(len(y))
    for number in range(_FOLDS):
        seen = fold != number
        unseen = ~seen
        without[unseen] = (y[unseen] - y[seen].mean()) ** 2
        tree = _fit(features, y, seen, growth, least)
        if tree is None:
            error[unseen] = without[unseen]
        else:
            error[unseen] = (y[unseen] - _means(tree.leaf, y, seen)[tree.leaf[unseen]]) ** 2
    return 1 - float(error.sum()) / float(without.sum())


def _means(leaf: Rows, y: Numbers, seen: Mask) -> Numbers:
    sums = np.bincount(leaf[seen], weights=y[seen], minlength=int(leaf.max()) + 1)
    return sums / np.maximum(np.bincount(leaf[seen], minlength=len(sums)), 1)


def _leaves(tree: _Fitted, rows: int) -> Iterator[Leaf]:
    def below(node: int, way: tuple[Condition, ...]) -> Iterator[Leaf]:
        left, right = (int(child[node]) for child in tree.children)
        if left < 0:
            yield Leaf(way, np.flatnonzero(tree.leaf == node))
            return
        feature = tree.features[tree.asked[node]]
        # Columns hold whole numbers: x <= threshold is x < the next whole number.
        bound = int(np.floor(tree.threshold[node])) + 1
        yield from below(right, _narrowed(way, Condition(feature, bound, None)))
        yield from below(left, _narrowed(way, Condition(feature, None, bound)))

    yield from below(0, ())


def _narrowed(way: tuple[Condition, ...], new: Condition) -> tuple[Condition, ...]:
    """The conditions and one more; a feature that was asked before is narrowed where it stands."""
    for place, old in enumerate(way):
        if old.feature == new.feature:
            low = max((one for one in (old.low, new.low) if one is not None), default=None)
            high = min((one for one in (old.high, new.high) if one is not None), default=None)
            return (*way[:place], Condition(old.feature, low, high), *way[place + 1 :])
    return (*way, new)
