"""Robust z by hand (S6)."""

import polars as pl
import pytest

from drgpay.supervise.robust import with_robust_z


def test_s6_robust_z_of_a_share() -> None:
    frame = pl.DataFrame({"g": ["a"] * 5, "x": [0.10, 0.12, 0.11, 0.13, 0.30]})
    last = with_robust_z(frame, "x", ["g"]).row(4, named=True)
    assert (last["median"], last["members"]) == (0.12, 5)
    assert last["mad"] == pytest.approx(0.01)
    assert last["z"] == pytest.approx(12.1408, abs=5e-5)


def test_a_mad_of_0_gives_no_z() -> None:
    frame = pl.DataFrame({"g": ["a"] * 4, "x": [1.0, 1.0, 1.0, 9.0]})
    assert with_robust_z(frame, "x", ["g"])["z"].null_count() == 4
