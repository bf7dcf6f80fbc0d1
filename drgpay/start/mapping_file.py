"""The mapping of a file as people read it: each column with how sure it is, why, and examples.

What waits for a person is a gap, which a run refuses by its line (base/gaps.py).
"""

import json
from collections.abc import Iterator

from drgpay.base.gaps import gap
from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.start.found import Form, Found, Recognition, Sureness
from drgpay.start.headings import no_values
from drgpay.start.recognise import COLUMNS, column_name

WORDS = Wording("start")
_OTHER_SYSTEMS = ["2", "3"]
"""Kinds of diagnosis that are of Chinese medicine, of interface 4101."""
OF_PERSONS = ("person_id",)
"""Columns of which a file for people shows no values."""
_LISTS = {"other_diagnoses": "diagnoses", "procedures": "procedures"}


def mapping_text(recognised: Recognition, language: Language) -> str:
    """The TOML of a mapping."""
    lines = [*_head(recognised, language), "", "[columns]"]
    for column in COLUMNS[recognised.table]:
        found = recognised.found.get(column)
        if found and column not in _LISTS:
            lines += ["", *_column(recognised, found, language)]
        elif column in recognised.missing:
            lines += ["", *_missing(column, language)]
    for column, section in _LISTS.items():
        if found := recognised.found.get(column):
            lines += ["", *_codes(recognised, found, section, language)]
    lines += ["", *_others(recognised, language)]
    return "\n".join(lines).rstrip() + "\n"


def _head(recognised: Recognition, language: Language) -> Iterator[str]:
    given = recognised.given
    yield from _comment(WORDS.words("mapping.head", file=given.path.name), language)
    yield from _comment(WORDS.words("mapping.how"), language)
    for remark in recognised.remarks:
        yield from _comment(WORDS.words("mapping.remark", remark=remark), language)
    yield f"name = {_text(given.path.name)}"
    yield f"missing = {_texts(no_values())}"
    if given.delimiter:
        yield f"csv.delimiter = {_text(given.delimiter)}"
    if given.sheets is None and given.sheet:
        yield f"sheet = {_text(given.sheet)}"
    if given.sheets is not None:
        rules = given.sheets.model_dump(exclude_none=True, exclude_defaults=True)
        yield from ("", "[sheets]")
        yield f"key = {_texts(rules['key'])}"
        yield f"list = {_text(rules['list'])}"
        for name in ("diagnoses", "operations", "fees"):
            if name in rules:
                pairs = ", ".join(f"{key} = {_text(value)}" for key, value in rules[name].items())
                yield f"{name} = {{ {pairs} }}"


def _column(recognised: Recognition, found: Found, language: Language) -> Iterator[str]:
    yield from _about(recognised, found, language)
    yield f"[columns.{found.column}]"
    if found.sureness is Sureness.OPEN:
        what = WORDS.words("mapping.confirm", headings=", ".join(found.headings))
        yield f"from = {_text(gap(what, language))}"
        return
    if found.headings:
        headings = found.headings
        one = found.form is Form.ONE
        yield f"{found.form.value} = {_text(headings[0]) if one else _texts(headings)}"
    if found.default is not None:
        yield f"default = {_text(found.default)}"
    elif found.form is Form.SUM:
        yield 'default = "0"'
    if found.values.mapped:
        pairs = ", ".join(
            f"{_text(value)} = {_text(ours)}" for value, ours in found.values.mapped.items()
        )
        yield f"values = {{ {pairs} }}"
        yield 'others = "keep"'
    if found.values.open:
        shown = ", ".join(f"{value} ({count})" for value, count in found.values.open.items())
        yield from _comment(WORDS.words("mapping.open_values", values=shown), language)


def _missing(column: str, language: Language) -> Iterator[str]:
    yield f"[columns.{column}]"
    what = WORDS.words("mapping.missing", column=column_name(column))
    yield f"from = {_text(gap(what, language))}"


def _codes(
    recognised: Recognition, found: Found, section: str, language: Language
) -> Iterator[str]:
    yield from _about(recognised, found, language)
    yield f"[{section}]"
    if found.form is Form.RECORDS:
        yield f"records = {_text(found.headings[0])}"
        yield f"code = {_texts(found.fields['code'])}"
        if "main" in found.fields:
            yield f"main = {_texts(found.fields['main'])}"
        for name in found.fields.get("kind", ()):
            yield f"leave_out = {{ {name} = {_texts(_OTHER_SYSTEMS)} }}"
        if section == "procedures" or "main" not in found.fields:
            yield 'without_main = "first"'
        return
    if found.form is Form.CELL:
        yield f"list = {_text(found.headings[0])}"
        if "main" in found.fields:
            yield f"main = {_texts(found.fields['main'])}"
            yield f"main_values = {_texts(found.fields['main_values'])}"
        if found.principal_first:
            yield 'without_main = "first"'
        return
    yield f"columns = {_texts(found.headings)}"


def _about(recognised: Recognition, found: Found, language: Language) -> Iterator[str]:
    shown = found.headings and found.column not in OF_PERSONS
    examples = recognised.given.examples(found.headings[0]) if shown else ()
    sureness = WORDS.words(f"sureness.{found.sureness.value}")
    key = "mapping.column" if examples else "mapping.column_without"
    yield from _comment(
        WORDS.words(
            key,
            column=column_name(found.column),
            sureness=sureness,
            why=found.why,
            examples=" | ".join(examples),
        ),
        language,
    )


def _others(recognised: Recognition, language: Language) -> Iterator[str]:
    """The headings that nothing is taken from."""
    known = [one for one in recognised.others if one.known]
    unknown = [one for one in recognised.others if not one.known]
    if known:
        names = ", ".join(one.heading for one in known)
        yield from _comment(WORDS.words("mapping.not_ours", headings=names), language)
    if unknown:
        yield from _comment(WORDS.words("mapping.unknown"), language)
        for one in unknown:
            yield from _comment(
                WORDS.words(
                    "mapping.unknown_one", heading=one.heading, examples=" | ".join(one.examples)
                ),
                language,
            )


def _comment(words: Words, language: Language) -> Iterator[str]:
    for line in words.said_in(language).splitlines():
        yield f"# {' '.join(line.split())}"


def _text(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _texts(texts: "tuple[str, ...] | list[str]") -> str:
    inner = ", ".join(_text(text) for text in texts)
    return (
        f"[{inner}]"
        if len(inner) < 80
        else "[\n" + "".join(f"  {_text(text)},\n" for text in texts) + "]"
    )
