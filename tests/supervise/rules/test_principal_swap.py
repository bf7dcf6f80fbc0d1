"""Another diagnosis of the stay as the principal one: tried on a settled month with planted fraud."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.base.working_folder import working_folder
from drgpay.run.input_files import InputFiles
from drgpay.supervise.file import load_supervise
from drgpay.supervise.reading import read_material
from drgpay.supervise.rulebook import Rulebook
from drgpay.supervise.rules.principal_swap import find, swapped
from drgpay.supervise.severity_groups import grouped_again


def test_the_principal_takes_the_place_of_the_other() -> None:
    stays = pl.DataFrame(
        {
            "case_id": ["a", "b"],
            "principal_diagnosis": ["P", "P"],
            "other_diagnoses": [["X", "Y", "X"], ["P"]],
        }
    )
    rows = swapped(stays).select("stay", "principal_diagnosis", "other_diagnoses").rows()
    assert rows == [("a", "X", ["P", "Y", "P"]), ("a", "Y", ["X", "P", "X"])]


def test_it_is_off_in_the_shipped_rules(rulebook: Rulebook) -> None:
    assert rulebook.ruling("principal_swap").card.on is False


def test_every_clue_is_a_cheaper_group_that_its_code_leads_to(file: Path, limits: Any) -> None:
    with working_folder() as work:
        material = read_material(load_supervise(file), work, InputFiles())
        mine = limits("principal_swap")
        found = find(material, mine.model_copy(update={"c_from": 0.1}))
        fewer = find(material, mine)
        stays = material.stays("case_id", "total_fen", "points")
        (run,) = material.runs
        all_columns = material.stays(
            *dict.fromkeys(["case_id", *run.compiled.columns, "drg"]), current=True
        )
    assert found.checked > 1000
    assert found.hits.height > fewer.hits.height
    assert (found.stakes["points"] > 0).all()
    facts = found.facts.pivot("fact", index="hit", values="value", aggregate_function="first")
    assert (facts["group"] != facts["swap_group"]).all()
    stable = run.catalogue.groups.filter(pl.col("stability") == "stable")["drg"]
    assert facts["swap_group"].is_in(stable.implode()).all()
    # grouped again by themselves
    cases = found.hits.select("hit", case_id=pl.col("case_ids").list.first())
    asked = cases.join(facts.select("hit", "swap", "swap_group"), on="hit")
    again = grouped_again(
        run.compiled,
        swapped(all_columns.filter(pl.col("case_id").is_in(asked["case_id"].implode()))),
    ).select("case_id", "low_drg")
    keyed = asked.with_columns(case_id=pl.format("{}\x1f{}", "case_id", "swap"))
    both = keyed.join(again, on="case_id", how="left")
    assert (both["swap_group"] == both["low_drg"]).all()
    assert stays["case_id"].is_in(cases["case_id"].implode()).sum() == cases.height


@pytest.mark.parametrize("c_from", [0.1])
def test_again_gives_the_same(file: Path, limits: Any, c_from: float) -> None:
    with working_folder() as work:
        material = read_material(load_supervise(file), work, InputFiles())
        mine = limits("principal_swap").model_copy(update={"c_from": c_from})
        one, other = find(material, mine), find(material, mine)
    assert one.hits.equals(other.hits)
    assert one.facts.equals(other.facts)
