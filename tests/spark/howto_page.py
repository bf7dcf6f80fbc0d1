"""Runs the examples of docs/howto-spark.md, and writes what they print into the pages.

    python -m tests.spark.howto_page

Needs pyspark and Java. Examples are the ```python blocks, in order, in a folder with a copy of
sample_data; what each prints is the ```text block below it.
"""

import contextlib
import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from drgpay.base.language import choose
from drgpay.spark import local_session
from tests.docs.markdown import DOCS, ZH, Block, blocks, language_of

PAGES = (DOCS / "howto-spark.md", ZH / "howto-spark.md")


def examples(page: Path, sample_data: Path, folder: Path) -> Iterator[tuple[Block, str]]:
    """The examples of a page, each with what it prints now; they run in `folder`."""
    shutil.copytree(sample_data, folder / "sample_data")
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        # Spark's own paths begin where its process was started, whatever the folder is now.
        code = re.sub(r'"(sample_data|groups)/', rf'"{folder}/\1/', block.code)
        choose(language_of(page))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, f"{page.name}:{block.line}", "exec"), names)
        yield block, re.sub(r" +$", "", out.getvalue(), flags=re.MULTILINE).rstrip("\n") + "\n"


def refresh(page: Path) -> None:
    """Write the page anew, with what its examples print now."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for block, printed in examples(page, DOCS.parent / "sample_data", Path(folder)):
            before = f"```python\n{block.code}```\n\n```text\n"
            assert before in text
            text = text.replace(f"{before}{block.shown}```", f"{before}{printed}```")
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    # The pages take the session that runs: its tables lie where nobody looks.
    with tempfile.TemporaryDirectory() as warehouse:
        spark = local_session(2, {"spark.sql.warehouse.dir": warehouse})
        for page_ in PAGES:
            refresh(page_)
            spark.sql("DROP DATABASE province CASCADE")
