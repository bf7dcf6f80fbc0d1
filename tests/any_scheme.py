"""Any small scheme and any stay, for the properties that must hold of all of them."""

from decimal import Decimal

from hypothesis import strategies as st

from drgpay.grouper.reference import Stay
from drgpay.grouper.rules.fields import DIAGNOSIS_FIELDS, CodeField, NumberField
from drgpay.grouper.rules.nodes import Always, And, Compare, Count, Member, Not, Or, Rule
from drgpay.grouper.scheme import (
    Adrg,
    Complication,
    Drg,
    Mdc,
    Scheme,
    SchemeInfo,
    SchemeOptions,
)

SETS = ("S1", "S2", "S3")
DIAGNOSES = ("A00", "B01", "C02", "D03+E04*", "F05")
PROCEDURES = ("00.1", "11.2", "22.3", "33.4")
DEPARTMENTS = ("ICU", "01")
NUMBERS = (0, 1, 2, 28, 28.5, 1500)

fields = st.lists(st.sampled_from(CodeField), min_size=1, max_size=3, unique=True).map(tuple)
diagnosis_fields = st.lists(st.sampled_from(sorted(DIAGNOSIS_FIELDS)), min_size=1, unique=True).map(
    tuple
)
sets = st.lists(st.sampled_from(SETS), min_size=1, max_size=2, unique=True).map(tuple)
atoms: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Always, st.booleans()),
    st.builds(Member, fields, sets),
    st.builds(Member, diagnosis_fields, st.sampled_from([("MCC",), ("CC",), ("MCC", "S1")])),
    st.builds(
        Compare,
        st.sampled_from(NumberField),
        st.sampled_from(["=", "!=", ">", ">=", "<", "<="]),
        st.sampled_from([Decimal(str(number)) for number in NUMBERS]),
    ),
    st.builds(
        Count, st.sampled_from(SETS), fields, st.sampled_from([">=", ">", "="]), st.integers(0, 3)
    ),
)
rules: st.SearchStrategy[Rule] = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
numbers = st.none() | st.sampled_from([float(number) for number in (*NUMBERS, -1, 30, 2499)])
stays = st.builds(
    Stay,
    principal_diagnosis=st.none() | st.sampled_from([*DIAGNOSES, *DIAGNOSES, "unknown", ""]),
    sex=st.none() | st.sampled_from([1.0, 2.0, 9.0]),
    age=numbers,
    other_diagnoses=st.lists(st.sampled_from([*DIAGNOSES, "unknown"]), max_size=4).map(tuple),
    procedures=st.lists(st.sampled_from([*PROCEDURES, "unknown", ""]), max_size=4).map(tuple),
    department=st.none() | st.sampled_from([*DEPARTMENTS, "unknown"]),
    age_days=numbers,
    weight_g=numbers,
    length_of_stay=numbers,
    discharge_type=numbers,
)


def info(retry: bool) -> SchemeInfo:
    return SchemeInfo(
        id="any",
        name="any",
        kind="drg",
        authority="",
        version="",
        code_system="",
        source="",
        options=SchemeOptions(retry_other_procedures=retry),
    )


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    """Small schemes with any rules, sets, severities and exclusions."""

    def adrg(mdc: int, number: int) -> Adrg:
        code = f"{chr(65 + mdc)}{number}{draw(st.sampled_from(['1', 'QY', '00']))}"
        drgs = tuple(
            Drg(sort, f"{code}{sort}", "drg", "?", draw(rules))
            for sort in range(draw(st.integers(0, 2)))
        )
        return Adrg(number, code, "adrg", "?", draw(rules), drgs)

    mdcs = tuple(
        Mdc(
            mdc,
            f"MDC{mdc}",
            "mdc",
            "?",
            draw(rules),
            tuple(adrg(mdc, number) for number in range(draw(st.integers(0, 3)))),
        )
        for mdc in range(draw(st.integers(1, 3)))
    )
    complication = st.builds(
        Complication, st.sampled_from(["MCC", "CC"]), st.sampled_from(["1", "2", "3"])
    )
    tables = st.frozensets(st.sampled_from(["1", "2", "9"]), min_size=1)
    codes = st.sampled_from([*DIAGNOSES, *PROCEDURES, *DEPARTMENTS])
    return Scheme(
        info=info(draw(st.booleans())),
        mdcs=mdcs,
        sets={name: draw(st.frozensets(codes)) for name in SETS},
        complications=draw(st.dictionaries(st.sampled_from(DIAGNOSES), complication)),
        excluding_tables=draw(st.dictionaries(st.sampled_from(DIAGNOSES), tables)),
        content_hash="",
    )
