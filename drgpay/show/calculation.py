"""A calculation that a reader can follow line by line, its formulas live in a workbook."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Amount = Decimal | int


@dataclass(frozen=True)
class Step:
    """One line of a calculation.

    `formula` is a formula of Excel in which {name} stands for the amount of another step; a step
    without one is given. `how` says in words where the amount comes from; there {name} stands for
    the number of that line. `value` is what the formula gives, exactly.
    """

    name: str
    label: str
    value: Amount
    formula: str = ""
    how: str = ""


@dataclass(frozen=True)
class Calculation:
    """Steps under a title in words; `key` names it for the calculations that use its steps.

    `uses` gives steps of calculations above names in this one: name -> (key, step).
    """

    key: str
    title: str
    steps: tuple[Step, ...]
    uses: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def referring(text: str, places: Mapping[str, str]) -> str:
    """The text with every {name} replaced by its place."""
    return re.sub(r"\{(\w+)\}", lambda found: places[found[1]], text)


def mentioning(words: str, places: Mapping[str, str]) -> str:
    """The same of words, in which a name of the data may hold braces of its own, which stay."""
    return re.sub(r"\{(\w+)\}", lambda found: places.get(found[1], found[0]), words)


def point_formula(words: str, names: frozenset[str]) -> str | None:
    """The `formula` of a case, such as "base_points * coefficient", as a formula of a Step.

    None where it names something that is not among `names`, or is no arithmetic.
    """
    if not re.fullmatch(r"[\w.\s()*/+,-]+", words):
        return None
    named = set(re.findall(r"[A-Za-z_]+", words))
    if named - names - _FUNCTIONS or not named & names:
        return None
    return re.sub(
        r"[A-Za-z_]+",
        lambda found: found[0].upper() if found[0] in _FUNCTIONS else f"{{{found[0]}}}",
        words,
    )


_FUNCTIONS = frozenset({"min", "max"})
