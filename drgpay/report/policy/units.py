"""How a value of a policy is written for a reader: 0.4 倍, 5%, 60 天."""

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from drgpay.base.language import Language
from drgpay.policy.group_lists import PRIMARY_CARE
from drgpay.report.policy.words import policy_words
from drgpay.report.wording import level_name, named, word

_MONTHS = range(1, 13)


def plain(value: Any) -> str:
    """A number with the digits that it needs, in thousands from 10,000 on; a text as it is."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return str(value)
    number = Decimal(value).normalize() if value else Decimal(0)
    return f"{number:,f}" if abs(number) >= 10_000 else f"{number:f}"


@dataclass(frozen=True)
class Writer(string.Formatter):
    """Writes values and fills sentences in one language.

    groups: the names of groups by their code, as far as a scheme is given.
    """

    language: Language
    groups: Mapping[str, str] = field(default_factory=dict)

    def filled(self, sentence: str, values: Mapping[str, Any]) -> str:
        """A sentence with the values that it names, each in the unit after its colon."""
        return self.vformat(sentence, (), values)

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value of a sentence."""
        return self.written(value, format_spec or "plain")

    def written(self, value: Any, unit: str) -> str:
        """A value in its unit: one of UNITS, a unit of words/policy.toml, or a kind of its names."""
        words = policy_words()
        if unit in words.units:
            number = f"{value:,.2f}" if unit == "yuan" else plain(value)
            of_one = words.units.get(f"{unit}_one") if value == 1 else None
            return (of_one or words.units[unit]).said_in(self.language).format(number)
        if unit in words.names:
            phrase = words.names[unit].get(str(value))
            return phrase.said_in(self.language) if phrase else str(value)
        return UNITS[unit](self, value)

    def note(self, key: str, /, **values: Any) -> str:
        """A sentence of [notes]."""
        return self.filled(policy_words().notes[key].said_in(self.language), values)

    def listed(self, texts: list[str]) -> str:
        """Several texts one after another."""
        return self.note("comma").join(texts)


def _share(writer: Writer, value: Decimal) -> str:
    return f"{plain(value * 100)}%"


def _group(writer: Writer, code: str) -> str:
    if code == PRIMARY_CARE:
        return writer.note("primary_care")
    name = writer.groups.get(code)
    return code if name is None else f"{code} {name}"


def _rule(writer: Writer, rule: str) -> str:
    """A rule whose fields have their names beside them."""
    return re.sub(r"[A-Z]{2,}", lambda found: writer.written(found[0], "field"), rule)


def _twelve(writer: Writer, numbers: tuple[Decimal, ...]) -> str:
    return _by_month(
        writer, {str(month): plain(n) for month, n in zip(_MONTHS, numbers, strict=True)}
    )


def _share_by_month(writer: Writer, shares: Mapping[str, Decimal]) -> str:
    return _by_month(writer, {month: _share(writer, share) for month, share in shares.items()})


def _by_month(writer: Writer, texts: Mapping[str, str]) -> str:
    months = sorted(texts.items(), key=lambda pair: int(pair[0]))
    return writer.listed([f"{writer.written(month, 'month')} {text}" for month, text in months])


def _share_by_year(writer: Writer, shares: Mapping[str, Decimal]) -> str:
    return writer.listed(
        [
            f"{writer.written(y, 'year')} {_share(writer, share)}"
            for y, share in sorted(shares.items())
        ]
    )


def _yes(writer: Writer, value: bool) -> str:
    return writer.note("yes" if value else "no")


def _each(one: Callable[[Writer, Any], str]) -> Callable[[Writer, Any], str]:
    return lambda writer, values: writer.listed([one(writer, value) for value in values])


def _account(writer: Writer, value: str) -> str:
    return word(value, writer.language)


def _level(writer: Writer, value: str) -> str:
    return level_name(value, writer.language)


UNITS: dict[str, Callable[[Writer, Any], str]] = {
    "plain": lambda writer, value: plain(value),
    "text": lambda writer, value: str(value),
    "share": _share,
    "yes": _yes,
    "rule": _rule,
    "account": _account,
    "accounts": _each(_account),
    "level": _level,
    "levels": _each(_level),
    "groups": _each(_group),
    "classes": _each(lambda writer, value: named("class", value, writer.language)),
    "kind": lambda writer, value: named("kind", value, writer.language),
    "twelve": _twelve,
    "share_by_month": _share_by_month,
    "share_by_year": _share_by_year,
    "merged": _each(lambda writer, pool: " + ".join(_account(writer, account) for account in pool)),
}
"""How values are written that are no single number with a unit."""
