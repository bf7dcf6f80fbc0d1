"""What is made once for all processes that test beside each other: the first makes it, the others wait."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drgpay.base.file_lock import take_lock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name, in which `make` made something; whoever changes it copies it before."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, made = shared / name, shared / f"{name}.made"
    while (lock := take_lock(shared / f"{name}.lock")) is None:
        time.sleep(0.1)
    try:
        if not made.exists():
            folder.mkdir()
            make(folder)
            made.touch()
    finally:
        os.close(lock)
    return folder
