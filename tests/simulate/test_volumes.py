"""Changes of volume take exactly the cases that they say."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from drgpay.simulate.volumes import spaced
from tests.simulate.region import Region


@given(n=st.integers(1, 200), number=st.integers(0, 250))
def test_spaced_rows_are_different_and_even(n: int, number: int) -> None:
    rows = np.arange(n, dtype=np.int64) * 3
    found = spaced(rows, number)
    assert len(set(found.tolist())) == len(found) == min(n, number)
    assert set(found.tolist()) <= set(rows.tolist())


def test_growth_and_shift(region: Region) -> None:
    base = region.stages.base_state.stays
    many = base.filter(hospital_id="H3390001").height
    grown, _ = region.stages.stays_of(region.plan('[[volume]]\nhospital = "H3390001"\ntimes = 2.1'))
    assert grown.height - base.height == round(many * 1.1)
    copies = grown.join(base, on="case_id", how="anti")
    assert copies["case_id"].is_unique().all() and copies["person_id"].null_count() == len(copies)
    assert copies.filter(pl.col("case_id").str.ends_with("~1.1")).height == many
    fewer, _ = region.stages.stays_of(region.plan('[[volume]]\naccount = "resident"\ntimes = 0.75'))
    residents = base.filter(account="resident").height
    assert base.height - fewer.height == int(residents * 0.25 + 0.5)
    moved, filings = region.stages.stays_of(
        region.plan('[[volume]]\nhospital = "H3390001"\nto_hospital = "H3390010"\nshare = 0.5')
    )
    assert moved.filter(hospital_id="H3390010").height - base.filter(
        hospital_id="H3390010"
    ).height == int(many * 0.5 + 0.5)
    assert set(moved.filter(hospital_id="H3390010")["level"]) == {"2A"}
    assert filings.reviews.equals(region.stages.base_state.filings.reviews)


def test_filings_of_cases_that_are_left_out_are_left_out(region: Region) -> None:
    state = region.stages.state(region.plan("[[volume]]\ntimes = 0.1"))
    base = region.stages.base_state
    assert state.stays.height == base.stays.height - int(base.stays.height * 0.9 + 0.5)
    assert state.filings.reviews.height < region.stages.base_state.filings.reviews.height
