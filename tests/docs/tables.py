"""The tables of columns in docs/, written from the declarations of drgpay/tables.

`python -m tests.docs.tables` writes them anew: in docs/files.md each table between
`<!-- columns of TABLE -->`, of inputs `<!-- input TABLE -->`, and `<!-- end -->`, in docs/database.md all views between `<!-- views -->`
and `<!-- end -->`. tests/docs/test_tables.py fails where they are not as declared.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from drgpay.tables.declared import Table, View, database_views, result_table
from drgpay.tables.inputs import InputTable, input_tables

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
FILES, DATABASE = DOCS / "files.md", DOCS / "database.md"
_PLACE = re.compile(r"(<!-- columns of (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_INPUT = re.compile(r"(<!-- input (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_VIEWS = re.compile(r"(<!-- views -->\n).*?(<!-- end -->\n)", re.DOTALL)
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
    of_results = _PLACE.sub(
        lambda found: found[1] + columns_shown(result_table(found[2])) + found[3], text
    )
    return _INPUT.sub(
        lambda found: found[1] + input_shown(input_tables()[found[2]]) + found[3], of_results
    )


def database_anew(text: str) -> str:
    """docs/database.md with its views as they are declared."""
    return _VIEWS.sub(lambda found: f"{found[1]}\n{views_shown()}{found[2]}", text)


PAGES: Final[Mapping[Path, Callable[[str], str]]] = {FILES: files_anew, DATABASE: database_anew}

if __name__ == "__main__":
    for page, anew in PAGES.items():
        page.write_text(anew(page.read_text(encoding="utf-8")), encoding="utf-8")
