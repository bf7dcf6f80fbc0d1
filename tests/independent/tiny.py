"""Tiny months and years with ties, extremes, fees, outside patients and deductions."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from .recomputation.records import HeldBack
from .recomputation.settlement import Case, Minus

ACCOUNTS = ("employee", "resident")
HOSPITALS = ("H1", "H2", "H3")
FEN = st.one_of(st.integers(0, 10**9), st.sampled_from([0, 1, 99, 3_333, 600_632]))
POINTS = st.one_of(
    st.integers(0, 10**10), st.sampled_from([0, 1, 10_000, 333_350, 333_350, 333_300])
)
MINUS = st.one_of(st.integers(0, 10**8), st.sampled_from([0, 1, 333_350]))


@st.composite
def cases(draw: st.DrawFn, prefix: str = "C", least: int = 1) -> list[Case]:
    """Up to a dozen cases in any order."""
    return [
        draw(case(f"{prefix}{number:02d}"))
        for number in draw(st.permutations(range(draw(st.integers(least, 12)))))
    ]


@st.composite
def case(draw: st.DrawFn, case_id: str) -> Case:
    """One case."""
    case_class = draw(st.sampled_from(["normal", "normal", "high", "fee"]))
    parts = [Decimal(draw(FEN)).scaleb(-2) for _ in range(3)]
    return Case(
        case_id=case_id,
        hospital_id=draw(st.sampled_from(HOSPITALS)),
        account=draw(st.sampled_from(ACCOUNTS)),
        out_of_area=draw(st.sampled_from([False, False, True])),
        case_class=case_class,
        points=Decimal(0 if case_class == "fee" else draw(POINTS)).scaleb(-4),
        total_cost=sum(parts, Decimal(0)),
        fund_cost=parts[0],
        patient_cost=parts[1],
        other_cost=parts[2],
    )


@st.composite
def minus_rows(draw: st.DrawFn, of: list[Case]) -> list[Minus]:
    """Minus rows of some of the cases, of some two."""
    return [
        Minus(case.case_id, step, -Decimal(draw(MINUS)).scaleb(-4))
        for case in draw(
            st.lists(st.sampled_from(of), max_size=3, unique=True) if of else st.just([])
        )
        for step in range(2, 2 + 2 * draw(st.integers(1, 2)), 2)
    ]


@st.composite
def held_back(draw: st.DrawFn) -> list[HeldBack]:
    """Money held back, also from hospitals without a case."""
    places = st.lists(
        st.tuples(st.sampled_from([*HOSPITALS, "H9"]), st.sampled_from(ACCOUNTS)),
        max_size=3,
        unique=True,
    )
    return [HeldBack(*place, Decimal(draw(FEN)).scaleb(-2)) for place in draw(places)]


AMOUNT = st.one_of(st.integers(1, 10**10), st.integers(10**8, 10**11))
BUDGETS = st.fixed_dictionaries(
    {account: AMOUNT.map(lambda fen: Decimal(fen).scaleb(-2)) for account in ACCOUNTS}
)
RULES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "settlement.method": st.sampled_from(["residual", "residual", "fund_only", "cost"]),
        "settlement.value_places": st.integers(0, 6),
        "settlement.prepay_ratio": st.sampled_from(["0.85", "0.97", "1", "0", "0.3333"]),
        "settlement.out_of_area": st.sampled_from(["same_price", "pooled", "excluded"]),
        "settlement.distribute_remainder": st.sampled_from(["none", "all"]),
        "settlement.merged_accounts": st.sampled_from([[], [["resident", "employee"]]]),
        "settlement.may_exceed_budget": st.sampled_from([True, True, False]),
    }
)
_SHARES = st.sampled_from(["0", "0.3333", "0.85", "1"])


@st.composite
def clearing_rules(draw: st.DrawFn) -> dict[str, Any]:
    """Bands and assessment."""
    bands = st.tuples(_SHARES, _SHARES, _SHARES).map(
        lambda shares: [
            {"up_to": "0.0501", "share": shares[0]},
            {"up_to": "0.5", "share": shares[1]},
            {"share": shares[2]},
        ]
    )
    withheld = draw(st.sampled_from(["fund", "redistribute", None]))
    best = "1.0333" if withheld == "redistribute" else "1"
    factors = [best, draw(st.sampled_from(["0.9777", "0"])), draw(st.sampled_from(["0.8", "0"]))]
    rows = [
        {"score_from": score, "factor": factor}
        for score, factor in zip(("90", "60.5", "0"), factors, strict=True)
    ]
    return {
        "clearing.band_rule": draw(st.sampled_from(["marginal", "whole"])),
        "clearing.surplus_retained": draw(bands),
        "clearing.overrun_shared": draw(bands),
        "clearing.overrun_beyond_reserve": draw(st.booleans()),
        "clearing.assessment": (
            {"maximum_score": 100, "bands": rows, "withheld": withheld} if withheld else None
        ),
    }


SCORES = st.fixed_dictionaries(
    {
        hospital: st.one_of(st.sampled_from(["60.5", "90", "60.4999"]), st.integers(0, 100)).map(
            Decimal
        )
        for hospital in (*HOSPITALS, "H9")
    }
)
