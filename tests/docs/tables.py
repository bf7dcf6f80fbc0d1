"""The tables of columns in docs/, written from the declarations of drgpay/tables.

`python -m tests.docs.tables` writes them anew, each between `<!-- columns of TABLE -->` and
`<!-- end -->`; tests/docs/test_tables.py fails where they are not as declared.
"""

import re
from pathlib import Path

from drgpay.tables.declared import Table, result_table

FILES = Path(__file__).resolve().parents[2] / "docs" / "files.md"
_PLACE = re.compile(r"(<!-- columns of (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def columns_shown(table: Table) -> str:
    """The columns of a table in Markdown."""
    rows = [
        f"| `{field.name}` | {field.type} | {field.kind.unit.en if field.kind.unit else ''} "
        f"| {field.meaning.en} |".replace("|  |", "| |")
        for field in table.fields
    ]
    return "\n".join(["| column | type | unit | meaning |", "|---|---|---|---|", *rows, ""])


def written_anew(text: str) -> str:
    """A page with its tables as they are declared."""
    return _PLACE.sub(
        lambda found: found[1] + columns_shown(result_table(found[2])) + found[3], text
    )


if __name__ == "__main__":
    FILES.write_text(written_anew(FILES.read_text(encoding="utf-8")), encoding="utf-8")
