"""What is said where Spark, or the Java that it runs in, is not there."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

import drgpay.spark
from drgpay.base.errors import DrgpayError


def test_without_pyspark_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(DrgpayError, match=r"pip install 'drgpay\[spark\]'"):
        drgpay.spark.local_session()
    with pytest.raises(DrgpayError, match=r"pip install 'drgpay\[spark\]'"):
        drgpay.spark.group(object(), "chs-drg-2.0")


@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_without_java_the_package_is_named(
    home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyspark", "pandas"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    else:
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(DrgpayError, match="openjdk-17-jre-headless"):
        drgpay.spark.local_session()


def test_what_is_no_frame_of_spark_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyspark", "pandas"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    with pytest.raises(DrgpayError, match="the table of stays is no DataFrame of Spark but dict"):
        drgpay.spark.group({}, "chs-drg-2.0")
    with pytest.raises(DrgpayError, match="the table of visits is no DataFrame of Spark but dict"):
        drgpay.spark.group_visits({}, {}, "open-apg-1", "illustrative")
