"""The tables of columns in docs/, written from the declarations of drgpay/tables.

`python -m tests.docs.tables` writes them anew: in docs/files.md each table between
`<!-- columns of TABLE -->`, of another file than results.toml `<!-- columns of FILE.TABLE -->`, of inputs
`<!-- input TABLE -->`, and `<!-- end -->`, on both pages of files all tables of a file that have no place of
their own between `<!-- tables of FILE -->` and `<!-- end -->`, in docs/database.md all views between `<!-- views -->`
and `<!-- end -->`, in docs/zh/files.md all inputs between `<!-- inputs -->` and `<!-- end -->` and all tables
of results between `<!-- results -->` and `<!-- end -->`, with headings of their own. tests/docs/test_tables.py
fails where they are not as declared.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from drgpay.tables.declared import Table, View, database_views, read_tables, result_tables
from drgpay.tables.inputs import InputTable, input_tables
from tests.docs.markdown import DOCS, ZH

FILES, DATABASE, FILES_ZH = DOCS / "files.md", DOCS / "database.md", ZH / "files.md"
_PLACE = re.compile(r"(<!-- columns of (?:(\w+)\.)?(\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_TABLES = re.compile(r"(<!-- tables of (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_INPUT = re.compile(r"(<!-- input (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_VIEWS = re.compile(r"(<!-- views -->\n).*?(<!-- end -->\n)", re.DOTALL)
_INPUTS = re.compile(r"(<!-- inputs -->\n).*?(<!-- end -->\n)", re.DOTALL)
_RESULTS = re.compile(r"(<!-- results -->\n).*?(<!-- end -->\n)", re.DOTALL)
AS_READ: Final = {"reviews", "deductions", "technologies", "enrolment"}
"""Tables of results with the columns of the inputs that they were read from."""
_HEAD = ["| column | type | unit | meaning |", "|---|---|---|---|"]


def columns_shown(table: Table, of_database: bool = False) -> str:
    """The columns of a table in Markdown, with the types of files or of the database."""
    rows = [
        f"| `{field.name}` | {field.kind.sql.replace(', ', ',') if of_database else field.type} "
        f"| {field.kind.unit.en if field.kind.unit else ''} | {field.meaning.en} |".replace(
            "|  |", "| |"
        )
        for field in table.fields
    ]
    return "\n".join([*_HEAD, *rows, ""])


def input_shown(table: InputTable) -> str:
    """The columns of an input in Markdown."""
    rows = [
        f"| `{name}` | {one.type} | {one.need} | {'yes' if one.person else ''} | {one.meaning.en} |"
        for name, one in table.columns.items()
    ]
    head = ["| column | type | need | personal | meaning |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(row.replace("|  |", "| |") for row in rows), ""])


def views_shown() -> str:
    """Every view of the database in Markdown."""
    return "\n".join(part for view in database_views().values() for part in _view_shown(view))


def _view_shown(view: View) -> Iterator[str]:
    yield f"### `{view.name}`\n"
    yield f"{view.rows.en}\n"
    if view.like:
        instead = [f"`{new}` in the place of `{old}`" for old, new in view.renamed.items()]
        yield f"The columns of `{view.like}`{''.join(f', with {one}' for one in instead)}.\n"
    else:
        yield columns_shown(view, of_database=True)


def files_anew(text: str) -> str:
    """docs/files.md with its tables as they are declared."""
    placed = _PLACE.sub(
        lambda found: (
            found[1] + columns_shown(read_tables(found[2] or "results")[found[3]]) + found[4]
        ),
        text,
    )
    placed = _TABLES.sub(lambda found: _further(found, text, _in_english), placed)
    return _INPUT.sub(
        lambda found: found[1] + input_shown(input_tables()[found[2]]) + found[3], placed
    )


def _further(found: re.Match[str], text: str, shown: Callable[[Table], str]) -> str:
    """All tables of a file that have no place of their own in a text."""
    tables = read_tables(found[2])
    apart = {table for _, file, table, _ in _PLACE.findall(text) if file == found[2]}
    rest = "\n".join(shown(table) for name, table in tables.items() if name not in apart)
    return f"{found[1]}\n{rest}\n{found[3]}"


def _named(table: Table, between: str) -> str:
    return between.join(f"`{file}`" for file in table.files)


def _in_english(table: Table) -> str:
    return f"{_named(table, ', ')}: {table.rows.en}.\n\n{columns_shown(table)}"


@cache
def _zh() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("tables_page.toml").read_text(encoding="utf-8"))


def files_zh_anew(text: str) -> str:
    """docs/zh/files.md with its inputs and results as they are declared."""
    inputs = "\n".join(_input_in_chinese(table) for table in input_tables().values())
    results = "\n".join(
        _result_in_chinese(table) for name, table in result_tables().items() if name not in AS_READ
    )
    with_inputs = _INPUTS.sub(lambda found: f"{found[1]}\n{inputs}\n{found[2]}", text)
    with_inputs = _TABLES.sub(lambda found: _further(found, text, _in_chinese), with_inputs)
    return _RESULTS.sub(lambda found: f"{found[1]}\n{results}\n{found[2]}", with_inputs)


def _input_in_chinese(table: InputTable) -> str:
    rows = [
        (
            *(f"`{name}`", one.title.zh, _zh()["types"].get(one.type, one.type)),
            *(_zh()["needs"].get(one.need, one.need), _zh()["yes"] if one.person else ""),
            one.meaning.zh,
        )
        for name, one in table.columns.items()
    ]
    name, _, said = table.rows.zh.partition("：")
    return "\n".join([f"### {name}\n", f"{said}。\n", *_shown(_zh()["head_of_inputs"], rows)])


def _result_in_chinese(table: Table) -> str:
    files = "、".join(f"`{file}.parquet`" for file in table.files)
    when = _zh()["of_clearing"] if table.clearing else ""
    return f"### {files}{when}\n\n{table.rows.zh}。\n\n{_columns_in_chinese(table)}"


def _in_chinese(table: Table) -> str:
    return f"{_named(table, '、')}——{table.rows.zh}。\n\n{_columns_in_chinese(table)}"


def _columns_in_chinese(table: Table) -> str:
    rows = [
        (
            *(f"`{field.name}`", field.title.zh, _zh()["types"].get(field.type, field.type)),
            *(field.kind.unit.zh if field.kind.unit else "", field.meaning.zh),
        )
        for field in table.fields
    ]
    return "\n".join(_shown(_zh()["head_of_results"], rows))


def _shown(head: list[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows)
    yield ""


def database_anew(text: str) -> str:
    """docs/database.md with its views as they are declared."""
    return _VIEWS.sub(lambda found: f"{found[1]}\n{views_shown()}{found[2]}", text)


PAGES: Final[Mapping[Path, Callable[[str], str]]] = {
    FILES: files_anew,
    FILES_ZH: files_zh_anew,
    DATABASE: database_anew,
}

if __name__ == "__main__":
    for page, anew in PAGES.items():
        page.write_text(anew(page.read_text(encoding="utf-8")), encoding="utf-8")
