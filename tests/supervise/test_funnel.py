"""Funnels by hand (S4, S5)."""

import numpy as np
import pytest

from drgpay.supervise.funnel import (
    each_other,
    funnel,
    held,
    overdispersion,
    places_of,
    plain_z,
)


def test_s4_two_hospitals_beyond_an_overdispersed_funnel() -> None:
    z = plain_z(np.array([120.0, 110.0]), np.array([400.0, 190.0]), np.array([0.20, 0.20]))
    assert [f"{one:.4f}" for one in z] == ["5.0000", "13.0586"]
    assert [f"{one:.4f}" for one in held(z, np.array([2.25, 2.25]))] == ["3.3333", "8.7057"]


def test_s5_the_judged_hospital_does_not_widen_its_own_funnel() -> None:
    peers = np.array([-2.0, -1.0, 0.5, 1.0, 1.5])
    phi = overdispersion(peers)
    assert f"{phi:.4f}" == "2.1981"
    assert f"{held(np.array([5.0]), np.array([phi]))[0]:.4f}" == "3.3725"


def test_a_narrow_spread_of_the_peers_is_not_made_narrower() -> None:
    assert held(np.array([3.0]), np.array([0.5])).tolist() == [3.0]
    assert held(np.array([3.0]), np.array([np.nan])).tolist() == [3.0]


def test_each_is_judged_without_itself() -> None:
    hits, n = np.array([20.0, 20.0, 60.0]), np.array([100.0, 100.0, 100.0])
    found = funnel(hits, n, each_other(["a", "a", "a"]), 30)
    assert found.theta == pytest.approx([0.4, 0.4, 0.2])
    assert found.z[2] == pytest.approx(10 / (1.4826 * 0.2 / 0.24**0.5 * 10))


@pytest.mark.parametrize(("n", "judged"), [(29, False), (30, True)])
def test_few_stays_are_not_judged_but_count_for_their_peers(n: int, judged: bool) -> None:
    found = funnel(np.array([9.0, 20.0]), np.array([float(n), 100.0]), each_other("aa"), 30)
    assert np.isnan(found.z[0]) == (not judged)
    assert found.theta[1] == pytest.approx(9 / n)
    assert np.isnan(found.phi[1]) == (not judged)


def test_a_share_of_none_or_all_gives_no_z() -> None:
    found = funnel(np.array([5.0, 0.0]), np.array([50.0, 50.0]), each_other("aa"), 30)
    assert np.isnan(found.z[0])
    found = funnel(np.array([5.0, 50.0]), np.array([50.0, 50.0]), each_other("aa"), 30)
    assert np.isnan(found.z[0])


def test_a_unit_without_others_is_not_judged() -> None:
    found = funnel(np.array([5.0, 6.0]), np.array([50.0, 50.0]), each_other("ab"), 30)
    assert np.isnan(found.theta).all()
    assert np.isnan(found.z).all()


def test_peers_that_are_not_there_are_left_out() -> None:
    (one, two) = places_of(["a", "b"], [("b", "c"), ("a",)])
    assert (one.tolist(), two.tolist()) == ([1], [0])
