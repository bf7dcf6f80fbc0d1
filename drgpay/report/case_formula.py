"""The formulas of a calculation, worked out exactly and written as a person writes them.

A formula is that of a `Step` (calculation.py): the language of a workbook, with {name} for other
amounts. One text is reckoned, shown in words and shown with its numbers, so the three agree.
"""

import ast
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import floor

from drgpay.base.exact import half_up

_ROUNDINGS: dict[str, Callable[[Fraction], int]] = {
    "ROUND": half_up,
    "ROUNDDOWN": lambda value: int(value),
    "FLOOR": floor,
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[Fraction, Fraction], bool]]] = {
    ast.Gt: (">", lambda a, b: a > b),
    ast.GtE: ("≥", lambda a, b: a >= b),
    ast.Lt: ("<", lambda a, b: a < b),
    ast.LtE: ("≤", lambda a, b: a <= b),
}
_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1),
    ast.Sub: ("−", 1),
    ast.Mult: ("×", 2),
    ast.Div: ("÷", 2),
}
_ATOM = 3
Numbers = Mapping[str, Fraction]


@dataclass(frozen=True)
class Formula:
    """A parsed formula. `names` are the amounts it needs, in order of first use."""

    text: str
    tree: ast.expr

    @classmethod
    def of(cls, text: str) -> "Formula":
        """Parse the formula of a Step; SyntaxError if it is none."""
        return _parsed(plain_text(text))

    @property
    def names(self) -> list[str]:
        """The amounts that the formula uses."""
        found = re.findall(r"[A-Za-z_]\w*", self.text)
        return list(dict.fromkeys(name for name in found if name not in _FUNCTIONS))

    @property
    def rounding(self) -> tuple[str, int] | None:
        """How the result is rounded at the end: (function, places)."""
        return _rounding(self.tree)

    def decided(self, numbers: Numbers) -> "Formula":
        """The formula with every IF replaced by the branch that holds."""
        return Formula(self.text, _Decided(self, numbers).visit(deepcopy(self.tree)))

    def result(self, numbers: Numbers) -> Fraction | bool:
        """What the formula gives, rounded as it says."""
        return self.value_of(self.tree, numbers)

    def unrounded(self, numbers: Numbers) -> Fraction | bool:
        """What it gives before the last rounding."""
        return self.value_of(_inside(self.tree), numbers)

    def said(self, texts: Mapping[str, str], rounded: str) -> str:
        """The formula with a text for each amount; `rounded` words an inner rounding.

        `rounded` has {value} and {places}. The last rounding is left out.
        """
        return self._said(_inside(self.tree), texts, rounded)[0]

    def value_of(self, node: ast.expr, numbers: Numbers) -> Fraction | bool:
        """What a part of the formula gives."""
        match node:
            case ast.Constant():
                # The digits as they are written: a float would not be exact.
                return Fraction(ast.get_source_segment(self.text, node) or "0")
            case ast.Name(name):
                return numbers[name]
            case ast.UnaryOp(ast.USub(), inner):
                return -Fraction(self.value_of(inner, numbers))
            case ast.BinOp(left, sign, right):
                a, b = self.value_of(left, numbers), self.value_of(right, numbers)
                return _calculated(sign, Fraction(a), Fraction(b))
            case ast.Compare(left, [sign], [right]):
                a, b = self.value_of(left, numbers), self.value_of(right, numbers)
                return _COMPARISONS[type(sign)][1](Fraction(a), Fraction(b))
            case ast.Call(ast.Name(function), arguments):
                return self._called(function, arguments, numbers)
        raise SyntaxError(f"not a formula: {self.text}")

    def _called(
        self, function: str, arguments: list[ast.expr], numbers: Numbers
    ) -> Fraction | bool:
        if function == "IF":
            condition, yes, no = arguments
            return self.value_of(yes if self.value_of(condition, numbers) else no, numbers)
        values = [Fraction(self.value_of(argument, numbers)) for argument in arguments]
        if function in _ROUNDINGS:
            scale = 10 ** int(values[1])
            return Fraction(_ROUNDINGS[function](values[0] * scale), scale)
        return {"MIN": min, "MAX": max}[function](values)

    def _said(self, node: ast.expr, texts: Mapping[str, str], rounded: str) -> tuple[str, int]:
        """The text of a part, and how tightly it binds."""
        match node:
            case ast.Name(name):
                return texts[name], _ATOM
            case ast.UnaryOp(ast.USub(), inner):
                return f"−{self._in_brackets(inner, 2, texts, rounded)}", 1
            case ast.BinOp(left, sign, right):
                shown, binds = _SIGNS[type(sign)]
                # a - (b + c) and a / (b * c) keep their brackets.
                after = binds + isinstance(sign, ast.Sub | ast.Div)
                first = self._in_brackets(left, binds, texts, rounded)
                return f"{first} {shown} {self._in_brackets(right, after, texts, rounded)}", binds
            case ast.Compare(left, [compared], [right]):
                shown = _COMPARISONS[type(compared)][0]
                first, second = (self._said(side, texts, rounded)[0] for side in (left, right))
                return f"{first} {shown} {second}", 0
            case ast.Call(ast.Name(function), arguments):
                parts = [self._said(argument, texts, rounded)[0] for argument in arguments]
                if function in _ROUNDINGS:
                    return rounded.format(value=parts[0], places=parts[1]), _ATOM
                return f"{function.lower()}({', '.join(parts)})", _ATOM
        return ast.get_source_segment(self.text, node) or "", _ATOM

    def _in_brackets(
        self, node: ast.expr, least: int, texts: Mapping[str, str], rounded: str
    ) -> str:
        text, binds = self._said(node, texts, rounded)
        return f"({text})" if binds < least else text


@cache
def _parsed(text: str) -> Formula:
    return Formula(text, ast.parse(text, mode="eval").body)


class _Decided(ast.NodeTransformer):
    """Takes the branch of each IF whose condition holds."""

    def __init__(self, formula: Formula, numbers: Numbers) -> None:
        self._formula, self._numbers = formula, numbers

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(ast.Name("IF"), [condition, yes, no]):
                return self.visit(yes if self._formula.value_of(condition, self._numbers) else no)
        return self.generic_visit(node)


def plain_text(formula: str) -> str:
    """The formula of a Step without its = and braces: ROUND(points*point_value,2)."""
    return re.sub(r"\{(\w+)\}", r"\1", formula.removeprefix("="))


_FUNCTIONS = frozenset({"IF", "MIN", "MAX", *_ROUNDINGS})


def _rounding(node: ast.expr) -> tuple[str, int] | None:
    match node:
        case ast.Call(ast.Name(function), [_, ast.Constant(int(places))]) if function in _ROUNDINGS:
            return function, places
    return None


def _inside(node: ast.expr) -> ast.expr:
    return node.args[0] if isinstance(node, ast.Call) and _rounding(node) else node


def _calculated(sign: ast.operator, a: Fraction, b: Fraction) -> Fraction:
    match sign:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Div():
            return a / b
    raise SyntaxError("not a sign of a formula")
