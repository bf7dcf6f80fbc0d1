"""The compiled grouper equals the reference evaluator on any scheme and any stay."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import compile_scheme
from drgpay.grouper.reasons import REASON_COLUMNS
from drgpay.grouper.reference import Stay, counting_levels, group_stay, holds
from drgpay.grouper.rules.fields import CodeField
from drgpay.grouper.rules.nodes import Always, And, Member, Not
from drgpay.grouper.scheme import (
    Adrg,
    Drg,
    Mdc,
    Scheme,
    SchemeInfo,
    SchemeOptions,
    load_scheme,
)
from tests.any_scheme import schemes, stays
from tests.spread import drawn

ROOT = Path(__file__).resolve().parents[2]


def batch_of(all_stays: list[Stay]) -> pa.RecordBatch:
    """Stays as an Arrow batch."""
    text, number = pa.string(), pa.float64()
    types = {
        "principal_diagnosis": text,
        "department": text,
        "other_diagnoses": pa.list_(text),
        "procedures": pa.large_list(pa.large_string()),
    }
    return pa.RecordBatch.from_pydict(
        {
            name: pa.array([getattr(stay, name) for stay in all_stays], types.get(name, number))
            for name in Stay.__dataclass_fields__
        }
    )


@drawn(300)
@given(schemes(), st.lists(stays, min_size=1, max_size=8))
def test_compiled_equals_reference(scheme: Scheme, all_stays: list[Stay]) -> None:
    fast = group_batch(compile_scheme(scheme), batch_of(all_stays)).to_pylist()
    assert fast == [group_stay(scheme, stay).__dict__ for stay in all_stays]


@drawn(50)
@given(schemes(), st.lists(stays, min_size=2, max_size=8), st.integers(1, 7))
def test_a_stay_does_not_depend_on_its_batch(
    scheme: Scheme, all_stays: list[Stay], cut: int
) -> None:
    compiled = compile_scheme(scheme)
    whole = group_batch(compiled, batch_of(all_stays)).to_pylist()
    batch = batch_of(all_stays)
    parts = [batch.slice(0, cut), batch.slice(cut)]
    assert whole == [row for part in parts for row in group_batch(compiled, part).to_pylist()]


def test_retry_tries_each_other_procedure_alone_and_in_order() -> None:
    """docs/rule-language.md, option retry_other_procedures."""
    surgical = Member((CodeField.PRINCIPAL_PROCEDURE,), ("S1",))
    no_others = Not(Member((CodeField.OTHER_PROCEDURES,), ("S1", "S2")))
    drg = Drg(1, "A1", "", "", Always(True))
    adrg = Adrg(1, "A", "", "", And((surgical, no_others)), (drg,))
    scheme = Scheme(
        info=SchemeInfo(
            id="x",
            name="x",
            kind="drg",
            authority="",
            version="",
            code_system="",
            source="",
            options=SchemeOptions(retry_other_procedures=True),
        ),
        mdcs=(Mdc(1, "M", "", "", Always(True), (adrg,)),),
        sets={"S1": frozenset({"11.2"}), "S2": frozenset({"00.1"}), "S3": frozenset()},
        complications={},
        excluding_tables={},
        content_hash="",
    )
    stay = Stay("A00", 1, 40, procedures=("22.3", "00.1", "11.2"))
    assert group_stay(scheme, stay).drg == "A1"
    assert group_batch(compile_scheme(scheme), batch_of([stay])).to_pylist()[0]["drg"] == "A1"
    without = replace(scheme, info=scheme.info.model_copy(update={"options": SchemeOptions()}))
    assert group_batch(compile_scheme(without), batch_of([stay])).to_pylist()[0]["drg"] == "0000"


def expected_reasons(scheme: Scheme, stay: Stay) -> dict[str, object]:
    """The reason columns of one stay, from the reference evaluator."""
    found = group_stay(scheme, stay)
    reasons: dict[str, object] = dict.fromkeys(REASON_COLUMNS)
    if found.status == "invalid":
        missing = [
            name
            for name in ("principal_diagnosis", "sex", "age")
            if getattr(stay, name) in (None, "")
        ]
        return reasons | {"ungrouped_reason": f"missing_{missing[0]}"}
    for code in stay.other_diagnoses:
        if found.severity in counting_levels(scheme, stay, [code]):
            reasons["severity_code"] = code
            break
    if found.status == "ungrouped" and days_decide(scheme, stay, found.drg):
        reason = "missing_age_days"
        if found.mdc == "0000" and found.adrg == "00":
            return reasons | {"ungrouped_reason": reason}
        reasons["ungrouped_reason"] = reason
    elif found.mdc == "0000" and found.adrg == "00":
        mdcs = [mdc for mdc in scheme.mdcs if holds(scheme, mdc.rule, stay)]
        adrgs = [adrg for mdc in mdcs for adrg in mdc.adrgs if holds(scheme, adrg.rule, stay)]
        reason = "no_drg" if adrgs else "no_adrg" if mdcs else "no_mdc"
        return reasons | {"ungrouped_reason": reason}
    elif found.status == "ungrouped":
        reasons["ungrouped_reason"] = "fallback"
    mdc = next(mdc for mdc in scheme.mdcs if mdc.code == found.mdc)
    adrg = next(adrg for adrg in mdc.adrgs if adrg.code == found.adrg)
    drg = next(drg for drg in adrg.drgs if drg.code == found.drg)
    return reasons | {"mdc_sort": mdc.sort, "adrg_sort": adrg.sort, "drg_sort": drg.sort}


def days_decide(scheme: Scheme, stay: Stay, drg: str | None) -> bool:
    """Whether a newborn without age in days would land elsewhere with one (of tests/any_scheme)."""
    if stay.age != 0 or stay.age_days is not None:
        return False
    plain = replace(scheme, info=scheme.info.model_copy(update={"options": SchemeOptions()}))
    days = (0.0, 0.5, 1.0, 1.5, 2.0, 15.0, 28.0, 28.25, 28.5, 29.0, 365.0)
    return any(group_stay(plain, replace(stay, age_days=day)).drg != drg for day in days)


@drawn(200)
@given(schemes(), st.lists(stays, min_size=1, max_size=8))
def test_reasons_say_what_decided(scheme: Scheme, all_stays: list[Stay]) -> None:
    rows = group_batch(compile_scheme(scheme), batch_of(all_stays), reasons=True).to_pylist()
    for stay, row in zip(all_stays, rows, strict=True):
        retried = row.pop("retried_procedure")
        expected = expected_reasons(scheme, stay)
        expected.pop("retried_procedure")
        if retried is None:
            assert {name: row[name] for name in expected} == expected
        else:  # the same group with that procedure alone, and with none before it
            alone = [replace(stay, procedures=(code,)) for code in stay.procedures]
            plain = replace(
                scheme, info=scheme.info.model_copy(update={"options": SchemeOptions()})
            )
            groups = [group_stay(plain, one).drg for one in alone[1:retried]]
            assert groups[-1] == row["drg"]
            assert set(groups[:-1]) <= {"0000"}


def test_reasons_do_not_change_the_groups() -> None:
    scheme = compile_scheme(load_scheme("zj-drg-2022"))
    table = pq.read_table(ROOT / "tests" / "data" / "oracle-zj-drg-2022.parquet")
    batch = table.combine_chunks().to_batches()[0]
    without = group_batch(scheme, batch)
    with_reasons = group_batch(scheme, batch, reasons=True)
    assert with_reasons.select(without.schema.names).equals(without)
    assert with_reasons.column("retried_procedure").null_count < batch.num_rows
