"""Work done by threads."""

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.in_order import in_order


@pytest.mark.parametrize("threads", [None, 1, 3, 256])
def test_results_come_in_order(threads: int | None) -> None:
    assert list(in_order(lambda n: [n, -n], range(50), threads)) == [
        one for n in range(50) for one in (n, -n)
    ]


@pytest.mark.parametrize("threads", [0, -1, 257, 10**9])
def test_threads_that_are_not_possible(threads: int) -> None:
    with pytest.raises(DrgpayError, match=rf"{threads} threads are not possible; ask for 1 to 256"):
        next(in_order(lambda n: [n], range(3), threads))
