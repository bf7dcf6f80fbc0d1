"""The trace of a stay or a visit for the terminal: the answer first, then the path that held, then
what was missed.
"""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.tree import Tree

from drgpay.base.language import Language
from drgpay.explain import wording
from drgpay.explain.trace import (
    Attempt,
    ExplainedLine,
    Level,
    NearMiss,
    Question,
    SeenStay,
    SeenVisit,
    Trace,
    Tried,
    VisitTrace,
)
from drgpay.explain.wording import named, word
from drgpay.show.grid import Column, Facts, Grid
from drgpay.show.terminal import Text

_NEAR_SHOWN = 5  # of each level
_RULE_SHOWN = 120  # characters of a rule in the brief view
_NO_APG = "not_reached_apg"


def trace_view(trace: Trace, language: Language, full: bool = False) -> RenderableType:
    """The trace as panels and trees; `full` shows every rule that was tried."""
    parts: list[RenderableType] = [
        Panel(Text(wording.sentence(trace, language), style="bold")),
        facts_view(trace.stay, "stay", language),
    ]
    if trace.attempts:
        walks = trace.attempts if full else (_decisive(trace),)
        parts += [
            walk_view(attempt, wording.attempt_title(attempt, language), language, full)
            for attempt in walks
        ]
        if not full and (in_vain := wording.retried_in_vain(trace, language)):
            parts.append(Text(in_vain, style="yellow"))
        parts.append(_severity(trace, language))
    if trace.near_misses:
        parts.append(near_misses_view(trace.near_misses, language, full))
    if trace.what_if:
        parts.append(_what_if(trace, language))
    return Group(*parts)


def visit_view(trace: VisitTrace, language: Language, full: bool = False) -> RenderableType:
    """A visit: where each line goes, then the rules that decided; `full` as in `trace_view`."""
    parts: list[RenderableType] = [
        Panel(Text(wording.visit_sentence(trace, language), style="bold")),
        facts_view(trace.visit, "visit", language),
    ]
    if trace.lines:
        parts.append(_lines(trace.lines, language))
    medical = f"{word('medical', language)} {named(trace.medical.apg)}"
    parts.append(walk_view(trace.medical.attempt, medical, language, full, _NO_APG))
    if trace.near_misses:
        parts.append(near_misses_view(trace.near_misses, language, full))
    for line in dict.fromkeys(trace.lines):
        about = f"{_item(line)} {named(line.placed.apg)}"
        parts.append(walk_view(line.placed.attempt, about, language, full, _NO_APG))
    return Group(*parts)


def _decisive(trace: Trace) -> Attempt:
    return trace.attempts[-1] if trace.attempts[-1].path() else trace.attempts[0]


def facts_view(seen: SeenStay | SeenVisit, title: str, language: Language) -> RenderableType:
    """What grouping sees of a stay or a visit; `title` is a key of the wording."""
    facts = Facts(list(wording.stay_lines(seen, language)))
    return Panel(facts, title=Text(word(title, language)), title_align="left")


def walk_view(
    attempt: Attempt, about: str, language: Language, full: bool, nowhere: str = "not_reached"
) -> RenderableType:
    """A walk through a scheme: the path that held or, with `full`, every rule tried.

    `nowhere` is the key of what is said where no path held.
    """
    title = word("tried" if full else "path", language)
    tree = Tree(Text(f"{title} · {about}", style="bold"))
    if full:
        _grow(tree, attempt.tried, language)
        return tree
    path = attempt.path()
    _passed(tree, [step for step in attempt.tried if step not in path], language)
    branch = tree
    for step in path:
        branch = branch.add(_step(step, language, full=False))
        _passed(branch, [inner for inner in step.inside if inner not in path], language)
    if not path:
        tree.add(Text(word(nowhere, language), style="yellow"))
    return tree


def _grow(branch: Tree, steps: tuple[Tried, ...], language: Language) -> None:
    for step in steps:
        _grow(branch.add(_step(step, language, full=True)), step.inside, language)


def _passed(branch: Tree, steps: list[Tried], language: Language) -> None:
    for step in steps:
        if step.holds:
            level = word(step.level, language)
            note = f"{level} {step.code} {step.name} · {word('passed', language)}"
            branch.add(Text(f"· {note}", style="yellow"))


def _step(step: Tried, language: Language, full: bool) -> Text:
    colour = "green" if step.holds else "red"
    text = Text()
    level = word(step.level, language)
    text.append(f"{_mark(step.holds)} {level} {step.code} {step.name}", style=colour)
    rule = wording.rule_text(step.rule, language)
    if not full and len(rule) > _RULE_SHOWN:
        rule = f"{rule[:_RULE_SHOWN]}…"
    text.add_line(f"{word('rule', language)}{word('colon', language)}{rule}", style="dim")
    if step.rule:
        for question in step.questions if full else step.deciding():
            text.add_line(_question(question, language))
    return text


def _question(question: Question, language: Language) -> Text:
    text = Text(f"{_mark(question.holds)} {question.text}")
    text.append(f" — {wording.fact(question, language)}", style="cyan")
    return text


def _severity(trace: Trace, language: Language) -> RenderableType:
    level = wording.severity_level(trace.answer.severity or "none", language)
    tree = Tree(Text(f"{word('severity', language)}{word('colon', language)}{level}", style="bold"))
    for entry in trace.severity.counted:
        said = wording.counted(entry, language)
        tree.add(Text(f"✓ {word('counted', language)} {said}", style="green"))
    for entry in trace.severity.removed:
        said = wording.removed(entry, trace.stay.principal_diagnosis, language)
        tree.add(Text(f"✗ {word('removed', language)} {said}", style="red"))
    return tree


def near_misses_view(
    missed: tuple[NearMiss, ...], language: Language, full: bool
) -> RenderableType:
    """The groups that were narrowly missed, level by level."""
    tree = Tree(Text(word("near", language), style="bold"))
    levels: dict[Level, list[NearMiss]] = {}
    for miss in missed:
        levels.setdefault(miss.level, []).append(miss)
    for level, misses in levels.items():
        branch = tree.add(Text(word(level, language)))
        shown = len(misses) if full else _NEAR_SHOWN
        for miss in misses[:shown]:
            text = Text(f"✗ {miss.code} {miss.name}", style="red")
            for question in miss.lacking:
                text.add_line(_question(question, language))
            branch.add(text)
        if len(misses) > shown:
            more = word("more_groups", language).format(number=len(misses) - shown)
            branch.add(Text(more, style="dim"))
    return tree


def _what_if(trace: Trace, language: Language) -> RenderableType:
    rows = []
    for other in trace.what_if:
        same = other.answer == trace.answer
        said = word("same", language) if same else wording.short_answer(other.answer, language)
        change = word(other.change, language, code=named(other.code))
        rows.append((change, Text(said, style="dim" if same else "")))
    columns = [Column(word(key, language)) for key in ("change", "result")]
    return Grid(word("what_if", language), columns, rows)


def _lines(lines: tuple[ExplainedLine, ...], language: Language) -> RenderableType:
    rows, styles = [], []
    for line in lines:
        placed = line.placed
        groups = (placed.apg_class, placed.family, placed.apg)
        rows.append((_item(line), line.item_kind or "", *map(named, groups)))
        styles.append("yellow" if placed.status == "ungrouped" else "")
    heads = ("item", "item_kind", "class", "family", "apg")
    columns = [Column(word(key, language)) for key in heads]
    return Grid(word("lines", language), columns, rows, styles=styles)


def _item(line: ExplainedLine) -> str:
    return named(line.item) if line.item else "-"


def _mark(truth: bool) -> str:
    return "✓" if truth else "✗"
