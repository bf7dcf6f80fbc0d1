"""A page in a real browser, where there is one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH")


def opened(page: Path) -> tuple[str, list[str]]:
    """The page as it stands after its script ran, and what its console says."""
    assert BROWSER
    done = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *("--disable-background-networking", "--enable-logging=stderr"),
            *(f"--user-data-dir={page.parent / 'profile'}", page.resolve().as_uri()),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    said = done.stderr.decode(errors="replace")
    return done.stdout.decode(), re.findall(r"CONSOLE.*", said)
