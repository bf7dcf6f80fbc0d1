"""What a rule can ask of the stays of a group, as columns of numbers for a tree."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drgpay.adjust.stays import CodedLists, GroupedStays, Rows
from drgpay.grouper.rules.fields import PROCEDURE_FIELDS
from drgpay.grouper.rules.nodes import Member, atoms
from drgpay.grouper.scheme import Scheme

Kind = Literal[
    "age", "age_band", "sex", "severity", "diagnosis", "procedure", "procedure_count", "discharge",
    "length_of_stay",
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "age", "age_band", "sex", "severity", "diagnosis", "procedure", "procedure_count", "discharge",
)  # fmt: skip
"""The kinds that proposals use unless told otherwise; length_of_stay only if asked."""

_BANDS = ((0, 1), (1, 6), (6, 18), (18, 45), (45, 60), (60, 75))
# The characters of a code that name its category: ICD-10 has three, ICD-9-CM-3 a point between.
_CATEGORY = {"diagnosis": 3, "procedure": 4}
_FIELDS = {"diagnosis": "QTZD", "procedure": "{ZYSS,QTSS}"}
_NUMBER_FIELDS = {"age": "NL", "length_of_stay": "ZYTS"}
_SET_PREFIX = {"diagnosis": "ADJ_QTZD", "procedure": "ADJ_SS"}

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Feature:
    """A question about a stay.

    `key`: of age_band `18-45` (years, the last not included), of severity MCC, CC or MCC,CC, of
    diagnosis and procedure a code or, with `category`, its beginning; of procedure_count the set;
    of sex and discharge the number. age, length_of_stay and procedure_count are numbers.
    """

    kind: Kind
    key: str = ""
    category: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the answer is a number and not yes or no."""
        return self.kind in ("age", "length_of_stay", "procedure_count")

    @property
    def needs_set(self) -> bool:
        """Whether a rule asks for it by a set of its own."""
        return self.kind in ("diagnosis", "procedure")

    def rule(self, set_name: str) -> str:
        """The rule that holds where a question of yes or no is answered yes."""
        match self.kind:
            case "age_band":
                low, high = self.key.split("-")
                return f"NL >= {low} and NL < {high}"
            case "sex":
                return f"XB = {self.key}"
            case "discharge":
                return f"LYFS = {self.key}"
            case "severity":
                return f"QTZD in {{{self.key}}}" if "," in self.key else f"QTZD in {self.key}"
            case _:
                return f"{_FIELDS[self.kind]} in {set_name}"

    def comparison(self, low: int | None, high: int | None) -> str:
        """The rule low <= number < high; a missing number is small."""
        if self.kind == "procedure_count":
            ask = f"length({self.key} ∩ {_FIELDS['procedure']}) >="
        else:
            ask = f"{_NUMBER_FIELDS[self.kind]} >="
        texts = [f"{ask} {low}"] if low is not None else []
        if high is not None:
            # Every grouped stay has an age; a comparison with a missing number is false, and
            # length() knows no <.
            texts.append(f"NL < {high}" if self.kind == "age" else f"not {ask} {high}")
        return " and ".join(texts)


@dataclass(frozen=True)
class Pairs:
    """The questions of yes or no: `row` answers yes to the feature `column`, each once."""

    features: list[Feature]
    row: Rows
    column: Rows


@dataclass(frozen=True)
class GroupFeatures:
    """The features of the stays of one group: `numeric` columns (rows, features) and `binary`."""

    numeric_features: list[Feature]
    numeric: Matrix
    binary: Pairs


def surgical_set(scheme: Scheme) -> tuple[str, frozenset[str]] | None:
    """The largest set that rules ask of procedures: the one by which procedures are counted."""
    names = {
        name
        for rule in scheme.rules()
        for atom in atoms(rule)
        if isinstance(atom, Member) and PROCEDURE_FIELDS.issuperset(atom.fields)
        for name in atom.sets
    }
    if not names:
        return None
    name = min(names, key=lambda name: (-len(scheme.sets[name]), name))
    return name, scheme.sets[name]


def group_features(
    stays: GroupedStays,
    rows: Rows,
    kinds: Iterable[Kind],
    least: int,
    counted: tuple[str, frozenset[str]] | None,
) -> GroupFeatures:
    """The features of some stays that at least `least` of them have and `least` have not."""
    asked = set(kinds)
    plain: tuple[Kind, ...] = ("age", "length_of_stay")
    numeric = [
        (Feature(kind), _whole(stays.numbers[kind][rows])) for kind in plain if kind in asked
    ]
    codes: CodedLists = stays.procedures
    if "procedure_count" in asked and counted:
        name, members = counted
        within = np.array([code in members for code in codes.codes] or [False])
        place, number = codes.pairs(rows)
        counts = np.bincount(place[within[number]], minlength=len(rows))
        numeric.append((Feature("procedure_count", name), counts.astype(np.float32)))
    numeric = [(feature, values) for feature, values in numeric if np.ptp(values) > 0]
    columns: list[tuple[Feature, Rows]] = []
    for kind in KINDS:
        if kind in asked and kind in _BINARY:
            columns += _BINARY[kind](stays, rows, least)
    columns = [(f, yes) for f, yes in columns if least <= len(yes) <= len(rows) - least]
    return GroupFeatures(
        [feature for feature, _ in numeric],
        np.stack([values for _, values in numeric], axis=1)
        if numeric
        else np.empty((len(rows), 0), dtype=np.float32),
        Pairs(
            [feature for feature, _ in columns],
            np.concatenate([_NONE, *(yes for _, yes in columns)]),
            np.repeat(np.arange(len(columns)), [len(yes) for _, yes in columns]),
        ),
    )


_NONE = np.empty(0, dtype=np.int64)


def set_names(features: Sequence[Feature], taken: Iterable[str]) -> dict[Feature, str]:
    """A name of a set for each feature that needs one, none of them taken."""
    names: dict[Feature, str] = {}
    used = Counter(taken)
    for feature in features:
        if feature.needs_set and feature not in names:
            plain = re.sub(r"[^0-9A-Za-z]", "_", feature.key)
            wanted = name = f"{_SET_PREFIX[feature.kind]}_{plain}"
            number = 1
            while used[name]:
                number += 1
                name = f"{wanted}_{number}"
            used[name] += 1
            names[feature] = name
    return names


def codes_of(feature: Feature, known: Iterable[str]) -> tuple[str, ...]:
    """The codes of a feature that needs a set: the code, or all known ones of the category."""
    if not feature.category:
        return (feature.key,)
    return tuple(sorted({code for code in known if code.startswith(feature.key)}))


def _whole(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Completed years or days; what is missing is less than any."""
    return np.where(np.isnan(values), -1.0, np.floor(values)).astype(np.float32)


_Columns = list[tuple[Feature, Rows]]


def _bands(stays: GroupedStays, rows: Rows, least: int) -> _Columns:
    age = stays.numbers["age"][rows]
    return [
        (Feature("age_band", f"{low}-{high}"), np.flatnonzero((age >= low) & (age < high)))
        for low, high in _BANDS
    ]


def _values(kind: Kind, column: str) -> Callable[[GroupedStays, Rows, int], _Columns]:
    def of_column(stays: GroupedStays, rows: Rows, least: int) -> _Columns:
        numbers = stays.numbers[column][rows]
        there = np.unique(numbers[~np.isnan(numbers) & (numbers >= 0)])
        whole = there[there == np.floor(there)]
        if kind == "sex":
            whole = whole[1:]  # the others are told apart by not being the first
        return [(Feature(kind, f"{one:.0f}"), np.flatnonzero(numbers == one)) for one in whole]

    return of_column


def _severity(stays: GroupedStays, rows: Rows, least: int) -> _Columns:
    bits = stays.severity[rows]
    return [
        (Feature("severity", "MCC"), np.flatnonzero(bits & 2)),
        (Feature("severity", "MCC,CC"), np.flatnonzero(bits)),
        (Feature("severity", "CC"), np.flatnonzero(bits & 1)),
    ]


def _listed(
    kind: Literal["diagnosis", "procedure"],
) -> Callable[[GroupedStays, Rows, int], _Columns]:
    def of_lists(stays: GroupedStays, rows: Rows, least: int) -> _Columns:
        coded = stays.diagnoses if kind == "diagnosis" else stays.procedures
        place, number = coded.pairs(rows)
        found: _Columns = [
            (Feature(kind, coded.codes[code]), yes) for code, yes in _frequent(place, number, least)
        ]
        beginnings = [code[: _CATEGORY[kind]] for code in coded.codes]
        names = sorted(set(beginnings))
        number_of = {name: n for n, name in enumerate(names)}
        category = np.array([number_of[one] for one in beginnings], dtype=np.int64)
        if not len(number):
            return found
        of_category = category[number]
        # A category of which the group has one code alone says nothing new.
        several = np.bincount(category[np.unique(number)], minlength=len(names)) > 1
        within = several[of_category]
        pairs = np.unique(of_category[within] * len(rows) + place[within])
        found += [
            (Feature(kind, names[one], category=True), yes)
            for one, yes in _frequent(pairs % len(rows), pairs // len(rows), least)
        ]
        return found

    return of_lists


def _frequent(place: Rows, number: Rows, least: int) -> Iterable[tuple[int, Rows]]:
    """Each number that `least` places have, with these places, by number."""
    counts = np.bincount(number)
    often = np.flatnonzero(counts >= max(least, 1))
    kept = np.isin(number, often)
    place, number = place[kept], number[kept]
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(counts[often])
    for one, end, size in zip(often, ends, counts[often], strict=True):
        yield int(one), place[order[end - size : end]]


_BINARY: dict[Kind, Callable[[GroupedStays, Rows, int], _Columns]] = {
    "age_band": _bands,
    "sex": _values("sex", "sex"),
    "severity": _severity,
    "diagnosis": _listed("diagnosis"),
    "procedure": _listed("procedure"),
    "discharge": _values("discharge", "discharge_type"),
}
