"""The file of rules: in which order rules are asked."""

from dataclasses import replace

from drgpay.supervise.rulebook import Rulebook


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
