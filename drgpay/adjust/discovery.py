"""Which groups have a question that explains cost by more than chance, over all groups at once.

Every question that a tree may ask of a group is tested alone. The groups are disjoint stays, so
their tests are independent; the questions of one group are not. A group's strongest question is
therefore paid for by the number of its questions (Bonferroni, right under any dependence), and over
the groups the share of false ones among those taken is held at a level (Benjamini and Hochberg 1995).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drgpay.adjust.features import GroupFeatures
from drgpay.adjust.stays import Numbers

_BOUNDS = 7
"""At so many bounds, which part the stays evenly, a number is asked for."""


@dataclass(frozen=True)
class Tested:
    """The questions of a group: how many, the largest F (1 and cases - 2 degrees of freedom) and its
    probability by chance times the number of questions, at most 1.
    """

    questions: int
    f: float
    p: float


def tested(features: GroupFeatures, y: Numbers, least: int) -> Tested | None:
    """Test each question that parts the stays of a group into `least` and `least` or more.

    y: log cost. None if there is no such question, or nothing to explain.
    """
    from scipy.special import fdtrc  # comes with scikit-learn, and takes as long to import

    squares = _explained(features, y - y.mean(), least)
    whole = float(np.sum((y - y.mean()) ** 2))
    if not len(squares) or len(y) < 3 or whole <= 0:
        return None
    most = min(float(squares.max()), whole)
    rest = whole - most
    f = most / rest * (len(y) - 2) if rest > 0 else float("inf")
    chance = float(fdtrc(1, len(y) - 2, f)) if rest > 0 else 0.0
    return Tested(len(squares), f, min(1.0, chance * len(squares)))


def _explained(features: GroupFeatures, centred: Numbers, least: int) -> Numbers:
    """The sum of squares between yes and no of every question."""
    pairs, count = features.binary, len(features.binary.features)
    cases = np.bincount(pairs.column, minlength=count).astype(float)
    sums = np.bincount(pairs.column, weights=centred[pairs.row], minlength=count)
    for column in features.numeric.T:
        order = np.sort(column)
        places = (np.arange(1, _BOUNDS + 1) * len(order)) // (_BOUNDS + 1)
        for bound in np.unique(order[places]):
            yes = column >= bound
            cases = np.append(cases, yes.sum())
            sums = np.append(sums, centred[yes].sum())
    others = len(centred) - cases
    asked = (cases >= max(least, 1)) & (others >= max(least, 1))
    cases, others, sums = cases[asked], others[asked], sums[asked]
    explained: Numbers = sums**2 * (1 / cases + 1 / others)
    return explained


def q_values(chances: Sequence[float]) -> list[float]:
    """The least level at which each of independent tests is taken (Benjamini and Hochberg).

    Among those with q <= level the expected share of false ones is at most the level.
    """
    from scipy.stats import false_discovery_control  # scikit-learn imports it, too

    return [float(q) for q in false_discovery_control(chances)]
