"""A case mix that rises and stays (S7), and a change of the scheme, which is no jump."""

import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.found import Found
from drgpay.supervise.material import Material
from drgpay.supervise.rules.mix_jump import find, spans
from tests.supervise.material import material_of, stay

BEFORE = [f"2025-{month:02}" for month in range(1, 13)]
NOW = [f"2026-{month:02}" for month in range(1, 6)]
S7 = (1.02, 1.06, 1.09, 1.10, 1.12)


def month_of(month: str, cmi: float, n: int = 30, **said: Any) -> list[dict[str, Any]]:
    """n stays of a hospital in a month, of one base."""
    hospital = said.get("hospital_id", "H1")
    return [
        stay(
            f"{hospital}-{month}-{number:03}",
            f"{month}-01",
            f"{month}-06",
            person=number,
            month=month,
            base_points=round(cmi * 1_000_000),
            **said,
        )
        for number in range(n)
    ]


def before(n: int = 30, **said: Any) -> list[dict[str, Any]]:
    """Twelve months of mean 1 and standard deviation .05 (n - 1)."""
    step = 0.05 * (11 / 12) ** 0.5
    cmi = [1 - step, 1 + step] * 6
    return [
        row
        for month, value in zip(BEFORE, cmi, strict=True)
        for row in month_of(month, value, n, **said)
    ]


def now(values: tuple[float, ...], **said: Any) -> list[dict[str, Any]]:
    return [
        row
        for month, value in zip(NOW, values, strict=False)
        for row in month_of(month, value, **said)
    ]


@pytest.fixture
def jump(tmp_path: Path, compiled: CompiledScheme, limits: Any) -> Any:
    def found(
        rows: list[dict[str, Any]], earlier: list[dict[str, Any]], changed: bool = False
    ) -> Found:
        material = material_of(tmp_path / "m", compiled, rows, before=earlier)
        if changed:
            material = of_another_scheme(material)
        return find(material, limits("mix_jump"))

    return found


def of_another_scheme(material: Material) -> Material:
    """The months before were grouped by another version."""
    first = material.runs[0]
    info = first.compiled.scheme.info.model_copy(update={"version": "before"})
    compiled: Any = SimpleNamespace(scheme=SimpleNamespace(info=info))
    return replace(material, runs=(replace(first, compiled=compiled), *material.runs[1:]))


def test_s7_the_fifth_month_is_a_clue(jump: Any) -> None:
    found = jump(now(S7), before())
    (hit,) = found.hits.to_dicts()
    assert (hit["part"], hit["keys"], hit["case_ids"]) == ("cmi", ["H1", "2026-05"], [])
    assert (str(hit["first"]), str(hit["last"])) == ("2026-05-01", "2026-05-31")
    facts = dict(found.facts.select("fact", "value").iter_rows())
    assert (facts["mean_before"], facts["sigma_before"]) == ("1.0", "0.05")
    assert float(facts["cusum"]) == pytest.approx(5.4, abs=2e-4)  # base points have four places
    assert found.stakes.is_empty()


def test_a_month_before_the_fifth_is_none(jump: Any) -> None:
    assert jump(now(S7[:4]), before()).hits.is_empty()


def test_another_scheme_is_no_jump(jump: Any) -> None:
    found = jump(now(S7), before(), changed=True)
    assert found.hits.is_empty()
    assert found.not_judged == {"months": 10}


def test_a_rise_of_cc_and_mcc_together_is_a_clue(jump: Any) -> None:
    rows = before()
    for number, row in enumerate(rows):
        # every second month two of thirty, else one
        row["severity"] = "CC" if number % 60 in (0, 30, 31) else "none"
    severe = now((1.0,) * 5)
    for number, row in enumerate(severe):
        row["severity"] = "MCC" if number % 30 < 3 else "none"
    found = jump(severe, rows)
    assert set(found.hits["part"]) == {"severe"}


def test_few_stays_and_months_that_lack_are_not_judged(jump: Any) -> None:
    assert jump(now(S7), before(n=29)).not_judged == {"months": 10}
    lacking = [row for row in before() if row["month"] != "2025-07"]
    found = jump(now(S7), lacking)
    assert (found.hits.height, found.not_judged) == (0, {"months": 10})
    assert jump(now(S7), []).not_judged == {"months": 10}


def test_each_hospital_has_its_own_months_before(jump: Any) -> None:
    rows = now(S7) + now((1.0,) * 5, hospital_id="H2")
    earlier = before() + before(hospital_id="H2")
    found = jump(rows, earlier)
    assert found.hits["hospital_id"].to_list() == ["H1"]
    random.Random(2).shuffle(rows)
    random.Random(3).shuffle(earlier)
    again = jump(rows, earlier)
    assert again.hits.equals(found.hits)
    assert again.facts.equals(found.facts)


def test_spans_end_where_the_scheme_changes() -> None:
    first, second = spans([("2025-12", "a"), ("2026-01", "a"), ("2026-02", "b")], 2)
    assert (first.months, first.before) == (("2025-12", "2026-01"), ("2025-10", "2025-11"))
    assert (second.months, second.before) == (("2026-02",), ("2025-12", "2026-01"))
