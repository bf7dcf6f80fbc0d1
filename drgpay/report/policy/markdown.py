"""A policy's explanation as Markdown."""

import re
from collections.abc import Iterator, Sequence

from drgpay.base.visible import visible
from drgpay.report.policy.explanation import GENERATOR, Explanation
from drgpay.report.policy.sentences import Table

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~&!$])")


def as_markdown(explanation: Explanation) -> str:
    """The whole text; what a policy's names hold stays text."""
    return "\n".join(_lines(explanation)) + "\n"


def _lines(explanation: Explanation) -> Iterator[str]:
    yield f"<!-- {GENERATOR} -->"
    yield f"# {_text(explanation.title)} · {_text(explanation.name)}"
    yield ""
    yield from (f"- {_text(name)}: {_text(value)}" for name, value in explanation.facts)
    yield from (f"\n{_text(note)}" for note in explanation.notes)
    for number, chapter in enumerate(explanation.chapters, start=1):
        yield from ("", f"## {number} {_text(chapter.title)}", "")
        for said in chapter.said:
            yield f"- {_text(explanation.sentence(said))}"
            yield from (f"  - {_text(explanation.standing(one))}" for one in said.standings)
            if said.table:
                yield ""
                yield from (f"  {line}" for line in _table(said.table))
                yield ""
    yield from ("", *(f"**{_text(line)}**\n" for line in explanation.count))
    yield _text(explanation.footnote)


def _table(table: Table) -> Iterator[str]:
    yield _row(table.columns)
    yield _row(["--:" if n in table.numbers else "---" for n in range(len(table.columns))], True)
    yield from (_row(row) for row in table.rows)


def _row(cells: Sequence[str], is_rule: bool = False) -> str:
    return f"| {' | '.join(cells if is_rule else map(_text, cells))} |"


def _text(text: str) -> str:
    """A text whose signs are no markup."""
    return _MARKUP.sub(r"\\\1", visible(text))
