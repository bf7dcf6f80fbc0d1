"""Which column of a published table of weights means what.

A column is read as what the caller says or its heading says beyond doubt. One that looks like money,
a factor or a flag of stability and is neither read nor dropped by name is refused: it would be lost
in silence. Every other column is listed as not read.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.points.weight_marks import STABLE, are_yes_or_no, is_mark, known_meaning
from drgpay.points.weight_table import WeightTable, plain
from drgpay.points.weight_values import number_of, says_nothing

_ERRORS = Sentences("errors/points")

NAMES = (
    *("drg", "weight", "price", "stable", "rate", "name", "note"),
    *("weight_LEVEL", "price_LEVEL", "coefficient_LEVEL", "price@ACCOUNT"),
)
_SINGLE = ("drg", "weight", "price", "stable", "rate", "name", "note")
_BY_LEVEL = ("weight", "price", "coefficient")
_BY_ACCOUNT = ("price",)
_ANY = "*"
# What published tables call the columns, beside our own names; as `plain` writes it.
_HEADINGS = {
    "weight": (
        "weight",
        "rw",
        "drgrw",
        "权重",
        "rw值",
        "权重值",
        "相对权重",
        "支付权重",
        "基准权重",
    ),
    "price": ("price", "支付标准"),
    "stable": ("stable", "stability", "稳定", "是否稳定", "稳定性", "是否稳定组", "是否稳定病组"),
    "name": (
        *("name", "drgname", "drg名称", "drg组名称", "drg分组名称", "drg病组名称", "病组名称"),
        *("分组名称", "组名称", "名称"),
    ),
    "note": ("note", "notes", "remark", "备注", "说明", "注", "注释"),
}
_LEVEL = r"[^()]*[级甲乙丙][^()]*|[1-3][a-c]?"
_COEFFICIENT = re.compile(
    rf"(?:医院|机构)?(?:等级|级别)系数\((?P<in_brackets>{_LEVEL})\)"
    r"|(?P<before>[^()系数]*(?:(?<!等)级|[甲乙丙]))(?:医院|医疗机构|机构)?(?:等级|级别)?系数"
)
_RATE = re.compile(r"(?:基础|结算|基准|基本)?费率(?:\([^()]*\))?")
_MONEY_WORDS = re.compile(
    "权重|rw|费率|费用|系数|支付|标准|价|金额|费|分值|点数|元|倍|临界|限|比例|例均|均次|次均|成本"
    "|weight|rate|price|cost|amount|fee|factor|coef|point|yuan|ratio|limit"
)
_STABILITY_WORDS = re.compile("稳定|覆盖|stable|stability|cover")
_NUMBERS_FROM = 0.05
"""The share of a column's texts that are numbers from which it is one of numbers."""
_EXAMPLE = 30
_NOT_READ = ("dropped", "replaced", "serial", "text", "empty")


@dataclass(frozen=True)
class WeightColumns:
    """The headings of a table, by meaning; those by hospital level, and prices by account too.

    rates, marks, notes: those of the table that do not enter the points.
    """

    drg: str
    weight: str | None = None
    price: str | None = None
    stable: str | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, str] = field(default_factory=dict)
    coefficients: Mapping[str, str] = field(default_factory=dict)
    account_prices: Mapping[str, str] = field(default_factory=dict)
    rates: Collection[str] = ()
    marks: Collection[str] = ()
    notes: Collection[str] = ()
    read_as: Mapping[str, str] = field(default_factory=dict)
    """Every heading of the table, in its order, and what it is read as."""


def weight_columns(
    table: WeightTable, given: Mapping[str, str], drop: Collection[str], base: str | None
) -> WeightColumns:
    """Find the columns of a table: those `given` (name -> heading), then by what they say.

    In a name and its heading a * stands for a level or an account. `drop`: headings, also with *,
    that are not read. `base` asks for base points from numbers by level, so that no single weight is
    looked for. Raises DrgpayError where a heading or a meaning is missing, two meanings exclude
    each other, or a column that may carry money is neither read nor dropped.
    """
    named = dict(_named(table, given))
    dropped = {heading for pattern in drop for heading in _dropped(table, pattern)}
    both = sorted(dropped & set(named.values()))
    if both:
        raise DrgpayError(*_ERRORS("read_and_dropped", path=table.path, heading=both[0]))
    if table.group_heading in dropped:
        raise DrgpayError(*_ERRORS("groups_dropped", path=table.path, heading=table.group_heading))
    named.setdefault("drg", table.group_heading)
    free = [name for name in table.headings if name not in dropped | set(named.values())]
    named |= _by_own_name(free, named)
    _refuse_base(table, base, named)
    found = _Found(table, named, base)
    found.read_as |= dict.fromkeys(dropped, "dropped")
    for heading in table.headings:
        if heading not in found.read_as:
            found.take(heading)
    found.refuse_unread()
    return found.columns()


class _Found:
    """The columns found so far; every heading is taken once."""

    def __init__(self, table: WeightTable, named: dict[str, str], base: str | None) -> None:
        self._table, self._named, self._base = table, named, base
        self._rates = [named["rate"]] if "rate" in named else []
        self._notes = [named["note"]] if "note" in named else []
        self._marks: list[str] = []
        self._unread: list[str] = []
        self.read_as: dict[str, str] = {}
        for name, heading in named.items():
            said = self.read_as.get(heading)
            self.read_as[heading] = f"{said}, {name}" if said else name

    def take(self, heading: str) -> None:
        """Decide what a column is that the caller did not name."""
        texts = [text for _, text in self._table.cells(heading) if text]
        said = plain(heading)
        numbers = _are_numbers(texts)
        if name := self._by_heading(said, heading, texts):
            self._named[name] = heading
            self.read_as[heading] = name
        elif not texts:
            self.read_as[heading] = "empty"
        elif said in _HEADINGS["name"] and not numbers:
            self.read_as[heading] = "name"
        elif said in _HEADINGS["note"] and not numbers:
            self._notes.append(heading)
            self.read_as[heading] = "note"
        elif _RATE.fullmatch(said) and self._has_weight() and _one_number(texts):
            self._rates.append(heading)
            self.read_as[heading] = "rate"
        elif is_mark(texts, self._gaps(texts)) and not (numbers and _MONEY_WORDS.search(said)):
            self._marks.append(heading)
            self.read_as[heading] = "mark"
        elif _is_serial(said, texts):
            self.read_as[heading] = "serial"
        elif self._replaced(said):
            self.read_as[heading] = "replaced"
        elif numbers or _MONEY_WORDS.search(said) or _STABILITY_WORDS.search(said):
            self._unread.append(heading)
        else:
            self.read_as[heading] = "text"

    def _gaps(self, texts: list[str]) -> bool:
        return len(texts) < len(self._table.rows)

    def _by_heading(self, said: str, heading: str, texts: list[str]) -> str | None:
        """The name that a heading says beyond doubt and that no other column has."""
        if said in _HEADINGS["weight"] and self._wants_weight():
            return "weight" if "weight" not in self._named else None
        if said in _HEADINGS["price"] and self._wants_price():
            return "price" if "price" not in self._named else None
        yes_means_stable = known_meaning(heading) == STABLE and are_yes_or_no(texts)
        if said.split("(")[0] in _HEADINGS["stable"] or yes_means_stable:
            return "stable" if "stable" not in self._named else None
        found = _COEFFICIENT.fullmatch(said)
        if found:
            level = _as_written(heading, found["in_brackets"] or found["before"])
            name = f"coefficient_{level}"
            return name if name not in self._named else None
        return None

    def _wants_weight(self) -> bool:
        return not self._base and "price" not in self._named

    def _has_weight(self) -> bool:
        return "weight" in self._named or any(
            plain(heading) in _HEADINGS["weight"] and self.read_as.get(heading) != "dropped"
            for heading in self._table.headings
        )

    def _wants_price(self) -> bool:
        return not (self._base or self._has_weight())

    def _replaced(self, said: str) -> bool:
        """A weight beside the prices that the caller takes the points from."""
        return said in _HEADINGS["weight"] and not self._wants_weight()

    def refuse_unread(self) -> None:
        """Raise DrgpayError if a column may carry money and was neither read nor dropped."""
        if not self._unread:
            return
        table = self._table
        shown = []
        for heading in self._unread:
            line, text = next((line, text) for line, text in table.cells(heading) if text)
            numbered = table.numbered(line)
            shown.append(
                _ERRORS.words(
                    "column.example", heading=heading, numbered=numbered, text=text[:_EXAMPLE]
                )
            )
        read = listed(
            self._said_as(heading)
            for heading in table.headings
            if self.read_as.get(heading, "text") not in _NOT_READ
        )
        key = "unread_column" if len(shown) == 1 else "unread_columns"
        said = {"count": len(shown), "columns": listed(shown), "read": read}
        raise DrgpayError(*_ERRORS(key, path=table.path, names=listed(NAMES), **said))

    def _said_as(self, heading: str) -> Words:
        """What a column is read as."""
        name = self.read_as[heading]
        if name == "mark":
            return _ERRORS.words("column.read_as_mark", heading=heading)
        return _ERRORS.words("column.read_as", heading=heading, name=name)

    def columns(self) -> WeightColumns:
        """The columns, if they go together."""
        named, table = self._named, self._table
        if "weight" in named and (self._base or "price" in named):
            raise DrgpayError(*_ERRORS("weights_and_prices", path=table.path))
        by = {kind: _by(named, f"{kind}_") for kind in _BY_LEVEL}
        accounts = _by(named, "price@")
        if not ({"weight", "price"} & named.keys() or by["price"] or by["weight"] or accounts):
            headings = listed(table.headings)
            raise DrgpayError(*_ERRORS("no_weights", path=table.path, headings=headings))
        _refuse_two_for_a_level(table, by)
        return WeightColumns(
            drg=named["drg"],
            weight=named.get("weight"),
            price=named.get("price"),
            stable=named.get("stable"),
            weights=by["weight"],
            prices=by["price"],
            coefficients=by["coefficient"],
            account_prices=accounts,
            rates=self._rates,
            marks=self._marks,
            notes=self._notes,
            read_as={heading: self.read_as[heading] for heading in table.headings},
        )


# What the caller says.


def _named(table: WeightTable, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, heading in given.items():
        if not _is_name(name):
            raise DrgpayError(
                *_ERRORS("no_such_name", name=name, heading=heading, names=listed(NAMES))
            )
        if _ANY not in name:
            yield name, _heading(table, heading)
            continue
        if heading.count(_ANY) != 1 or name.count(_ANY) != 1:
            raise DrgpayError(*_ERRORS("one_star", name=name, heading=heading))
        for found, part in _matching(table, heading, "(.+)"):
            yield name.replace(_ANY, _as_written(found, part[1])), found


def _is_name(name: str) -> bool:
    return (
        name in _SINGLE
        or any(name.startswith(f"{kind}_") and len(name) > len(kind) + 1 for kind in _BY_LEVEL)
        or any(name.startswith(f"{kind}@") and len(name) > len(kind) + 1 for kind in _BY_ACCOUNT)
    )


def _heading(table: WeightTable, given: str) -> str:
    if given in table.headings:
        return given
    alike = [heading for heading in table.headings if plain(heading) == plain(given)]
    if len(alike) != 1:
        known = listed(table.headings)
        raise DrgpayError(*_ERRORS("no_column", path=table.path, column=given, known=known))
    return alike[0]


def _matching(table: WeightTable, pattern: str, any_part: str) -> list[tuple[str, re.Match[str]]]:
    """The headings that a pattern fits, and how; any_part: what a * stands for."""
    parts = re.compile(any_part.join(re.escape(plain(part)) for part in pattern.split(_ANY)))
    found = [(heading, parts.fullmatch(plain(heading))) for heading in table.headings]
    fitting = [(heading, match) for heading, match in found if match]
    if not fitting:
        known = listed(table.headings)
        raise DrgpayError(*_ERRORS("no_column_like", path=table.path, pattern=pattern, known=known))
    return fitting


def _dropped(table: WeightTable, pattern: str) -> list[str]:
    if pattern in table.headings or _ANY not in pattern:
        return [_heading(table, pattern)]
    return [heading for heading, _ in _matching(table, pattern, ".*")]


def _as_written(heading: str, part: str) -> str:
    """A part of a heading that was compared as `plain`, as the heading writes it."""
    kept = "".join(sign for sign in heading if plain(sign))
    place = plain(heading).find(part)
    return kept[place : place + len(part)]


def _by_own_name(headings: Collection[str], named: Mapping[str, str]) -> dict[str, str]:
    """The headings by level and account that are our own names, such as price_3A."""
    own = re.compile("|".join((*(f"{kind}_.+" for kind in _BY_LEVEL), "price@.+", "rate")))
    return {name: name for name in headings if own.fullmatch(name) and name not in named}


def _by(named: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Level or account -> heading, sorted."""
    return {
        name.removeprefix(prefix): heading
        for name, heading in sorted(named.items())
        if name.startswith(prefix)
    }


def _refuse_base(table: WeightTable, base: str | None, named: Mapping[str, str]) -> None:
    by_level = _by(named, "price_") or _by(named, "weight_")
    if base and base != "mean" and base not in by_level:
        raise DrgpayError(*_ERRORS("no_base_level", base=base, path=table.path))
    if base and not by_level:
        raise DrgpayError(*_ERRORS("no_base_levels", base=base, path=table.path))


def _refuse_two_for_a_level(table: WeightTable, by: Mapping[str, Mapping[str, str]]) -> None:
    for one, other in (("price", "coefficient"), ("weight", "coefficient"), ("weight", "price")):
        both = sorted(by[one].keys() & by[other].keys())
        if both:
            level = both[0]
            kinds = {
                "one": _ERRORS.words(f"column.{one}"),
                "other": _ERRORS.words(f"column.{other}"),
            }
            headings = {"one_heading": by[one][level], "other_heading": by[other][level]}
            raise DrgpayError(
                *_ERRORS("two_for_a_level", path=table.path, level=level, **kinds, **headings)
            )
    if by["price"] and by["weight"]:
        raise DrgpayError(*_ERRORS("weights_and_prices_by_level", path=table.path))


# What the cells say.


def _are_numbers(texts: list[str]) -> bool:
    numbers = sum(number_of(text, percent=True) is not None for text in texts)
    told = sum(not says_nothing(text) for text in texts)
    return numbers > 0 and numbers >= _NUMBERS_FROM * max(told, 1)


def _one_number(texts: list[str]) -> bool:
    numbers: set[Fraction | None] = {number_of(text) for text in texts}
    return len(numbers) == 1 and None not in numbers


def _is_serial(said: str, texts: list[str]) -> bool:
    """A column that only counts the rows."""
    if said not in ("序号", "编号", "no", "no.", "column1", "#"):
        return False
    numbers = [number_of(text) for text in texts]
    return numbers == [Fraction(number) for number in range(1, len(numbers) + 1)]
