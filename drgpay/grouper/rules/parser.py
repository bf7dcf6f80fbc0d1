"""Parse rule text into nodes; every error carries the line and the column."""

import re
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, NoReturn, cast

from lark import Lark, Token, Transformer, Tree, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from drgpay.base.errors import UnfitError, shortened
from drgpay.base.language import Words, alike, listed
from drgpay.base.words import Sentences
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

_ERRORS = Sentences("errors/grouper")

_CODE_FIELDS = {field.value: field for field in CodeField}
_NUMBER_FIELDS = {field.value: field for field in NumberField}

# National rules have 1,049 characters at most, and brackets one deep.
MOST_CHARACTERS = 20_000
MOST_LEVELS = 40
_MOST_DIGITS = 12
# A line break as a workbook escapes it that was saved twice; the rule of RN4 in CHS-DRG 3.0 has some.
_ESCAPED_BREAK = re.compile(r"_x000[9AD]_", re.IGNORECASE)

_SIGNS = {
    "_OR": "'or'",
    "_AND": "'and'",
    "_NOT": "'not'",
    "_IN": "'in'",
    "_LENGTH": "'length('",
    "_CAP": "'∩'",
    "LPAR": "'('",
    "RPAR": "')'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "','",
}
_TOKENS = {"COMPARE": "comparison", "NUMBER": "number", "NAME": "name", "$END": "end"}


class RuleError(Exception):
    """A rule that cannot be understood; `line` and `column` count from 1.

    `words` are the message with its place, in both languages.
    """

    def __init__(self, message: Words, line: int, column: int) -> None:
        super().__init__(message, line, column)
        self.message = message
        self.line = line
        self.column = column
        self.words = _ERRORS.words("rule.place", line=line, column=column, message=message)

    def __str__(self) -> str:
        return str(self.words)


def parse_rule(text: str) -> Rule:
    """The tree of a rule; the empty text is the rule that always holds.

    A literal `_x000D_` is a space, as published rules have it. Raises RuleError with line and column, also for a rule of more than MOST_CHARACTERS, one whose
    parts lie more than MOST_LEVELS deep in one another (all that reads a rule calls itself for each
    part), and numbers of more digits than any field has.
    """
    text = _ESCAPED_BREAK.sub(lambda found: " " * len(found[0]), text)
    if not text.strip():
        return Always(True)
    if len(text) > MOST_CHARACTERS:
        message = _ERRORS.words("rule.long", most=MOST_CHARACTERS, found=len(text))
        raise RuleError(message, 1, 1)
    try:
        tree = _parser().parse(text)
        _refuse_depth(tree)
        return _ToNodes().transform(tree)
    except UnexpectedToken as error:
        if error.token.type == "$END":
            _fail_at_end(text, error.expected)
        expected, found = _expected(error.expected), shortened(str(error.token), 60)
        message = _ERRORS.words("rule.unexpected", expected=expected, found=found)
        raise RuleError(message, error.line, error.column) from None
    except UnexpectedEOF as error:
        _fail_at_end(text, error.expected)
    except UnexpectedCharacters as error:
        message = _ERRORS.words("rule.no_meaning", char=error.char)
        raise RuleError(message, error.line, error.column) from None
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
        message = _ERRORS.words("rule.deep", most=MOST_LEVELS)
        raise RuleError(message, getattr(place, "line", 1), getattr(place, "column", 1))


@cache
def _parser() -> Lark:
    grammar = files("drgpay.grouper.rules").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _expected(terminals: Any) -> Words:
    """What may stand there, in the order of the English words."""
    said = sorted({_readable(name) for name in terminals}, key=lambda words: words.en)
    return _ERRORS.words("or").between(said)


def _readable(terminal: str) -> Words:
    if terminal in _TOKENS:
        return _ERRORS.words(f"token.{_TOKENS[terminal]}")
    return alike(_SIGNS.get(terminal, terminal))


def _fail_at_end(text: str, expected: Any) -> NoReturn:
    lines = text.splitlines()
    message = _ERRORS.words("rule.ends", expected=_expected(expected))
    raise RuleError(message, len(lines), len(lines[-1]) + 1)


def _fail(message: Words, token: Token) -> NoReturn:
    raise RuleError(message, token.line or 1, token.column or 1)


def _refuse_long(number: Token) -> None:
    if len(number) > _MOST_DIGITS:
        _fail(_ERRORS.words("rule.long_number", most=_MOST_DIGITS, found=len(number)), number)


def _code_fields(names: list[Token]) -> tuple[CodeField, ...]:
    for name in names:
        if name.upper() not in _CODE_FIELDS:
            known = listed(_CODE_FIELDS)
            _fail(_ERRORS.words("rule.no_code_field", field=str(name), known=known), name)
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
            _fail(_ERRORS.words("rule.bare_number", number=number), number)
        return Always(number == "1")

    def member(self, fields: list[Token], sets: list[Token]) -> Rule:
        try:
            return Member(_code_fields(fields), tuple(str(name) for name in sets))
        except UnfitError as error:
            _fail(error.words, fields[0])

    def not_member(self, fields: list[Token], sets: list[Token]) -> Rule:
        return Not(self.member(fields, sets))

    def compare(self, field: Token, op: Token, number: Token) -> Rule:
        if field.upper() not in _NUMBER_FIELDS:
            known = listed(_NUMBER_FIELDS)
            _fail(_ERRORS.words("rule.no_number_field", field=str(field), known=known), field)
        _refuse_long(number)
        return Compare(_NUMBER_FIELDS[field.upper()], cast("CompareOp", str(op)), Decimal(number))

    def count(self, name: Token, fields: list[Token], op: Token, number: Token) -> Rule:
        if op not in (">=", ">", "="):
            _fail(_ERRORS.words("rule.count_operator", op=op), op)
        if "." in number:
            _fail(_ERRORS.words("rule.count_number", number=number), number)
        _refuse_long(number)
        try:
            return Count(str(name), _code_fields(fields), cast("CountOp", str(op)), int(number))
        except UnfitError as error:
            _fail(error.words, name)
