"""Any small scheme and any stay, for the properties that must hold of all of them."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from hypothesis import strategies as st

from drgpay.grouper.apg_reference import Line, Visit
from drgpay.grouper.code_patterns import is_pattern
from drgpay.grouper.kinds import APG_CLASSES, MEDICAL
from drgpay.grouper.reference import Stay
from drgpay.grouper.rules.fields import (
    DIAGNOSIS_FIELDS,
    INPATIENT_FIELDS,
    LINE_FIELDS,
    OUTPATIENT_FIELDS,
    CodeField,
    NumberField,
)
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
ITEMS = ("1101", "110100001", "1102", "XA10", "11.2", "*", "1101*", "治疗1", "治疗")
PATTERNS = ("*", "1*", "11*", "1101*", "1101**", "110100*", "XA10*", "治*", "A*", "D03*", "o*")
KINDS = ("lab", "drug", "11*")
VISIT_TYPES = ("ordinary", "chronic")
DEPARTMENTS = ("ICU", "01")
NUMBERS = (0, 1, 2, 28, 28.5, 1500)

sets = st.lists(st.sampled_from(SETS), min_size=1, max_size=2, unique=True).map(tuple)


def rules_of(
    code_fields: Collection[CodeField],
    number_fields: Collection[NumberField],
    counted: Sequence[str] = SETS,
) -> st.SearchStrategy[Rule]:
    """Any rules that ask for these fields and count the codes of these sets."""
    fields = st.lists(
        st.sampled_from(sorted(code_fields)), min_size=1, max_size=3, unique=True
    ).map(tuple)
    diagnosis_fields = st.lists(
        st.sampled_from(sorted(DIAGNOSIS_FIELDS)), min_size=1, unique=True
    ).map(tuple)
    atoms: st.SearchStrategy[Rule] = st.one_of(
        st.builds(Always, st.booleans()),
        st.builds(Member, fields, sets),
        st.builds(Member, diagnosis_fields, st.sampled_from([("MCC",), ("CC",), ("MCC", "S1")])),
        st.builds(
            Compare,
            st.sampled_from(sorted(number_fields)),
            st.sampled_from(["=", "!=", ">", ">=", "<", "<="]),
            st.sampled_from([Decimal(str(number)) for number in NUMBERS]),
        ),
        st.builds(
            Count,
            st.sampled_from(counted),
            fields,
            st.sampled_from([">=", ">", "="]),
            st.integers(0, 3),
        ),
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=5,
    )


rules = rules_of(set(CodeField) - OUTPATIENT_FIELDS, set(NumberField))
_OUTPATIENT_NUMBERS = set(NumberField) - INPATIENT_FIELDS
line_rules = rules_of(set(CodeField) - INPATIENT_FIELDS, _OUTPATIENT_NUMBERS, ["S3"])
visit_rules = rules_of(set(CodeField) - INPATIENT_FIELDS - LINE_FIELDS, _OUTPATIENT_NUMBERS, ["S3"])
numbers = st.none() | st.sampled_from([float(number) for number in (*NUMBERS, -1, 30, 2499)])
principal = st.none() | st.sampled_from([*DIAGNOSES, *DIAGNOSES, "unknown", ""])
stays = st.builds(
    Stay,
    principal_diagnosis=principal,
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


visits = st.builds(
    Visit,
    principal_diagnosis=principal,
    other_diagnoses=st.lists(st.sampled_from([*DIAGNOSES, "unknown"]), max_size=4).map(tuple),
    visit_type=st.none() | st.sampled_from([*VISIT_TYPES, ""]),
    department=st.none() | st.sampled_from([*DEPARTMENTS, "unknown"]),
    age=numbers,
    sex=st.none() | st.sampled_from([1.0, 2.0, 9.0]),
)
lines = st.builds(
    lambda visit, item, kind: Line(**visit.__dict__, item_code=item, item_kind=kind),
    visits,
    st.none() | st.sampled_from([*ITEMS, "", "2", "110", "110199"]),
    st.none() | st.sampled_from([*KINDS, "unknown"]),
)


def trees(draw: st.DrawFn, code: str, rules: st.SearchStrategy[Rule], sort: int) -> Mdc:
    """An MDC or class with any ADRGs and DRGs."""

    def adrg(number: int) -> Adrg:
        name = f"{code[-1]}{number}{draw(st.sampled_from(['1', 'QY', '00']))}"
        drgs = tuple(
            Drg(sort, f"{name}{sort}", "drg", "?", draw(rules))
            for sort in range(draw(st.integers(0, 2)))
        )
        return Adrg(number, name, "adrg", "?", draw(rules), drgs)

    adrgs = tuple(adrg(number) for number in range(draw(st.integers(0, 3))))
    return Mdc(sort, code, "mdc", "?", draw(rules), adrgs)


def with_tables(
    draw: st.DrawFn, about: SchemeInfo, mdcs: list[Mdc], codes: list[str], patterns: Sequence[str]
) -> Scheme:
    """A scheme with any sets of these codes, severities and exclusions; S3 has no patterns."""
    sets = {name: draw(st.frozensets(st.sampled_from([*codes, *patterns]))) for name in SETS[:2]}
    sets["S3"] = draw(st.frozensets(st.sampled_from(codes)))
    complication = st.builds(
        Complication, st.sampled_from(["MCC", "CC"]), st.sampled_from(["1", "2", "3"])
    )
    tables = st.frozensets(st.sampled_from(["1", "2", "9"]), min_size=1)
    return Scheme(
        info=about,
        mdcs=tuple(mdcs),
        sets=sets,
        complications=draw(st.dictionaries(st.sampled_from(DIAGNOSES), complication)),
        excluding_tables=draw(st.dictionaries(st.sampled_from(DIAGNOSES), tables)),
        content_hash="",
    )


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    """Small schemes with any rules, sets, severities and exclusions."""
    mdcs = [
        trees(draw, f"MDC{chr(65 + mdc)}", rules, mdc) for mdc in range(draw(st.integers(1, 3)))
    ]
    codes = [*DIAGNOSES, *PROCEDURES, *DEPARTMENTS]
    return with_tables(draw, info(draw(st.booleans())), mdcs, codes, ())


@st.composite
def apg_schemes(draw: st.DrawFn) -> Scheme:
    """Small schemes of kind apg, their classes in any order; some sets have patterns."""
    names = draw(st.permutations(APG_CLASSES))[: draw(st.integers(1, 5))]
    mdcs = [
        trees(draw, name, visit_rules if name == MEDICAL else line_rules, sort)
        for sort, name in enumerate(names)
    ]
    codes = [*DIAGNOSES, *DEPARTMENTS, *KINDS, *VISIT_TYPES, *ITEMS]
    about = info(retry=False).model_copy(update={"kind": "apg"})
    plain = [code for code in codes if not is_pattern(code)]
    return with_tables(draw, about, mdcs, plain, PATTERNS)
