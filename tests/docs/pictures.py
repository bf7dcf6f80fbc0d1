"""The pictures of the report at the head of both READMEs: the sample month, drawn by Chromium.

`python -m tests.docs.pictures` draws them anew, after a change of the report or of `sample_data/`. Look at
them before they are committed. Needed are Chromium and fonts for Chinese (fonts-noto-cjk).
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from drgpay.base.language import Language
from tests.docs.markdown import DOCS
from tests.docs.shell import run
from tests.report.chromium import BROWSER

PICTURES: Final[Mapping[Language, Path]] = {
    "zh": DOCS / "pictures" / "report.png",
    "en": DOCS / "pictures" / "report.en.png",
}
MOST_BYTES: Final = 300_000
_WIDTH, _HEIGHT = 1640, 860
# The head of the report, and beside it what each hospital gains or loses.
_TWO_PARTS = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; display: flex; gap: 12px; background: #d8dde3; padding: 12px; }}
div {{ width: 802px; height: {height}px; overflow: hidden; background: white; }}
iframe {{ width: 1064px; height: {page}px; border: 0; zoom: 0.76; }}
</style><div><iframe src="report.html"></iframe></div>
<div><iframe src="report.html#hospitals"></iframe></div>"""


def draw(language: Language, picture: Path) -> None:
    """Settle the sample month, write its report and draw it."""
    assert BROWSER, "install chromium"
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(DOCS.parent / "sample_data", "sample_data")
        for command in (
            "drgpay run sample_data/2026-10.toml --run-id 2026-10",
            "drgpay report runs/2026-10 --out report.html",
        ):
            ended, said = run(command, language)
            assert ended == 0, said
        height = _HEIGHT - 24
        page = Path("page.html")
        page.write_text(_TWO_PARTS.format(height=height, page=round(height / 0.76)), "utf-8")
        subprocess.run(
            [
                *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--allow-file-access-from-files", "--virtual-time-budget=4000"),
                f"--user-data-dir={Path('profile').resolve()}",
                *(f"--window-size={_WIDTH},{_HEIGHT}", f"--screenshot={picture}"),
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=180,
        )
    size = picture.stat().st_size
    assert size <= MOST_BYTES, f"{picture} has {size} bytes"
    sys.stdout.write(f"{picture}: {size} bytes\n")


if __name__ == "__main__":
    for language, picture in PICTURES.items():
        picture.parent.mkdir(exist_ok=True)
        draw(language, picture)
