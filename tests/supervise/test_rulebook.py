"""The file of rules: in which order rules are asked, and how far back they look."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drgpay.base.shipped import shipped_folder
from drgpay.grouper.compiled import CompiledScheme
from drgpay.policy.load import load_policy
from drgpay.supervise.file import SampleFile
from drgpay.supervise.rulebook import Rulebook
from drgpay.supervise.supervision import supervise_material
from tests.supervise.material import material_of, stay


def test_a_rule_is_asked_behind_those_that_it_comes_after(rulebook: Rulebook) -> None:
    """Whatever their names, and whether or not the file has them all."""
    overlap = rulebook.ruling("overlap")
    overlap = replace(overlap, rule=replace(overlap.rule, after=("split_stay", "none_such")))
    others = [one for one in rulebook.rulings if one.name != "overlap"]
    names = [one.name for one in replace(rulebook, rulings=(overlap, *others)).in_order()]
    assert names.index("overlap") > names.index("split_stay")
    assert sorted(names) == sorted(one.name for one in rulebook.rulings)


def test_the_doctor_is_asked_behind_what_is_counted(rulebook: Rulebook) -> None:
    names = [one.name for one in rulebook.in_order()]
    doctor = rulebook.ruling("doctor").rule
    assert all(names.index(one) < names.index("doctor") for one in doctor.after if one in names)


@pytest.mark.parametrize(
    ("known_from", "state"), [("2025-03-01", "run"), ("2025-03-02", "partial")]
)
def test_months_before_that_are_not_covered_are_named(
    tmp_path: Path, compiled: CompiledScheme, rulebook: Rulebook, known_from: str, state: str
) -> None:
    policy = load_policy(shipped_folder("policies") / "illustrative.toml").policy
    rows = [stay("a", "2026-03-01", "2026-03-04")]
    material = material_of(tmp_path / "m", compiled, rows, known_from=known_from, policy=policy)
    job: Any = SimpleNamespace(file=SimpleNamespace(sample=SampleFile()), decided=())
    alone = replace(rulebook, rulings=(rulebook.ruling("mix_jump"),))
    (row,) = supervise_material(material, alone, job).rule_report.to_dicts()
    assert row["state"] == state
    assert (f"from:{known_from}" in row["why"]) == (state == "partial")
