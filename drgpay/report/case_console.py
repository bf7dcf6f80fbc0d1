"""One case for the terminal: parts as tables, each amount with its formula and numbers."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from rich.console import Group, RenderableType
from rich.panel import Panel

from drgpay.base.exact import FEN_PLACES, half_up, unscaled
from drgpay.base.language import Language
from drgpay.report.case import ExplainedCase
from drgpay.report.case_formula import Formula
from drgpay.report.case_lines import CaseLine, CasePart, Value, as_number
from drgpay.report.case_wording import word
from drgpay.report.trace_console import trace_view
from drgpay.show.grid import Column, Grid
from drgpay.show.terminal import Text

_EXACT_PLACES = 8  # of a number that no decimal writes


def case_view(explained: ExplainedCase, language: Language) -> RenderableType:
    """Title, the verdict of the recomputation, then the parts in their order."""
    paid = explained.paid
    title = word("title", language).format(
        case_id=paid.case["case_id"],
        run=paid.run_id,
        kind=word(f"kind_{paid.kind}", language),
    )
    shown: list[RenderableType] = [Panel(Text(title, style="bold")), _verdict(explained, language)]
    for number, part in enumerate(explained.parts, start=1):
        shown.append(_table(number, part, language))
        if part.key == "group" and paid.trace:
            shown.append(trace_view(paid.trace, language))
    return Group(*shown)


def _verdict(explained: ExplainedCase, language: Language) -> Text:
    differing = explained.differing
    if not differing:
        compared = [
            line
            for part in explained.parts
            for line in part.lines
            if line.stored is not None and line.due is not None
        ]
        said = word("all_right", language).format(numbers=len(compared))
        return Text(said, style="green")
    text = Text(word("some_wrong", language).format(wrong=len(differing)), style="bold red")
    for part, line in differing:
        note = word("part_note", language).format(
            part=part.title,
            label=line.label,
            stored=shown(line.stored, language),
            due=shown(line.due, language),
        )
        text.add_line(note)
    return text


def _table(number: int, part: CasePart, language: Language) -> Grid:
    heads = ("item", "value", "right", "how")
    columns = [Column(word(f"column_{head}", language), head == "value") for head in heads]
    rows = [
        (line.label, _value(line, language), _right(line), _how(line, language))
        for line in part.lines
    ]
    return Grid(f"{number}  {part.title}", columns, rows)


def _value(line: CaseLine, language: Language) -> Text:
    value = line.value
    numbers = as_number(value)
    negative = numbers is not None and numbers < 0
    text = Text(shown(value, language), style="red" if negative else "")
    if not line.agrees:
        due = word("differs", language).format(due=shown(line.due, language))
        text.add_line(due, style="bold red")
    return text


def _right(line: CaseLine) -> Text:
    """Whether the number was compared, and agrees; what is given or shown only is blank."""
    if line.stored is None or line.due is None:
        return Text("")
    return Text("✓", style="green") if line.agrees else Text("✗", style="bold red")


def _how(line: CaseLine, language: Language) -> str:
    """Formula in words, the numbers put in, how the result is rounded, where it comes from."""
    said = _formula_said(line, language) if line.formula else ""
    return word("source_follows", language).join(text for text in (said, line.how) if text)


def _formula_said(line: CaseLine, language: Language) -> str:
    numbers = {name: as_number(value) or Fraction(0) for name, value in line.inputs.items()}
    formula = Formula.of(line.formula).decided(numbers)
    exact, due = formula.unrounded(numbers), formula.result(numbers)
    inside = word("rounded_inside", language)
    put_in = {name: _in_formula(value, language) for name, value in line.inputs.items()}
    said, with_numbers = formula.said(line.labels, inside), formula.said(put_in, inside)
    if with_numbers == f"({shown(exact, language)})":  # a single negative number
        with_numbers = shown(exact, language)
    texts = [said] if with_numbers == shown(line.due, language) else [said, with_numbers]
    # A comparison has no result to follow an equals sign.
    separator = word("numbers_follow" if isinstance(due, bool) else "equals", language)
    if formula.rounding is None or exact == due:
        return separator.join(texts)
    if shown(exact, language) not in texts:
        texts.append(shown(exact, language))
    return separator.join(texts) + word("rounding_follows", language) + _rounding(formula, language)


def _rounding(formula: Formula, language: Language) -> str:
    function, places = formula.rounding or ("ROUND", 0)
    if function != "ROUND":
        key = "down_at"
    else:
        key = "rounded_to_fen" if places == FEN_PLACES else "rounded_at"
    return word(key, language).format(places=places)


def _in_formula(value: Value, language: Language) -> str:
    text = shown(value, language)
    return f"({text})" if text.startswith("-") else text


def shown(value: Value | None, language: Language) -> str:
    """A value for people; a number that no decimal writes ends in … after some places."""
    match value:
        case None:
            return "–"
        case bool():
            return word("true" if value else "false", language)
        case Fraction():
            return _fraction(value)
        case Decimal() | int():
            return f"{value:,}"
        case date():
            return value.isoformat()
    return value


def _fraction(value: Fraction) -> str:
    scale = 10**_EXACT_PLACES
    rounded = unscaled(half_up(value * scale), _EXACT_PLACES)
    exact = Fraction(rounded) == value
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if exact else f"{text}…"
