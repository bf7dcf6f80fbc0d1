"""An overlay makes the scheme it describes, or none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.adjust.apply import adjusted_scheme, apply_overlay, try_overlay
from drgpay.adjust.group_changes import changed_groups
from drgpay.adjust.overlay import Identity, Merge, Overlay, Part, Split
from drgpay.base.errors import DrgpayError
from drgpay.grouper.reference import Stay, group_stay, holds
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.scheme import Scheme, SchemeOptions, load_scheme
from tests import any_scheme

Read = Callable[..., Overlay]
SPLIT = """
[[new_set]]
set = "DI_NEW"
codes = ["I10"]
[[split]]
drg = "BR15"
rest_name = "内科其余"
[[split.part]]
code = "BR12"
name = "老年"
rule = "NL >= 80 or NL < 1"
[[split.part]]
code = "BR14"
name = "高血压"
rule = "QTZD in DI_NEW"
"""


def drg_of(scheme: Scheme, principal: str, *others: str, age: float = 50) -> str | None:
    return group_stay(scheme, Stay(principal, 1, age, others)).drg


def test_a_split_takes_its_parts_and_leaves_the_rest(
    small: Path, overlay: Read, tmp_path: Path
) -> None:
    made = apply_overlay(small, overlay(SPLIT), tmp_path / "out")
    scheme = load_scheme(str(tmp_path / "out"))
    assert scheme.info.id == "changed"
    assert scheme.info.source.startswith("small (content ")
    assert "with the overlay changed (content " in scheme.info.source
    assert scheme.info.source.endswith("made for a test")
    assert scheme.sets["DI_NEW"] == {"I10"}
    br1 = scheme.mdcs[0].adrgs[1]
    assert [drg.code for drg in br1.drgs] == ["BR11", "BR13", "BR12", "BR14", "BR15"]
    assert br1.drgs[-1].name == "内科其余"
    assert drg_of(scheme, "I60.0", age=80) == "BR12"
    assert drg_of(scheme, "I60.0", "I10") == "BR14"
    assert drg_of(scheme, "I60.0") == "BR15"
    assert drg_of(scheme, "I60.0", "A00.1", age=80) == "BR11"
    assert not made.faults
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "overlay.toml", "small"]


def test_the_parts_keep_the_rule_of_their_group(small: Path, overlay: Read, tmp_path: Path) -> None:
    text = '[[split]]\ndrg = "BR13"\n[[split.part]]\ncode = "BR1A"\nname = "x"\nrule = "NL < 1 or XB = 1"\n'
    apply_overlay(small, overlay(text), tmp_path / "out")
    drgs = load_scheme(str(tmp_path / "out")).mdcs[0].adrgs[1].drgs
    assert drgs[1].rule_text == "QTZD in {MCC,CC} and (NL < 1 or XB = 1)"


def test_overlays_stack_and_a_merge_undoes_a_split(
    small: Path, overlay: Read, tmp_path: Path
) -> None:
    first = overlay(SPLIT)
    second = overlay(
        '[[merge]]\ndrgs = ["BR12", "BR14", "BR15"]\nname = "内科其他"\n',
        '[scheme]\nid = "again"\nname = "复原"\nbase = "changed"\n',
    )
    made = apply_overlay(small, [first, second], tmp_path / "out")
    assert made.after.info.id == "again"
    assert made.after.info.source.count("with the overlay") == 2
    drgs = made.after.mdcs[0].adrgs[1].drgs
    assert [(drg.code, drg.rule_text) for drg in drgs] == [
        ("BR11", "QTZD in MCC"),
        ("BR13", "QTZD in {MCC,CC}"),
        ("BR15", ""),
    ]
    apply_overlay(small, first, tmp_path / "first")
    one_by_one = apply_overlay(tmp_path / "first", second, tmp_path / "second")
    assert one_by_one.after.mdcs == made.after.mdcs


def test_codes_rules_groups_and_names_change(small: Path, overlay: Read, tmp_path: Path) -> None:
    text = """
[[add_codes]]
set = "DI_B"
codes = ["I61.0"]
[[remove_codes]]
set = "OP_B"
codes = ["00.02"]
[[move_codes]]
from = "DI_C"
to = "DI_B"
codes = ["H25.1"]
[[add_group]]
level = "adrg"
parent = "MDCB"
code = "BA1"
name = "新手术"
rule = "ZYSS in OP_C"
before = "BB1"
[[add_group]]
level = "drg"
parent = "BA1"
code = "BA19"
name = "新手术组"
rule = ""
[[change_rule]]
group = "BB1"
rule = "{ZYSS,QTSS} in OP_B"
[[rename]]
group = "MDCC"
name = "眼科"
"""
    head = '[scheme]\nid = "changed"\nname = "改后"\n[accept]\ncodes_nowhere = ["00.02"]\n'
    scheme = apply_overlay(small, overlay(text, head), tmp_path / "out").after
    assert scheme.sets["DI_B"] == {"I60.0", "I60.1", "I61.0", "H25.1"}
    assert scheme.sets["DI_C"] == {"H25.0"}
    assert [adrg.code for adrg in scheme.mdcs[0].adrgs] == ["BA1", "BB1", "BR1"]
    assert scheme.mdcs[0].adrgs[1].rule_text == "{ZYSS,QTSS} in OP_B"
    assert scheme.mdcs[1].name == "眼科"
    stay = Stay("H25.1", 1, 50, procedures=("11.01",))
    assert group_stay(scheme, stay).drg == "BA19"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            SPLIT.replace('"BR15"', '"BR16"'),
            "split names the group BR16, which the scheme does not",
        ),
        (SPLIT.replace("DI_NEW\n", "DI_OTHER\n").replace("QTZD in DI_NEW", "QTZD in DI_X"), "DI_X"),
        (SPLIT.replace('"BR14"', '"BR13"'), "makes the group BR13, which there is already"),
        (SPLIT.replace('"BR14"', '"BR12"'), "makes the group BR12, which there is already"),
        (SPLIT.replace('"BR14"', '"B00"'), "stands for stays without a group"),
        (SPLIT.replace('"NL >= 80 or NL < 1"', '""'), "no stay can reach BR14"),
        ('[[new_set]]\nset = "DI_B"\ncodes = ["X"]\n', "makes the set DI_B, which the scheme has"),
        ('[[new_set]]\nset = "1 X"\ncodes = ["X"]\n', "which no rule can ask for"),
        ('[[add_codes]]\nset = "DI_BB"\ncodes = ["X"]\n', "add_codes names the set DI_BB"),
        ('[[add_codes]]\nset = "DI_B"\ncodes = ["I60.0"]\n', "which has it already"),
        (
            '[[move_codes]]\nfrom = "DI_B"\nto = "DI_C"\ncodes = ["H25.0"]\n',
            "takes H25.0 from the set DI_B, where it is not",
        ),
        (
            '[[remove_codes]]\nset = "OP_B"\ncodes = ["00.01", "00.02"]\n',
            "every code out of the set",
        ),
        (
            '[[remove_codes]]\nset = "DI_B"\ncodes = ["I60.1"]\n',
            "no MDC takes the diagnosis I60.1 any more",
        ),
        (
            '[[remove_codes]]\nset = "OP_B"\ncodes = ["00.01"]\n',
            "no ADRG takes the procedure 00.01 any more",
        ),
        ('[[merge]]\ndrgs = ["BR11", "CR19"]\nname = "x"\n', "groups of several ADRGs (BR1, CR1)"),
        ('[[merge]]\ndrgs = ["BR11", "BR11"]\nname = "x"\n', "names a group twice"),
        ('[[merge]]\ndrgs = ["BR11", "BR13"]\nname = "x"\ncode = "BR15"\n', "makes the group BR15"),
        ('[[rename]]\ngroup = "BR17"\nname = "x"\n', "rename names the group BR17"),
        (
            '[[add_group]]\nlevel = "drg"\nparent = "BR1"\ncode = "BR17"\nname = "x"\nrule = ""\n'
            'before = "CR19"\n',
            "before CR19, which is not under BR1",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    small: Path, overlay: Read, tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(DrgpayError) as caught:
        apply_overlay(small, overlay(text), tmp_path / "out")
    assert said in caught.value.problem
    assert sorted(path.name for path in tmp_path.iterdir()) == ["overlay.toml", "small"]


def test_what_is_put_together_is_said_in_both_languages(
    small: Path, overlay: Read, tmp_path: Path
) -> None:
    unsound = overlay('[[remove_codes]]\nset = "DI_B"\ncodes = ["I60.1"]\n')
    with pytest.raises(DrgpayError) as caught:
        apply_overlay(small, unsound, tmp_path / "out")
    assert "有误：不再有 MDC 收治诊断 I60.1" in caught.value.problem_words.zh
    merged = overlay('[[merge]]\ndrgs = ["BR11", "BR13"]\nname = "x"\ncode = "BR15"\n')
    with pytest.raises(DrgpayError) as caught:
        apply_overlay(small, merged, tmp_path / "out")
    assert caught.value.problem_words.zh.endswith("对 BR11、BR13 的合并所建的病组 BR15 已存在")


def test_other_refusals(small: Path, overlay: Read, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="meant for the scheme other, not for small"):
        apply_overlay(
            small, overlay("", '[scheme]\nid = "x"\nname = "x"\nbase = "other"\n'), tmp_path / "out"
        )
    with pytest.raises(DrgpayError, match="the id small, which its base has"):
        apply_overlay(small, overlay("", '[scheme]\nid = "small"\nname = "x"\n'), tmp_path / "out")
    with pytest.raises(DrgpayError, match="exists already"):
        apply_overlay(small, overlay(""), small)


def test_intended_findings_can_be_accepted(small: Path, overlay: Read, tmp_path: Path) -> None:
    text = SPLIT.replace('"NL >= 80 or NL < 1"', '""')
    tried = try_overlay(small, overlay(text))
    assert [found.subject for found in tried.new_faults()] == ["BR14", "BR15"]
    accept = '[scheme]\nid = "x"\nname = "x"\n[accept]\nunreachable = ["BR14", "BR15"]\n'
    assert apply_overlay(small, overlay(text, accept), tmp_path / "out").findings


def test_findings_of_the_base_do_not_count(small: Path, overlay: Read, tmp_path: Path) -> None:
    text = (small / "drg.csv").read_text(encoding="utf-8")
    (small / "drg.csv").write_text(text + "2,CR1,CR18,到不了,\n", encoding="utf-8")
    made = apply_overlay(small, overlay(SPLIT), tmp_path / "out")
    assert made.findings == ()


def test_an_overlay_without_changes_changes_nothing() -> None:
    before = load_scheme("zj-drg-2022")
    after = adjusted_scheme("zj-drg-2022", Overlay(scheme=Identity(id="x", name="x")))
    assert after.info.id == "x"
    assert after.info.options == before.info.options
    assert after.mdcs == before.mdcs
    assert after.sets == before.sets
    assert after.complications == before.complications
    assert after.excluding_tables == before.excluding_tables
    assert after.exempt_groups == before.exempt_groups != ()


def test_the_lists_of_the_base_are_kept(small: Path, overlay: Read, tmp_path: Path) -> None:
    (small / "not_principal.csv").write_text("code\nZ00\n", encoding="utf-8")
    (small / "primary_care.csv").write_text("group\nBR1\nBR15\nBR11\n", encoding="utf-8")
    after = adjusted_scheme(small, overlay(SPLIT))
    assert after.not_principal == {"Z00"}
    assert not after.no_part
    assert after.primary_care == {"BR1", "BR11", "BR15"}


ATOMS = st.sampled_from(
    ["", "1", "QTZD in S1", "ZYZD in S2 or XB = 1", "NL >= 2", "not ZYSS in {S1,S3}", "XB = 2", "0"]
)


@given(
    texts=st.lists(ATOMS, min_size=2, max_size=5),
    scheme=any_scheme.schemes(),
    stay=any_scheme.stays,
    data=st.data(),
)
def test_a_merge_takes_just_the_stays_of_its_groups(
    texts: list[str], scheme: Scheme, stay: Stay, data: st.DataObject
) -> None:
    codes = [f"AB1{number}" for number in range(1, len(texts) + 1)]
    chosen = data.draw(st.sets(st.sampled_from(codes), min_size=2))
    rows = [
        {"sort": "1", "adrg": "AB1", "drg": code, "name": code, "rule": text}
        for code, text in zip(codes, texts, strict=True)
    ]
    groups = {"mdc": [], "adrg": [], "drg": rows}
    merge = Merge(drgs=tuple(sorted(chosen)), name="merged", code="AB1X")
    overlay = Overlay(scheme=Identity(id="x", name="x"), merge=(merge,))
    after = changed_groups(groups, overlay, SchemeOptions())["drg"]

    def ends(rows: list[dict[str, str]]) -> str | None:
        rows = sorted(rows, key=lambda row: int(row["sort"]))
        taken = (row["drg"] for row in rows if holds(scheme, parse_rule(row["rule"]), stay))
        return next(taken, None)

    before = ends(rows)
    assert ends(after) == ("AB1X" if before in chosen else before)


def test_the_order_by_departments_is_not_turned_round() -> None:
    rows = [
        {"sort": "1", "adrg": "AB1", "drg": "AB11", "name": "", "rule": "QTZD in MCC"},
        {"sort": "2", "adrg": "AB1", "drg": "AB15", "name": "", "rule": ""},
    ]
    part = Part(code="AB12", name="x", rule="KS in S1")
    overlay = Overlay(scheme=Identity(id="x", name="x"), split=(Split(drg="AB15", part=(part,)),))
    groups = {"mdc": [], "adrg": [], "drg": rows}
    assert len(changed_groups(groups, overlay, SchemeOptions())["drg"]) == 3
    with pytest.raises(DrgpayError, match="department_rules_first"):
        changed_groups(groups, overlay, SchemeOptions(department_rules_first=True))
