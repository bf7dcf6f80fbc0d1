"""Parse rule text into nodes; every error carries the line and the column."""

from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, NoReturn, cast

from lark import Lark, Token, Transformer, Tree, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from drgpay.base.errors import shortened
from drgpay.grouper.rules.fields import CodeField, NumberField
from drgpay.grouper.rules.nodes import (
    Always,
    And,
    Compare,
    CompareOp,
    Count,
    CountOp,
    Member,
    Not,
    Or,
    Rule,
)

_CODE_FIELDS = {field.value: field for field in CodeField}
_NUMBER_FIELDS = {field.value: field for field in NumberField}

# National rules have 1,049 characters at most, and brackets one deep.
MOST_CHARACTERS = 20_000
MOST_LEVELS = 40
_MOST_DIGITS = 12

_READABLE = {
    "_OR": "'or'",
    "_AND": "'and'",
    "_NOT": "'not'",
    "_IN": "'in'",
    "_LENGTH": "'length('",
    "_CAP": "'∩'",
    "COMPARE": "a comparison",
    "NUMBER": "a number",
    "NAME": "a name",
    "LPAR": "'('",
    "RPAR": "')'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "','",
    "$END": "the end",
}


class RuleError(Exception):
    """A rule that cannot be understood; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column


def parse_rule(text: str) -> Rule:
    """The tree of a rule; the empty text is the rule that always holds.

    Raises RuleError with line and column, also for a rule of more than MOST_CHARACTERS, one whose
    parts lie more than MOST_LEVELS deep in one another (all that reads a rule calls itself for each
    part), and numbers of more digits than any field has.
    """
    if not text.strip():
        return Always(True)
    if len(text) > MOST_CHARACTERS:
        raise RuleError(f"a rule has at most {MOST_CHARACTERS} characters, not {len(text)}", 1, 1)
    try:
        tree = _parser().parse(text)
        _refuse_depth(tree)
        return _ToNodes().transform(tree)
    except UnexpectedToken as error:
        if error.token.type == "$END":
            _fail_at_end(text, error.expected)
        raise RuleError(
            f"expected {_expected(error.expected)}, found {shortened(str(error.token), 60)!r}",
            error.line,
            error.column,
        ) from None
    except UnexpectedEOF as error:
        _fail_at_end(text, error.expected)
    except UnexpectedCharacters as error:
        raise RuleError(
            f"the character {error.char!r} has no meaning here",
            error.line,
            error.column,
        ) from None
    except VisitError as error:
        if isinstance(error.orig_exc, RuleError):
            raise error.orig_exc from None
        raise


def _refuse_depth(tree: Tree[Token]) -> None:
    level = [tree]
    for _ in range(MOST_LEVELS):
        level = [part for one in level for part in one.children if isinstance(part, Tree)]
    if level:
        place = level[0].meta
        message = f"more than {MOST_LEVELS} parts lie in one another"
        raise RuleError(message, getattr(place, "line", 1), getattr(place, "column", 1))


@cache
def _parser() -> Lark:
    grammar = files("drgpay.grouper.rules").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _expected(terminals: Any) -> str:
    return " or ".join(sorted({_READABLE.get(name, name) for name in terminals}))


def _fail_at_end(text: str, expected: Any) -> NoReturn:
    lines = text.splitlines()
    message = f"the rule ends where {_expected(expected)} was expected"
    raise RuleError(message, len(lines), len(lines[-1]) + 1)


def _fail(message: str, token: Token) -> NoReturn:
    raise RuleError(message, token.line or 1, token.column or 1)


def _refuse_long(number: Token) -> None:
    if len(number) > _MOST_DIGITS:
        _fail(f"a number has at most {_MOST_DIGITS} digits, not {len(number)}", number)


def _code_fields(names: list[Token]) -> tuple[CodeField, ...]:
    for name in names:
        if name.upper() not in _CODE_FIELDS:
            known = ", ".join(_CODE_FIELDS)
            _fail(f"{str(name)!r} is not a field that holds codes ({known})", name)
    return tuple(_CODE_FIELDS[name.upper()] for name in names)


@v_args(inline=True)
class _ToNodes(Transformer[Token, Rule]):
    """One method a production of the grammar."""

    def or_rule(self, *parts: Rule) -> Rule:
        return Or(parts)

    def and_rule(self, *parts: Rule) -> Rule:
        return And(parts)

    def negation(self, part: Rule) -> Rule:
        return Not(part)

    def names(self, *names: Token) -> list[Token]:
        return list(names)

    def always(self, number: Token) -> Rule:
        if number not in ("0", "1"):
            _fail(f"a rule may be the bare number 1 or 0, not {number}", number)
        return Always(number == "1")

    def member(self, fields: list[Token], sets: list[Token]) -> Rule:
        try:
            return Member(_code_fields(fields), tuple(str(name) for name in sets))
        except ValueError as error:
            _fail(str(error), fields[0])

    def not_member(self, fields: list[Token], sets: list[Token]) -> Rule:
        return Not(self.member(fields, sets))

    def compare(self, field: Token, op: Token, number: Token) -> Rule:
        if field.upper() not in _NUMBER_FIELDS:
            known = ", ".join(_NUMBER_FIELDS)
            _fail(f"{str(field)!r} is not a field that holds a number ({known})", field)
        _refuse_long(number)
        return Compare(_NUMBER_FIELDS[field.upper()], cast("CompareOp", str(op)), Decimal(number))

    def count(self, name: Token, fields: list[Token], op: Token, number: Token) -> Rule:
        if op not in (">=", ">", "="):
            _fail(f"length() is compared with >=, > or =, not {op}", op)
        if "." in number:
            _fail(f"length() is compared with a whole number, not {number}", number)
        _refuse_long(number)
        try:
            return Count(str(name), _code_fields(fields), cast("CountOp", str(op)), int(number))
        except ValueError as error:
            _fail(str(error), name)
