"""Marks of groups in a published table: 不稳定, 未覆盖, 基础病组, and what they mean.

A column of marks says 是 or nothing below a heading, or a few words such as 普通组 and 不稳定组.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.points.weight_table import WeightTable, plain
from drgpay.points.weight_values import NO, YES, number_of

_ERRORS = Sentences("errors/points")

STABLE, STAND_IN = "stable", "stand_in"  # of STABILITIES of the catalogue
ONE_COEFFICIENT, LISTED = "one_coefficient", "listed"
MEANINGS = (STABLE, STAND_IN, ONE_COEFFICIENT, LISTED)
"""stable; stand_in: unstable or not covered; one_coefficient: no coefficients by level; listed: no
more than named in the report."""

# What published tables call it, without a last 组 or 病组.
_KNOWN = {
    **dict.fromkeys(("稳定", "普通", "正常", "一般", "常规", "stable"), STABLE),
    **dict.fromkeys(("不稳定", "非稳定", "未覆盖", "不覆盖", "无覆盖", "unstable"), STAND_IN),
    **dict.fromkeys(("unstable_cv", "unstable_cases", "stand_in", "notcovered"), STAND_IN),
}
_MOST_WORDS = 12
_LONGEST = 16
# Marks that may change what is paid: the importer asks what they mean.
_OF_STABILITY = re.compile("稳定|覆盖|单议|替代|代用|stable|cover")
_OF_ONE_PRICE = re.compile("基础|同等|同价|同病|同费率|不设系数|无系数")
_OF_MONEY = re.compile("权重|系数|支付|费率|价|浮|%|倍")


@dataclass(frozen=True)
class Mark:
    """A mark of groups: its column, its word (the heading, where the cells say 是), its meaning."""

    heading: str
    word: str
    meaning: str
    lines: tuple[int, ...]


def are_yes_or_no(texts: list[str]) -> bool:
    """Whether all texts say yes or no."""
    return {plain(text) for text in texts} <= YES | NO


def is_mark(texts: list[str], gaps: bool) -> bool:
    """Whether a column holds marks: few short words, each of them often, and no numbers.

    1 alone is a mark only where other cells are empty (gaps): it may be a factor of all groups.
    """
    words = Counter(plain(text) for text in texts)
    if words.keys() <= YES | NO:
        return gaps or words.keys() != {"1"}
    return (
        len(words) <= _MOST_WORDS
        and all(len(word) <= _LONGEST and number_of(word, percent=True) is None for word in words)
        and (len(texts) >= 2 * len(words) or bool(words.keys() & _known_words(words)))
    )


def _known_words(words: Counter[str]) -> set[str]:
    return {word for word in words if known_meaning(word)}


def known_meaning(word: str) -> str | None:
    """The meaning of a word that leaves no doubt: stable or stand_in."""
    return _KNOWN.get(re.sub("(病?组|病种)?(\\(.*\\))?$", "", plain(word)))


def marks_of(
    table: WeightTable, heading: str, said: Mapping[str, str], different: frozenset[int]
) -> list[Mark]:
    """The marks of a column. said: the caller's meaning of a word. different: the lines whose
    numbers differ by level, for which a mark of one price asks what it means.

    Raises DrgpayError for a mark that may change what is paid and has no meaning.
    """
    lines: dict[str, list[int]] = {}
    cells = list(table.cells(heading))
    yes_or_no = are_yes_or_no([text for _, text in cells if text])
    for line, text in cells:
        if yes_or_no and plain(text) in YES:
            lines.setdefault(heading, []).append(line)
        elif not yes_or_no and text and plain(text) not in NO:
            lines.setdefault(text, []).append(line)
    marks = [
        Mark(heading, word, _meaning(table, heading, word, found, said, different), tuple(found))
        for word, found in lines.items()
    ]
    empty = [line for line, text in cells if not text]
    means = {mark.meaning for mark in marks}
    if empty and not yes_or_no and STABLE in means and STAND_IN not in means:
        raise _empty_beside_stable(table, heading, empty[0])
    return marks


def _meaning(
    table: WeightTable,
    heading: str,
    word: str,
    lines: list[int],
    said: Mapping[str, str],
    different: frozenset[int],
) -> str:
    if plain(word) in said:
        return said[plain(word)]
    known = known_meaning(word)
    if known:
        return known
    why = None
    if _OF_STABILITY.search(plain(word)):
        why = _ERRORS.words("mark.of_stability")
    elif _OF_ONE_PRICE.search(plain(word)):
        if different.intersection(lines):
            why = _ERRORS.words("mark.of_one_price")
    elif _OF_MONEY.search(plain(word)):
        why = _ERRORS.words("mark.of_money")
    if why:
        said = {"word": word, "heading": heading}
        place, groups = table.at(lines[0]), len(lines)
        raise DrgpayError(
            *_ERRORS(
                "unclear_mark",
                place=place,
                why=why,
                groups=groups,
                meanings=listed(MEANINGS),
                **said,
            )
        )
    return LISTED


def stability_in(table: WeightTable, heading: str, said: Mapping[str, str]) -> dict[int, str]:
    """The stability of each line by a column that says so: yes, no, or a word.

    An empty cell marks nothing: stable. Where no cell says no, an empty one could mean it, and is
    refused. Raises DrgpayError for any other word, with its line.
    """
    cells = list(table.cells(heading))
    found = dict(_each_stability(table, heading, cells, said))
    empty = [line for line, text in cells if not text]
    if empty and found and STAND_IN not in found.values():
        raise _empty_beside_stable(table, heading, empty[0])
    return found


def _empty_beside_stable(table: WeightTable, heading: str, line: int) -> DrgpayError:
    return DrgpayError(*_ERRORS("empty_beside_stable", place=table.at(line), heading=heading))


def _each_stability(
    table: WeightTable, heading: str, cells: list[tuple[int, str]], said: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    for line, text in cells:
        word = plain(text)
        meaning = said.get(word) or known_meaning(text)
        if not text:
            continue
        if meaning is None and word in YES | NO:
            meaning = STABLE if word in YES else STAND_IN
        if meaning is None:
            place, meanings = table.at(line), {"stable": STABLE, "stand_in": STAND_IN}
            raise DrgpayError(
                *_ERRORS("no_stability", place=place, heading=heading, text=text, **meanings)
            )
        yield line, STABLE if meaning in (LISTED, ONE_COEFFICIENT) else meaning
