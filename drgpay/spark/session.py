"""Is Spark here? And a session on this computer, to try things out or for a region that fits."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ERRORS = Sentences("errors/spark")
_LOCAL = "127.0.0.1"


def require_pyspark() -> None:
    """Refuse to go on where pyspark or the pandas that it needs is not installed (DrgpayError)."""
    try:
        import pandas  # noqa: F401
        import pyspark  # noqa: F401
    except ImportError:
        raise DrgpayError(*_ERRORS("no_pyspark")) from None


def require_java() -> None:
    """Refuse to go on where Spark would find no Java to run in (DrgpayError)."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")
    if found is None:
        raise DrgpayError(*_ERRORS("no_java"))


def local_session(threads: int | None = None, config: dict[str, str] | None = None) -> SparkSession:
    """A Spark session on this computer, reachable from it alone; the one that runs, if there is one.

    threads: how many tasks work at once, by default one a core. config: further settings of Spark.
    Raises DrgpayError without pyspark or without Java. Source: docs/howto-spark.md.
    """
    require_pyspark()
    require_java()
    from pyspark.sql import SparkSession

    # Tasks take the Python and the packages that this program has.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.master": f"local[{threads or '*'}]",
        "spark.app.name": "drgpay",
        "spark.ui.enabled": "false",
        "spark.driver.host": _LOCAL,
        "spark.driver.bindAddress": _LOCAL,
        **(config or {}),
    }
    return SparkSession.builder.config(map=settings).getOrCreate()
