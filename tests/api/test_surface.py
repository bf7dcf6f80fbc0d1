"""What `import drgpay` offers: quick to import, typed, told in docstrings."""

import inspect
import pkgutil
import subprocess
import sys

import pytest

import drgpay

FUNCTIONS = [name for name in drgpay.__all__ if name[0].islower()]


def test_import_loads_none_of_the_libraries() -> None:
    code = "import sys, drgpay; print(sorted({'polars', 'numpy', 'pyarrow', 'pydantic'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_name_is_there_and_listed() -> None:
    for name in drgpay.__all__:
        assert getattr(drgpay, name) is not None
    assert set(drgpay.__all__) <= set(dir(drgpay))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'settle_year'"):
        _ = drgpay.settle_year


def test_no_name_hides_a_package() -> None:
    packages = {module.name for module in pkgutil.iter_modules(drgpay.__path__)}
    assert packages & set(drgpay.__all__) == set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_tells_errors_and_source(name: str) -> None:
    told = inspect.getdoc(getattr(drgpay, name)) or ""
    assert "DrgpayError" in told or "No error." in told
    assert "Source:" in told
