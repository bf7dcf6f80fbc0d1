"""The README of a project folder: what is there, what is missing, what to look at, what comes next."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.start.found import Sureness
from drgpay.start.recognise import column_name

if TYPE_CHECKING:
    from drgpay.start.project import Started

WORDS = Wording("start")
_KINDS = (
    ("policy.toml", "policy"),
    ("hospitals.csv", "hospitals"),
    ("visits_mapping.toml", "visits_mapping"),
    ("items_mapping.toml", "items_mapping"),
    ("visit_history_mapping.toml", "visits_mapping"),
    ("item_history_mapping.toml", "items_mapping"),
    ("history_mapping.toml", "history_mapping"),
    ("mapping.toml", "mapping"),
    ("calendar.csv", "calendar"),
    ("catalogue", "catalogue"),
    ("stays/", "records"),
    ("visits/", "records"),
    ("visit_items/", "records"),
    (".toml", "job"),
)


def readme_text(started: "Started", language: Language) -> str:
    """The Markdown of the README."""
    return "\n".join(_lines(started, language)).rstrip() + "\n"


def _lines(started: "Started", language: Language) -> Iterator[str]:
    def said(key: str, **values: object) -> str:
        return WORDS.said(f"readme.{key}", language, **values)

    yield f"# {said('title')}"
    yield ""
    yield said("about")
    yield ""
    yield f"## {said('files')}"
    yield ""
    yield f"| {said('file')} | {said('holds')} |"
    yield "|---|---|"
    for name in sorted(started.folder.states):
        if name != "README.md":
            kind = next((key for end, key in _KINDS if end in name), None)
            yield f"| `{name}` | {said(f'kind_{kind}') if kind else ''} |"
    yield ""
    yield f"## {said('gaps')}"
    yield ""
    if not started.gaps:
        yield said("no_gaps")
    for one in started.gaps:
        yield f"- {said('gap', file=one.file, line=one.line, what=one.what)}"
    yield ""
    looked_at = [line.said_in(language) for line in to_look_at(started)]
    if looked_at:
        yield f"## {said('look')}"
        yield ""
        yield from (f"- {line}" for line in looked_at)
        yield ""
    yield f"## {said('next')}"
    yield ""
    yield "```sh"
    yield from next_commands(started)
    yield "```"


def to_look_at(started: "Started") -> Iterator[Words]:
    """What is only likely, and what was remarkable."""
    for recognised in started.recognised.values():
        for found in recognised.found.values():
            if found.sureness is Sureness.LIKELY:
                yield WORDS.words(
                    "readme.likely",
                    column=column_name(found.column),
                    headings=", ".join(found.headings),
                    why=found.why,
                )
        yield from recognised.remarks
    yield from started.remarks


def next_commands(started: "Started") -> Iterator[str]:
    """The commands that come next, in order, to be given in the folder."""
    there = started.folder.path
    rules = "--policy policy.toml --hospitals hospitals.csv"
    of_stays = "stays" in started.recognised or "visits" not in started.recognised
    if of_stays and not (there / "catalogue").is_dir():
        if started.weights:
            yield (
                f"drgpay catalogue import {started.weights.path.name} --scheme {started.scheme} "
                "--all-mean YUAN --out catalogue"
            )
        else:
            yield f"drgpay calibrate HISTORY --scheme {started.scheme} {rules} --out catalogue"
    if "visits" in started.recognised and not (there / "visit_catalogue").is_dir():
        yield (
            f"drgpay calibrate-visits VISITS --items ITEMS --scheme open-apg-1 {rules} "
            "--mapping visits_mapping.toml --items-mapping items_mapping.toml --out visit_catalogue"
        )
    for job in started.jobs:
        yield f"drgpay run {job}"
    yield "drgpay runs list --runs runs"
